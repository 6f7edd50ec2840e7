"""The typed client that is generated from the OpenAPI document, for tests: `conftest.py` makes it importable."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, TypeVar

from roboagency_client import AuthenticatedClient, Client
from roboagency_client.models import Problem
from roboagency_client.types import Response

T = TypeVar("T")


class Api:
    """Makes clients of a running system and closes them. An answer that is not documented is an error."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        self._options: dict[str, Any] = {"base_url": url, "raise_on_unexpected_status": True, "timeout": 60}
        self._stack = stack

    def stranger(self) -> Client:
        """Return the client of somebody without a token."""
        return self._stack.enter_context(Client(**self._options))

    def of(self, token: str) -> AuthenticatedClient:
        """Return the client of whoever holds a token."""
        return self._stack.enter_context(AuthenticatedClient(token=token, **self._options))


def good(response: Response[Any], kind: type[T]) -> T:
    """Return what a request was answered with. Fails unless it went well."""
    assert isinstance(response.parsed, kind), response.content
    return response.parsed


def problem(response: Response[Any], status: int) -> Problem:
    """Return the problem that a request was answered with. Fails unless it is one of that status."""
    assert response.status_code == status, response.content
    assert isinstance(response.parsed, Problem)
    assert response.parsed.request_id == response.headers["x-request-id"]
    return response.parsed
