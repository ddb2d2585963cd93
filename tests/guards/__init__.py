"""Health guards, without a database."""
