"""What can go wrong, as types: services raise them, the HTTP API and the command line translate them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """A field that was refused, and a plain sentence that says why."""

    field: str
    message: str


class ApplicationError(Exception):
    """The base of all errors a caller can cause and should be told about."""


class Invalid(ApplicationError):
    """Values that break a rule; `problems` names each of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class NotFound(ApplicationError):
    """A record that does not exist, or does not exist any more."""

    def __init__(self, what: str, record_id: int) -> None:
        super().__init__(f"{what} {record_id} does not exist.")


class Conflict(ApplicationError):
    """A change that the present state of a record does not allow."""
