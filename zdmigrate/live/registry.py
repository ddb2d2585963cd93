"""Releases: what each version was built with, and which of them a change is bound to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import UsageError
from zdmigrate.ledger.record import record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from zdmigrate.ledger.connection import Connection


class Registered(NamedTuple):
    """A release's place in the order of registration; ``new`` unless it was there already."""

    version: str
    position: int
    new: bool


class Release(NamedTuple):
    """A registered release, the changes it was built with, and whether a fence has retired it."""

    version: str
    position: int
    changes: tuple[str, ...]
    registered_at: datetime
    retired: bool


_RELEASE = "SELECT version, position, changes, registered_at, zdmigrate.is_retired(app, version) FROM zdmigrate.release"
_NOTHING = "nothing was changed"


def list_releases(connection: Connection, app: str) -> tuple[Release, ...]:
    """Every release of ``app``, in the order of registration."""
    rows = connection.execute(f"{_RELEASE} WHERE app = %s ORDER BY position", [app])
    return tuple(_release(*row) for row in rows)


def read_release(connection: Connection, app: str, version: str) -> Release | None:
    """One release of ``app``, or None if it was never registered."""
    row = connection.execute(f"{_RELEASE} WHERE app = %s AND version = %s", [app, version]).fetchone()
    return _release(*row) if row else None


def register_release(connection: Connection, app: str, version: str, changes: Sequence[str]) -> Registered:
    """Note what ``version`` was built with, and bind the changes that no release had brought before.

    Registering the same again changes nothing. Raises UsageError if the name stands for another list of changes.
    """
    check_release_name(version)
    with connection.transaction():
        # One at a time, so that positions are in the order of commits: a change must not be bound to the second
        # release that has it because the first is not visible yet. Readers and beats are not held up.
        connection.execute("LOCK TABLE zdmigrate.release IN SHARE ROW EXCLUSIVE MODE")
        known = read_release(connection, app, version)
        if known:
            _refuse_other(known, changes)
        else:
            connection.execute(
                "INSERT INTO zdmigrate.release (app, version, changes) VALUES (%s, %s, %s)",
                [app, version, list(changes)],
            )
            record(connection, "release", app=app, version=version, changes=list(changes))
        bind_unbound(connection, app)
        release = known or read_release(connection, app, version)
    assert release, "a release is there once it was inserted"
    return Registered(version, release.position, new=known is None)


def check_release_name(version: str) -> None:
    """Raise UsageError for a name that is empty, or that a table could not show."""
    if not version or not version.isprintable() or " " in version:
        raise UsageError(
            f"{version!r} is no name for a release: it is empty, or has a space or something unprintable in it",
            state=_NOTHING,
            hint="pass --release, for instance 7.2 or a commit",
        )


def correct_empty_release(connection: Connection, app: str, version: str, changes: Sequence[str]) -> None:
    """Give a release that was registered without any change the ones that were forgotten: an init without baseline."""
    connection.execute(
        "UPDATE zdmigrate.release SET changes = %s WHERE app = %s AND version = %s AND changes = '{}'",
        [list(changes), app, version],
    )


def bind_unbound(connection: Connection, app: str) -> None:
    """Bind each change of ``app`` that is bound to no release to the first registered one that holds it."""
    connection.execute(
        "UPDATE zdmigrate.change AS c SET bound_to = ("
        " SELECT version FROM zdmigrate.release AS r WHERE r.app = c.app AND c.id = ANY (r.changes)"
        " ORDER BY position LIMIT 1)"
        " WHERE app = %(app)s AND bound_to IS NULL AND EXISTS ("
        " SELECT FROM zdmigrate.release AS r WHERE r.app = c.app AND c.id = ANY (r.changes))",
        {"app": app},
    )


def bind_change(connection: Connection, app: str, change: str, version: str) -> None:
    """Bind ``change`` to a later release that holds it: the first whose code lets go of the old side.

    Raises UsageError where that release is unknown, is no later one or lacks the change, and once the change's
    contract has begun: versions are retired by then.
    """
    with connection.transaction():
        row = connection.execute(
            "SELECT bound_to FROM zdmigrate.change WHERE app = %s AND id = %s FOR UPDATE", [app, change]
        ).fetchone()
        if row is None:
            raise UsageError(f"the ledger has no change {change}", state=_NOTHING, hint="zdmigrate status")
        (bound_to,) = row
        _refuse_fenced(connection, app, change)
        if bound_to == version:
            return
        _check_later(connection, app, change, bound_to, version)
        connection.execute(
            "UPDATE zdmigrate.change SET bound_to = %s WHERE app = %s AND id = %s", [version, app, change]
        )
        record(connection, "bind", app=app, change=change, release=version, before=bound_to)


def _refuse_fenced(connection: Connection, app: str, change: str) -> None:
    """A statement of its own: in that which waited for the row's lock, the snapshot is older than the fence."""
    if connection.execute("SELECT 1 FROM zdmigrate.fence WHERE app = %s AND change = %s", [app, change]).fetchone():
        raise UsageError(
            f"the contract of {change} has begun, and older versions are retired",
            state=_NOTHING,
            hint=f"zdmigrate status shows how far {change} is",
        )


def _check_later(connection: Connection, app: str, change: str, bound_to: str | None, version: str) -> None:
    release = read_release(connection, app, version)
    if release is None:
        raise UsageError(
            f"no release {version} of {app} is registered",
            state=_NOTHING,
            hint=f"zdmigrate release add {version}",
        )
    if change not in release.changes:
        raise UsageError(
            f"release {version} was built without {change}", state=_NOTHING, hint="bind it to one that has the file"
        )
    before = read_release(connection, app, bound_to) if bound_to else None
    if before and release.position < before.position:
        raise UsageError(
            f"{change} is bound to {bound_to}, and {version} was registered before it",
            state=_NOTHING,
            hint="a change can be bound to a later release only; zdmigrate release list shows the order",
        )


def remove_release(connection: Connection, app: str, version: str, why: str) -> None:
    """Take out a release that was registered by mistake.

    Raises UsageError where something hangs on it: an instance was seen, a change is bound to it, a contract ran in it,
    or another app's change needs it.
    """
    with connection.transaction():
        connection.execute("LOCK TABLE zdmigrate.release IN SHARE ROW EXCLUSIVE MODE")
        if read_release(connection, app, version) is None:
            hint = "zdmigrate release list"
            raise UsageError(f"no release {version} of {app} is registered", state=_NOTHING, hint=hint)
        hangs = connection.execute(_HANGS, {"app": app, "version": version}).fetchone()
        if hangs:
            raise UsageError(
                f"release {version} of {app} cannot be taken out: {hangs[0]}",
                state=_NOTHING,
                hint="register the right one beside it: zdmigrate release add VERSION",
            )
        connection.execute("DELETE FROM zdmigrate.release WHERE app = %s AND version = %s", [app, version])
        record(connection, "remove release", app=app, version=version, why=why)


_HANGS = """
SELECT 'instance ' || instance || ' of it was seen' FROM zdmigrate.instance
WHERE app = %(app)s AND version = %(version)s
UNION ALL SELECT 'instance ' || instance || ' of it was seen by ' || source FROM zdmigrate.sighting
WHERE app = %(app)s AND version = %(version)s
UNION ALL SELECT id || ' is bound to it' FROM zdmigrate.change WHERE app = %(app)s AND bound_to = %(version)s
UNION ALL SELECT 'the contract of ' || change || ' ran in it' FROM zdmigrate.fence
WHERE app = %(app)s AND release = %(version)s
UNION ALL SELECT change || ' of ' || app || ' needs it' FROM zdmigrate.need
WHERE other = %(app)s AND version = %(version)s
LIMIT 1
"""


def _refuse_other(known: Release, changes: Sequence[str]) -> None:
    lacks, has = sorted(set(known.changes) - set(changes)), sorted(set(changes) - set(known.changes))
    if not lacks and not has:
        return
    told = [f"this folder lacks {', '.join(lacks)}"] * bool(lacks) + [f"it has {', '.join(has)} besides"] * bool(has)
    raise UsageError(
        f"release {known.version} was registered with other changes: {' and '.join(told)}",
        state=_NOTHING,
        hint="give this build a name of its own, or check out what the release was built from",
    )


def _release(version: str, position: int, changes: list[str], registered_at: datetime, retired: bool) -> Release:
    return Release(version, position, tuple(changes), registered_at, retired)
