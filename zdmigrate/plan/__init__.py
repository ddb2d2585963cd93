"""Steps and plans as values: printable, comparable, stored as JSON; nothing here holds a connection."""
