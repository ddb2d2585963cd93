"""Kubernetes, played by an HTTP server: a rollout, what could start, and an API server that does not say."""

from __future__ import annotations

import base64
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.live.sources.endpoint import Endpoint
from tests.live.sources.looking import config, failure, look, seen
from tests.live.sources.play import Play, cronjob, job, path_of, pod, replicaset, template, workload
from tests.live.sources.tls import certificate
from zdmigrate.errors import ConfigError
from zdmigrate.live import kubeconfig
from zdmigrate.live.selectors import fits, parse_selector
from zdmigrate.live.sources import sources_of
from zdmigrate.live.verdict import Code
from zdmigrate.live.versions import image_tag

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live.shop import Shop


@pytest.fixture
def play(endpoint: Endpoint) -> Play:
    return Play(endpoint)


@pytest.fixture
def cluster(endpoint: Endpoint, tmp_path: Path) -> dict[str, Any]:
    """A table whose kubeconfig leads to the endpoint."""
    return table(tmp_path, {"server": endpoint.url}, {"token": "s3cret"})


def table(folder: Path, cluster: dict[str, Any], user: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Two contexts, of which ``kind`` is the current one."""
    context = {"cluster": "c", "user": "u", "namespace": "web"}
    content = {
        "current-context": "kind",
        "contexts": [{"name": "kind", "context": context}, {"name": "gone", "context": {"cluster": "x"}}],
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
    }
    (folder / "kubeconfig").write_text(yaml.safe_dump(content))
    return {"source": "kubernetes", "selector": "app=shop", "kubeconfig": str(folder / "kubeconfig"), **options}


def told(shop: Shop, cluster: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    """Version and note by instance; each stands for one row."""
    return {one.instance: (one.version, one.note) for one in seen(shop.connection, cluster)}


def test_a_rolling_update_is_followed_from_its_first_pod_to_its_last(shop: Shop, play: Play, cluster: Any) -> None:
    settings = config(cluster)
    play.put("deployments", workload("shop", "v1", 2))
    play.put("replicasets", replicaset("shop-1", "v1", 2))
    play.put("pods", pod("a", "v1"), pod("b", "v1"))
    assert set(look(shop, settings)) == {
        ("v1", f"{name}") for name in ("deployment/shop", "replicaset/shop-1", "pod/a", "pod/b")
    }

    play.put("deployments", workload("shop", "v2", 2))
    play.put("replicasets", replicaset("shop-1", "v1", 1), replicaset("shop-2", "v2", 1))
    play.put("pods", pod("a", "v1", terminating=True), pod("b", "v1"), pod("c", "v2", "Pending"))
    states = look(shop, settings)
    assert states["v1", "deployment/shop"] == "left"
    assert {states["v1", name] for name in ("replicaset/shop-1", "pod/a", "pod/b")} == {"live"}
    assert told(shop, cluster)["pod/a"] == ("v1", "terminating")
    assert told(shop, cluster)["pod/c"] == ("v2", "pending")

    play.put("replicasets", replicaset("shop-1", "v1", 0), replicaset("shop-2", "v2", 2))
    play.put("pods", pod("c", "v2"), pod("d", "v2"))
    states = look(shop, settings)
    assert {state for (version, _), state in states.items() if version == "v1"} == {"left"}
    assert {reason.code for reason in shop.ask(config=settings).reasons} <= {
        *(Code.OLD_VERSION_SEEN_LATELY, Code.OBSERVATION_RESTARTED),
    }


def test_pods_that_have_ended_do_not_run(shop: Shop, play: Play, cluster: Any) -> None:
    play.put("pods", pod("a", "v1", "Succeeded"), pod("b", "v1", "Failed"), pod("c", "v1", "Unknown"))
    assert told(shop, cluster) == {"pod/c": ("v1", "unknown")}


def test_what_could_start_an_old_image_is_seen(shop: Shop, play: Play, cluster: Any) -> None:
    play.put("deployments", workload("at-zero", "v1", 0))
    play.put("statefulsets", workload("set", "v2"))
    play.put("daemonsets", workload("daemon", "v3"))
    play.put("replicasets", replicaset("kept-for-history", "v1", 0), replicaset("nobodys", "v0", 0, owner=""))
    play.put("cronjobs", cronjob("nightly", "v1"), cronjob("resting", "v1", suspend=True))
    play.put("jobs", job("import", "v1"), job("waiting", "v1", suspend=True), job("done", "v1", finished="Complete"))
    assert told(shop, cluster) == {
        "deployment/at-zero": ("v1", "at zero"),
        "statefulset/set": ("v2", None),
        "daemonset/daemon": ("v3", None),
        "replicaset/nobodys": ("v0", None),
        "cronjob/nightly": ("v1", None),
        "cronjob/resting": ("v1", "suspended"),
        "job/import": ("v1", None),
        "job/waiting": ("v1", "suspended"),
    }
    assert not any(one.running for one in seen(shop.connection, cluster))


def test_argos_stable_and_canary_hashes_count_at_zero_too(shop: Shop, play: Play, cluster: Any) -> None:
    weights = {"canary": {"podTemplateHash": "b", "weight": 10}, "stable": {"podTemplateHash": "a", "weight": 90}}
    status = {"stableRS": "a", "currentPodHash": "b", "canary": {"weights": weights}}
    play.put("rollouts", {**workload("shop", "v2"), "status": status})
    label = "rollouts-pod-template-hash"
    play.put(
        "replicasets",
        *(
            replicaset(f"shop-{name}", version, 0, owner="Rollout", **{label: name})
            for name, version in (("old", "v0"), ("a", "v1"), ("b", "v2"))
        ),
    )
    found = {one.instance: (one.version, one.weight) for one in seen(shop.connection, cluster)}
    assert found == {
        "rollout/shop": ("v2", None),
        "replicaset/shop-a": ("v1", 0.9),
        "replicaset/shop-b": ("v2", 0.1),
    }


def test_a_rollout_may_refer_to_the_template_of_a_deployment(shop: Shop, play: Play, cluster: Any) -> None:
    play.put("deployments", workload("shop", "v2", 0))
    play.put("rollouts", {"metadata": {"name": "shop"}, "spec": {"workloadRef": {"name": "shop"}}})
    assert told(shop, cluster)["rollout/shop"] == ("v2", None)


def test_flaggers_primary_counts_although_its_pods_have_labels_of_their_own(
    shop: Shop, play: Play, cluster: Any, endpoint: Endpoint
) -> None:
    primary = {"app": "shop-primary"}
    play.put(
        "deployments",
        workload("shop", "v2", 1),
        workload("shop-primary", "v1", 2, primary),
        workload("else", "v9", 1, {"app": "else"}),
    )
    play.put(
        "canaries",
        {"metadata": {"name": "shop"}, "spec": {"targetRef": {"name": "shop"}}, "status": {"canaryWeight": 20}},
    )
    query = f"{path_of('pods')}?limit=500&labelSelector="
    endpoint.put(f"{query}app%3Dshop", {"items": [pod("c", "v2")]})
    endpoint.put(f"{query}app%3Dshop-primary", {"items": [pod("p", "v1", app="shop-primary")]})
    found = {one.instance: (one.version, one.weight) for one in seen(shop.connection, cluster)}
    assert found == {
        "deployment/shop": ("v2", 0.2),
        "deployment/shop-primary": ("v1", 0.8),
        "pod/c": ("v2", None),
        "pod/p": ("v1", None),
    }


@pytest.mark.parametrize("place", ["label:app.kubernetes.io/version", "annotation:example.org/release", "image:web"])
def test_a_version_stands_in_a_label_an_annotation_or_a_tag(shop: Shop, play: Play, cluster: Any, place: str) -> None:
    play.put("pods", pod("a", "7.2"))
    assert told(shop, {**cluster, "version": place}) == {"pod/a": ("7.2", "running")}


def test_a_pod_without_a_version_is_old_and_no_evidence(shop: Shop, play: Play, cluster: Any) -> None:
    play.put("pods", pod("a", ""))
    settings = config(cluster)
    look(shop, settings)
    codes = {reason.code for reason in shop.ask(config=settings).reasons}
    assert {Code.OLD_VERSION_LIVE, Code.NO_EVIDENCE} <= codes
    assert told(shop, {**cluster, "version": "image:sidecar"}) == {"pod/a": ("?", "running")}


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("shop:7.2", "7.2"),
        ("registry:5000/team/shop:7.2@sha256:ab", "7.2"),
        ("registry:5000/shop", "?"),
        ("shop@sha256:ab", "sha256:ab"),
    ],
)
def test_the_tag_of_an_image_is_its_version(image: str, version: str) -> None:
    assert image_tag(image) == version


def test_a_pod_that_is_listed_twice_is_one_and_its_clock_is_not_asked(
    shop: Shop, play: Play, cluster: Any, endpoint: Endpoint
) -> None:
    """A page may be told again while the list changes; creationTimestamp is the cluster's clock."""
    ahead = pod("a", "v1")
    ahead["metadata"]["creationTimestamp"] = "2999-01-01T00:00:00Z"
    play.put("pods", ahead, ahead)
    assert look(shop, config(cluster)) == {("v1", "pod/a"): "live"}
    assert shop.execute("SELECT last_seen <= clock_timestamp() FROM zdmigrate.sighting") == [(True,)]


def test_a_list_without_an_end_is_no_answer(
    shop: Shop, play: Play, cluster: Any, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zdmigrate.live.cluster.PAGES", 3)
    endpoint.put(path_of("pods"), {"metadata": {"continue": "next"}, "items": []})
    assert "does not come to an end of its pods" in failure(shop.connection, cluster)


def test_an_api_server_that_is_not_there_is_no_answer(shop: Shop, cluster: Any, tmp_path: Path) -> None:
    for server, why in (("http://127.0.0.1:1", "Connection refused"), ("ftp://cluster", "has no server with a URL")):
        nowhere = table(tmp_path, {"server": server}, {})
        assert why in failure(shop.connection, nowhere)


def test_a_long_list_is_read_page_by_page(shop: Shop, play: Play, cluster: Any, endpoint: Endpoint) -> None:
    pods = path_of("pods")
    endpoint.put(pods, {"metadata": {"continue": "next"}, "items": [pod("a", "v1")]})
    endpoint.put(
        f"{pods}?limit=500&labelSelector=app%3Dshop&continue=next", {"metadata": {}, "items": [pod("b", "v2")]}
    )
    assert set(told(shop, cluster)) == {"pod/a", "pod/b"}


def test_an_empty_namespace_is_an_answer_and_no_evidence(shop: Shop, play: Play, cluster: Any) -> None:
    settings = config(cluster)
    assert look(shop, settings) == {}
    assert Code.NO_EVIDENCE in {reason.code for reason in shop.ask(config=settings).reasons}


@pytest.mark.parametrize("kind", ["pods", "cronjobs", "rollouts", "canaries"])
def test_a_kind_that_may_not_be_listed_is_no_answer(shop: Shop, play: Play, cluster: Any, kind: str) -> None:
    play.endpoint.put(path_of(kind), {"kind": "Status"}, status=403)
    assert f"answers 403 Forbidden for {kind}" in failure(shop.connection, cluster)


def test_an_api_server_that_is_slow_or_broken_is_no_answer(shop: Shop, play: Play, cluster: Any) -> None:
    play.endpoint.put(path_of("pods"), "<html>bad gateway</html>")
    assert "something else than JSON" in failure(shop.connection, cluster)
    play.endpoint.put(path_of("pods"), {"items": [{"metadata": {}}]})
    assert "KeyError" in failure(shop.connection, cluster)
    play.endpoint.drip = True
    slow = failure(shop.connection, {**cluster, "time_limit": "200ms"})
    assert re.search(r"(no|did not) answer within 0\.2 s", slow)  # of all of it, or of one kind


# --------------------------------------------------------------------------- reaching the API server


def test_inside_of_a_cluster_the_service_account_is_used(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(tmp_path)
    with Endpoint.started(cert, key) as endpoint:
        Play(endpoint).put("pods", pod("a", "v1"))
        for name, text in (("token", "of-the-account\n"), ("namespace", "web"), ("ca.crt", cert.read_text())):
            (tmp_path / name).write_text(text)
        monkeypatch.setattr(kubeconfig, "ACCOUNT", tmp_path)
        here = {"source": "kubernetes", "selector": "app=shop"}
        assert "no pod of a cluster" in failure(shop.connection, here)
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(endpoint.server.server_port))
        assert set(told(shop, here)) == {"pod/a"}
        assert endpoint.asked[-1][1]["Authorization"] == "Bearer of-the-account"
        (tmp_path / "token").unlink()
        assert "this pod has no service account" in failure(shop.connection, here)


def test_a_kubeconfig_may_hold_certificates(shop: Shop, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    pem = {name: base64.b64encode(path.read_bytes()).decode() for name, path in (("cert", cert), ("key", key))}
    with Endpoint.started(cert, key) as endpoint:
        Play(endpoint)
        user = {"client-certificate-data": pem["cert"], "client-key-data": pem["key"]}
        trusted = {"server": endpoint.url, "certificate-authority-data": pem["cert"]}
        assert seen(shop.connection, table(tmp_path, trusted, user)) == []
        assert "certificate" in failure(shop.connection, table(tmp_path, {"server": endpoint.url}, user))
        careless = {"server": endpoint.url, "insecure-skip-tls-verify": True}
        assert seen(shop.connection, table(tmp_path, careless, user)) == []


def test_a_kubeconfig_may_name_a_plugin_that_gives_a_token(shop: Shop, play: Play, tmp_path: Path) -> None:
    program = "import json; print(json.dumps({'status': {'token': 'from-plugin'}}))"
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": ["-c", program]}
    server = {"server": play.endpoint.url}
    assert seen(shop.connection, table(tmp_path, server, {"exec": plugin})) == []
    assert play.endpoint.asked[-1][1]["Authorization"] == "Bearer from-plugin"
    broken = {**plugin, "args": ["-c", "print('no')"]}
    assert "gave no credentials" in failure(shop.connection, table(tmp_path, server, {"exec": broken}))


def test_a_kubeconfig_that_names_nothing_is_no_answer(shop: Shop, cluster: Any, tmp_path: Path) -> None:
    assert "has no context 'prod'" in failure(shop.connection, {**cluster, "context": "prod"})
    assert "has no cluster 'x'" in failure(shop.connection, {**cluster, "context": "gone"})
    assert "No such file" in failure(shop.connection, {**cluster, "kubeconfig": str(tmp_path / "nowhere")})


# --------------------------------------------------------------------------- selectors


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("app=shop", True),
        ("app==shop,tier!=web", True),
        ("app in (shop, bill),tier notin (web)", True),
        ("app,!tier", True),
        ("app=bill", False),
        ("tier", False),
        ("!app", False),
        ("app notin (shop)", False),
    ],
)
def test_a_selector_selects_as_kubectls_does(selector: str, selected: bool) -> None:
    assert fits(parse_selector(selector), template("v1")["metadata"]["labels"]) is selected


@pytest.mark.parametrize("selector", ["", "app=shop,", "a b", "app in shop"])
def test_what_is_no_selector_is_refused(selector: str) -> None:
    with pytest.raises(ConfigError):
        sources_of(config({"source": "kubernetes", "selector": selector}))


def test_a_version_must_have_a_place(cluster: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="one of label, annotation, image"):
        sources_of(config({**cluster, "version": "name"}))
