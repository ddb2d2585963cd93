"""Every source has a test where it is down, slow, lying and empty; here is which."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.markdown import ROOT
from zdmigrate.live import sources

TROUBLES = ("down", "slow", "lying", "empty")
HERE = "tests/live/sources"
TESTS = {
    "heartbeat": (
        "tests/sdk/test_heartbeat.py::test_an_outage_keeps_the_last_answer_and_ends_by_itself",
        "tests/live/test_fence.py::test_a_beat_in_a_transaction_that_stays_open_is_named",
        "tests/ledger/test_roles.py::test_beats_and_goodbyes_for_another_app_are_refused",
        "tests/live/test_gate.py::test_silence_of_a_needed_app_is_not_evidence",
    ),
    "postgres": (
        f"{HERE}/test_postgres.py::test_a_way_of_the_app_s_that_is_down_or_slow_is_no_answer",
        f"{HERE}/test_postgres.py::test_a_way_of_the_app_s_that_is_down_or_slow_is_no_answer",
        f"{HERE}/test_postgres.py::test_a_backend_that_is_lent_to_two_versions_gives_the_pooler_away",
        f"{HERE}/test_postgres.py::test_nobody_connected_is_an_answer",
    ),
    "http": (
        f"{HERE}/test_outside.py::test_an_endpoint_that_is_down_or_refuses_has_not_answered",
        f"{HERE}/test_outside.py::test_an_endpoint_that_sends_a_byte_now_and_then_is_given_up_on",
        f"{HERE}/test_outside.py::test_an_instance_told_twice_with_clocks_that_are_wrong_is_one_that_runs",
        f"{HERE}/test_outside.py::test_an_endpoint_tells_who_runs",
    ),
    "command": (
        f"{HERE}/test_outside.py::test_a_command_that_fails_or_prints_nothing_has_not_answered",
        f"{HERE}/test_outside.py::test_a_command_that_hangs_is_killed_with_all_that_it_started",
        f"{HERE}/test_outside.py::test_an_instance_told_twice_with_clocks_that_are_wrong_is_one_that_runs",
        f"{HERE}/test_outside.py::test_a_command_prints_json_or_a_line_for_each_instance",
    ),
    "file": (
        f"{HERE}/test_outside.py::test_a_file_is_read_and_must_be_fresh",
        f"{HERE}/test_outside.py::test_a_file_that_does_not_come_is_given_up_on",
        f"{HERE}/test_outside.py::test_an_instance_told_twice_with_clocks_that_are_wrong_is_one_that_runs",
        f"{HERE}/test_outside.py::test_a_file_is_read_and_must_be_fresh",
    ),
    "kubernetes": (
        f"{HERE}/test_kubernetes.py::test_an_api_server_that_is_not_there_is_no_answer",
        f"{HERE}/test_kubernetes.py::test_an_api_server_that_is_slow_or_broken_is_no_answer",
        f"{HERE}/test_kubernetes.py::test_a_pod_that_is_listed_twice_is_one_and_its_clock_is_not_asked",
        f"{HERE}/test_kubernetes.py::test_an_empty_namespace_is_an_answer_and_no_evidence",
    ),
    "ecs": (
        f"{HERE}/test_aws_troubles.py::test_aws_that_is_down_is_no_answer",
        f"{HERE}/test_aws_troubles.py::test_aws_that_is_slow_is_given_up_on",
        f"{HERE}/test_aws_troubles.py::test_a_task_that_is_listed_among_the_running_and_the_stopped_is_one",
        f"{HERE}/test_aws_troubles.py::test_a_family_without_a_task_is_an_answer_and_no_evidence",
    ),
    "lambda": (
        f"{HERE}/test_aws_troubles.py::test_aws_that_is_down_is_no_answer",
        f"{HERE}/test_aws_troubles.py::test_aws_that_is_slow_is_given_up_on",
        f"{HERE}/test_aws_troubles.py::test_an_alias_that_lambda_tells_on_two_pages_is_one",
        f"{HERE}/test_aws_troubles.py::test_a_function_without_an_alias_is_an_answer_about_what_was_uploaded_last",
    ),
}


def test_every_source_has_a_test_of_every_trouble() -> None:
    files = Path(str(sources.__file__)).parent.glob("[a-z]*.py")
    assert sorted(TESTS) == sorted(file.stem for file in files)
    for source, named in TESTS.items():
        for trouble, name in zip(TROUBLES, named, strict=True):
            file, _, test = name.partition("::")
            assert re.search(rf"^def {test}\(", (ROOT / file).read_text(), re.MULTILINE), f"{source} that is {trouble}"
