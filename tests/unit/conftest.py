"""Unit tests stay inside their process."""

import socket
import sys
from typing import NoReturn

import pytest


class SocketOpened(AssertionError):
    """A unit test tried to talk to something outside its process."""


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every way to connect raise, Unix sockets included."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise SocketOpened("a unit test opens no socket: use a fake, or move it to tests/integration")

    for method in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, method, refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    # libpq connects in C, below anything Python's socket module sees.
    if (psycopg := sys.modules.get("psycopg")) is not None:
        monkeypatch.setattr(psycopg, "connect", refuse)
        monkeypatch.setattr(psycopg.Connection, "connect", refuse)
