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
HELD = 48_000_000  # bytes of files that are kept in memory; what is more is read from git each time
_SHOWN = 3
_PLACES = 5  # more, and nobody reads them


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
        self._held: list[Text] = []
        self._found: dict[Loss, tuple[Evidence, ...]] = {}

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

    def still_named(
        self, change: Change, analysed: Sequence[Analysed], before: Catalog
    ) -> Iterator[tuple[Analysed, tuple[Evidence, ...], dict[str, str]]]:
        """The operations that take away what the release names, where it does, and the words for a message.

        What the release has brought itself, it was built for.
        """
        taken = list(losses(analysed, before))
        known = self._known(change) if taken else ()
        taken = [(found, loss) for found, loss in taken if _digest(found, change) not in known]
        self._search([loss for _, loss in taken], before)
        for found, loss in taken:
            if evidence := self._found[loss]:
                yield found, evidence, {"release": self._name, "lost": loss.shown, "named_in": _places(evidence)}

    def _search(self, lost: Sequence[Loss], catalog: Catalog) -> None:
        new = [loss for loss in lost if loss not in self._found]
        if new:
            self._found |= search(new, self._texts, catalog, self._shown)

    @property
    def _name(self) -> str:
        return f"{self.app} {self.release.name}" if self.app else self.release.name

    def _known(self, change: Change) -> Collection[str]:
        """The statements of this file, by their digests, that the release has as well."""
        own = {statement.tokens_digest for statement in change.script.statements}
        if not os.path.isfile(change.path):
            return ()
        path = self._inside(change.path)[:-1]
        with open(change.path, "rb") as file:
            blob = _blob(file.read(), len(self.release.commit))
        if any(not os.path.exists(os.path.join(self.release.top, old)) for old in self.release.with_content(blob)):
            return own  # it was only moved
        was = self.release.files.get(path)
        if was is None or was.blob == blob or not path.endswith(".sql"):
            return own if was is not None and was.blob == blob else ()
        from zdmigrate.sql.script import read_script

        [(_, content)] = self.release.read([was])
        return {statement.tokens_digest for statement in read_script(content.decode("utf-8", "replace")).statements}

    def _texts(self) -> Iterator[Text]:
        yield from self._held
        weight = sum(len(text.content) for text in self._held)
        keeps = True
        for file, content in self.release.read(self._files[len(self._held) :]):
            text = Text(file.path, b"" if b"\0" in content[:8000] else content)  # as git tells a binary
            weight += len(text.content)
            keeps = keeps and weight <= HELD
            if keeps:
                self._held.append(text)
            yield text

    def _shown(self, path: str) -> str:
        return os.path.relpath(os.path.join(self.release.top, path)).replace(os.sep, "/")


def _digest(found: Analysed, change: Change) -> str:
    """Of the statement; of one inside a DO, that of the DO."""
    whole = (
        known for known in change.script.statements if known.span.start <= found.statement.span.start < known.span.end
    )
    return next((statement.tokens_digest for statement in whole), "")


def _places(evidence: Sequence[Evidence]) -> str:
    told = ", ".join(found.place for found in evidence[:_PLACES])
    more = len(evidence) - _PLACES
    return f"{told} and {more} more" if more > 0 else told


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
