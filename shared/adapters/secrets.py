"""Secrets by name. Their values are in no representation, log line or error of this module."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from shared.adapters.aws_errors import translated
from shared.adapters.clock import Clock
from shared.errors import AppError


class SecretMissing(AppError):
    """A secret that the system needs has no value."""


class SecretStore(Protocol):
    """Where secrets are kept."""

    def read(self, name: str) -> str:
        """Return the value of a secret, never empty. Raises SecretMissing, DependencyUnavailable, AppError."""
        ...

    def forget(self, name: str) -> None:
        """Let the next `read` ask for the value again, because the known one was refused."""
        ...


class SecretsManagerStore:
    """AWS Secrets Manager. A value is kept for `keep` and read again then, so that a rotation arrives.

    client: boto3's `secretsmanager`.
    """

    def __init__(self, client: Any, clock: Clock, keep: timedelta = timedelta(minutes=5)) -> None:
        self._client = client
        self._clock = clock
        self._keep = keep
        self._known: dict[str, tuple[str, datetime]] = {}

    def read(self, name: str) -> str:
        """Return the value of a secret, never empty. Raises SecretMissing, DependencyUnavailable, AppError."""
        now = self._clock.now()
        known = self._known.get(name)
        if known is not None and now < known[1]:
            return known[0]
        missing = SecretMissing(f"The secret {name} has no value.")
        # InvalidRequestException: the secret is marked for deletion.
        meanings = {"ResourceNotFoundException": missing, "InvalidRequestException": missing}
        with translated("Secrets Manager", meanings):
            answer = self._client.get_secret_value(SecretId=name)
        value = answer.get("SecretString")
        if not value:
            raise missing
        self._known[name] = (str(value), now + self._keep)
        return str(value)

    def forget(self, name: str) -> None:
        """Let the next `read` ask for the value again, because the known one was refused."""
        self._known.pop(name, None)


class FakeSecrets:
    """Secrets from a dict."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def read(self, name: str) -> str:
        """Return the value of a secret, never empty. Raises SecretMissing."""
        if not self._values.get(name):
            raise SecretMissing(f"The secret {name} has no value.")
        return self._values[name]

    def forget(self, name: str) -> None:
        """Nothing is kept apart from the values themselves."""
