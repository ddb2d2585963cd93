"""The shop of the gate's tests: v1 runs, v2 has brought change ``c``, v3 asks for its contract."""

from __future__ import annotations

from tests.live.conftest import ledger, shop

__all__ = ["ledger", "shop"]
