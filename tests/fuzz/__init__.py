"""SQL that nobody meant: what is read, linted and found when a file is mutilated."""
