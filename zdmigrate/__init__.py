"""Zero-downtime schema migrations for PostgreSQL: a linter, and a runner for expand and contract."""

__version__ = "0.1.0"
