"""What ``zdmigrate rewrite`` can repair: one file a recipe, each an unsafe operation's way through expand and contract.

A recipe is a module of this folder (the folder is the registry: ``parts/registry.py`` finds it by its name) with

- a docstring that says the dance in a few lines,
- ``OPERATIONS``: the kinds of operations that it takes, as ``schema/operations.py`` calls them,
- ``recipe(operation, ground) -> Phased``: what stands in each section, top to bottom, every statement with the reason
  that is printed above it.

``ground`` (``parts/ground.py``) is where it stands: the catalog before the operation, what hangs on its table, the
answers that the user gave on the command line, and free names. ``Phased`` (``parts/phased.py``) is a value: nothing
runs here, and nothing is ordered here; ``parts/merge.py`` puts several operations of a file into one pass a table.
What cannot be carried raises ``ground.refusal(…)``, which names the object and says what to do.

To add one: write the file, name it as ``recipe = "…"`` in the rules whose findings it mends, and add a naive file to
``tests/recipes/cases/``: the harness runs it forth, back, and forth again, and compares what pg_dump prints.
"""
