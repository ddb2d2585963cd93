"""What a person reads when the gate is shut, and what a script reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zdmigrate.cli.verdict import as_json, render, render_all
from zdmigrate.live.ages import ago, span
from zdmigrate.live.verdict import Code, Reason, Verdict

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DRAWINGS = Path(__file__).parent / "drawings"


def seen(code: Code, version: str, instance: str, age: float, left: float | None = None, app: str = "shop") -> Reason:
    sentence = f"{version} is old for 004_full_name"
    return Reason(code, sentence, app, version, instance, "heartbeat", NOW - timedelta(seconds=age), left)


def verdict(*reasons: Reason, not_fenced: tuple[str, ...] = (), overridden: tuple[Reason, ...] = ()) -> Verdict:
    return Verdict("shop", "004_full_name", "v3", not reasons, reasons, not_fenced, NOW, overridden)


RUNS = [seen(Code.OLD_VERSION_LIVE, "v1", f"web-{number}", number) for number in range(1, 7)]
SLEEPS = seen(Code.OLD_VERSION_LIVE, "v1", "alias/live:1", 2)._replace(source="lambda", running=False)
LOST = seen(Code.INSTANCE_LOST, "v1", "web-9", 3 * 3600, 21 * 3600)
LATELY = seen(Code.OLD_VERSION_SEEN_LATELY, "2026.11.3-rc1", "worker-7d9f8b6c5d-x2k4q", 600, 1200)
SAME = Reason(Code.SAME_RELEASE, "004_full_name came with release v3: a later release contracts it", "shop", "v3")
OTHER = Reason(
    Code.OTHER_APP,
    "billing uses this database too (7.1), and 004_full_name does not say what it needs of it",
    "billing",
)
BILLING = seen(Code.OTHER_APP, "7.1", "cron-1", 4, None, "billing")
SILENT = Reason(Code.NO_EVIDENCE, "no live version of shop knows 004_full_name: silence is not evidence", "shop")
BEAT = Reason(Code.BEAT_IN_PROGRESS, "backend 71 (report) beats in a transaction that it keeps open")

CASES = {
    "open": verdict(),
    "drain": verdict(*RUNS, not_fenced=("v0.9",)),
    "wait": verdict(LATELY),
    "asleep": verdict(SLEEPS, RUNS[0]._replace(running=True)),
    "everything": verdict(SAME, *RUNS, LOST, LATELY, SILENT, BILLING, OTHER, not_fenced=("v4", "v3", "v2", "v1", "v0")),
    "forced": verdict(overridden=(*RUNS[:2], SILENT)),
    "beat": verdict(BEAT),
}


@pytest.mark.parametrize("name", CASES)
def test_the_drawing_is_the_one_that_was_reviewed(name: str) -> None:
    """After a change that was meant: write what this prints into the file, and look at the difference."""
    drawn = render(CASES[name], width=80) + "\n"
    assert drawn == (DRAWINGS / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", CASES)
def test_tables_and_sentences_fit_into_80_columns(name: str) -> None:
    lines = render(CASES[name], width=80).splitlines()
    assert [line for line in lines if len(line) > 80 and not line.startswith("next: ")] == []


def test_a_name_is_shown_as_it_is_whatever_it_looks_like() -> None:
    text = render(verdict(seen(Code.OLD_VERSION_LIVE, "[red]v1[/]", "a:smile:b", 1)), width=80)
    assert "[red]v1[/]" in text
    assert "a:smile:b" in text


def test_several_gates_stand_one_after_the_other() -> None:
    assert render_all([CASES["open"], CASES["wait"]], width=80).count("The gate of") == 2


@pytest.mark.parametrize("name", CASES)
def test_scripts_read_the_same_and_every_instance_for_itself(name: str) -> None:
    told = json.loads(json.dumps(as_json(CASES[name])))
    assert told["open"] is CASES[name].open
    assert [(reason["code"], reason["instance"]) for reason in told["reasons"]] == [
        (reason.code, reason.instance) for reason in CASES[name].reasons
    ]


def test_time_alone_opens_a_gate_only_where_nobody_has_to_act() -> None:
    assert verdict(LOST, LATELY).seconds_left == 21 * 3600
    assert verdict(LOST, SAME).seconds_left is None
    assert verdict().seconds_left is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "0 s"),
        (0.4, "0 s"),
        (99, "99 s"),
        (100, "2 min"),
        (5400, "90 min"),
        (6000, "1 h 40 min"),
        (7200, "2 h"),
        (90_000, "25 h"),
        (200_000, "2 days"),
    ],
)
def test_lengths_of_time_read_well(seconds: float, said: str) -> None:
    assert span(seconds) == said
    assert ago(seconds) == f"{said} ago"
