"""What applications import: heartbeats and readiness. Imports psycopg, and nothing of what migrates."""

from zdmigrate.sdk.heartbeat import Heartbeat, Status
from zdmigrate.sdk.readiness import ready

__all__ = ["Heartbeat", "Status", "ready"]
