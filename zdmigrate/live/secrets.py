"""What no configuration holds: a token or a connection string, in a variable that it names."""

from __future__ import annotations

import os

from zdmigrate.live.sighting import SourceSilent


def variable(name: str, holds: str) -> str:
    """Its value. SourceSilent where it is not set: a source that cannot ask has not answered."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise SourceSilent(f"the variable {name}, which holds {holds}, is not set")
    return value
