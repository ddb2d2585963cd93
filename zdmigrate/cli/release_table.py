"""Releases as a table, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.cli.tables import draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.live.registry import Release


def render(app: str, releases: Sequence[Release]) -> str:
    """One line a release, the last registered at the end."""
    if not releases:
        return f"no release of {app} is registered\nnext: zdmigrate release add VERSION"
    rows = [
        [
            release.version,
            f"{release.registered_at.astimezone():%Y-%m-%d %H:%M}",
            str(len(release.changes)),
            release.changes[-1] if release.changes else "-",
            "retired" if release.retired else "",
        ]
        for release in releases
    ]
    return draw(["Release", "Registered", "Changes", "The last of them", ""], rows)


def as_json(app: str, releases: Sequence[Release]) -> dict[str, Any]:
    """The same, for scripts."""
    told = [
        {
            "release": release.version,
            "position": release.position,
            "registered_at": release.registered_at.isoformat(),
            "changes": list(release.changes),
            "retired": release.retired,
        }
        for release in releases
    ]
    return {"version": 1, "app": app, "releases": told}
