"""Migration folders of public projects, laid out from pinned packages below a cache folder.

Only the ordinary clients download (pip, npm, apt-get), an archive counts only with its pinned sha256, and nothing in
it is run: of its members only the SQL is written, under names that cannot leave the folder.
"""

from __future__ import annotations

import hashlib
import io
import posixpath
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LIST = Path(__file__).with_name("histories.toml")
STAGED = re.compile(r"^\d{4}-")  # what lay_out puts before a name to keep the project's own order


class History(NamedTuple):
    """One project's migrations, and the package that ships them."""

    name: str
    about: str
    registry: str
    package: str
    version: str
    sha256: str
    folder: str
    files: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    source: str = ""


def listed() -> list[History]:
    return [History(name, **entry) for name, entry in tomllib.loads(LIST.read_text()).items()]


def laid_out(history: History, cache: Path) -> Path:
    """The folder with its files; made anew each time, so that it is what histories.toml says."""
    texts = dict(_below(history.folder, members(_archive(history, cache))))
    folder = cache / "folders" / history.name
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in _ordered(history, texts).items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text)
    return folder


def original(path: str) -> str:
    """The path in the package below the history's folder, of a path that ``laid_out`` wrote."""
    return STAGED.sub("", path).replace("=", "/") if STAGED.match(path) else path


def _ordered(history: History, texts: Mapping[str, bytes]) -> dict[str, bytes]:
    if not history.files and not history.lists:
        return {name: text for name, text in texts.items() if name.endswith(".sql")}
    names = [name for pattern in history.files for name in _matching(pattern, texts)]
    for pattern in history.lists:
        names += [found for name in _matching(pattern, texts) for found in _indexed(name, texts)]
    return {f"{number:04}-{_flat(name)}": texts[name] for number, name in enumerate(dict.fromkeys(names), 1)}


def _flat(name: str) -> str:
    """``delta/73/a.sql.postgres`` as one name that ends in .sql."""
    flat = name.replace("/", "=")
    return flat if flat.endswith(".sql") else f"{flat}.sql"


def _matching(pattern: str, texts: Iterable[str]) -> list[str]:
    return sorted((name for name in texts if re.fullmatch(pattern, name)), key=_natural)


def _natural(name: str) -> list[tuple[int, int, str]]:
    pieces = re.split(r"(\d+)", name)
    return [(1, int(piece), "") if piece.isdigit() else (0, 0, piece) for piece in pieces]


def _indexed(index: str, texts: Mapping[str, bytes]) -> list[str]:
    """A list of files has a name a line, after ``!`` where errors are let pass; a base directory may stand above.

    What a section on the database itself names is run before all else.
    """
    base, section = posixpath.dirname(index), ""
    found: list[tuple[bool, str]] = []
    for line in map(str.strip, texts[index].decode("utf-8", "replace").splitlines()):
        if line.startswith("["):
            section = line
        elif line.startswith("schema base directory"):
            base = posixpath.join(posixpath.dirname(index), line.partition("=")[2].strip())
        elif re.fullmatch(r"!?[\w./ -]+\.sql", line):
            name = posixpath.normpath(posixpath.join(base, line.lstrip("!")))
            found.append((not section.startswith("[database"), name))
    # sorted() keeps the order of equals; a list may name what a distribution has left out
    return [name for _, name in sorted(found, key=lambda each: each[0]) if name in texts]


def _below(folder: str, found: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """What lies below ``folder``; a name that climbs out of it is no member's."""
    for name, text in found:
        path = posixpath.normpath(name.removeprefix("./"))
        if path.startswith(f"{folder}/") and not path.startswith("/"):
            yield path.removeprefix(f"{folder}/"), text


def members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """The regular files of a wheel, an npm package or a Debian package."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for entry in wheel.infolist():
                if not entry.is_dir():
                    yield entry.filename, wheel.read(entry)
        return
    with _tar(archive) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            if file:
                yield member.name, file.read()


def _tar(archive: Path) -> tarfile.TarFile:
    if archive.suffix != ".deb":
        return tarfile.open(archive)
    data = subprocess.run(["dpkg-deb", "--fsys-tarfile", archive], check=True, capture_output=True).stdout
    return tarfile.open(fileobj=io.BytesIO(data))


def _archive(history: History, cache: Path) -> Path:
    """The package's one archive, downloaded where the cache has none."""
    folder = cache / "archives" / f"{history.registry}-{history.package.replace('/', '-')}-{history.version}"
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        subprocess.run(_client(history, folder), check=True, cwd=folder, stdout=subprocess.DEVNULL)
    (archive,) = folder.iterdir()
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != history.sha256:
        raise SystemExit(f"{archive} has sha256 {found}, not the pinned {history.sha256}")
    return archive


def _client(history: History, folder: Path) -> list[str]:
    """The registry's own client; pip is told a platform, for the hash is one wheel's."""
    match history.registry:
        case "pypi":
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            wheel = [
                "--platform",
                "manylinux_2_28_x86_64",
                "--python-version",
                "3.11",
                "--abi",
                "abi3",
                "--abi",
                "none",
            ]
            return [*pip, *wheel, "--dest", str(folder), f"{history.package}=={history.version}"]
        case "npm":
            return ["npm", "pack", "--silent", f"{history.package}@{history.version}"]
        case "debian":
            return ["apt-get", "download", "-qq", f"{history.package}={history.version}"]
    raise SystemExit(f"{history.name}: no client for the registry {history.registry}")
