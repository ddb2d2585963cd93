"""Doing it: lease, locks, executor and backfill."""
