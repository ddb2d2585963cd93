"""The sizes of tables for ``lint``: from ``--dsn``, or from the file that the configuration names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zdmigrate.config import Config
    from zdmigrate.lint.project import Project
    from zdmigrate.schema.row_estimates import TableSize


def with_sizes(found: Sequence[Project], dsn: str | None) -> list[Project]:
    """The projects with what is known of their tables; a database wins over a file."""
    sizes = None
    if dsn is not None:
        from zdmigrate.run.table_sizes import table_sizes  # and with it psycopg, which lint does without

        sizes, _ = table_sizes(dsn)
    return [project._replace(config=_sized(project.config, sizes)) for project in found]


def _sized(config: Config, sizes: Mapping[str, TableSize] | None) -> Config:
    if sizes is None and config.lint.statistics:
        from zdmigrate.lint.statistics import read_statistics

        sizes = read_statistics(config.lint.statistics)
    return config if sizes is None else config.changed(lint=config.lint.changed(sizes=sizes))
