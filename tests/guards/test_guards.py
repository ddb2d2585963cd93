"""What guards measure, and what they say: by commands, by a server that answers as Prometheus does, and by silence."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from tests.run.waiting import until
from zdmigrate.config import Guard
from zdmigrate.duration import Duration
from zdmigrate.guards import watch
from zdmigrate.guards.judge import judge, take_baseline
from zdmigrate.guards.measure import Unmeasured, measure
from zdmigrate.guards.watch import GuardWatch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def prints(*words: str, limit: str = "5s", **more: Any) -> Guard:
    return Guard(name="errors", command=words, time_limit=Duration.parse(limit), **more)


def test_a_command_measures_what_it_prints_last() -> None:
    assert measure(prints("echo", "error rate: 0.02")) == 0.02
    assert measure(prints("printf", "1\n2e3\n")) == 2000


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("false",), "false exited with 1"),
        (("echo", "many"), "what echo prints is no number"),
        (("true",), "what true prints is no number"),
        (("echo", "nan"), "it is NaN: is there any traffic?"),
        (("/no/such/program",), "/no/such/program: No such file or directory"),
        (("sleep", "30"), "sleep did not end within 50ms, and was killed"),
    ],
)
def test_a_command_that_says_no_number_is_not_measured(words: tuple[str, ...], why: str) -> None:
    with pytest.raises(Unmeasured, match=why.replace("?", r"\?")):
        measure(prints(*words, limit="50ms" if words[0] == "sleep" else "5s"))


class Answers(BaseHTTPRequestHandler):
    """Answers each query by what it asks for."""

    asked: ClassVar[list[tuple[str, str | None]]] = []
    vector = staticmethod(lambda *values: {"resultType": "vector", "result": [{"value": [1, each]} for each in values]})

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        query = self.path.rpartition("=")[2]
        answers = {
            "one": {"data": self.vector("0.25")},
            "scalar": {"data": {"resultType": "scalar", "result": [1, "3"]}},
            "none": {"data": self.vector()},
            "two": {"data": self.vector("1", "2")},
            "other": {"state": "ok"},
        }
        if query == "broken":
            self.send_error(503)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answers[query]).encode() if query in answers else b"<html>")

    def log_message(self, *words: object) -> None:
        """Nothing to stderr."""


@contextmanager
def answering() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def asks(url: str, query: str, token: str = "") -> Guard:
    return Guard(name="p99", prometheus=url, query=query, token=token, max=1.0)


def test_prometheus_measures_a_query_with_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_TOKEN", "abc")
    with answering() as url:
        assert measure(asks(url, "one", "PROMETHEUS_TOKEN")) == 0.25
        assert measure(asks(url + "/", "scalar")) == 3
    assert Answers.asked[-2:] == [("/api/v1/query?query=one", "Bearer abc"), ("/api/v1/query?query=scalar", None)]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("none", "its query has 0 series for an answer, not one"),
        ("two", "its query has 2 series for an answer, not one"),
        ("other", "does not answer as Prometheus does"),
        ("html", "does not answer as Prometheus does"),
        ("broken", "answers 503 Service Unavailable"),
    ],
)
def test_any_other_answer_is_none(query: str, why: str) -> None:
    with answering() as url, pytest.raises(Unmeasured, match=why):
        measure(asks(url, query))


def test_a_server_that_is_not_there_and_a_token_that_is_not_set_are_told() -> None:
    with pytest.raises(Unmeasured, match="Connection refused"):
        measure(asks("http://127.0.0.1:1", "one"))
    with pytest.raises(Unmeasured, match="the variable NO_SUCH_TOKEN, which holds its token, is not set"):
        measure(asks("http://127.0.0.1:1", "one", "NO_SUCH_TOKEN"))


def test_thresholds_are_absolute_or_relative_to_what_was_before() -> None:
    assert judge(prints("echo", "0.01", max=0.01), {}) == ""
    assert judge(prints("echo", "0.02", max=0.01), {}) == "guard errors: 0.02 is above 0.01"
    relative = prints("echo", "30", max_ratio=2.0)
    assert judge(relative, {"errors": 15.0}) == ""
    told = "guard errors: 30 is above 2 times what it was before the start, 14"
    assert judge(relative, {"errors": 14.0}) == told
    assert judge(prints("false", max=1.0), {}) == "guard errors cannot be measured: false exited with 1"


def test_what_is_good_in_plenty_has_a_least() -> None:
    assert judge(prints("echo", "10", min=10.0), {}) == ""
    assert judge(prints("echo", "9", min=10.0), {}) == "guard errors: 9 is below 10"
    relative = prints("echo", "9", min_ratio=0.5)
    assert judge(relative, {"errors": 18.0}) == ""
    assert judge(relative, {"errors": 20.0}) == "guard errors: 9 is below 0.5 times what it was before the start, 20"
    assert take_baseline([relative], {}) == {"errors": 9.0}


def test_a_baseline_is_taken_once_and_must_be_something() -> None:
    relative = prints("echo", "30", max_ratio=2.0)
    assert take_baseline([relative, prints("false", max=1.0)], {}) == {"errors": 30.0}
    assert take_baseline([relative], {"errors": 5.0}) == {"errors": 5.0}, "what an earlier run has measured"
    with pytest.raises(Unmeasured, match="guard errors has no baseline: false exited with 1"):
        take_baseline([prints("false", max_ratio=2.0)], {})
    with pytest.raises(Unmeasured, match="guard errors has 0 for a baseline; give it max or min instead of a ratio"):
        take_baseline([prints("echo", "0", max_ratio=2.0)], {})


def test_a_guard_that_said_no_is_believed_again_after_two_good_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "errors"
    file.write_text("0.5")
    guard = prints("cat", str(file), max=0.1, every=Duration(10))
    with GuardWatch([guard], {}) as watched:
        assert watched.breaches() == ["guard errors: 0.5 is above 0.1"], "the first answer is waited for"
        file.write_text("0")
        until(lambda: not watched.breaches())
        file.write_text("0.7")
        until(lambda: watched.breaches() == ["guard errors: 0.7 is above 0.1"])


def test_a_guard_that_falls_silent_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = prints("echo", "0", max=1.0, every=Duration(60_000), limit="1ms")
    guard = guard.changed(time_limit=Duration(5_000))
    with GuardWatch([guard], {}) as watched:
        assert watched.breaches() == []
        now = time.monotonic() + 60 + 5 + watch.GRACE + 1
        monkeypatch.setattr("zdmigrate.guards.watch.time.monotonic", lambda: now)
        assert watched.breaches()[0].startswith("guard errors has not answered for 71 s")
