"""Lists objects of a Kubernetes API server by plain HTTP: five kinds of GET need no client library of 100 MB."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from zdmigrate.live.sighting import SourceSilent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.live.kubeconfig import Access

Object = dict[str, Any]  # as the API has it: metadata, spec, status

PAGE = 500  # objects of one answer

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
        while True:
            page = self._get(kind, query)
            yield from page.get("items") or []
            more = (page.get("metadata") or {}).get("continue")
            if not more:
                return
            query["continue"] = more

    def _get(self, kind: str, query: dict[str, str]) -> Object:
        path = f"{PATHS[kind]}/namespaces/{self.namespace}/{kind}"
        headers = {"Accept": "application/json"}
        if self.access.token:
            headers["Authorization"] = f"Bearer {self.access.token}"
        request = urllib.request.Request(f"{self.access.server}{path}?{urlencode(query)}", headers=headers)  # noqa: S310 - a kubeconfig's server
        try:
            with urllib.request.urlopen(request, timeout=self.timeout, context=self.access.tls) as answer:  # noqa: S310
                found = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == http.client.NOT_FOUND and kind in FOREIGN:
                return {}
            raise SourceSilent(f"{self.access.server} answers {error.code} {error.reason} for {kind}") from None
        except (OSError, http.client.HTTPException) as error:
            raise SourceSilent(f"{self.access.server}: {getattr(error, 'reason', error)}") from None
        except ValueError:
            raise SourceSilent(f"{self.access.server} answers something else than JSON for {kind}") from None
        if not isinstance(found, dict):
            raise SourceSilent(f"{self.access.server} answers no list of {kind}")
        return found
