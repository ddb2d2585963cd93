"""A file's bytes as text that PostgreSQL would take."""

from __future__ import annotations

from zdmigrate.errors import InputError


def read_text(path: str) -> str:
    """A file's text, with its line ends and byte order mark as they are."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise InputError(f"{path}:1: cannot be read: {error.strerror}", hint="make it readable") from None
    return decoded(data, path)


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
