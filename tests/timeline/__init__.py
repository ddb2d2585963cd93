"""Time lines, from a ledger that a test has written."""
