"""Functions that share a name: how each is called, and which calls could mean another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.renaming import Piece
from zdmigrate.recipes.parts.texts import Signature, Thing, signature

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground


_KINDS = ("function", "procedure", "routine")


def refuse_like_calls(thing: Thing, made: Signature, ground: Ground) -> None:
    """Raise CannotRewrite if a function of the name, also one that goes in contract, may be called alike."""
    known = {found: texts[0] for found, texts in ground.furniture.texts.functions(thing.name).items()}
    leaving = {found: text for (_, found), text in ground.names.leaving.items() if isinstance(found, Thing)}
    for found, text in {**leaving, **known}.items():
        other = signature(text) if text else Signature(found.arguments)
        if found.name == thing.name and found.arguments != thing.arguments and made.may_be_called_like(other):
            raise ground.refusal(
                f"beside {called(found)}, a call with as many arguments may mean {called(thing)}: PostgreSQL refuses "
                "it as not unique, or picks one for both versions",
                f"give the new one another name than {thing.name.name}",
            )


def called(thing: Thing) -> str:
    return f"{thing.name.name}({', '.join(thing.arguments)})"


def spelled_function(thing: Thing, ground: Ground) -> str:
    return f"{ground.spelled(thing.name)}({', '.join(thing.arguments)})"


def replacing(text: str) -> str:
    """CREATE OR REPLACE, whichever of both made it."""
    return re.sub(r"(?is)^\s*create\s+(or\s+replace\s+)?", "CREATE OR REPLACE ", text, count=1)


def named(text: str, name: str) -> str:
    """The function under another name, which is spelled as SQL."""
    text = re.sub(r"(?is)^\s*create\s+or\s+replace\s+", "CREATE ", text, count=1)
    piece = Piece(text, "")
    words = [(token, text[token.start : token.end]) for token in piece.tokens]
    kind = next(at for at, (_, word) in enumerate(words) if word.lower() in ("function", "procedure"))
    opening = next(at for at, (_, word) in enumerate(words) if word == "(" and at > kind)
    return text[: words[kind + 1][0].start] + name + text[words[opening - 1][0].end :]


def said_of(statement: str, function: str) -> str:
    """A GRANT, REVOKE, COMMENT or ALTER of functions as one of another; ``function`` is spelled, with arguments."""
    piece = Piece(statement, "")
    words = [(token, statement[token.start : token.end]) for token in piece.tokens]
    kind = next(at for at, (_, word) in enumerate(words) if word.lower() in _KINDS)
    end = depth = 0
    for at, (_, word) in enumerate(words[kind + 1 :], kind + 1):
        previous = words[at - 1][1]
        if depth == 0 and word not in (".", ",", "(") and at > kind + 1 and previous not in (".", ","):
            break
        depth += {"(": 1, ")": -1}.get(word, 0)
        end = at
    return statement[: words[kind + 1][0].start] + function + statement[words[end][0].end :]
