"""Kubernetes: the pods of a selector, and what could start one: workloads at zero, jobs, cron jobs, stable hashes.

Fields are those of the API reference (apps/v1, batch/v1), of Argo Rollouts' and of Flagger's custom resources.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.live.cluster import Cluster, Object
from zdmigrate.live.kubeconfig import by_kubeconfig, in_cluster
from zdmigrate.live.selectors import Requirement, fits, parse_selector
from zdmigrate.live.sighting import UNKNOWN_VERSION, Seen
from zdmigrate.live.versions import VersionPlace, image_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.settings import Settings

ENDED = frozenset({"Succeeded", "Failed"})  # phases that a pod does not leave again
ROLLOUT_HASH = "rollouts-pod-template-hash"


class Chosen(NamedTuple):
    """What of a namespace is the app's: its selector, and those of the copies that Flagger makes of its workloads."""

    selectors: tuple[tuple[Requirement, ...], ...]
    queries: tuple[str, ...]  # the same, for the API server
    weights: dict[str, float]  # of a Flagger workload's traffic, by name

    def has(self, template: Object) -> bool:
        labels = (template.get("metadata") or {}).get("labels") or {}
        return any(fits(selector, labels) for selector in self.selectors)


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """One selector in one namespace, of the cluster that this runs in or that a kubeconfig names."""

    selector: str
    place: VersionPlace
    namespace: str
    kubeconfig: Path | None
    context: str
    timeout: float
    silence_means_absence: bool = True

    def look(self, connection: Connection) -> Iterator[Seen]:  # noqa: ARG002 - the protocol's
        cluster = self._cluster()
        deployments = list(cluster.list("deployments"))
        chosen = _chosen(cluster, self.selector, deployments)
        yield from self._workloads(chosen, "deployment", deployments)
        for kind in ("statefulset", "daemonset"):
            yield from self._workloads(chosen, kind, cluster.list(f"{kind}s"))
        yield from self._rollouts(cluster, chosen, deployments)
        yield from self._jobs(chosen, cluster)
        # Pods last: one that is started meanwhile is seen itself, if not what has started it.
        for query in chosen.queries:
            yield from self._pods(cluster.list("pods", query))

    def _cluster(self) -> Cluster:
        timeout = self.timeout
        access = by_kubeconfig(self.kubeconfig, self.context, timeout) if self.kubeconfig else in_cluster()
        return Cluster(access, self.namespace or access.namespace, timeout)

    def _pods(self, pods: Iterable[Object]) -> Iterator[Seen]:
        for pod in pods:
            phase = (pod.get("status") or {}).get("phase", "Unknown")
            if phase not in ENDED:
                note = "terminating" if pod["metadata"].get("deletionTimestamp") else phase.lower()
                yield Seen(self._version(pod), f"pod/{pod['metadata']['name']}", note=note)

    def _workloads(self, chosen: Chosen, kind: str, workloads: Iterable[Object]) -> Iterator[Seen]:
        """What could start a pod of its template, at zero too: somebody, or an autoscaler, may scale it up."""
        for workload in workloads:
            template, name = workload["spec"].get("template") or {}, workload["metadata"]["name"]
            if chosen.has(template):
                note = "at zero" if workload["spec"].get("replicas") == 0 else None
                weight = chosen.weights.get(name)
                yield Seen(self._version(template), f"{kind}/{name}", running=False, note=note, weight=weight)

    def _rollouts(self, cluster: Cluster, chosen: Chosen, deployments: list[Object]) -> Iterator[Seen]:
        """Argo's rollouts and every ReplicaSet that is up, an aborted rollout's way back, or nobody's.

        A ReplicaSet at zero that a Deployment keeps for its history is passed over: only a deploy of an old version
        starts it again, and ``ready`` is there for that.
        """
        templates = {each["metadata"]["name"]: each["spec"].get("template") or {} for each in deployments}
        hashes: dict[str, float | None] = {}
        for rollout in cluster.list("rollouts"):
            referred = (rollout["spec"].get("workloadRef") or {}).get("name")
            template = rollout["spec"].get("template") or templates.get(referred) or {}
            if chosen.has(template):
                yield Seen(self._version(template), f"rollout/{rollout['metadata']['name']}", running=False)
                hashes |= _hashes(rollout.get("status") or {})
        for replicas in cluster.list("replicasets"):
            template, metadata = replicas["spec"].get("template") or {}, replicas["metadata"]
            known = (metadata.get("labels") or {}).get(ROLLOUT_HASH, "")
            if chosen.has(template) and (_is_up(replicas) or known in hashes or not metadata.get("ownerReferences")):
                name, weight = f"replicaset/{metadata['name']}", hashes.get(known)
                yield Seen(self._version(template), name, running=False, weight=weight)

    def _jobs(self, chosen: Chosen, cluster: Cluster) -> Iterator[Seen]:
        for job in cluster.list("jobs"):
            if not _is_finished(job):
                yield from self._job(chosen, "job", job, job["spec"].get("template") or {})
        for cron in cluster.list("cronjobs"):
            template = ((cron["spec"].get("jobTemplate") or {}).get("spec") or {}).get("template") or {}
            yield from self._job(chosen, "cronjob", cron, template)

    def _job(self, chosen: Chosen, kind: str, job: Object, template: Object) -> Iterator[Seen]:
        if chosen.has(template):
            note = "suspended" if job["spec"].get("suspend") else None
            yield Seen(self._version(template), f"{kind}/{job['metadata']['name']}", running=False, note=note)

    def _version(self, pod: Object) -> str:
        """The version of a pod or of a pod's template."""
        if self.place.kind == "image":
            return image_version(self.place, (pod.get("spec") or {}).get("containers") or [])
        told = (pod.get("metadata") or {}).get(f"{self.place.kind}s") or {}
        return str(told.get(self.place.key) or UNKNOWN_VERSION)


def _chosen(cluster: Cluster, selector: str, deployments: Iterable[Object]) -> Chosen:
    """Flagger serves from a copy, NAME-primary, whose pods have labels of their own."""
    selectors, queries = [parse_selector(selector)], [selector]
    weights: dict[str, float] = {}
    named = {each["metadata"]["name"]: each for each in deployments}
    for canary in cluster.list("canaries"):
        target = (canary["spec"].get("targetRef") or {}).get("name", "")
        primary, labels = f"{target}-primary", named.get(target, {}).get("spec", {}).get("template") or {}
        if primary not in named or not fits(selectors[0], (labels.get("metadata") or {}).get("labels") or {}):
            continue
        query = ",".join(f"{key}={value}" for key, value in _match_labels(named[primary]).items())
        selectors.append(parse_selector(query))
        queries.append(query)
        share = float((canary.get("status") or {}).get("canaryWeight") or 0) / 100
        weights |= {target: share, primary: 1 - share}
    return Chosen(tuple(selectors), tuple(queries), weights)


def _match_labels(workload: Object) -> dict[str, str]:
    found: dict[str, str] = (workload["spec"].get("selector") or {}).get("matchLabels") or {}
    return found


def _hashes(status: dict[str, Any]) -> dict[str, float | None]:
    """The hashes that a rollout serves from or may go back to, and their weights where it shifts traffic."""
    weights = (status.get("canary") or {}).get("weights") or {}
    told = {status[key]: None for key in ("stableRS", "currentPodHash") if status.get(key)}
    shares = {
        share.get("podTemplateHash"): float(share["weight"]) / 100
        for share in (weights.get("stable"), weights.get("canary"))
        if share and "weight" in share
    }
    return {known: shares.get(known) for known in told}


def _is_up(replicas: Object) -> bool:
    return bool(replicas["spec"].get("replicas", 1) or (replicas.get("status") or {}).get("replicas"))


def _is_finished(job: Object) -> bool:
    conditions = (job.get("status") or {}).get("conditions") or []
    return any(each.get("type") in ("Complete", "Failed") and each.get("status") == "True" for each in conditions)


def make(settings: Settings) -> Kubernetes:
    """``selector``, and ``version``, ``namespace``, ``kubeconfig`` and ``context``."""
    selector = settings.text("selector")
    parse_selector(selector)
    return Kubernetes(
        selector=selector,
        place=VersionPlace.read(settings, "label:app.kubernetes.io/version", ("label", "annotation", "image")),
        namespace=settings.text("namespace", ""),
        kubeconfig=settings.path("kubeconfig") if "kubeconfig" in settings else None,
        context=settings.text("context", ""),
        timeout=settings.seconds("time_limit", 10.0),
    )
