"""The command line, one file a command."""

import gc

# A command makes a hundred thousand values and hardly a cycle; looking for cycles after every 700 of them, as Python
# does by default, is a tenth of linting 300 files. This stands here because it has to come before what main imports.
gc.set_threshold(50_000)
