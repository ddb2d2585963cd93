"""The app's configuration: one heartbeat for each process that Django runs in."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from psycopg import conninfo

from zdmigrate.sdk.heartbeat import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Mapping

# Commands that read and write no rows of the app's, and may run where there is no database.
QUIET = (
    *("check", "collectstatic", "compilemessages", "diffsettings", "help", "makemessages", "makemigrations", "migrate"),
    *("showmigrations", "sqlmigrate", "startapp", "startproject", "test"),
)
_KEYWORDS = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}


class ZdmigrateConfig(AppConfig):  # type: ignore[misc]  # Django ships no types
    """Begins to beat when Django is ready; a process that is forked later has a heartbeat of its own.

    ``ZDMIGRATE`` is a dictionary: ``app`` and ``version`` (else the variable ZDMIGRATE_RELEASE), and, where that is
    wanted, ``database`` (an alias of DATABASES), ``instance``, ``every``, ``on_retired``, and ``quiet``, commands of
    manage.py that do not beat. Every other command does: a nightly job is live while it runs.
    """

    name = "zdmigrate.sdk.django"
    label = "zdmigrate"
    heartbeat: Heartbeat | None = None

    def ready(self) -> None:
        given: dict[str, Any] = dict(getattr(settings, "ZDMIGRATE", {}))
        if _command() in given.pop("quiet", QUIET):
            return
        self._begin(given)
        os.register_at_fork(after_in_child=lambda: self._begin(given))

    def _begin(self, given: Mapping[str, Any]) -> None:
        options = dict(given)
        app, version = options.pop("app", None), options.pop("version", os.environ.get("ZDMIGRATE_RELEASE"))
        if not app or not version:
            raise ImproperlyConfigured('zdmigrate needs ZDMIGRATE = {"app": …, "version": …}')
        database = settings.DATABASES[options.pop("database", "default")]
        self.heartbeat = Heartbeat(lambda: _connect(database), app, version, **options).start()


def _command() -> str:
    """What manage.py was asked for; nothing in a server's process."""
    is_command = Path(sys.argv[0]).name in ("manage.py", "django-admin", "__main__.py") and len(sys.argv) > 1
    return sys.argv[1] if is_command else ""


def _connect(database: Mapping[str, Any]) -> psycopg.Connection[Any]:
    """A connection to one of DATABASES; of its OPTIONS those that libpq knows, which are texts."""
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    words = {"connect_timeout": "5", "application_name": "zdmigrate beat"}
    words |= {key: value for key, value in database.get("OPTIONS", {}).items() if key in known}
    words |= {keyword: str(database[key]) for key, keyword in _KEYWORDS.items() if database.get(key)}
    return psycopg.connect(conninfo.make_conninfo("", **words))
