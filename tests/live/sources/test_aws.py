"""ECS and Lambda. What moto plays truly is played by moto; deployments in mid-rollout, by answers that botocore's
Stubber holds against the API's own model, made by hand: moto starts no tasks for a service, and no second deployment.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from tests.live.sources.looking import config
from zdmigrate.errors import ConfigError
from zdmigrate.live.observe import ask
from zdmigrate.live.sources import sources_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live.shop import Shop
    from zdmigrate.live.observe import Answer

ARN = "arn:aws:ecs:eu-central-1:123456789012"
ECS = {"source": "ecs", "cluster": "prod", "services": ["web"], "version": "image:web"}
LAMBDA = {"source": "lambda", "functions": ["checkout"]}


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "t")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "eu-central-1")


class Ecs:
    """The source, and what its client will be answered, in the order of its questions."""

    def __init__(self, shop: Shop, table: dict[str, Any] = ECS) -> None:
        self.shop = shop
        self.sources = sources_of(config(table))
        self.stub = Stubber(self.sources[0].source.client)  # type: ignore[attr-defined]  # an Ecs has one
        self.stub.activate()

    def service(self, failures: list[dict[str, str]] | None = None, **told: Any) -> None:
        services = [] if failures else [{"serviceName": "web", **told}]
        self.stub.add_response(
            "describe_services",
            {"services": services, "failures": failures or []},
            {"cluster": "prod", "services": ["web"]},
        )

    def definition(self, number: int, version: str, **tags: str) -> None:
        containers = [{"name": "log", "image": "log:1"}, {"name": "web", "image": f"example.org/shop:{version}"}]
        self.stub.add_response(
            "describe_task_definition",
            {
                "taskDefinition": {"containerDefinitions": containers},
                "tags": [{"key": key, "value": value} for key, value in tags.items()],
            },
            {"taskDefinition": task_definition(number), "include": ["TAGS"]},
        )

    def tasks(self, wish: str, *tasks: tuple[str, int, str], **which: str) -> None:
        arns = [f"{ARN}:task/prod/{name}" for name, _, _ in tasks]
        asked = {"cluster": "prod", "desiredStatus": wish, **(which or {"serviceName": "web"})}
        self.stub.add_response("list_tasks", {"taskArns": arns}, asked)
        if tasks:
            told = [
                {"taskArn": arn, "taskDefinitionArn": task_definition(number), "lastStatus": status}
                for arn, (_, number, status) in zip(arns, tasks, strict=True)
            ]
            self.stub.add_response("describe_tasks", {"tasks": told}, {"cluster": "prod", "tasks": arns})

    def look(self) -> Answer:
        [answer] = ask(self.shop.connection, self.sources)
        if answer.failure is None:
            self.stub.assert_no_pending_responses()
        return answer

    def told(self) -> dict[str, tuple[str, str | None]]:
        answer = self.look()
        assert answer.failure is None, answer.failure
        return {one.instance: (one.version, one.note) for one in answer.seen}


def task_definition(number: int) -> str:
    return f"{ARN}:task-definition/web:{number}"


def deployment(number: int, status: str, running: int) -> dict[str, Any]:
    return {
        "id": f"ecs-svc/{number}",
        "status": status,
        "taskDefinition": task_definition(number),
        "runningCount": running,
        "desiredCount": 2,
    }


def test_a_rolling_deployment_shows_both_versions_and_the_tasks_that_stop(shop: Shop) -> None:
    ecs = Ecs(shop)
    ecs.service(
        taskDefinition=task_definition(2),
        runningCount=3,
        desiredCount=2,
        deployments=[deployment(2, "PRIMARY", 1), deployment(1, "ACTIVE", 2), deployment(0, "INACTIVE", 0)],
    )
    ecs.definition(2, "v2")
    ecs.definition(1, "v1")
    ecs.tasks("RUNNING", ("a", 2, "RUNNING"), ("b", 1, "RUNNING"), ("c", 2, "PENDING"))
    ecs.tasks("STOPPED", ("d", 1, "DEACTIVATING"), ("e", 1, "STOPPED"))
    assert ecs.told() == {
        "service/web": ("v2", "3 of 2 running"),
        "deployment/ecs-svc/2": ("v2", "primary, 1 of 2 running"),
        "deployment/ecs-svc/1": ("v1", "active, 2 of 2 running"),
        "task/a": ("v2", "running"),
        "task/b": ("v1", "running"),
        "task/c": ("v2", "pending"),
        "task/d": ("v1", "deactivating"),
    }


def test_blue_and_green_task_sets_count_until_they_are_gone(shop: Shop) -> None:
    ecs = Ecs(shop)
    sets = [(1, "ACTIVE"), (2, "PRIMARY"), (0, "DRAINING")]
    ecs.service(
        taskSets=[
            {"id": f"ecs-svc/{number}", "status": status, "taskDefinition": task_definition(number), "runningCount": 2}
            for number, status in sets
        ]
    )
    for number in (1, 2, 0):
        ecs.definition(number, f"v{number}")
    ecs.tasks("RUNNING")
    ecs.tasks("STOPPED")
    assert ecs.told() == {
        f"task-set/ecs-svc/{number}": (f"v{number}", f"{status.lower()}, 2 running") for number, status in sets
    }


def test_a_service_at_zero_could_start(shop: Shop) -> None:
    ecs = Ecs(shop, {**ECS, "version": "tag:release"})
    ecs.service(taskDefinition=task_definition(1), runningCount=0, desiredCount=0, deployments=[])
    ecs.definition(1, "latest", release="v1")
    ecs.tasks("RUNNING")
    ecs.tasks("STOPPED")
    [seen] = ecs.look().seen
    assert (seen.version, seen.running) == ("v1", False)


def test_tasks_of_a_family_that_no_service_runs_count(shop: Shop) -> None:
    ecs = Ecs(shop, {"source": "ecs", "cluster": "prod", "families": ["nightly"]})
    ecs.tasks("RUNNING", ("n", 1, "RUNNING"), family="nightly")
    ecs.definition(1, "v1")
    ecs.tasks("STOPPED", family="nightly")
    assert ecs.told() == {"task/n": ("1", "running")}  # of the first container, which is the log's


def test_a_service_that_is_not_there_is_no_answer(shop: Shop) -> None:
    ecs = Ecs(shop)
    ecs.service(failures=[{"arn": "web", "reason": "MISSING"}])
    assert ecs.look().failure == "web: MISSING"


def test_what_aws_refuses_is_no_answer(shop: Shop) -> None:
    ecs = Ecs(shop)
    ecs.stub.add_client_error("describe_services", "AccessDeniedException", "not for you")
    assert "AccessDenied" in str(ecs.look().failure)


# --------------------------------------------------------------------------- moto


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def ask_one(shop: Shop, table: dict[str, Any]) -> Answer:
    [answer] = ask(shop.connection, sources_of(config(table)))
    return answer


@pytest.fixture
def function(aws: None) -> Any:
    """The function ``checkout`` with two published versions, v1 and v2."""
    role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "")
    client = boto3.client("lambda")
    client.create_function(
        FunctionName="checkout",
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Description="v1",
        Code={"ZipFile": package.getvalue()},
    )
    client.publish_version(FunctionName="checkout", Description="v1")
    client.update_function_configuration(FunctionName="checkout", Description="v2")
    client.publish_version(FunctionName="checkout", Description="v2")
    return client


def weights(shop: Shop, **options: Any) -> dict[str, tuple[float | None, bool]]:
    answer = ask_one(shop, {**LAMBDA, **options})
    assert answer.failure is None, answer.failure
    return {one.version: (one.weight, one.running) for one in answer.seen}


def test_versions_behind_an_alias_count_by_their_weight(shop: Shop, function: Any) -> None:
    """Without an alias, a function runs what was uploaded last. (One test: moto is slow to begin.)"""
    [latest] = ask_one(shop, LAMBDA).seen
    assert (latest.version, latest.instance) == ("v2", "checkout:$LATEST")
    function.create_alias(FunctionName="checkout", Name="live", FunctionVersion="1")
    assert weights(shop, version="number") == {"1": (1.0, True)}
    for share, first in ((0.1, (0.9, True)), (1.0, (0.0, False))):
        routing = {"AdditionalVersionWeights": {"2": share}}
        function.update_alias(FunctionName="checkout", Name="live", RoutingConfig=routing)
        assert weights(shop, version="number") == {"1": first, "2": (share, True)}
    assert "not found" in str(ask_one(shop, {**LAMBDA, "functions": ["gone"]}).failure).lower()


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"source": "ecs", "cluster": "prod"}, "needs services"),
        ({**LAMBDA, "version": "alias"}, "one of description, variable, number"),
        ({**LAMBDA, "version": "variable"}, "with a key after a colon"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(table: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        sources_of(config(table))


def test_without_a_region_the_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ConfigError, match="region"):
        sources_of(config(LAMBDA))
