"""What applications import: heartbeats and readiness."""
