"""Copies in Redis of what PostgreSQL says, under names of their own: `blacklist:{…}`, `session:{…}`.

A copy may say no before the database is asked; a yes always comes from the database. So a copy that is lost, or a
Redis that does not answer or refuses, changes how fast an answer is and nothing else: nothing here raises.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from shared.adapters.cache import InMemoryCache
from shared.adapters.clock import Clock
from shared.adapters.redis_connection import RedisConnection
from shared.errors import AppError

if TYPE_CHECKING:
    import redis

T = TypeVar("T")


class Copies(Protocol):
    """Where copies are. Make names with `hashed_to`."""

    def find(self, names: Sequence[str]) -> list[bytes | None]:
        """Return the copies of these names; None for one that is missing."""
        ...

    def keep(self, name: str, value: bytes, seconds: float) -> None:
        """Keep a copy for `seconds` (at least a millisecond)."""
        ...

    def forget(self, name: str) -> None:
        """Forget a copy."""
        ...

    def close(self) -> None:
        """Let go of connections; the next use opens new ones."""
        ...


class RedisCopies:
    """Redis or Valkey. Connects when first used; when it does not answer, nobody waits for it for a pause."""

    def __init__(
        self, url: str, clock: Clock, *, pause_seconds: float = 1.0, report: Callable[[], None] = lambda: None
    ) -> None:
        """report: called for each try that fails."""
        self._connection = RedisConnection(url)
        self._clock = clock
        self._pause = timedelta(seconds=pause_seconds)
        self._report = report
        self._failed_at: datetime | None = None

    def find(self, names: Sequence[str]) -> list[bytes | None]:
        """Return the copies of these names, in one round trip; None for one that is missing."""

        def read(client: redis.Redis) -> list[Any]:
            # Not MGET: a cluster has its names on different nodes.
            with client.pipeline(transaction=False) as pipeline:
                for name in names:
                    pipeline.get(name)
                return pipeline.execute()

        return self._try(read) or [None] * len(names)

    def keep(self, name: str, value: bytes, seconds: float) -> None:
        """Keep a copy for `seconds`."""
        self._try(lambda client: client.set(name, value, px=max(1, int(seconds * 1000))))

    def forget(self, name: str) -> None:
        """Forget a copy."""
        self._try(lambda client: client.delete(name))

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        self._connection.close()

    def _try(self, command: Callable[[redis.Redis], T]) -> T | None:
        now = self._clock.now()
        # A clock that was set back must not make the pause any longer.
        failed_at = self._failed_at  # read once: another thread may change it in between
        if failed_at is not None and timedelta(0) <= now - failed_at < self._pause:
            return None
        try:
            found = self._connection.call(command)
        except AppError:
            self._failed_at = now
            self._report()
            return None
        self._failed_at = None
        return found


class InMemoryCopies:
    """Copies in this process, by a clock of the test's choice."""

    def __init__(self, clock: Clock) -> None:
        self._kept = InMemoryCache(clock)

    def find(self, names: Sequence[str]) -> list[bytes | None]:
        """Return the copies of these names; None for one that is missing."""
        return [self._kept.get(name) for name in names]

    def keep(self, name: str, value: bytes, seconds: float) -> None:
        """Keep a copy for `seconds`."""
        self._kept.set(name, value, max(0.001, seconds))

    def forget(self, name: str) -> None:
        """Forget a copy."""
        self._kept.delete(name)

    def close(self) -> None:
        """There is nothing to close."""
