"""A published version that runs only while it is called: the first request starts it, and silence ends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.rollouts.instance import Instance

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

IDLE = 1.0  # seconds without a request until the instance is stopped


class Activator:
    """Stands before one version; each connection is one request's."""

    def __init__(self, release: str, build: str) -> None:
        self.release, self.build = release, build
        self.instance: Instance | None = None
        self.starts = self.under_way = self.answered = 0
        self.changing = asyncio.Lock()  # one start or one end at a time

    async def call(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Carry a request to the instance, and its answer back; without an instance, hang up."""
        self.under_way += 1
        with contextlib.suppress(OSError):  # whoever hangs up first has what it wanted
            await self._carry(reader, writer)
        writer.close()
        self.under_way -= 1
        self.answered += 1
        before = self.answered
        await asyncio.sleep(IDLE)
        if self.answered == before:
            await self._sleep()

    async def _carry(self, reader: StreamReader, writer: StreamWriter) -> None:
        if port := await self._awake():
            inside, out = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.closing(out):
                ways = [asyncio.ensure_future(_copy(*way)) for way in ((reader, out), (inside, writer))]
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()

    async def _awake(self) -> int | None:
        """The port of an instance that is ready, or None where none becomes ready."""
        async with self.changing:
            if self.instance is None:
                self.starts += 1
                self.instance = Instance(f"{self.release}-{self.starts}", self.release, self.build, os.environ)
                if not await asyncio.to_thread(self.instance.becomes_ready):
                    await self._end()
            return self.instance.port if self.instance else None

    async def _sleep(self) -> None:
        async with self.changing:
            if not self.under_way:
                await self._end()

    async def _end(self) -> None:
        instance, self.instance = self.instance, None
        if instance:
            await asyncio.to_thread(instance.drain)


async def _copy(reader: StreamReader, writer: StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


async def main(port: str, release: str, build: str) -> None:
    activator = Activator(release, build)
    server = await asyncio.start_server(activator.call, "127.0.0.1", int(port))
    (Path(os.environ["FOLDER"]) / f"{release}.listens").touch()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
