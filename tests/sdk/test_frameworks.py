"""Real frameworks that beat: an engine of SQLAlchemy, and a project of Django, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.live.shop import until
from tests.sdk.retiring import OFTEN, retire_everything, seen
from zdmigrate.sdk.sqlalchemy import EngineHeartbeat, Retired

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database


def url(ledger: Database) -> str:
    return ledger.dsn.replace("postgresql://", "postgresql+psycopg://")


# --------------------------------------------------------------------------- SQLAlchemy


def test_an_engine_beats_from_its_first_connection_on(ledger: Database) -> None:
    engine = create_engine(url(ledger))
    beating = EngineHeartbeat(engine, "shop", "v1", instance="web-1", every=OFTEN)
    assert seen(ledger) == []
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        assert beating.heartbeat
        assert beating.heartbeat.wait() == "ok"
    beating.heartbeat.stop()
    engine.dispose()
    assert seen(ledger) == [("web-1", "goodbye")]


def test_once_retired_an_engine_ends_its_transaction_and_begins_none(ledger: Database) -> None:
    ledger.execute("CREATE TABLE orders (id int)")
    engine = create_engine(url(ledger))
    beating = EngineHeartbeat(engine, "shop", "v1", every=OFTEN, refuse=True)
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO orders VALUES (1)"))
        retire_everything(ledger)
        assert beating.heartbeat
        assert beating.heartbeat.retired.wait()
        connection.execute(text("INSERT INTO orders VALUES (2)"))
        connection.commit()
        with pytest.raises(Retired, match="version v1 of shop is retired"):
            connection.execute(text("INSERT INTO orders VALUES (3)"))
    beating.heartbeat.stop()
    engine.dispose()
    assert ledger.execute("SELECT count(*) FROM orders") == [(2,)]


def test_a_forked_worker_beats_for_itself(ledger: Database) -> None:
    program = f"""
        import os, sys
        from sqlalchemy import create_engine, text
        from zdmigrate.sdk.sqlalchemy import EngineHeartbeat
        engine = create_engine({url(ledger)!r})
        beating = EngineHeartbeat(engine, "shop", "v1")
        def use():
            engine.connect().close()
            assert beating.heartbeat.wait(30) == "ok"
        use()
        child = os.fork()
        if not child:
            engine.dispose(close=False)
            use()
            beating.heartbeat.stop()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        print(os.getpid(), child)
    """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert {name.rpartition(":")[2] for name, _ in seen(ledger)} == set(ran.stdout.split())


# --------------------------------------------------------------------------- Django


SETTINGS = """
SECRET_KEY = "x"
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["zdmigrate.sdk.django"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": {dbname!r}, "USER": {user!r},
                           "HOST": {host!r}, "PORT": {port!r}, "OPTIONS": {{"sslmode": "prefer", "pool": False}}}}}}
ZDMIGRATE = {{"app": "shop", "version": "v1", "every": 0.02}}
"""
URLS = "urlpatterns = []\n"
MANAGE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
SERVES = """
import io, os
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.wsgi import get_wsgi_application
from zdmigrate.sdk.django import heartbeat
from zdmigrate.sdk.wsgi import RetiringApp
inner = get_wsgi_application()
assert heartbeat().wait(30) == "ok"
app = RetiringApp(inner, heartbeat())
def ask(path):
    said = []
    body = app({"REQUEST_METHOD": "GET", "PATH_INFO": path, "SERVER_NAME": "localhost", "SERVER_PORT": "80",
                "HTTP_HOST": "localhost", "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http"},
               lambda status, headers: said.append(status))
    list(body)
    getattr(body, "close", lambda: None)()
    print(path, said[0], flush=True)
ask("/readyz"), ask("/nothing")
input()
heartbeat().retired.wait()
ask("/readyz"), ask("/nothing")
child = os.fork()
if not child:
    assert heartbeat().wait(30) == "retired"
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.fixture
def project(ledger: Database, tmp_path: Path) -> Path:
    """A project of Django on the ledger's database."""
    words = psycopg.conninfo.conninfo_to_dict(ledger.dsn)
    known = {key: str(words.get(key, "")) for key in ("dbname", "user", "host", "port")}
    (tmp_path / "settings.py").write_text(SETTINGS.format(**known))
    (tmp_path / "urls.py").write_text(URLS)
    (tmp_path / "manage.py").write_text(MANAGE)
    (tmp_path / "serves.py").write_text(SERVES)
    return tmp_path


def test_a_django_process_beats_and_its_wsgi_app_retires(project: Path, ledger: Database) -> None:
    with subprocess.Popen(
        [sys.executable, "serves.py"],
        cwd=project,
        env={**os.environ, "DJANGO_ALLOWED_HOSTS": "localhost"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        before = [process.stdout.readline() for _ in range(2)]
        retire_everything(ledger)
        after, _ = process.communicate("\n", timeout=60)
    assert (process.returncode, before[0]) == (0, "/readyz 200 OK\n")
    assert not before[1].startswith("/nothing 503"), "Django's own answer"
    assert after.splitlines() == ["/readyz 503 Service Unavailable", "/nothing 503 Service Unavailable"]
    assert sorted(why or "" for _, why in seen(ledger)) == ["", "goodbye"], "and a forked worker has beaten for itself"


def manage(project: Path, *words: str) -> str:
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout


def test_a_command_of_django_beats_unless_it_is_quiet(project: Path, ledger: Database) -> None:
    assert "no issues" in manage(project, "check")
    assert seen(ledger) == []
    asks = "from zdmigrate.sdk.django import heartbeat as h; print(h().wait(30))"
    assert manage(project, "shell", "-c", asks).splitlines()[-1] == "ok"
    until(lambda: [why for _, why in seen(ledger)] == ["goodbye"])
