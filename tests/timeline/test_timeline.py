"""What a time line shows of a rollout, as data, as letters, and as a picture that any reader of SVG can read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from tests.cli_lint.command import zdmigrate
from tests.docs.schemas import validator
from tests.live.shop import CONFIG, Shop
from zdmigrate.ledger.record import record
from zdmigrate.live.fence import close_fence
from zdmigrate.timeline.history import Band, History, Phase, Stretch, read_history
from zdmigrate.timeline.marks import Mark
from zdmigrate.timeline.scale import Scale
from zdmigrate.timeline.svg import _lanes, draw
from zdmigrate.timeline.text import render

if TYPE_CHECKING:
    from pathlib import Path


NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


ROLLOUT = History(
    "shop",
    at(0),
    at(60),
    (
        Band("7.1", at(0), (Stretch(at(0), at(30)),), retired=True),
        Band("<b>&7.2</b>", at(10), (Stretch(at(12), at(20)), Stretch(at(25), at(60))), retired=False),
        Band("?", None, (Stretch(at(5), at(6)),), retired=False),
    ),
    (
        Phase("002_full_name", "expanding", at(10), at(15)),
        Phase("002_full_name", "expanded", at(15), at(50)),
        Phase("002_full_name", "contracting", at(50), None),
    ),
    (
        Mark(at(10), "plain", None, "release 7.2 is registered"),
        Mark(at(40), "bad", "002_full_name", 'the gate is shut for 7.3: "old-version-live" (7.1)'),
        Mark(at(50), "good", "002_full_name", "the gate is open for 7.3"),
    ),
)


# --------------------------------------------------------------------------- what is read


def test_a_rollout_is_read_with_its_releases_phases_and_verdicts(shop: Shop) -> None:
    shop.seen("v1", ago=0, since=60)
    shop.seen("v2", ago=0, since=30)
    for _ in range(3):
        assert not close_fence(shop.connection, CONFIG, "shop", "c", "v3").open
    shop.goodbye("v1")
    shop.later(60)
    shop.beat("v2")
    assert close_fence(shop.connection, CONFIG, "shop", "c", "v3").open
    record(shop.connection, "guard", app="shop", release="v2", well=False, breaches=["guard errors: 1"], seconds=9)

    history = read_history(shop.connection, "shop")

    assert [(band.version, len(band.lived), band.retired) for band in history.bands] == [
        ("v1", 1, True),
        ("v2", 1, False),
        ("v3", 0, False),
    ]
    assert [(phase.name, phase.end is None) for phase in history.phases] == [
        ("expanding", False),
        ("expanded", False),
        ("contracting", True),
    ]
    assert [(mark.kind, mark.text) for mark in history.marks if mark.text[:7] != "release"] == [
        ("good", "is expanded"),
        ("bad", "the gate is shut for v3: old-version-live (v1)"),
        ("good", "the gate is open for v3"),
        ("bad", "the app is not well in the rollout of v2: guard errors: 1"),
    ], "a gate that is shut for the same reasons three times is told once"


def test_only_the_last_so_long_is_read(shop: Shop) -> None:
    shop.execute("ALTER TABLE zdmigrate.event DISABLE TRIGGER append_only")
    shop.execute("UPDATE zdmigrate.event SET at = at - interval '1 day' WHERE action = 'release'")
    assert {mark.text for mark in read_history(shop.connection, "shop", 3600).marks} == {"is expanded"}
    assert len(read_history(shop.connection, "shop").marks) == 4


def test_stretches_that_touch_are_one(shop: Shop) -> None:
    shop.seen("v1", ago=300, since=60, left=True)
    shop.seen("v1", ago=270, since=60, instance="web-2", left=True)
    shop.seen("v1", ago=10, since=60, instance="web-3")

    [band, *_] = read_history(shop.connection, "shop").bands

    assert [round((lived.end - lived.begin).total_seconds()) for lived in band.lived] == [90, 60]


# --------------------------------------------------------------------------- how it is drawn


def test_the_picture_is_well_formed_and_names_everything_in_it() -> None:
    root = ElementTree.fromstring(draw(ROLLOUT))

    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert {"shop", "7.1", "<b>&7.2</b>", "? (not registered)", "002_full_name"} <= set(texts)
    assert next(text for text in texts if "gate is shut" in text).endswith('7.3: "old-version-live" (7.1)')
    hovers = [title.text for title in root.iter(f"{SVG}title")]
    assert any(str(hover).startswith("002_full_name is contracting from") for hover in hovers)
    bars = [bar.get("class") for bar in root.iter(f"{SVG}rect")]
    assert bars[:5] == ["known", "stale", "known", "lived", "lived"]
    assert not [name for element in root.iter() for name in element.attrib if name.endswith(("href", "src"))]


def test_what_lies_later_is_drawn_further_right() -> None:
    root = ElementTree.fromstring(draw(ROLLOUT))
    [expanding, expanded, contracting] = [
        bar
        for name in ("expanding", "expanded", "contracting")
        for bar in root.iter(f"{SVG}rect")
        if bar.get("class") == name and bar.find(f"{SVG}title") is not None
    ]
    assert float(expanding.get("x", 0)) < float(expanded.get("x", 0)) < float(contracting.get("x", 0))
    assert float(expanded.get("width", 0)) == pytest.approx(7 * float(expanding.get("width", 0)), rel=0.01)


def test_an_empty_history_is_a_picture_too() -> None:
    ElementTree.fromstring(draw(History("shop", at(0), at(0), (), (), ())))


def test_numbers_that_would_cover_each_other_lie_in_different_lanes() -> None:
    assert _lanes([0, 3, 6, 20, 21]) == [0, 1, 2, 0, 1]
    assert max(_lanes([1.0] * 50)) < 10


@pytest.mark.parametrize("seconds", [1, 50, 3000, 90_000, 5_000_000, 300_000_000])
def test_there_are_a_few_round_times_at_any_length(seconds: float) -> None:
    ticks = list(Scale(NOON, NOON + timedelta(seconds=seconds), 0, 100).ticks(8))
    assert 1 <= len(ticks) <= 9
    assert all(0 <= place <= 100 for place, _ in ticks)


def test_it_can_be_read_in_a_terminal() -> None:
    lines = list(render(ROLLOUT))
    assert lines[2].split() == ["7.1", "#" * 25 + "-" * 23, "retired"]
    assert lines[5].split("  ")[-1].strip() == "e" * 4 + "." * 27 + "c" * 9
    assert lines[-1].endswith("002_full_name: the gate is open for 7.3")


# --------------------------------------------------------------------------- the command


def test_the_command_draws_into_a_file_or_to_stdout(shop: Shop, tmp_path: Path) -> None:
    common = ("--dsn", shop.database.dsn, "--app", "shop")
    drawn = zdmigrate("timeline", "--svg", str(tmp_path / "a.svg"), *common)
    assert (drawn.code, drawn.out) == (0, f"drawn: {tmp_path}/a.svg\n")
    assert "v3" in "".join(ElementTree.parse(tmp_path / "a.svg").getroot().itertext())
    assert zdmigrate("timeline", "--svg", "-", *common).out.startswith("<svg")
    told = zdmigrate("timeline", "--last", "1h", *common)
    assert "shop, from" in told.out
    refused = zdmigrate("timeline", "--svg", str(tmp_path / "no" / "a.svg"), *common)
    assert (refused.code, "cannot be written" in refused.err) == (2, True)


def test_as_json_it_is_what_the_schema_says(shop: Shop) -> None:
    shop.seen("v1", ago=0, since=60)
    told = json.loads(zdmigrate("timeline", "--format", "json", "--dsn", shop.database.dsn, "--app", "shop").out)
    validator("timeline-v1.schema.json").validate(told)
    assert [one["release"] for one in told["releases"]] == ["v1", "v2", "v3"]
