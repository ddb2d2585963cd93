"""How to reach a Kubernetes API server: from inside of a pod, or by a kubeconfig file."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.live.sighting import SourceSilent

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class Access(NamedTuple):
    """An API server, what to say to it, and whom to trust."""

    server: str  # https://10.0.0.1:6443
    token: str
    tls: ssl.SSLContext | None
    namespace: str


def in_cluster() -> Access:
    """The API server of the cluster that this pod runs in, as its service account. Raises SourceSilent elsewhere."""
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise SourceSilent("this is no pod of a cluster; name a kubeconfig")
    try:
        token, namespace = ((ACCOUNT / name).read_text().strip() for name in ("token", "namespace"))
        tls = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    except OSError as error:
        raise SourceSilent(f"{ACCOUNT}: {error.strerror}: this pod has no service account") from None
    return Access(f"https://{f'[{host}]' if ':' in host else host}:{port}", token, tls, namespace)


def by_kubeconfig(path: Path, context: str, timeout: float) -> Access:
    """The API server of a context (empty for the current one). Raises SourceSilent for what cannot be read."""
    file = _Kubeconfig(path)
    chosen = file.named("context", context or str(file.content.get("current-context", "")))
    cluster, user = file.named("cluster", chosen.get("cluster", "")), file.named("user", chosen.get("user", ""))
    if "exec" in user:
        user = {**user, **_credentials_of(user["exec"], timeout)}
    server = str(cluster.get("server", "")).rstrip("/")
    if not server.startswith(("https://", "http://")):
        raise SourceSilent(f"{path}: the cluster of this context has no server with a URL of https or http")
    token = str(user.get("token") or (file.beside(user["tokenFile"]).read_text() if "tokenFile" in user else ""))
    tls = _tls(file, cluster, user) if server.startswith("https://") else None
    return Access(server, token.strip(), tls, str(chosen.get("namespace") or "default"))


class _Kubeconfig:
    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            import yaml
        except ImportError:
            raise SourceSilent("reading a kubeconfig needs PyYAML: pip install 'zdmigrate[kubernetes]'") from None
        try:
            self.content: dict[str, Any] = yaml.safe_load(path.read_text("utf-8")) or {}
        except (OSError, yaml.YAMLError) as error:
            raise SourceSilent(f"{path}: {' '.join(str(error).split())}") from None

    def named(self, kind: str, name: str) -> dict[str, Any]:
        """The entry of a list of named things: clusters, users, contexts."""
        for entry in self.content.get(f"{kind}s") or []:
            if entry.get("name") == name:
                found: dict[str, Any] = entry.get(kind) or {}
                return found
        raise SourceSilent(f"{self.path} has no {kind} {name!r}")

    def beside(self, name: str) -> Path:
        """A file that the kubeconfig names relative to itself."""
        return self.path.parent / name

    def pem(self, entry: Mapping[str, Any], key: str) -> str | None:
        """A certificate or key, which stands in the file itself (``-data``) or in one that it names."""
        if f"{key}-data" in entry:
            return base64.b64decode(entry[f"{key}-data"]).decode()
        return self.beside(entry[key]).read_text() if key in entry else None


def _tls(file: _Kubeconfig, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
    tls = ssl.create_default_context(cadata=file.pem(cluster, "certificate-authority"))
    if cluster.get("insecure-skip-tls-verify"):
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    certificate, key = file.pem(user, "client-certificate"), file.pem(user, "client-key")
    if certificate and key:
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as both:  # ssl reads files only; 0600, and gone at once
            both.write(f"{certificate}\n{key}\n")
            both.flush()
            tls.load_cert_chain(both.name)
    return tls


def _credentials_of(plugin: Mapping[str, Any], timeout: float) -> dict[str, str]:
    """What a credential plugin prints (client.authentication.k8s.io), in a kubeconfig's own words."""
    told = {"apiVersion": plugin.get("apiVersion"), "kind": "ExecCredential", "spec": {"interactive": False}}
    environment = {**os.environ, **{each["name"]: each["value"] for each in plugin.get("env") or []}}
    environment["KUBERNETES_EXEC_INFO"] = json.dumps(told)
    argv = [str(plugin["command"]), *map(str, plugin.get("args") or [])]
    try:
        ran = subprocess.run(
            argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=True
        )
        status = json.loads(ran.stdout)["status"]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        raise SourceSilent(f"the credential plugin {argv[0]} gave no credentials: {type(error).__name__}") from None
    words = {"token": "token", "clientCertificateData": "client-certificate", "clientKeyData": "client-key"}
    found = {ours: status[theirs] for theirs, ours in words.items() if theirs in status}
    return {
        (ours if ours == "token" else f"{ours}-data"): (
            text if ours == "token" else base64.b64encode(text.encode()).decode()
        )
        for ours, text in found.items()
    }
