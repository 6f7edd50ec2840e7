"""Who asks AWS on one machine: each function has credentials of its own, as each role has on AWS.

Functions share a process and, on a worker thread, the clients of boto3. So the credentials are those of the function
that runs on the thread at the moment of signing. Whoever brings keys of their own is an operator.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

import boto3
import botocore.session
from botocore.credentials import Credentials, ReadOnlyCredentials

from infra.catalog import Catalog
from infra.local.aws.names import ACCESS_KEY, STAGE

_running: ContextVar[str] = ContextVar("running")


class NobodyRuns(RuntimeError):
    """Something that is no function asks AWS with a function's clients."""


@contextmanager
def running_as(function: str) -> Iterator[None]:
    """Be the function of that name (the deployed one) on this thread."""
    token = _running.set(function)
    try:
        yield
    finally:
        _running.reset(token)


def keys(catalog: Catalog, secret_key: str) -> dict[str, str]:
    """The secret key of each access key: the operators' own, and for each function one under its name."""
    names = (function.deployed_name(STAGE) for function in catalog.functions)
    return {ACCESS_KEY: secret_key, **{name: _derived(secret_key, name) for name in names}}


def _derived(secret_key: str, name: str) -> str:
    return hmac.new(secret_key.encode(), name.encode(), hashlib.sha256).hexdigest()


@contextmanager
def functions_sign(secrets: Mapping[str, str]) -> Iterator[None]:
    """Have clients that are made without keys sign as the function that runs. secrets: of `keys`."""
    session = botocore.session.Session()
    session.register_component("credential_provider", _Resolver(_Running(secrets)))
    boto3.setup_default_session(botocore_session=session)
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = None


class _Running(Credentials):  # type: ignore[misc]  # botocore has no types
    """The credentials of the function that runs."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        super().__init__("", "", method="function")
        self._secrets = secrets

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Called whenever a request or an URL is signed. Raises NobodyRuns."""
        function = _running.get("")
        if not function:
            raise NobodyRuns("no function runs on this thread: bring keys, or run it as a function")
        return ReadOnlyCredentials(function, self._secrets[function], None)


class _Resolver:
    """What a session of botocore asks for credentials."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Credentials:
        return self._credentials
