"""Patterns of names with a version in them: ``web/{version}``, ``web-{version}@{host}``, ``shop_{version}``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Self

from zdmigrate.errors import ConfigError

if TYPE_CHECKING:
    from zdmigrate.live.settings import Settings


class Pattern(NamedTuple):
    """A name with ``{version}``, and perhaps ``{host}``, in it; each stands for any text that is not empty."""

    text: str
    regex: re.Pattern[str]

    @classmethod
    def of(cls, text: str, settings: Settings) -> Self:
        """Raises ConfigError for a pattern that does not have exactly one version, or has words besides host."""
        words = re.findall(r"\{([^}]*)\}", text)
        if words.count("version") != 1 or words.count("host") > 1 or set(words) - {"version", "host"}:
            raise ConfigError(
                f"{settings.where}: {text!r} is no pattern: {{version}} must be in it once, {{host}} may be",
                hint='"web/{version}" or "web-{version}@{host}"',
            )
        parts = re.split(r"(\{version\}|\{host\})", text)
        placed = [f"(?P<{part[1:-1]}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)]
        return cls(text, re.compile("".join(placed)))

    def read(self, name: str) -> tuple[str, str | None] | None:
        """The version and the host in a name, or None for a name of another shape."""
        found = self.regex.fullmatch(name)
        return (found["version"], found.groupdict().get("host")) if found else None
