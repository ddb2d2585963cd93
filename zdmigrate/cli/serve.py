"""``zdmigrate serve``: probes, figures and a status page."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import common, database
from zdmigrate.cli.signals import stop_on_sigterm
from zdmigrate.errors import UsageError

if TYPE_CHECKING:
    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.serve.server import Answers, Server


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option("--port", default=8420, show_default=True, type=click.IntRange(0, 65535), help="0: any that is free.")
@click.option("--release", metavar="VERSION", help="Whom /readyz is about. [default: ZDMIGRATE_RELEASE]")
@database
@common(
    "contract_within",
    "gate.rollback_window",
    "gate.lost_window",
    "gate.heartbeat_ttl",
    "gate.same_release",
    formats=("text",),
)
def command(config: Config, console: Console, dsn: str, host: str, port: int, release: str | None) -> None:
    """Serve probes, figures and a status page over HTTP, until SIGTERM: /livez, /readyz?release=V, /metrics and /.

    It only reads, and asks no live source: what applies, gates and live watch have stored is shown. It starts, and
    goes on, while the database does not answer.

    \b
    Examples:
      zdmigrate serve
      zdmigrate serve --host 0.0.0.0 --port 8420 --release 7.2
    """
    from zdmigrate.live.sources import sources_of
    from zdmigrate.serve.server import Answers

    sources_of(config)  # a table that does not fit is told now, not on every page
    stop_on_sigterm()
    answers = Answers(dsn, config, release or os.environ.get("ZDMIGRATE_RELEASE"))
    server = _listening(host, port, answers)
    console.result(f"{config.app}: {server.url}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        console.say("ended")
    finally:
        server.server_close()
        answers.close()


def _listening(host: str, port: int, answers: Answers) -> Server:
    from zdmigrate.serve.server import Server

    try:
        return Server((host, port), answers)
    except OSError as error:
        raise UsageError(
            f"{host}, port {port}: {error.strerror}",
            state="nothing is served",
            hint="choose another with --port, or --port 0 for any that is free",
        ) from None
