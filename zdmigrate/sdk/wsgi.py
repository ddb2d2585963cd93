"""WSGI middleware: readiness that ``retired`` turns off, while requests under way end as usual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.sdk.traffic import REFUSAL, Retiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zdmigrate.sdk.traffic import Traffic

    Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class RetiringApp(Retiring["Application"]):
    """``app``, with an answer of its own at ``ready_path``; once the version is retired, 503 for whatever else is new.

    ::

        application = RetiringApp(application, heartbeat, on_drained=lambda: os.kill(os.getpid(), signal.SIGTERM))
    """

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == self.ready_path:
            return _answer(start_response, "200 OK", b"ready\n") if self.traffic.is_ready else _refuse(start_response)
        if not self.traffic.begin():
            return _refuse(start_response)
        try:
            return _Body(self.app(environ, start_response), self.traffic)
        except BaseException:
            self.traffic.end()
            raise


class _Body:
    """A response that is under way until the server closes it (PEP 3333, "close")."""

    def __init__(self, body: Iterable[bytes], traffic: Traffic) -> None:
        self.body, self.traffic = body, traffic
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.body)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            getattr(self.body, "close", lambda: None)()
        finally:
            self.traffic.end()


def _refuse(start_response: Callable[..., Any]) -> Iterable[bytes]:
    return _answer(start_response, "503 Service Unavailable", REFUSAL, ("Retry-After", "1"))


def _answer(start_response: Callable[..., Any], status: str, body: bytes, *headers: tuple[str, str]) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), *headers])
    return [body]
