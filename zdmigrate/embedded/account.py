"""PostgreSQL refuses to run as root, so root lends its servers to another account."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from typing import TypedDict

from zdmigrate.errors import DatabaseError


class RunAs(TypedDict, total=False):
    """What ``subprocess`` wants to know to start a process as somebody else."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """The account a server has to run as; None when the present one will do."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise DatabaseError(
        "PostgreSQL does not run as root, and there is neither an account postgres nor nobody to run it as.",
        hint="Run as an ordinary user, or add an account: useradd --system postgres",
    )


def run_as(account: Account | None) -> RunAs:
    """Arguments for ``subprocess``: nothing is inherited from root but the process itself."""
    return {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
