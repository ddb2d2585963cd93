"""Lists objects of a Kubernetes API server by plain HTTP: five kinds of GET need no client library of 100 MB."""

from __future__ import annotations

import json
from http.client import NOT_FOUND
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from zdmigrate.fetch import Unanswered, get, place
from zdmigrate.live.sighting import SourceSilent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.live.kubeconfig import Access

Object = dict[str, Any]  # as the API has it: metadata, spec, status

PAGE = 500  # objects of one answer
MOST = 64 * 1024 * 1024  # bytes of one: a pod may have a megabyte of annotations
PAGES = 1000  # a server that has more of them sends the same one for ever

# The API's groups of the kinds that can run a pod.
PATHS = {
    "pods": "/api/v1",
    "deployments": "/apis/apps/v1",
    "statefulsets": "/apis/apps/v1",
    "daemonsets": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "jobs": "/apis/batch/v1",
    "cronjobs": "/apis/batch/v1",
    "rollouts": "/apis/argoproj.io/v1alpha1",
    "canaries": "/apis/flagger.app/v1beta1",
}
FOREIGN = frozenset({"rollouts", "canaries"})  # of clusters where Argo Rollouts, or Flagger, is installed


class Cluster(NamedTuple):
    """One namespace of a cluster."""

    access: Access
    namespace: str
    timeout: float  # seconds, of one request

    def list(self, kind: str, selector: str = "") -> Iterator[Object]:
        """Every object of a kind, page after page. Raises SourceSilent where the server does not say."""
        query = {"limit": str(PAGE), **({"labelSelector": selector} if selector else {})}
        for _ in range(PAGES):
            page = self._get(kind, query)
            yield from page.get("items") or []
            more = (page.get("metadata") or {}).get("continue")
            if not more:
                return
            query["continue"] = more
        raise SourceSilent(f"{place(self.access.server)} does not come to an end of its {kind}")

    def _get(self, kind: str, query: dict[str, str]) -> Object:
        server = self.access.server
        url = f"{server}{PATHS[kind]}/namespaces/{self.namespace}/{kind}?{urlencode(query)}"
        try:
            told = get(
                url, named=place(server), seconds=self.timeout, token=self.access.token, tls=self.access.tls, most=MOST
            )
            found = json.loads(told)
        except Unanswered as error:
            if error.status == NOT_FOUND and kind in FOREIGN:
                return {}
            raise SourceSilent(f"{error} for {kind}") from None
        except ValueError:
            raise SourceSilent(f"{place(server)} answers something else than JSON for {kind}") from None
        if not isinstance(found, dict):
            raise SourceSilent(f"{place(server)} answers no list of {kind}")
        return found
