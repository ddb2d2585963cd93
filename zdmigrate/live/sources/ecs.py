"""ECS: the tasks of services, and the deployments and task sets (CodeDeploy's blue and green) that start them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from zdmigrate.live.aws import asked, client_of, pages
from zdmigrate.live.sighting import UNKNOWN_VERSION, Seen, SourceSilent
from zdmigrate.live.versions import VersionPlace, image_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.settings import Settings

    VersionOf = Callable[[str], str]  # of a task definition's ARN

SERVICES, TASKS = 10, 100  # as many as one call describes


@dataclass(frozen=True, slots=True)
class Ecs:
    """Some services of one cluster, and tasks of some families that no service runs (scheduled ones)."""

    client: Any
    cluster: str
    services: tuple[str, ...]
    families: tuple[str, ...]
    place: VersionPlace
    silence_means_absence: bool = True

    def look(self, connection: Connection) -> Iterator[Seen]:  # noqa: ARG002 - the protocol's
        known: dict[str, str] = {}

        def version_of(definition: str) -> str:
            if definition not in known:
                known[definition] = self._version(definition)
            return known[definition]

        for names in _batches(self.services, SERVICES):
            told = asked(self.client.describe_services, cluster=self.cluster, services=names)
            for failure in told.get("failures") or []:
                raise SourceSilent(f"{failure.get('arn')}: {failure.get('reason')}")
            told_of = {service["serviceName"] for service in told["services"]}
            for name in names:
                if name.rpartition("/")[2] not in told_of:  # a table may name a service by its ARN
                    raise SourceSilent(f"{name}: not in the answer")
            for service in told["services"]:
                yield from _deployments(service, version_of)
                yield from self._tasks(version_of, serviceName=service["serviceName"])
        for family in self.families:
            yield from self._tasks(version_of, family=family)

    def _tasks(self, version_of: VersionOf, **which: str) -> Iterator[Seen]:
        """What runs, and what was told to stop and has not stopped yet: it is listed among the stopped ones."""
        for wish in ("RUNNING", "STOPPED"):
            found = pages(self.client, "list_tasks", "taskArns", cluster=self.cluster, desiredStatus=wish, **which)
            for arns in _batches(found, TASKS):
                told = asked(self.client.describe_tasks, cluster=self.cluster, tasks=arns)
                for task in told["tasks"]:
                    if task["lastStatus"] != "STOPPED":
                        name, note = task["taskArn"].rpartition("/")[2], task["lastStatus"].lower()
                        yield Seen(version_of(task["taskDefinitionArn"]), f"task/{name}", note=note)

    def _version(self, definition: str) -> str:
        told = asked(self.client.describe_task_definition, taskDefinition=definition, include=["TAGS"])
        if self.place.kind == "tag":
            tags = {tag["key"]: tag["value"] for tag in told.get("tags") or []}
            return tags.get(self.place.key) or UNKNOWN_VERSION
        return image_version(self.place, told["taskDefinition"].get("containerDefinitions") or [])


def _batches(found: Iterable[str], size: int) -> Iterator[list[str]]:
    """itertools.batched, which Python 3.11 does not have."""
    left = iter(found)
    while some := list(islice(left, size)):
        yield some


def _deployments(service: dict[str, Any], version_of: VersionOf) -> Iterator[Seen]:
    """What may start tasks: the service itself at zero too, and each deployment or task set that is not over."""
    name = service["serviceName"]
    if "taskDefinition" in service:  # a service whose deployments CodeDeploy makes has none of its own
        yield Seen(version_of(service["taskDefinition"]), f"service/{name}", running=False, note=_count(service))
    for deployment in service.get("deployments") or []:
        if deployment["status"] != "INACTIVE":
            note = f"{deployment['status'].lower()}, {_count(deployment)}"
            version = version_of(deployment["taskDefinition"])
            yield Seen(version, f"deployment/{deployment['id']}", running=False, note=note)
    for task_set in service.get("taskSets") or []:
        yield Seen(
            version_of(task_set["taskDefinition"]),
            f"task-set/{task_set['id']}",
            running=False,
            note=f"{task_set['status'].lower()}, {task_set.get('runningCount', 0)} running",
        )


def _count(told: dict[str, Any]) -> str:
    return f"{told.get('runningCount', 0)} of {told.get('desiredCount', 0)} running"


def make(settings: Settings) -> Ecs:
    """``cluster``, ``services``, and ``families``, ``version`` and ``region``."""
    families = settings.texts("families", ())
    return Ecs(
        client=client_of(settings, "ecs"),
        cluster=settings.text("cluster"),
        services=settings.texts("services", () if families else None),
        families=families,
        place=VersionPlace.read(settings, "image", ("image", "tag")),
    )
