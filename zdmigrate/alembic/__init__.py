"""What zdmigrate does inside of an Alembic project's own Python."""
