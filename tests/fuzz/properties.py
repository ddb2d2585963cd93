"""What holds for any text: nothing is lost, nothing hides what stands beside it, and nothing is raised."""

from __future__ import annotations

import re
from functools import cache
from time import process_time
from typing import TYPE_CHECKING

from zdmigrate.config import Config, Lint
from zdmigrate.errors import InputError
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.rules import read_rules
from zdmigrate.schema.names import Span
from zdmigrate.sources.change import read_change
from zdmigrate.sql.grammar import GrammarError, scan
from zdmigrate.sql.lines import Lines
from zdmigrate.sql.psql import mask
from zdmigrate.sql.script import Script, read_script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.lint.finding import Finding
    from zdmigrate.lint.rule import Rule

BLANK = " \t\n\r\f\v;"  # PostgreSQL's white space: every other letter belongs to a token
TEMPLATE = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
FROM_STDIN = re.compile(r"(?is)\bcopy\b.*\bfrom\s+stdin\b")
DATA = re.compile(r"[^\r\n]*(?:\r\n?|\n)(?:.*?^\\\.[ \t]*$|.*)", re.DOTALL | re.MULTILINE)
# what may begin something that goes on behind the text: there, only what comes before it is sure to be found
OPENING = re.compile(r"(?i)\\|\{|:|stdin|atomic|\brule\b|zdmigrate")
FIRST, LAST = "create index zd_first on zd_marked (a)", "drop table zd_last"
GIVEN = "create table zd_marked (a int); create table zd_last (a int); create table t (id bigint primary key, a int);"


def check(text: str) -> float:
    """Every property of one text; the processor's seconds that linting it took."""
    nothing_is_lost(text)
    a_statement_before_it_is_found(text)
    if is_closed(text):
        statements_around_it_are_found(text)
    began = process_time()
    findings = lint(text)
    took = process_time() - began
    what_stands_around_it_is_raised(text, findings)
    return took


# --------------------------------------------------------------------------- reading


def nothing_is_lost(text: str) -> Script:
    """Each letter belongs to a statement, a comment, a line of psql's, COPY's data, or a template's own command."""
    script = read_script(text)
    spans = [statement.span for statement in script.statements]
    assert spans == sorted(spans)
    for statement in script.statements:
        assert text[slice(*statement.span)] == statement.text
        assert bool(statement.operations) != bool(statement.error)
        assert statement.tokens_digest
        places = [operation.span for operation in statement.operations]
        places += [operation.within for operation in statement.operations if operation.within]
        for place in [*places, *([statement.error.span] if statement.error else [])]:
            assert statement.span.start <= place.start < place.end <= statement.span.end
    _must_be_blank(text, [*spans, *_not_sql(text, script)])
    return script


def _not_sql(text: str, script: Script) -> list[Span]:
    spans = [*(comment.span for comment in script.comments), *script.psql_lines]
    spans += [Span(*found.span()) for found in TEMPLATE.finditer(text)]
    spans += [Span(0, 1)] if text.startswith("\ufeff") else []
    for statement in script.statements:
        data = DATA.match(text, statement.span.end) if FROM_STDIN.search(statement.text) else None
        spans += [Span(*data.span())] if data else []
    return spans


def _must_be_blank(text: str, spans: list[Span]) -> None:
    end = 0
    for span in [*sorted(spans), Span(len(text), len(text))]:
        lost = text[end : span.start].strip(BLANK)
        assert not lost, f"lost: {lost[:80]!r}"
        end = max(end, span.end)


def a_statement_before_it_is_found(text: str) -> None:
    """Nothing that follows a statement and its semicolon can take it away."""
    first = read_script(f"{FIRST};\n{text}").statements[0]
    assert (first.text, first.error) == (FIRST, None)


def is_closed(text: str) -> bool:
    """Whether the text ends what it begins, so that another statement can stand behind it."""
    if OPENING.search(text):
        return False
    try:
        scan(mask(text).text)
    except GrammarError:
        return False
    return True


def statements_around_it_are_found(text: str) -> None:
    texts = [statement.text for statement in read_script(f"{FIRST};\n{text}\n;{LAST}").statements]
    assert (texts[0], texts[-1]) == (FIRST, LAST)
    # its own statements are those that it has by itself
    alone = [statement.text for statement in read_script(f"\n{text}\n;").statements]
    assert texts[1:-1] == alone


# --------------------------------------------------------------------------- linting


@cache
def rules() -> tuple[Rule, ...]:
    return read_rules()


@cache
def config() -> Config:
    """Every rule is on."""
    return Config(postgres=18, lint=Lint(severity={rule.name: "hint" for rule in rules() if rule.severity == "off"}))


def lint(text: str) -> Sequence[Finding] | None:
    """What is found in a text between two statements; None where it is refused in words (a marker out of order)."""
    try:
        changes = [read_change("1.sql", GIVEN), read_change("2.sql", f"{FIRST};\n{text}\n;{LAST}")]
    except InputError:
        return None
    return lint_changes(changes, config(), rules(), effects=True).findings


def what_stands_around_it_is_raised(text: str, findings: Sequence[Finding] | None) -> None:
    if findings is not None:
        found = {(finding.rule, finding.line) for finding in findings if finding.path == "2.sql"}
        assert ("create-index-not-concurrent", 1) in found
        if is_closed(text):
            assert ("drop-table", Lines(f"{FIRST};\n{text}\n;").position(len(FIRST) + len(text) + 4)[0]) in found
