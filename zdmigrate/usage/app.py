"""The code of the previous release, as the linter asks for it."""

from __future__ import annotations

import os
from hashlib import sha1, sha256
from typing import TYPE_CHECKING

from zdmigrate.config import Config
from zdmigrate.usage.globs import chosen
from zdmigrate.usage.loss import losses
from zdmigrate.usage.release import Release, named, tagged
from zdmigrate.usage.search import Text, search

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.walk import Analysed
    from zdmigrate.sources.change import Change
    from zdmigrate.usage.evidence import Evidence
    from zdmigrate.usage.loss import Loss

LARGEST = 1_000_000  # bytes; above it, code is made by programs
_SHOWN = 3


class Usage:
    """The files of a release that ``[lint] usage`` names, and which statements that release has brought itself."""

    def __init__(self, config: Config, release: Release) -> None:
        self.release = release
        self.app = "" if config.app == Config.app else config.app
        files = release.files
        root, without = self._inside(os.path.dirname(config.path or "x") or "."), self._inside(config.dir)
        found = [files[path] for path in chosen(files, config.lint.usage, root, without)]
        self._files = [file for file in found if file.size <= LARGEST]
        self._large = [file.path for file in found if file.size > LARGEST]
        self._catalog: Catalog | None = None

    def _inside(self, folder: str) -> str:
        """A folder as the release's paths begin: ``services/billing/``, or nothing for the top."""
        inside = os.path.relpath(os.path.realpath(folder), os.path.realpath(self.release.top)).replace(os.sep, "/")
        return "" if inside == "." else f"{inside}/"

    @property
    def notes(self) -> list[str]:
        """What was not looked into, and that there was nothing to look into."""
        if not self._files:
            return [f"{self.release.name} has no file that [lint] usage names: same-release-drop looked at nothing"]
        if not self._large:
            return []
        more = ", …" if len(self._large) > _SHOWN else ""
        told = ", ".join(self._large[:_SHOWN]) + more
        return [f"{self.release.name}: not looked into, for they are over 1 MB: {told}"]

    # ----------------------------------------------------------------------- what is taken from it

    def losses(self, change: Change, analysed: Sequence[Analysed], before: Catalog) -> list[tuple[Analysed, Loss]]:
        """What the change takes from this release; what the release itself has brought, it was built for."""
        found = list(losses(analysed, before))
        if not found:
            return []
        self._catalog = self._catalog or before
        known = self._known(change)
        return [(told, loss) for told, loss in found if told.statement.tokens_digest not in known]  # type: ignore[attr-defined]

    def _known(self, change: Change) -> Collection[str]:
        """The statements of this file, by their digests, that the release has as well."""
        own = {statement.tokens_digest for statement in change.script.statements}
        if not os.path.isfile(change.path):
            return ()
        path = self._inside(change.path)[:-1]
        with open(change.path, "rb") as file:
            blob = _blob(file.read(), len(self.release.commit))
        if blob in self.release.blobs:
            return own
        if path not in self.release.files or not path.endswith(".sql"):
            return ()
        from zdmigrate.sql.script import read_script

        [(_, content)] = self.release.read([self.release.files[path]])
        return {statement.tokens_digest for statement in read_script(content.decode("utf-8", "replace")).statements}

    # ----------------------------------------------------------------------- what it names

    def evidence(self, lost: Sequence[Loss]) -> dict[Loss, tuple[Evidence, ...]]:
        """Where the release names each of them, the best evidence first."""
        if not lost or self._catalog is None:
            return {}
        return search(lost, self._texts, self._catalog, self._shown)

    def _texts(self) -> Iterator[Text]:
        for file, content in self.release.read(self._files):
            if b"\0" not in content[:8000]:  # as git tells a binary
                yield Text(file.path, content)

    def _shown(self, path: str) -> str:
        return os.path.relpath(os.path.join(self.release.top, path)).replace(os.sep, "/")


def _blob(content: bytes, length: int) -> str:
    """The name that git has for a file's content."""
    made = sha1 if length == 40 else sha256
    return made(b"blob %d\0" % len(content) + content).hexdigest()


def usage_of(config: Config, ref: str | None, paths: Collection[str]) -> tuple[Usage | None, list[str]]:
    """The code to look into, and what a person should know of it; ``paths`` are the change files at hand."""
    folder = os.path.dirname(config.path or "") or os.curdir
    if ref is not None:
        release: Release | str = named(folder, ref)
    elif config.release_tags:
        release = tagged(folder, config.release_tags, paths)
    else:
        release = "nothing says which release is the previous one; name it with --previous-release, or set release_tags"
    if isinstance(release, str):
        return None, [f"same-release-drop was not checked: {release}"]
    usage = Usage(config, release)
    return usage, usage.notes
