"""A file's bytes as text that PostgreSQL would take, and text as a file."""

from __future__ import annotations

import os

from zdmigrate.errors import InputError, UsageError


def read_text(path: str) -> str:
    """A file's text, with its line ends and byte order mark as they are."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise _unreadable(path, error) from None
    return decoded(data, path)


def write_text(path: str, text: str) -> None:
    """A file of this text, with line ends as they are; UsageError where it cannot be written.

    It is written beside, and takes the place of what was there when it is on the disk: a crash or a full disk leaves
    the old file as it was. A link's file is written, not the link.
    """
    try:
        _replace(os.path.realpath(path), text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", hint="name a file that can be") from None


def _replace(path: str, text: str) -> None:
    if os.path.exists(path) and not os.path.isfile(path):  # /dev/stdout: nothing can take its place
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return
    beside = f"{path}.{os.getpid()}.part"
    try:
        with open(beside, "x", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path):
            os.chmod(beside, os.stat(path).st_mode & 0o7777)
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise


def decoded(data: bytes, path: str) -> str:
    """A file's bytes as text; InputError for what PostgreSQL would not take, either."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: not UTF-8 ({error.reason})", hint="save the file as UTF-8") from None
    if "\0" in text:  # the grammar would stop reading here without a word
        raise InputError(f"{path}:{text.count(chr(10), 0, text.index(chr(0))) + 1}: holds a NUL byte")
    return text


def _unreadable(path: str, error: OSError) -> InputError:
    if not os.path.lexists(path):  # a link that leads nowhere is there
        return InputError(
            f"{path}: there is no such file or folder",
            hint="name the folder of change files (zdmigrate lint PATH, or --dir), or begin with: zdmigrate new NAME",
        )
    return InputError(f"{path}:1: cannot be read: {error.strerror}", hint="make it readable")
