"""The status page: one document without scripts, that asks for itself again every few seconds."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import zdmigrate
from zdmigrate.ledger.states import State
from zdmigrate.live.ages import ago, span
from zdmigrate.live.verdict import Code
from zdmigrate.run.standing import next_for
from zdmigrate.serve.style import STYLE
from zdmigrate.timeline.svg import draw
from zdmigrate.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from zdmigrate.live.verdict import Reason, Verdict
    from zdmigrate.serve.remembered import Answer
    from zdmigrate.serve.view import View

REFRESH = 5  # seconds
NAMED = 12  # that many reasons of one gate are told; the rest are counted
SHOWN = 200  # that many instances are; the rest are counted
OVER = (State.CONTRACTED, State.REVERTED)


def render(app: str, answer: Answer[View]) -> str:
    """The whole document; without an answer of the database it says so, above the last one if there is any."""
    body = "\n".join([*_state(answer), *(_sections(answer.value) if answer.value else ())])
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{REFRESH}">
<title>{escape(app)}: zdmigrate</title>
<style>{STYLE}</style>
</head>
<body>
<header><h1>{escape(app)}</h1></header>
<main>
{body}
</main>
<footer>zdmigrate {zdmigrate.__version__}. This page only reads, and refreshes itself every {REFRESH} seconds.</footer>
</body>
</html>
"""


def _state(answer: Answer[View]) -> Iterator[str]:
    view = answer.value
    if answer.error:
        shown = f"What follows is {span(answer.age)} old." if view else "Nothing is known yet."
        yield f'<p class="alarm" role="alert">The database does not answer. {shown}</p>'
    elif view:
        yield f'<p class="soft">As of {view.at.astimezone():%Y-%m-%d %H:%M:%S %Z}, by the database\'s clock.</p>'


def _sections(view: View) -> Iterator[str]:
    yield from _section("Gates", _gates(view), "No change waits for its contract.")
    yield from _section("Backfills", _backfills(view), None)
    yield from _section("Changes", _changes(view), "There are no changes yet.")
    yield from _section("Who is live", [*_asked(view), *_live(view)], "No instance was seen lately.")
    yield from _section("Releases", _releases(view), "No release is registered.")
    yield from _section("At work", _work(view), None)
    if view.history.bands or view.history.phases:
        yield from _section("Time line", [f'<div class="wide">{draw(view.history)}</div>'], None)


def _section(title: str, lines: Iterable[str], without: str | None) -> Iterator[str]:
    """A section, or one sentence in it where there is nothing to show; nothing at all without a sentence."""
    shown = list(lines) or ([f'<p class="soft">{without}</p>'] if without else [])
    if shown:
        yield f"<section><h2>{title}</h2>"
        yield from shown
        yield "</section>"


# --------------------------------------------------------------------------- gates


def _gates(view: View) -> Iterator[str]:
    for verdict in view.standing.verdicts:
        yield f'<article class="{"open" if verdict.open else "shut"}">'
        yield f"<h3>{escape(verdict.change)} {_badge(verdict)}</h3>"
        if verdict.open:
            yield "<p>It may be contracted: <code>zdmigrate apply --phase contract</code></p>"
        elif verdict.seconds_left is not None:
            yield f"<p>Time alone opens it for {escape(verdict.release)}, in {span(verdict.seconds_left)}.</p>"
        yield from _reasons(verdict.reasons)
        yield "</article>"
    for each in view.standing.overdue:
        yield f'<p class="alarm">{escape(each.sentence)}</p>'


def _badge(verdict: Verdict) -> str:
    return f'<span class="badge">{"open" if verdict.open else "shut"} for {escape(verdict.release)}</span>'


def _reasons(reasons: Sequence[Reason]) -> Iterator[str]:
    if not reasons:
        return
    yield "<ul>"
    for reason in reasons[:NAMED]:
        left = "" if reason.seconds_left is None else f" <span class=soft>({span(reason.seconds_left)} still)</span>"
        yield f"<li><code>{escape(str(reason.code))}</code> {escape(_sentence(reason))}{left}</li>"
    if len(reasons) > NAMED:
        yield f"<li>and {len(reasons) - NAMED} more</li>"
    yield "</ul>"


def _sentence(reason: Reason) -> str:
    """A source's complaint may name an address, or hold what a command printed; this page is for more readers."""
    if reason.code == Code.SOURCE_SILENT and reason.source:
        return f"the source {reason.source} has not answered lately: zdmigrate live list asks it, and says why"
    return reason.sentence


# --------------------------------------------------------------------------- changes and backfills


def _backfills(view: View) -> Iterator[str]:
    for each in view.standing.backfills:
        yield f'<progress max="1" value="{each.share:.3f}" aria-label="{escape(each.change)}"></progress>'
        yield f"<p>{escape(each.sentence)}</p>"


def _changes(view: View) -> Iterator[str]:
    """Those that somebody still has to do something about; the others behind a fold."""
    files = {change.id: change for change in view.changes}
    going: list[list[str]] = []
    over: list[list[str]] = []
    for name in dict.fromkeys([*files, *view.standing.rows]):
        row = view.standing.rows.get(name)
        if row is None:
            going.append([name, "not applied", "", "", "zdmigrate apply --phase expand"])
            continue
        since = "before zdmigrate" if row.baseline else f"{row.since.astimezone():%Y-%m-%d %H:%M}"
        todo = next_for(row, files.get(name), view.standing.pending.get(name, 0)) if files else ""
        (over if row.state in OVER else going).append([name, row.state.value, row.bound_to or "", since, todo])
    head = ["Change", "State", "Release", "Since", "Next"]
    if going:
        yield _table(head, going)
    if over:
        yield f"<details><summary>{counted(len(over), 'change')} contracted or reverted</summary>"
        yield _table(head[:4], [row[:4] for row in over])
        yield "</details>"


# --------------------------------------------------------------------------- releases and instances


def _asked(view: View) -> Iterator[str]:
    """How old what sources of the present have said is, and what keeps it young."""
    for asked in view.asked:
        name = f"<code>{escape(asked.source)}</code>" + (f" of {escape(asked.app)}" if asked.app != view.app else "")
        known = "has never answered" if asked.age is None else f"answered {ago(asked.age)}"
        failed = ", and failed since" if asked.failed and asked.age is not None else ""
        if asked.counts:
            yield f'<p class="soft">The source {name} {known}.</p>'
        else:
            yield (
                f'<p class="alarm">The source {name} {known}{failed}: its gates stay shut. This page does not ask it;'
                " keep <code>zdmigrate live watch</code> running.</p>"
            )


def _live(view: View) -> Iterator[str]:
    retired = {release.version for release in view.standing.releases if release.retired}
    rows = []
    for seen in view.standing.seen[:SHOWN]:
        notes = ["retired: must stop"] if seen.version in retired and seen.state != "left" else []
        notes += ["could start"] if not seen.running and seen.state == "live" else []
        notes += [note for note in (seen.note, seen.why) if note]
        rows.append([seen.version, seen.instance, seen.state.value, ago(seen.age), seen.source, "; ".join(notes)])
    if rows:
        yield _table(["Version", "Instance", "State", "Last seen", "Source", "Note"], rows)
    if len(view.standing.seen) > SHOWN:
        yield f"<p>and {len(view.standing.seen) - SHOWN} more: <code>zdmigrate live list</code></p>"


def _releases(view: View) -> Iterator[str]:
    rows = [
        [
            release.version,
            "retired" if release.retired else "may be deployed",
            f"{release.registered_at.astimezone():%Y-%m-%d %H:%M}",
            counted(len(release.changes), "change"),
        ]
        for release in reversed(view.standing.releases)
    ]
    if rows:
        yield _table(["Release", "State", "Registered", "Built with"], rows)


def _work(view: View) -> Iterator[str]:
    for name, holder, since in view.standing.leases:
        yield f"<p>The lease {escape(name)} is held since {escape(since)}, doing {escape(str(holder['doing']))}.</p>"
    if view.waits.sessions:
        waits = counted(view.waits.sessions, "session")
        yield f"<p>{waits} of this database waiting for a lock, the longest for {view.waits.longest:.1f} s.</p>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; on a narrow screen each row becomes a block whose cells say what they are."""
    top = "".join(f"<th scope=col>{name}</th>" for name in head)
    lines = (
        "".join(
            f'<td data-name="{name}">{escape(cell)}</td>' for name, cell in zip(head, row, strict=True) if cell or name
        )
        for row in rows
    )
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{top}</tr></thead>\n<tbody>{body}</tbody></table>"
