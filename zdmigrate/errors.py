"""Every error that a person may see: its sentence, the state things are in, the next command, its exit code."""

from __future__ import annotations

from typing import ClassVar


class ZdmigrateError(Exception):
    """Something went wrong that has a sentence of its own; ``cli.main`` is the one place that prints it.

    ``sentence`` says what happened, ``state`` in what state things are (nothing changed, steps 1 to 3 stand …),
    ``hint`` is an imperative with the next command.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, sentence: str, *, state: str = "", hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.state = state
        self.hint = hint


class UsageError(ZdmigrateError):
    """The command line asks for something that does not exist or does not fit together."""


class ConfigError(ZdmigrateError):
    """A configuration file, variable or rule file is wrong; the sentence names it."""


class InputError(ZdmigrateError):
    """A change file or folder cannot be read as one; the sentence begins with ``path:line``."""


class DatabaseError(ZdmigrateError):
    """The database does not answer, is no server that zdmigrate knows, or lacks a privilege or a ledger."""


class NotYet(ZdmigrateError):
    """A gate is shut, a live version forbids a revert, or a wait timed out."""

    exit_code = 3


class StepFailed(ZdmigrateError):
    """A step failed for good; the run can be resumed once its cause is mended."""

    exit_code = 4


class NotLocked(ZdmigrateError):
    """No lock by the deadline, or another runner holds the lease: the step did not run, earlier steps stand."""

    exit_code = 5


class Interrupted(ZdmigrateError):
    """A signal asked the run to stop; it can be resumed."""

    exit_code = 130
