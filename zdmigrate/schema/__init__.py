"""The database as values: operations, the catalog, the state of a script, effects and lock modes."""
