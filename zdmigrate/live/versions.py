"""Where an instance's version is told: in a label, an annotation, or the tag of its image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.live.sighting import UNKNOWN_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zdmigrate.live.settings import Settings


class VersionPlace(NamedTuple):
    """``label:KEY``, ``annotation:KEY``, ``tag:KEY``, ``variable:NAME``, ``image`` or ``image:CONTAINER`` …"""

    kind: str
    key: str

    @classmethod
    def read(cls, settings: Settings, default: str, kinds: Iterable[str]) -> VersionPlace:
        """The key ``version`` of a table. Raises ConfigError for a place that this source does not have."""
        text = settings.text("version", default)
        kind, _, key = text.partition(":")
        allowed = tuple(kinds)
        if kind not in allowed or (kind in ("label", "annotation", "tag", "variable") and not key):
            raise settings.error("version", f"one of {', '.join(allowed)}, with a key after a colon")
        return cls(kind, key)


def image_version(place: VersionPlace, containers: Iterable[Mapping[str, Any]]) -> str:
    """The tag of the image of the named container, or of the first one; ``?`` where there is none."""
    for container in containers:
        if not place.key or container.get("name") == place.key:
            return image_tag(str(container.get("image", "")))
    return UNKNOWN_VERSION


def image_tag(image: str) -> str:
    """``registry:5000/shop:7.2@sha256:…`` -> ``7.2``; without a tag, the digest."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag or digest or UNKNOWN_VERSION
