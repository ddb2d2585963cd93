"""ECS and Lambda that are down, slow, empty, and that tell a thing twice or leave one out."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from tests.live.sources.looking import config, failure
from tests.live.sources.test_aws import ECS, LAMBDA, Ecs, account, deployment, task_definition
from zdmigrate.live.looks import store_look
from zdmigrate.live.observe import ask
from zdmigrate.live.sources import sources_of
from zdmigrate.live.verdict import Code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live.shop import Shop
    from tests.live.sources.endpoint import Endpoint
    from zdmigrate.live.observe import Answer

__all__ = ["account"]
BOTH = pytest.mark.parametrize("table", [ECS, LAMBDA], ids=["ecs", "lambda"])


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """An address that boto3 takes for AWS. Nobody listens there yet."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{opened.getsockname()[1]}")
        yield opened


@BOTH
def test_aws_that_is_down_is_no_answer(shop: Shop, door: socket.socket, table: dict[str, Any]) -> None:
    assert "Could not connect to the endpoint" in failure(shop.connection, table)


@BOTH
def test_aws_that_is_slow_is_given_up_on(shop: Shop, door: socket.socket, table: dict[str, Any]) -> None:
    door.listen()  # the kernel lets callers in, and nobody answers
    assert failure(shop.connection, {**table, "time_limit": "200ms"}) == "no answer within 0.2 s"


def test_lambda_that_sends_a_byte_now_and_then_is_given_up_on(
    shop: Shop, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.put("/2015-03-31/functions/checkout/aliases", {"Aliases": []})
    endpoint.drip = True
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
    assert failure(shop.connection, {**LAMBDA, "time_limit": "200ms"}) == "no answer within 0.2 s"


def test_a_family_without_a_task_is_an_answer_and_no_evidence(shop: Shop) -> None:
    table = {"source": "ecs", "cluster": "prod", "families": ["nightly"]}
    ecs = Ecs(shop, table)
    for wish in ("RUNNING", "STOPPED"):
        ecs.tasks(wish, family="nightly")
    answer = ecs.look()
    assert (answer.failure, answer.seen) == (None, ())
    settings = config(table)
    store_look(shop.connection, settings.gate, answer.source, answer.asked_at, answer.seen)
    assert Code.NO_EVIDENCE in {reason.code for reason in shop.ask(config=settings).reasons}


def test_a_service_that_ecs_passes_over_is_no_answer(shop: Shop) -> None:
    """ECS names what is missing among its failures; an answer that does neither says nothing of the service."""
    ecs = Ecs(shop)
    ecs.stub.add_response(
        "describe_services", {"services": [], "failures": []}, {"cluster": "prod", "services": ["web"]}
    )
    assert ecs.look().failure == "web: not in the answer"


def test_a_task_that_is_listed_among_the_running_and_the_stopped_is_one(shop: Shop) -> None:
    ecs = Ecs(shop)
    ecs.service(
        taskDefinition=task_definition(1), runningCount=1, desiredCount=1, deployments=[deployment(1, "PRIMARY", 1)]
    )
    ecs.definition(1, "v1")
    ecs.tasks("RUNNING", ("a", 1, "RUNNING"))
    ecs.tasks("STOPPED", ("a", 1, "DEACTIVATING"))
    assert sorted(one.instance for one in ecs.look().seen) == ["deployment/ecs-svc/1", "service/web", "task/a"]


class Lambda:
    """The source, and what its client will be answered, in the order of its questions."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.sources = sources_of(config({**LAMBDA, "version": "number"}))
        self.stub = Stubber(self.sources[0].source.client)  # type: ignore[attr-defined]  # a Lambda has one
        self.stub.activate()

    def aliases(self, *aliases: dict[str, Any], more: str = "", after: str = "") -> None:
        told = {"Aliases": list(aliases), **({"NextMarker": more} if more else {})}
        self.stub.add_response(
            "list_aliases", told, {"FunctionName": "checkout", **({"Marker": after} if after else {})}
        )

    def look(self) -> Answer:
        [answer] = ask(self.shop.connection, self.sources)
        return answer


def alias(name: str, version: str, **weights: float) -> dict[str, Any]:
    return {"Name": name, "FunctionVersion": version, "RoutingConfig": {"AdditionalVersionWeights": weights}}


def test_an_alias_that_lambda_tells_on_two_pages_is_one(shop: Shop) -> None:
    told = Lambda(shop)
    told.aliases(alias("live", "1", **{"2": 1.0}), more="next")
    told.aliases(alias("live", "1", **{"2": 0.5}), after="next")
    answer = told.look()
    assert answer.failure is None, answer.failure
    assert [(one.version, one.running) for one in sorted(answer.seen)] == [("1", True), ("2", True)]


@pytest.mark.parametrize("weights", [{"2": 1.5}, {"2": 0.7, "3": 0.7}], ids=["one", "both"])
def test_weights_that_are_no_shares_are_no_answer(shop: Shop, weights: dict[str, float]) -> None:
    told = Lambda(shop)
    told.aliases(alias("live", "1", **weights))
    assert "the weights of alias live are no shares" in str(told.look().failure)


def test_a_function_without_an_alias_is_an_answer_about_what_was_uploaded_last(shop: Shop) -> None:
    told = Lambda(shop)
    told.aliases()
    assert [(one.version, one.running) for one in told.look().seen] == [("$LATEST", True)]
