"""Where a finding stands, as its fix sees it: the statement, what is around it, and how new words go in."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.lint.fix import Edit, RefusedError
from zdmigrate.lint.layout import Layout
from zdmigrate.lint.without_transaction import how_to_run_alone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.fix import FixedFile
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.facts import Facts
    from zdmigrate.schema.names import Span
    from zdmigrate.schema.walk import Analysed
    from zdmigrate.sql.script import Statement

# What ALTER TABLE may do in the same statement without asking for what another of its actions makes.
_INDEPENDENT = frozenset(
    (
        "add_check",
        "add_column",
        "add_unique",
        "alter_column_type",
        "change_owner",
        "drop_column",
        "drop_constraint",
        "drop_default",
        "drop_not_null",
        "set_default",
        "set_not_null",
        "set_statistics",
        "set_storage",
        "set_table_options",
        "validate_constraint",
    )
)


class Word(NamedTuple):
    """A token of the file; ``text`` is in upper case."""

    text: str
    start: int
    end: int


class Place:
    """One operation of a file. ``before`` is the schema that it finds, ``catalog`` the one that it leaves."""

    def __init__(self, file: FixedFile, number: int) -> None:
        self.change = file.change
        self.text = file.change.text
        self.postgres = file.postgres
        self.found = file.analysed[number]
        self.before = file.analysed[number - 1].catalog if number else file.before
        self._analysed = file.analysed
        self._number = number

    @cached_property
    def _layout(self) -> Layout:
        return Layout(self.change)

    @property
    def _following(self) -> Iterator[Analysed]:
        """What the file does after the operation; nobody reads all of it for each finding."""
        return islice(self._analysed, self._number + 1, None)

    @property
    def operation(self) -> Any:
        """The operation, of the kind that the rule matches."""
        return self.found.operation

    @property
    def facts(self) -> Facts:
        return self.found.facts

    @property
    def catalog(self) -> Catalog:
        return self.found.catalog

    @property
    def statement(self) -> Statement:
        statement: Any = self.found.statement
        found: Statement = statement
        return found

    @property
    def beside(self) -> list[Any]:
        """The statement's other operations."""
        return [other for other in self.statement.operations if other is not self.operation]

    # ----------------------------------------------------------------------- refusing

    def must_be_written_here(self) -> None:
        """RefusedError for what the body of a DO or of a function does."""
        inside = self.statement.span.start <= self.operation.span.start <= self.statement.span.end
        if self.statement.kind in ("do", "call", "select") or not inside:
            raise RefusedError("it stands in a body of PL/pgSQL")

    def must_stand_alone(self, what: str) -> None:
        """RefusedError inside of a transaction, where PostgreSQL refuses ``what``."""
        by = self.facts["transaction_of"]
        if self.change.tool == "flyway" and len(self.change.script.statements) == 1 and by == "tool":
            return  # Flyway runs a file in which every statement refuses a transaction without one
        if by == "file":
            raise RefusedError(f"{what} cannot run between BEGIN and COMMIT: move it behind the COMMIT")
        if by:
            told = how_to_run_alone(self.change.tool)
            raise RefusedError(f"{what} cannot run in the transaction that {self._runner} opens: {told}")

    @property
    def _runner(self) -> str:
        return "your tool" if self.change.tool in ("native", "plain") else self.change.tool

    def must_be_outside(self, what: str) -> None:
        """RefusedError inside of a transaction, where ``what`` would not be safe although PostgreSQL takes it."""
        if self.facts["in_transaction"]:
            by = "BEGIN and COMMIT" if self.facts["transaction_of"] == "file" else f"the transaction of {self._runner}"
            raise RefusedError(f"{what} takes several transactions, and it stands in {by}: take it out of it")

    def must_be_plain_column(self) -> None:
        """RefusedError for a column that may be there already, on which nothing would be added."""
        if self.operation.if_not_exists:
            raise RefusedError("with IF NOT EXISTS it is only done where the column is new: do it by itself")

    def must_be_separable(self) -> None:
        """RefusedError where another action of the ALTER TABLE may need what this one makes."""
        for other in self.beside:
            if other.kind not in _INDEPENDENT:
                told = other.kind.replace("_", " ").upper()
                raise RefusedError(f"{told} in the same statement may need it: give them a statement each")

    def must_outlast_transaction(self, constraint: str) -> None:
        """RefusedError where nothing of this name would be there to be validated behind the transaction."""
        if self._schema_after_transaction().constraint(self.operation.relation, constraint) is None:
            raise RefusedError("its transaction drops or renames the constraint or the table again")

    # ----------------------------------------------------------------------- the statement's words

    def behind(self, word: str) -> int:
        """The offset behind the first of the statement's tokens that is this word."""
        for token, found in zip(self.statement.tokens, self.statement.words, strict=True):
            if found.upper() == word:
                return token.end
        raise RefusedError(f"it has no {word}")

    def words_in(self, span: Span) -> list[Word]:
        """The tokens within a span of the statement."""
        tokens, words = self.statement.tokens, self.statement.words
        first = bisect_left(tokens, (span.start,))
        inside = takewhile(lambda index: tokens[index].end <= span.end, range(first, len(tokens)))
        return [Word(words[index].upper(), tokens[index].start, tokens[index].end) for index in inside]

    def sql(self, words: str, *names: object) -> str:
        """New words in the case of the statement's first; each ``{}`` of them is a name, which is left as it is."""
        return (words.lower() if self.statement.words[0].islower() else words).format(*names)

    def written(self, start: int, end: int) -> str:
        """What stands there, without comments and on one line."""
        kept, at = [], start
        for comment in self.change.script.comments:
            if start <= comment.span.start < end:
                kept.append(self.text[at : comment.span.start])
                at = comment.span.end
        return " ".join(" ".join([*kept, self.text[at:end]]).split())

    @property
    def alter_table(self) -> str:
        """``ALTER TABLE ONLY users``, as this statement says it."""
        if self.statement.words[1].upper() != "TABLE":
            raise RefusedError("the statement is no ALTER TABLE")
        return self.written(self.statement.span.start, min(one.span.start for one in self.statement.operations))

    @property
    def table(self) -> str:
        """The table's name as ALTER TABLE has it."""
        words = self.alter_table.split(" ")[2:]
        while words[0].upper() in ("IF", "EXISTS", "ONLY"):
            words.pop(0)
        return " ".join(word for word in words if word != "*")

    # ----------------------------------------------------------------------- edits

    def above(self, *statements: str) -> Edit:
        return self._layout.above(self.statement, statements)

    def below(self, *statements: str) -> Edit:
        return self._layout.below(self.statement, statements)

    def below_transaction(self, *statements: str) -> Edit:
        """New statements after this one or, between BEGIN and COMMIT, after the COMMIT."""
        if not self.facts["in_transaction"]:
            return self.below(*statements)
        if self.facts["transaction_of"] != "file":
            raise RefusedError(
                f"{self._runner} runs the file in one transaction, and the rows have to be read in another: "
                "write NOT VALID here, and VALIDATE CONSTRAINT in a migration of its own"
            )
        commit: Any = self._commit().statement
        return self._layout.below(commit, statements)

    def _schema_after_transaction(self) -> Catalog:
        """The schema at that COMMIT, or right behind the statement."""
        if not self.facts["in_transaction"]:
            own = takewhile(lambda later: later.statement is self.statement, self._following)
            return [self.found, *own][-1].catalog
        return self._commit().catalog

    def _commit(self) -> Analysed:
        """The COMMIT of the open transaction; RefusedError where it ends otherwise."""
        for later in self._following:
            if later.operation.kind == "commit" and len(later.statement.operations) == 1:
                return later
            if later.operation.kind in ("commit", "rollback", "rollback_to_savepoint", "prepare_transaction"):
                break
        raise RefusedError("its transaction does not end in a plain COMMIT")

    def instead(self, action: str) -> Edit:
        """Other words for the operation; the statement's other actions stay."""
        return Edit(self.operation.span.start, self.operation.span.end, action)

    def without_words(self, span: Span) -> Edit:
        """Nothing instead of some words, and instead of the gap before them."""
        return Edit(len(self.text[: span.start].rstrip()), span.end, "")

    def without_action(self) -> list[Edit]:
        """The statement without this action, its other actions as they are; without any other, no statement."""
        spans = [operation.span for operation in self.statement.operations]
        own = self.operation.span
        if len(spans) == 1:
            return [self._layout.without(self.statement)]
        number = spans.index(own)
        if number + 1 < len(spans):
            end = spans[number + 1].start
            return [Edit(own.start, self._comma(own.end) if self._has_comment(own.end, end) else end, "")]
        before = spans[number - 1].end
        if not self._has_comment(before, own.start):
            return [Edit(before, own.end, "")]
        # behind a comment to the line's end a semicolon would be part of it
        comma = self._comma(before)
        return [
            Edit(comma - 1, comma, ";"),
            Edit(len(self.text[: own.start].rstrip()), self._layout.end(self.statement), ""),
        ]

    def _comma(self, offset: int) -> int:
        """The offset behind the next comma between actions."""
        return next(token.end for token in self.statement.tokens if token.start >= offset)

    def _has_comment(self, start: int, end: int) -> bool:
        return any(start <= comment.span.start < end for comment in self.change.script.comments)
