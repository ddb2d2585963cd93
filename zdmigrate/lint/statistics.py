"""The file of table sizes that ``zdmigrate stats`` writes and a project commits: one table a line, rounded.

Rounded to two digits, a file that is written anew every week differs where something has changed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zdmigrate.errors import ConfigError
from zdmigrate.schema.row_estimates import TableSize

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 1
_HINT = "write it anew with zdmigrate stats --output FILE"


def statistics_text(sizes: Mapping[str, TableSize], *, postgres: int, taken: str) -> str:
    """The file's text; ``taken`` is the day."""
    lines = [f"  {json.dumps(name)}: {json.dumps(_rounded(sizes[name])._asdict())}" for name in sorted(sizes)]
    head = f'"version": {VERSION},\n"taken": {json.dumps(taken)},\n"postgres": {postgres},\n"tables": '
    return f"{{\n{head}{{\n" + ",\n".join(lines) + "\n}\n}\n"


def _rounded(size: TableSize) -> TableSize:
    rows = None if size.rows is None else _two_digits(size.rows)
    return TableSize(rows, _two_digits(size.bytes), _two_digits(size.index_bytes))


def _two_digits(number: int) -> int:
    return int(float(f"{number:.2g}"))


def read_statistics(file: str) -> dict[str, TableSize]:
    """The sizes in a file; ConfigError for one that cannot be read as such."""
    try:
        with open(file, encoding="utf-8") as opened:
            told = json.load(opened)
        if told["version"] != VERSION:
            raise ConfigError(f"{file}: statistics of version {told['version']}, which is not {VERSION}", hint=_HINT)
        return {name: _size(table) for name, table in told["tables"].items()}
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}", hint=_HINT) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError(f"{file}: these are no statistics of zdmigrate's", hint=_HINT) from None


def _size(table: Mapping[str, Any]) -> TableSize:
    rows = table["rows"]
    return TableSize(None if rows is None else int(rows), int(table["bytes"]), int(table["index_bytes"]))
