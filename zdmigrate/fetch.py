"""HTTP as this program speaks it: within a time and a size, without redirects, and without secrets in what it says.

urllib by itself carries an Authorization header wherever a redirect leads, turns a redirected POST into a GET without
a body, and waits for each byte as long as for the whole.
"""

from __future__ import annotations

import http.client
import os
import urllib.request
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit

from zdmigrate.words import printable

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

MOST = 4 * 1024 * 1024  # bytes of an answer that are read
CHUNK = 64 * 1024


class Unanswered(Exception):
    """There is no answer, and the text says why; ``status`` is that of one that says no."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


def get(
    url: str, *, named: str, seconds: float, token: str = "", tls: ssl.SSLContext | None = None, most: int = MOST
) -> str:
    """The answer's text; bytes that are no UTF-8 are replaced. ``named`` is what a complaint calls the URL.

    ``token`` is a bearer's. Raises Unanswered.
    """
    request = _Request(url, None, {"Accept": "application/json", **_bearer(token)}, named, seconds, most)
    return _asked(request, tls).decode("utf-8", "replace")


def post(url: str, body: bytes, *, named: str, seconds: float, token: str = "") -> None:
    """Send JSON; the answer's text is not read. Raises Unanswered, where it is redirected too: nobody has taken it."""
    _asked(_Request(url, body, {"Content-Type": "application/json", **_bearer(token)}, named, seconds, 0), None)


def secret(variable: str, holds: str) -> str:
    """What a variable holds, without the end of a line that files and Kubernetes' secrets often have.

    Raises Unanswered where it is not set, or holds what no header may: urllib's own complaint would show it.
    """
    value = os.environ.get(variable, "").strip()
    if not value:
        raise Unanswered(f"the variable {variable}, which holds {holds}, is not set")
    if not (value.isascii() and value.isprintable()):
        raise Unanswered(f"the variable {variable}, which holds {holds}, has something in it that cannot be sent")
    return value


def place(url: str) -> str:
    """A URL as it may be told: its password, query and fragment may be secrets."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "its URL"
    return printable(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")


class _Request(NamedTuple):
    """What is sent, within how many seconds, and how many bytes of the answer are read at most."""

    url: str
    body: bytes | None
    headers: dict[str, str]
    named: str
    seconds: float
    most: int


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """None makes the redirect itself the answer, which is an HTTPError."""


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _asked(request: _Request, tls: ssl.SSLContext | None) -> bytes:
    named, deadline = request.named, monotonic() + request.seconds
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=tls))
    try:
        sent = urllib.request.Request(request.url, request.body, request.headers)  # noqa: S310 - http and https only
        with opener.open(sent, timeout=request.seconds) as answer:
            return b"".join(_parts(answer, request, deadline))
    except HTTPError as error:
        error.close()
        leads = ", and leads elsewhere: name the address itself" if 300 <= error.code < 400 else ""
        raise Unanswered(f"{named} answers {error.code} {printable(error.reason)}{leads}", error.code) from None
    except OSError as error:
        raise Unanswered(f"{named}: {printable(str(getattr(error, 'reason', error)))}") from None
    except (http.client.InvalidURL, ValueError):  # whose own text has the URL, or a header, in it
        raise Unanswered(f"{named} cannot be asked: something in it cannot be sent") from None
    except http.client.HTTPException as error:
        raise Unanswered(f"{named} does not speak HTTP: {type(error).__name__}") from None


def _parts(answer: http.client.HTTPResponse, request: _Request, deadline: float) -> Iterator[bytes]:
    """The body, a piece at a time; a time-out of the socket would begin anew with each byte."""
    size = 0
    while request.most and (part := answer.read1(CHUNK)):
        size += len(part)
        if size > request.most:
            raise Unanswered(f"{request.named} answers more than {request.most} bytes")
        if monotonic() > deadline:
            raise Unanswered(f"{request.named} did not answer within {request.seconds:g} s")
        yield part
    if request.most and answer.length:
        raise Unanswered(f"{request.named} ends in the middle of its answer")
