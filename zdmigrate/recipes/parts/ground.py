"""Where a recipe stands: the schema before its operation, what the user answered, and names that are free."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import InputError
from zdmigrate.nearest import did_you_mean
from zdmigrate.schema.constraints import free_name
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import short_name, spelled
from zdmigrate.value import Value

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.furniture import Furniture
    from zdmigrate.recipes.parts.hanging import Hanging
    from zdmigrate.recipes.parts.texts import Thing
    from zdmigrate.recipes.parts.touched import Done
    from zdmigrate.schema.names import Span
    from zdmigrate.schema.operations import Operation
    from zdmigrate.schema.relations import Table, TableColumn


class CannotRewrite(InputError):
    """Something cannot be carried, or only the user can say it; nothing was written. Begins with ``path:line``."""


class Answers(Value):
    """What the command line says: each by ``table.column``, by ``column``, or by "" for the only one."""

    new_names: dict[str, str] = {}  # noqa: RUF012 - a Value's defaults are never changed
    up: dict[str, str] = {}  # noqa: RUF012
    down: dict[str, str] = {}  # noqa: RUF012
    fallback: dict[str, str] = {}  # noqa: RUF012
    fill: dict[str, str] = {}  # noqa: RUF012
    new_name: str = ""  # the configuration's pattern
    allow: dict[str, str] = {}  # noqa: RUF012 - by rule: why what it finds is right here

    def of(self, answer: str, table: str, column: str) -> str | None:
        """The answer for a column, by the most exact of its names."""
        given: dict[str, str] = getattr(self, answer)
        return next((given[key] for key in (f"{table}.{column}", column, "") if key in given), None)


class Names:
    """Names that this rewrite has given: what one operation makes is taken for the next.

    ``leaving`` are things that an operation above drops, and that go in contract: kind and name, with what made them.
    """

    def __init__(self) -> None:
        self.given: set[Name] = set()
        self.parts: dict[tuple[Name, str], list[tuple[Name, str]]] = {}  # of a partitioned table's index, by partition
        self.leaving: dict[tuple[str, Name | Thing], str] = {}
        self.late: set[Name] = set()  # indexes that come in contract only
        self.said: set[Span] = set()
        self.done: list[Done] = []
        self.copied: dict[tuple[Name, str], str] = {}  # columns as a later statement names them, to the new one's name


class Ground(NamedTuple):
    """Where a recipe stands. ``place`` is ``path:line`` of the operation, ``sql`` its own text, ``text`` its file's."""

    furniture: Furniture
    place: str
    text: str
    names: Names
    answers: Answers = Answers()
    major: int = 14

    # ----------------------------------------------------------------------- what is there

    def table(self, name: Name | None) -> Table:
        """The table, whose making must be known: what hangs on it must be carried."""
        found = self.furniture.catalog.table(name)
        if found is None or not (found.complete or self.furniture.live):
            raise self.refusal(
                f"nothing says how {name} was made, so nothing says what hangs on it",
                "name the database with --dsn, or give the file the name of its place in the folder of changes",
            )
        return found

    def column(self, table: Table, name: str) -> TableColumn:
        """The column, whose type must be known."""
        found = table.columns.get(name)
        if found is None:
            raise self.refusal(f"{table.name} has no column {name}: {did_you_mean(name, list(table.columns))}")
        if found.type is None:
            raise self.refusal(f"nothing says which type {table.name}.{name} has", "name the database with --dsn")
        return found

    def spelled(self, name: Name) -> str:
        """A relation as SQL: without its schema where the search path finds it so."""
        return short_name(name, self.furniture.catalog)

    @property
    def search_path(self) -> str:
        """A function's clause that fixes what names mean in expressions of the user's, whoever calls it."""
        path = ("pg_catalog", *(each for each in self.furniture.catalog.search_path if each != "pg_catalog"))
        return f"\n    SET search_path = {', '.join(map(spelled, path))}"

    def beside(self, table: Name, identifier: str) -> str:
        """Something else in the table's schema, with the schema where the table needs it."""
        found = self.furniture.catalog.resolve(Name(None, table.name)) == table
        prefix = f"{spelled(table.schema)}." if table.schema and not found else ""
        return prefix + spelled(identifier)

    def text_of(self, operation: Operation) -> str:
        return self.text[operation.span.start : operation.span.end]

    def begins(self, operation: Operation) -> bool:
        """Whether this is its statement's first: one that names several things is said once."""
        first = operation.span not in self.names.said
        self.names.said.add(operation.span)
        return first

    # ----------------------------------------------------------------------- names

    def free(self, table: Name, middle: str, label: str) -> str:
        """A name in the table's schema that nothing has: under 63 bytes, the same in every run."""
        name = free_name(table.name, middle, label, lambda tried: self._is_taken(table, tried))
        self.names.given.add(Name(table.schema, name))
        return name

    def claim(self, table: Name, name: str) -> str:
        """A name that is given as it is; what is named after it takes another."""
        self.names.given.add(Name(table.schema, name))
        return name

    def free_trigger(self, table: Name, middle: str, label: str = "sync", *, last: bool = False) -> str:
        """A trigger's name. "~" sorts behind the triggers of most people: ours sees what theirs made of the row.

        The ``last`` of ours sees what the others made of it.
        """
        known = self.furniture.catalog.tables.get(table)
        ours = f"{'~~' if last else '~'}zd_{table.name}"
        return free_name(ours, middle, label, lambda tried: known is not None and tried in known.triggers)

    def _is_taken(self, table: Name, tried: str) -> bool:
        name, known = Name(table.schema, tried), self.furniture.catalog.tables.get(table)
        if known is not None and tried in (*known.constraints, *known.triggers):
            return True
        others = self.furniture.taken | self.furniture.functions | self.names.given
        catalog = self.furniture.catalog
        return name in others or catalog.has(name) or name in catalog.functions

    # ----------------------------------------------------------------------- refusing

    def refusal(self, sentence: str, hint: str = "") -> CannotRewrite:
        return CannotRewrite(f"{self.place}: {sentence}", state="nothing was written", hint=hint)

    def refuse_hanging(self, hanging: tuple[Hanging, ...], why: str, hint: str) -> None:
        """Raise CannotRewrite for the first thing that cannot be carried."""
        for each in hanging:
            raise self.refusal(f"{each.told} hangs on {each.table}.{', '.join(each.columns)}, and {why}", hint)
