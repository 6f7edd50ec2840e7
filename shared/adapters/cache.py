"""A cache. Everything in it has a time to live; nothing is the only copy."""

from __future__ import annotations

import math
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from shared.adapters.clock import Clock
from shared.adapters.redis_connection import RedisConnection, hashed_to

if TYPE_CHECKING:
    from datetime import datetime


class Cache(Protocol):
    """A cache. Everything raises DependencyUnavailable within half a second when it does not answer."""

    def get(self, key: str) -> bytes | None:
        """Return what is kept under a key; None when nothing is, or no longer."""
        ...

    def set(self, key: str, value: bytes, seconds: float) -> None:
        """Keep a value for `seconds` (at least a millisecond)."""
        ...

    def delete(self, key: str) -> None:
        """Forget a key."""
        ...


class RedisCache:
    """Redis or Valkey, also in cluster mode: every command touches one key. Connects when first used.

    url: `redis://`, `rediss://` or `unix://`.
    """

    def __init__(self, url: str) -> None:
        self._connection = RedisConnection(url)

    def get(self, key: str) -> bytes | None:
        """Return what is kept under a key. Raises DependencyUnavailable."""
        found = self._connection.call(lambda client: client.get(_name(key)))
        return found if isinstance(found, bytes) else None

    def set(self, key: str, value: bytes, seconds: float) -> None:
        """Keep a value for `seconds`. Raises DependencyUnavailable."""
        milliseconds = _milliseconds(seconds)
        self._connection.call(lambda client: client.set(_name(key), value, px=milliseconds))

    def delete(self, key: str) -> None:
        """Forget a key. Raises DependencyUnavailable."""
        self._connection.call(lambda client: client.delete(_name(key)))

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        self._connection.close()


class InMemoryCache:
    """A cache in this process, by a clock of the test's choice."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[str, tuple[bytes, datetime]] = {}

    def get(self, key: str) -> bytes | None:
        """Return what is kept under a key; None when nothing is, or no longer."""
        with self._lock:
            value, expires = self._values.get(key, (None, self._clock.now()))
            return value if self._clock.now() < expires else None

    def set(self, key: str, value: bytes, seconds: float) -> None:
        """Keep a value for `seconds`."""
        lifetime = timedelta(milliseconds=_milliseconds(seconds))
        with self._lock:
            self._values[key] = (value, self._clock.now() + lifetime)

    def delete(self, key: str) -> None:
        """Forget a key."""
        with self._lock:
            self._values.pop(key, None)


def _name(key: str) -> str:
    return hashed_to("cache:", key)


def _milliseconds(seconds: float) -> int:
    if not 0.001 <= seconds < math.inf:
        raise ValueError("a value is kept for a millisecond at least, and not for ever")
    return int(seconds * 1000)
