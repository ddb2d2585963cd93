"""Tests of zdmigrate: one folder a room, on real servers."""
