"""Tests of the demo: its parts against a real server, and the whole of it as a user runs it."""
