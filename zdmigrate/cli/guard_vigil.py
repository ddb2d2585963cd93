"""The watching of ``zdmigrate guard``: for a time, and while a command runs that it may end."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.guards.vigil import Vigil

    Changed = Callable[[Sequence[str]], object]


class Asked(NamedTuple):
    """The command's own options; lengths are seconds, ``codedeploy`` a deployment's and an execution's id."""

    length: float
    take_baseline: bool
    release: str | None
    patience: float
    codedeploy: tuple[str, str] | None
    wrapped: tuple[str, ...]


class Watched(NamedTuple):
    """What the guards said, and how a command that they watched ended; 0 where there was none."""

    breaches: Sequence[str] = ()
    code: int = 0


def watch_over(vigil: Vigil, action: str, asked: Asked, console: Console, changed: Changed) -> Watched:
    """While the command runs, if there is one, and then for the time; ``pause`` begins only once all is well.

    ``changed`` hears what guards say at each change after which they are watched on: something, then nothing again.
    """
    pauses = action == "pause"
    before = vigil.watch.breaches()
    if pauses and before and not _recovers(vigil, before, asked, console, changed):
        return Watched(before)
    if asked.wrapped:
        seen = _while_it_runs(vigil, asked.wrapped, console, ends=not pauses)
        if seen.breaches or seen.code:
            return seen
    while breaches := vigil.during(asked.length):
        if not pauses:
            return Watched(breaches)
        if not _recovers(vigil, breaches, asked, console, changed):
            return Watched(breaches)
    return Watched()


def _recovers(vigil: Vigil, breaches: Sequence[str], asked: Asked, console: Console, changed: Changed) -> bool:
    console.warn(f"{'; '.join(breaches)}: waiting until all is well")
    changed(breaches)
    if not vigil.until_well(asked.patience):
        return False
    console.say("all is well again: the time begins anew")
    changed(())
    return True


def _while_it_runs(vigil: Vigil, command: Sequence[str], console: Console, *, ends: bool) -> Watched:
    """Start a command, and send it SIGTERM at the first no where that ``ends`` it; it is waited for in any case."""
    if ends and (breaches := vigil.watch.breaches()):
        return Watched(breaches)
    try:
        process = subprocess.Popen(command)
    except OSError as error:
        raise UsageError(f"{command[0]} cannot be started: {error.strerror}", hint="name a program after --") from None
    try:
        breaches = vigil.while_(lambda: process.poll() is None) if ends else []
        if breaches:
            console.warn(f"{'; '.join(breaches)}: {command[0]} is told to stop")
            process.terminate()
        return Watched(breaches, process.wait())
    except BaseException:  # a signal to us is one to it
        process.terminate()
        process.wait()
        raise
