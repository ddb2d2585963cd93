"""Which account a server runs as."""

from __future__ import annotations

import os

import pytest

from zdmigrate.embedded.account import Account, run_as, server_account
from zdmigrate.errors import DatabaseError


def test_an_ordinary_user_needs_no_other_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert server_account() is None
    assert run_as(None) == {}


def test_root_without_any_account_to_lend_to_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("pwd.getpwnam", nobody)
    with pytest.raises(DatabaseError, match="PostgreSQL does not run as root"):
        server_account()


def test_root_lends_its_servers_to_postgres_or_else_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        pw_uid, pw_gid = 65534, 65534

    def only_nobody(name: str) -> Entry:
        if name != "nobody":
            raise KeyError(name)
        return Entry()

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("pwd.getpwnam", only_nobody)
    lent = server_account()
    assert lent == Account("nobody", 65534, 65534)
    assert run_as(lent) == {"user": 65534, "group": 65534, "extra_groups": []}
