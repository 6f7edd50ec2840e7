"""What an HTTPS operation is: its contract, from which it is served, documented and tested."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from shared.errors import AppError
from shared.models.base import QueryModel, WireModel


@dataclass(frozen=True)
class Response:
    """What an operation may answer instead of its model: further headers, another status."""

    body: BaseModel | dict[str, Any] | None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Operation:
    """The contract of one operation.

    function: takes a `Call`, as `present` does; returns the answer or a `Response`. body, query: models of what
    comes in; None: nothing may come. answer: the model of what goes out; None: no content. status: of success.
    public: anybody may call it, there is no caller and no transaction. location: the path of what was made, `{…}`
    filled from the answer. repeats: under one Idempotency-Key a POST has one effect and one answer. present: what
    turns the kept answer into the one that is sent; what must not be kept, such as a secret, is added here.
    conflicts: it may answer 409. example: a body that is valid. problems: what it may raise beyond what every
    operation of its kind may: a login Unauthorized, a public operation that has limits RateLimited. transaction: it
    is one of the caller's tenant; without, it has none, since it asks other engines, which none may span. choices:
    parts of the path that are one of these names; any other is a UUID.
    """

    name: str
    function: Callable[[Any], Any]
    body: type[WireModel] | None = None
    query: type[QueryModel] | None = None
    answer: type[BaseModel] | None = None
    status: int = 200
    public: bool = False
    location: str | None = None
    repeats: bool = False
    present: Callable[[Any, dict[str, Any]], BaseModel] | None = None
    conflicts: bool = False
    example: dict[str, Any] | None = None
    problems: tuple[type[AppError], ...] = ()
    transaction: bool = True
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.repeats and not self.transaction:
            raise ValueError(f"{self.name}: what repeats keeps its answer in the transaction of its work")

    @property
    def summary(self) -> str:
        """The first sentence of the function's docstring."""
        return (self.function.__doc__ or "").strip().split("\n")[0].rstrip(".")

    @property
    def pages(self) -> bool:
        """Whether it lists, a page at a time."""
        return self.query is not None and "cursor" in self.query.model_fields
