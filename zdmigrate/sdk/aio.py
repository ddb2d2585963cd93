"""A heartbeat for asyncio: its event is the loop's, and its start and end do not hold the loop up.

The beating itself stays in a thread. A loop that is stuck is a process that may go on and write: it must not look like
one that is gone. So it works on every loop, with any driver.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Self

from zdmigrate.sdk.heartbeat import Heartbeat

if TYPE_CHECKING:
    from zdmigrate.sdk.heartbeat import Status
    from zdmigrate.sdk.session import Connect


class AsyncHeartbeat:
    """Beats from ``async with`` on, and says goodbye at its end; its arguments are those of Heartbeat.

    ::

        async with AsyncHeartbeat(dsn, app="shop", version="7.2") as heartbeat:
            await serve(until=heartbeat.retired)
    """

    def __init__(self, dsn: str | Connect, app: str, version: str, instance: str | None = None, **options: Any) -> None:
        self.heartbeat = Heartbeat(dsn, app, version, instance, **options)
        self.retired = asyncio.Event()

    @property
    def status(self) -> Status:
        """The last answer; an outage of the database changes nothing."""
        return self.heartbeat.status

    async def wait(self, timeout: float | None = None) -> Status:
        """The status once there is one, or ``unknown`` when ``timeout`` seconds brought no answer."""
        return await asyncio.to_thread(self.heartbeat.wait, timeout)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed without a goodbye
                loop.call_soon_threadsafe(self.retired.set)

        self.heartbeat.when_retired(tell)
        self.heartbeat.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await asyncio.to_thread(self.heartbeat.stop)
