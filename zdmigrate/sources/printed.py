"""SQL that a command of the user's prints, for migrations that are written in another language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import InputError
from zdmigrate.sources.text import decoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sources.part import File

_HINT = 'set source_command = ["python", "manage.py", "sqlmigrate", "{app}", "{migration}"] in the configuration'


def printed_sql(file: File, command: Sequence[str]) -> str:
    """What the command prints for one migration. No shell is between: each word arrives as it is."""
    if not command:
        raise InputError(f"{file.path}:1: is no SQL, and no command is known that prints it", hint=_HINT)
    import subprocess  # what most runs can do without

    words = _filled(command, file.arguments)
    try:
        done = subprocess.run(words, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise InputError(f"{file.path}:1: {words[0]} cannot be run: {error.strerror}", hint=_HINT) from None
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it says nothing"]
        raise InputError(
            f"{file.path}:1: {' '.join(words)} ended with {done.returncode}: {told[0]}", hint="run it by hand"
        )
    return decoded(done.stdout, file.path)


def _filled(command: Sequence[str], arguments: Sequence[str]) -> list[str]:
    """The words with ``{app}`` and ``{migration}`` filled in; where neither stands, both come last."""
    filled = list(command)
    for name, argument in zip(("{app}", "{migration}"), arguments, strict=True):
        filled = [word.replace(name, argument) for word in filled]
    return filled if filled != list(command) else [*filled, *arguments]
