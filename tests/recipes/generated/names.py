"""Names that PostgreSQL takes: reserved words, quotes, other alphabets, 63 bytes, one inside another."""

from __future__ import annotations

from hypothesis import strategies as st

LONGEST = 63  # bytes
_WORDS = (
    "order", "user", "select", "table", "new", "old", "begin", "if", "Name", "größe", "日本語", 'a"b', "it's",
    "two words", "per%cent", "back\\slash", "dot.ted", "$1", "_", "$$", "; --", "/*", "{}", "%s", "e\u0301",
)  # fmt: skip
_PLAIN = st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True)
_ANY = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=12)


def cut(name: str) -> str:
    """As long as a name can be."""
    return name.encode()[:LONGEST].decode(errors="ignore")


_LONG = st.builds(lambda name, letter: cut(name + letter * LONGEST), _PLAIN, st.sampled_from("xüж"))
NAMES = st.one_of(_PLAIN, _PLAIN, st.sampled_from(_WORDS), _LONG, _ANY).map(cut)


@st.composite
def names(draw: st.DrawFn, least: int, most: int) -> list[str]:
    """Different names; some are another with a letter more."""
    found = draw(st.lists(NAMES, min_size=least, max_size=most, unique=True))
    if len(found) > 1 and draw(st.booleans()):
        longer = cut(found[0] + "s")
        found[1] = found[1] if longer in found else longer
    return found


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
