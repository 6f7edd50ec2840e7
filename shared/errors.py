"""Every error the product raises on purpose. Its name is what a state machine catches, its status what HTTP
answers, its docstring the default message.

`Retryable` errors pass by themselves: a state machine tries again. All others are final for the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class FieldProblem:
    """A bad field: where it is (JSON pointer, RFC 6901) and what is wrong with it."""

    pointer: str
    detail: str


@dataclass(eq=False)
class AppError(Exception):
    """Something went wrong."""

    message: str = ""
    problems: tuple[FieldProblem, ...] = ()
    retry_after: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __post_init__(self) -> None:
        self.message = self.message or (type(self).__doc__ or "").split("\n")[0]
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message

    @property
    def code(self) -> str:
        """`RunNotFound` → `run-not-found`: the last part of the problem's type."""
        name = type(self).__name__
        return "".join(f"-{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


class Retryable(AppError):
    """The service is busy; try again in a moment."""

    status = 503
    title = "Service unavailable"


class DependencyUnavailable(Retryable):
    """A part of the system does not answer; try again in a moment."""


class Unreadable(AppError):
    """The request could not be read."""

    status = 400
    title = "Bad request"


class Unauthorized(AppError):
    """The request carries no valid credentials."""

    status = 401
    title = "Unauthorized"


class Forbidden(AppError):
    """The credentials do not allow this."""

    status = 403
    title = "Forbidden"


class NotFound(AppError):
    """There is no such thing."""

    status = 404
    title = "Not found"


class MethodNotAllowed(AppError):
    """This resource does not know the method."""

    status = 405
    title = "Method not allowed"


class Conflict(AppError):
    """The request does not fit the state of the thing."""

    status = 409
    title = "Conflict"


class PreconditionFailed(AppError):
    """The thing has changed since you read it; read it again."""

    status = 412
    title = "Precondition failed"


class TooLarge(AppError):
    """The request is too large."""

    status = 413
    title = "Content too large"


class UnsupportedMediaType(AppError):
    """The body must be application/json."""

    status = 415
    title = "Unsupported media type"


class Invalid(AppError):
    """The request is not valid."""

    status = 422
    title = "Invalid request"


class RateLimited(AppError):
    """Too many requests; try again later."""

    status = 429
    title = "Too many requests"


class BudgetExceeded(AppError):
    """The next call to the model could pass the budget of the run."""

    status = 402
    title = "Budget exceeded"


class BudgetReserved(Retryable):
    """The rest of the budget is reserved by a step that runs; what it does not spend comes back."""


class RunCancelled(AppError):
    """The run was cancelled."""

    status = 409
    title = "Run cancelled"


class ModelError(AppError):
    """The model did not give a usable answer."""

    status = 502
    title = "Model error"


class ModelRefused(ModelError):
    """The model refused to answer."""


class ModelAnswerTooLong(ModelError):
    """The answer of the model did not end within its token limit."""


class ModelContextExceeded(ModelError):
    """The request does not fit the context window of the model."""


class ModelAnswerInvalid(ModelError):
    """The answer of the model does not fit its schema, even after corrections."""


class ModelRequestRejected(ModelError):
    """The provider of the model rejected the request."""


class ModelRateLimited(Retryable):
    """The provider of the model limits our rate."""


class ModelOverloaded(Retryable):
    """The provider of the model is overloaded."""


class ModelUnavailable(Retryable):
    """The provider of the model fails or cannot be reached."""


class ModelCutOff(Retryable):
    """The connection to the model broke before its answer had arrived."""


class ModelTimedOut(Retryable):
    """The model did not answer in time."""
