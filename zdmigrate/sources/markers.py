"""The comments that zdmigrate reads: section markers with their options, and allows with their reasons."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import InputError
from zdmigrate.nearest import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.schema.names import Span
    from zdmigrate.sql.lines import Lines
    from zdmigrate.sql.script import Comment

SECTIONS = ("expand", "backfill", "contract", "revert")
ALLOWS = ("allow", "allow-file")
_OPTIONS = {"expand": (), "backfill": ("optional", "batch"), "contract": ("needs",), "revert": ()}
_PREFIX = "zdmigrate:"


class Marker(NamedTuple):
    """``-- zdmigrate: backfill optional batch=20000``: where a section begins, and what is asked of it."""

    name: str
    options: dict[str, str]  # optional -> "true", batch -> a number
    needs: tuple[tuple[str, str], ...]  # (app, version)
    span: Span
    line: int


class Allow(NamedTuple):
    """``-- zdmigrate: allow RULE because REASON``. Without a reason it allows nothing, and is itself a finding."""

    rule: str
    reason: str
    whole_file: bool
    span: Span


class Comments(NamedTuple):
    """What the comments of one file say to zdmigrate."""

    markers: tuple[Marker, ...]
    allows: tuple[Allow, ...]


def read_comments(comments: Sequence[Comment], path: str, lines: Lines) -> Comments:
    """The markers and allows among a file's comments; InputError for one that is nearly right."""
    markers: list[Marker] = []
    allows: list[Allow] = []
    for comment, words in _addressed(comments, path, lines):
        line = lines.position(comment.span.start)[0]
        if words and words[0] in ALLOWS:
            allows.append(_allow(words, comment.span))
        else:
            markers.append(_marker(words, comment.span, f"{path}:{line}", line))
    return Comments(tuple(markers), tuple(allows))


def _addressed(comments: Sequence[Comment], path: str, lines: Lines) -> Iterator[tuple[Comment, list[str]]]:
    """The comments that speak to zdmigrate, as words; prose that merely begins with its name does not."""
    for comment in comments:
        if comment.text.startswith(_PREFIX):
            yield comment, comment.text[len(_PREFIX) :].split()
        elif (word := _misspelt(comment.text)) is not None:
            line = lines.position(comment.span.start)[0]
            raise InputError(f"{path}:{line}: a marker begins with zdmigrate:", hint=f"write -- zdmigrate: {word} …")


def _misspelt(text: str) -> str | None:
    """The marker's word, where only the prefix is wrong: passed over, it would make a contract an expand."""
    if text[:9].lower() != "zdmigrate":  # spares nearly every comment the regular expression
        return None
    found = re.match(r"zdmigrate\s*:?\s*([a-z-]+)", text, re.IGNORECASE)
    word = found[1].lower() if found else ""
    return word if word in (*SECTIONS, *ALLOWS) else None


def _allow(words: list[str], span: Span) -> Allow:
    rule = words[1] if len(words) > 1 else ""
    reason = " ".join(words[3:]) if words[2:3] == ["because"] else ""
    return Allow(rule, reason, words[0] == "allow-file", span)


def _marker(words: list[str], span: Span, place: str, line: int) -> Marker:
    if not words or words[0] not in SECTIONS:
        told = f"unknown marker {words[0]}" if words else "a marker without a word"
        hint = did_you_mean(words[0] if words else "", (*SECTIONS, *ALLOWS))
        raise InputError(f"{place}: {told}", hint=hint)
    name, rest = words[0], words[1:]
    options: dict[str, str] = {}
    needs: list[tuple[str, str]] = []
    while rest:
        word = rest.pop(0)
        option, _, value = word.partition("=")
        if option not in _OPTIONS[name]:
            raise InputError(f"{place}: {name} has no option {word}", hint=_option_hint(option, name))
        if option == "needs":
            needs.append(_need(rest, place))
        else:
            options[option] = _option(option, value, place)
    return Marker(name, options, tuple(needs), span, line)


def _option_hint(option: str, name: str) -> str:
    close = nearest(option, _OPTIONS[name])
    if close:
        return f"did you mean {close}?"
    return f"put remarks into a comment of their own; {name} takes {' and '.join(_OPTIONS[name]) or 'no options'}"


def _need(rest: list[str], place: str) -> tuple[str, str]:
    if len(rest) < 2:
        raise InputError(f"{place}: needs wants an app and a version", hint="write contract needs billing 7.2")
    return rest.pop(0), rest.pop(0)


def _option(option: str, value: str, place: str) -> str:
    if option == "optional" and not value:
        return "true"
    if option == "batch" and value.isdecimal() and int(value) > 0:
        return value
    hint = "write optional, without a value" if option == "optional" else "write batch=20000"
    raise InputError(f"{place}: option {option} cannot be {value or 'empty'}", hint=hint)
