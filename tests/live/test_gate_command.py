"""``zdmigrate gate``: for teams whose own tool runs the SQL."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.cli_lint.command import zdmigrate
from tests.docs.schemas import validator
from tests.live.shop import HOUR, until
from zdmigrate.live.verdict import Code

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live.shop import Shop


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shop: Shop) -> None:
    """No folder of change files: what runs here is another tool's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZDMIGRATE_DSN", shop.database.dsn)
    (tmp_path / "zdmigrate.toml").write_text('app = "shop"\n[gate]\nrollback_window = "1ms"\n')


def gate(*arguments: str) -> tuple[int, str]:
    ran = zdmigrate("gate", *arguments)
    return ran.code, ran.out + ran.err


def test_an_open_gate_retires_old_versions_and_may_be_asked_again(shop: Shop) -> None:
    shop.beat("v2")
    assert gate("c", "--release", "v3")[0] == 0
    assert (shop.fenced(), shop.state(), shop.beat("v1")) == (["c"], "contracting", "retired")
    again, text = gate("c", "--release", "v3")
    assert (again, "has begun before: it may run" in text) == (0, True)


def test_a_shut_gate_is_exit_code_3_and_changes_nothing(shop: Shop) -> None:
    shop.beat("v1")
    shop.beat("v2", "web-2")
    code, text = gate("c")
    assert (code, "drain v1" in text) == (3, True)
    assert (shop.fenced(), shop.beat("v1")) == ([], "ok")


def test_several_contracts_may_all_run_or_none(shop: Shop) -> None:
    shop.expand("d")
    shop.release("v4", "c", "d")
    shop.beat("v2")
    assert gate("c", "d", "--release", "v4")[0] == 3
    assert shop.fenced() == []
    shop.release("v5", "c", "d")
    shop.goodbye("v2")
    shop.beat("v4")
    assert gate("c", "d", "--release", "v5")[0] == 0
    assert shop.fenced() == ["c", "d"]


def test_waiting_ends_when_the_last_old_instance_says_goodbye(shop: Shop) -> None:
    shop.beat("v1")
    shop.beat("v2", "web-2")
    with ThreadPoolExecutor() as pool, shop.database.connect() as app:
        asked = pool.submit(gate, "c", "--wait", "60s")
        until(lambda: bool(app.execute("SELECT FROM pg_stat_activity WHERE application_name LIKE '%gate'").fetchall()))
        app.execute("SELECT zdmigrate.goodbye('shop', 'v1', 'web-1')")
        code, text = asked.result()
    assert code == 0, text


def test_waiting_gives_up_in_time(shop: Shop) -> None:
    shop.beat("v1")
    code, text = gate("c", "--wait", "500ms")
    assert (code, text.count("waiting: old-version-live")) == (3, 1)


def test_the_verdict_is_json_with_stable_codes(shop: Shop) -> None:
    shop.seen("v1", HOUR)
    shop.beat("v2", "web-2")
    ran = zdmigrate("gate", "c", "--format", "json")
    told = json.loads(ran.out)
    validator("gate-command-v1.schema.json").validate(told)
    [reason] = told["gates"][0]["reasons"]
    assert (ran.code, told["open"], reason["code"]) == (3, False, Code.INSTANCE_LOST)
    assert (reason["version"], reason["instance"], reason["source"]) == ("v1", "web-1", "heartbeat")
    assert reason["seconds_left"] == pytest.approx(23 * HOUR, abs=60)
    shop.execute("DELETE FROM zdmigrate.instance WHERE version = 'v1'")
    for begun in ([], ["c"]):
        told = json.loads(zdmigrate("gate", "c", "--format", "json").out)
        validator("gate-command-v1.schema.json").validate(told)
        assert (told["open"], told["begun"]) == (True, begun)


# --------------------------------------------------------------------------- what the other tool has done


def test_an_expand_that_another_tool_has_run_is_recorded_and_makes_its_release_ready(shop: Shop) -> None:
    shop.release("v4", "c", "0041_full_name")
    assert shop.ready("v4") == "waiting for 0041_full_name: expand"
    assert gate("--expanded", "0041_full_name") == (0, "0041_full_name recorded as expanded\n")
    assert shop.ready("v4") == "ready"
    assert shop.execute("SELECT bound_to FROM zdmigrate.change WHERE id = '0041_full_name'") == [("v4",)]
    assert "before" in gate("--expanded", "0041_full_name")[1]
    told = json.loads(zdmigrate("gate", "--expanded", "new", "--format", "json").out)
    validator("gate-command-v1.schema.json").validate(told)
    assert told["recorded"] == ["new"]


def test_what_a_contract_needs_of_another_app_is_recorded_with_its_expand(shop: Shop) -> None:
    shop.beat("v2")
    gate("--expanded", "c", "--needs", "billing 7.2")
    code, text = gate("c", "--release", "v3")
    assert (code, "c needs billing 7.2, which is not registered" in text) == (3, True)


def test_a_contract_that_has_run_is_recorded_only_behind_its_gate(shop: Shop) -> None:
    code, text = gate("--contracted", "c")
    assert (code, "the gate of c has not let its contract begin" in text) == (2, True)
    shop.beat("v2")
    gate("c", "--release", "v3")
    assert gate("--contracted", "c")[0] == 0
    assert shop.state() == "contracted"
    assert gate("c", "--release", "v3")[0] == 0


def test_a_change_that_was_never_expanded_is_not_waited_for(shop: Shop) -> None:
    code, text = gate("forgotten", "--wait", "45min")
    assert (code, "zdmigrate gate --expanded forgotten" in text) == (2, True)


@pytest.mark.parametrize(
    ("state", "code"), [("expanding", 2), ("expanded", 0), ("contracting", 2), ("contracted", 2), ("reverted", 0)]
)
def test_an_expand_is_recorded_in_the_states_that_it_may_follow(shop: Shop, state: str, code: int) -> None:
    shop.execute("UPDATE zdmigrate.change SET state = %s", state)
    assert gate("--expanded", "c")[0] == code
    assert shop.state() == ("expanded" if code == 0 else state)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--expanded", "--contracted", "c"],
        ["--expanded", "c", "--wait", "1s"],
        ["--contracted", "c", "--release", "v3"],
        ["c", "--needs", "billing 7.2"],
        ["--expanded", "c", "--needs", "billing"],
        ["c", "--wait", "soon"],
        [],
    ],
)
def test_options_that_do_nothing_together_are_refused(arguments: list[str]) -> None:
    assert gate(*arguments)[0] == 2


# --------------------------------------------------------------------------- going back


def test_an_app_that_goes_back_to_an_old_release_shuts_the_gate_again(shop: Shop) -> None:
    shop.beat("v2")
    assert shop.ask().open
    shop.beat("v1")
    assert gate("c", "--release", "v3")[0] == 3
    shop.goodbye("v1")
    assert gate("c", "--release", "v3")[0] == 0
    assert (shop.beat("v1"), shop.ready("v1")) == ("retired", "retired")


def test_a_list_of_changes_may_come_from_a_file(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "gated-changes.txt").write_text("# what code knows\nc\n\n0041_full_name\n")
    assert "with 2 changes" in zdmigrate("release", "add", "v4", "--changes-from", "gated-changes.txt").out
    assert shop.execute("SELECT changes FROM zdmigrate.release WHERE version = 'v4'") == [(["c", "0041_full_name"],)]
