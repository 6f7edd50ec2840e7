"""Posting a webhook from the edge zone: signed, to public addresses only, never following a redirect.

Everything between the look-up and the last header of the answer ends by one deadline, and the answer's body is not
read. The address that was checked is the one that is contacted: nothing looks the name up a second time.
"""

from __future__ import annotations

import http.client
import io
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Protocol, cast

from functions.identity.webhooks.addresses import (
    AddressRefused,
    Target,
    check_url,
    is_public,
    literal_address,
)
from functions.identity.webhooks.schedule import LONGEST_WAIT_SECONDS

DEADLINE_SECONDS = 15.0
USER_AGENT = "RoboAgency-Webhooks/1"
_MOST_HEADER_BYTES = 64 * 1024
_SECONDS = re.compile(r"[0-9]{1,10}")
_BUSY = (429, 503)


@dataclass(frozen=True)
class Attempt:
    """What came of a post: the status of the answer, or why there was none or why it does not count.

    retry_after: seconds that a busy receiver (429, 503) asked for, at most a day.
    """

    status: int | None
    error: str | None
    retry_after: int | None = None
    duration_ms: int = 0

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it: any 2xx."""
        return self.status is not None and 200 <= self.status < 300


class Network(Protocol):
    """The way outside."""

    def resolve(self, host: str, port: int, seconds: float) -> list[str]:
        """Return the addresses of a name, the preferred one first. Raises OSError, TimeoutError."""
        ...

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        """Return a connection to just that address. Raises OSError, TimeoutError."""
        ...


class Internet:
    """The network of the machine."""

    def resolve(self, host: str, port: int, seconds: float) -> list[str]:
        """Return the addresses of a name. The system's look-up knows no timeout; a thread is left to end it."""
        answers: queue.SimpleQueue[list[Any] | OSError | UnicodeError] = queue.SimpleQueue()

        def look_up() -> None:
            try:
                answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                answers.put(error)

        threading.Thread(target=look_up, name="look-up", daemon=True).start()
        try:
            found = answers.get(timeout=seconds)
        except queue.Empty as error:
            raise TimeoutError from error
        if isinstance(found, UnicodeError):
            raise socket.gaierror(socket.EAI_NONAME, "not a name") from found
        if isinstance(found, OSError):
            raise found
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        """Return a connection to just that address: a literal, so nothing is looked up."""
        return socket.create_connection((address, port), timeout=seconds)


class _Deadline:
    """When everything must be over."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._began = monotonic()
        self._seconds = seconds

    def elapsed(self) -> float:
        return self._monotonic() - self._began

    def left(self) -> float:
        """Return the seconds left. Raises TimeoutError when there are none."""
        left = self._seconds - self.elapsed()
        if left <= 0:
            raise TimeoutError
        return left


class _Wire(io.RawIOBase):
    """A connection of which every read and write ends by the deadline, and which reads so many bytes at most."""

    def __init__(self, plain: socket.socket, deadline: _Deadline) -> None:
        super().__init__()
        self._socket = plain
        self._deadline = deadline
        self._readable_bytes = _MOST_HEADER_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        room = memoryview(buffer)[: self._readable_bytes]
        if not room:
            raise http.client.LineTooLong("headers")
        self._socket.settimeout(self._deadline.left())
        count = self._socket.recv_into(room)
        self._readable_bytes -= count
        return count

    def sendall(self, data: bytes) -> None:
        """Send everything; a receiver that takes a byte at a time is cut off at the deadline too."""
        rest = memoryview(data)
        while rest:
            self._socket.settimeout(self._deadline.left())
            rest = rest[self._socket.send(rest) :]

    def makefile(self, *_: Any) -> io.BufferedReader:
        """Return the reader that http.client asks a socket for."""
        return io.BufferedReader(self)

    def flush(self) -> None:
        """Hold nothing back; the base refuses this of what is closed, and http.client closes twice."""

    def close(self) -> None:
        if not self.closed:
            self._socket.close()
        super().close()


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _addresses(target: Target, network: Network, deadline: _Deadline, allow_private: bool) -> list[str]:
    """Return the addresses of a target, each checked. Raises AddressRefused, OSError.

    One private address among several refuses the name: which one a connection takes is not ours to say.
    """
    literal = literal_address(target.host)
    if literal is not None:
        return [literal]  # checked with the URL
    found = network.resolve(target.host, target.port, deadline.left())
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    if not allow_private and not all(is_public(address) for address in found):
        raise AddressRefused("must not lead to a private address")
    return found


def _reach(addresses: list[str], port: int, network: Network, deadline: _Deadline) -> socket.socket:
    """Return a connection to the first address that can be reached. Raises OSError."""
    for address in addresses[:-1]:
        try:
            return network.connect(address, port, deadline.left())
        except TimeoutError:
            raise
        except OSError:
            continue
    return network.connect(addresses[-1], port, deadline.left())


def _open(
    target: Target, network: Network, deadline: _Deadline, allow_private: bool, context: ssl.SSLContext | None
) -> _Wire:
    addresses = _addresses(target, network, deadline, allow_private)
    plain = _reach(addresses, target.port, network, deadline)
    if not target.secure:
        return _Wire(plain, deadline)
    try:
        plain.settimeout(deadline.left())
        return _Wire((context or _tls()).wrap_socket(plain, server_hostname=target.host), deadline)
    except (OSError, ValueError):
        plain.close()
        raise


def _ask(wire: _Wire, target: Target, body: bytes, headers: dict[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.default_port = 443 if target.secure else 80  # which the header Host leaves out
    connection.auto_open = 0  # never connects by itself: that would look the name up again
    connection.sock = cast(socket.socket, wire)
    connection.request("POST", target.path, body, headers)
    return connection.getresponse()


def retry_after_of(value: str | None, now: datetime) -> int | None:
    """Return the seconds that a header Retry-After (seconds or a date) asks for, None when it asks for nothing."""
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return min(int(text), LONGEST_WAIT_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0, min(-int(-seconds // 1), LONGEST_WAIT_SECONDS))


def _sentence(error: Exception, seconds: float) -> str:
    """Return what went wrong in words of ours: an error's own may hold what a receiver wrote."""
    match error:
        case AddressRefused():
            return f"the URL {error}"
        case TimeoutError():
            return f"there was no answer within {seconds:g} s"
        case ssl.SSLError():
            return f"the TLS connection failed: {str(error.reason or 'unknown')[:100]}"
        case socket.gaierror():
            return "the name of the host does not resolve"
        case ConnectionRefusedError():
            return "the connection was refused"
        case ConnectionError():
            return "the connection was closed before an answer"
        case http.client.HTTPException() | ValueError():
            return "the answer is not HTTP"
    return "the host cannot be reached"


def post_webhook(
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    allow_private: bool,
    now: datetime,
    network: Network | None = None,
    seconds: float = DEADLINE_SECONDS,
    context: ssl.SSLContext | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Attempt:
    """Post a body once. What goes wrong is told, never raised.

    headers: the signature's, in lower case. seconds: for all of it, from the look-up to the answer's last header.
    now: what a date in Retry-After is counted from. network, context (TLS) and monotonic (the clock of the deadline):
    the machine's own, unless given.
    """
    deadline = _Deadline(seconds, monotonic)
    sent = {"content-type": "application/json", "user-agent": USER_AGENT, "connection": "close", **headers}
    wire = None
    try:
        target = check_url(url, allow_private=allow_private)
        wire = _open(target, network or Internet(), deadline, allow_private, context)
        response = _ask(wire, target, body, sent)
        status, wait = response.status, response.getheader("retry-after")
        if not 100 <= status <= 599:
            raise http.client.BadStatusLine("status")
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Attempt(None, _sentence(error, seconds), duration_ms=_milliseconds(deadline))
    finally:
        if wire is not None:
            wire.close()
    return Attempt(
        status,
        "redirects are not followed" if 300 <= status < 400 else None,
        retry_after_of(wait, now) if status in _BUSY else None,
        _milliseconds(deadline),
    )


def _milliseconds(deadline: _Deadline) -> int:
    return max(0, round(deadline.elapsed() * 1000))
