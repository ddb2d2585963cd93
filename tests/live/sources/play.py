"""A namespace of a cluster as the API server would list it.

Made by hand after the published shapes of the API (apps/v1, batch/v1, argoproj.io/v1alpha1, flagger.app/v1beta1): no
API server can be had here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zdmigrate.live.cluster import PATHS

if TYPE_CHECKING:
    from tests.live.sources.endpoint import Endpoint

Object = dict[str, Any]

VERSION = "app.kubernetes.io/version"
SHOP = {"app": "shop"}


def pod(name: str, version: str, phase: str = "Running", *, terminating: bool = False, **labels: str) -> Object:
    made = template(version, **labels)
    metadata = {**made["metadata"], "name": name}
    if terminating:
        metadata["deletionTimestamp"] = "2026-05-01T12:00:00Z"
    return {**made, "metadata": metadata, "status": {"phase": phase}}


def template(version: str, **labels: str) -> Object:
    """A pod's template; its version stands in a label, an annotation and the tag of its image."""
    told = {**SHOP, VERSION: version, **labels}
    image = f"registry.example.org:5000/shop:{version}@sha256:0123"
    containers = [{"name": "proxy", "image": "proxy:1.9"}, {"name": "web", "image": image}]
    return {
        "metadata": {"labels": told, "annotations": {"example.org/release": version}},
        "spec": {"containers": containers},
    }


def workload(name: str, version: str, replicas: int = 1, labels: dict[str, str] | None = None) -> Object:
    """A Deployment, StatefulSet or Argo Rollout."""
    made = template(version, **(labels or {}))
    spec = {"replicas": replicas, "template": made, "selector": {"matchLabels": labels or SHOP}}
    return {"metadata": {"name": name}, "spec": spec, "status": {}}


def replicaset(name: str, version: str, replicas: int, *, owner: str = "Deployment", **labels: str) -> Object:
    owners = {"ownerReferences": [{"kind": owner, "name": "shop", "controller": True}]} if owner else {}
    return {
        "metadata": {"name": name, "labels": labels, **owners},
        "spec": {"replicas": replicas, "template": template(version, **labels)},
        "status": {"replicas": replicas},
    }


def job(name: str, version: str, *, suspend: bool = False, finished: str = "") -> Object:
    conditions = [{"type": finished, "status": "True"}] if finished else []
    return {
        "metadata": {"name": name},
        "spec": {"suspend": suspend, "template": template(version)},
        "status": {"conditions": conditions},
    }


def cronjob(name: str, version: str, *, suspend: bool = False) -> Object:
    spec = {"schedule": "0 3 * * *", "suspend": suspend, "jobTemplate": {"spec": {"template": template(version)}}}
    return {"metadata": {"name": name}, "spec": spec}


@dataclass
class Play:
    """What the namespace ``web`` holds now; Argo Rollouts and Flagger are not installed unless a test puts some."""

    endpoint: Endpoint
    objects: dict[str, list[Object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind in PATHS:
            if kind not in ("rollouts", "canaries"):
                self.put(kind)

    def put(self, kind: str, *objects: Object) -> None:
        self.objects[kind] = list(objects)
        self.endpoint.put(path_of(kind), {"kind": "List", "metadata": {}, "items": list(objects)})


def path_of(kind: str) -> str:
    return f"{PATHS[kind]}/namespaces/web/{kind}"
