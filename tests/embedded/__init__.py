"""Tests of the launcher of embedded servers."""
