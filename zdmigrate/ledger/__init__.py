"""What was planned, done and seen: the tables in schema zdmigrate of the target database."""
