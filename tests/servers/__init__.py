"""The servers that tests run against, and one database a test."""
