"""A cache and the limits that live in it. Everything has a time to live; nothing here is the only copy.

Limits use the generic cell rate algorithm (ATM Forum TM 4.0, virtual scheduling): one number for each key, the
moment at which the bucket is full again. `limit` requests may come at once; each comes back after
`period / limit`. So between any two moments t apart at most `limit · (1 + t / period)` are admitted.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from shared.adapters.clock import Clock
from shared.errors import AppError, DependencyUnavailable

if TYPE_CHECKING:
    from datetime import datetime

    import redis

T = TypeVar("T")

# The server's clock decides, so that the clocks of many callers need not agree. All in whole microseconds:
# below 2^53 Lua counts them exactly. SET carries the time to live, so that no key can be left without one.
_ADMIT = """
local emission, limit, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local next_full_at = full_at + emission * cost
local tolerance = emission * limit
if next_full_at - now > tolerance then
  return {0, math.floor((tolerance - (full_at - now)) / emission), next_full_at - now - tolerance, full_at - now}
end
redis.call('SET', KEYS[1], string.format('%.0f', next_full_at), 'PX', math.ceil((next_full_at - now) / 1000))
return {1, math.floor((tolerance - (next_full_at - now)) / emission), 0, next_full_at - now}
"""


@dataclass(frozen=True)
class Admission:
    """Whether a request may pass. remaining: how many more may follow at once. Seconds are rounded up:
    retry_after until this request could pass (0: it does), reset_after until nothing counts any more.
    """

    allowed: bool
    limit: int
    remaining: int
    retry_after_seconds: int
    reset_after_seconds: int


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

    def admit(self, key: str, limit: int, period_seconds: float, cost: int = 1) -> Admission:
        """Count a request of `cost` against `limit` for each `period_seconds`, if it may pass.

        A refused request costs nothing. Raises ValueError unless 1 ≤ cost ≤ limit.
        """
        ...


class RedisCache:
    """Redis or Valkey, also in cluster mode: every command touches one key. Connects when first used.

    url: `redis://`, `rediss://` or `unix://`.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: redis.Redis | None = None
        self._admit: Any = None

    def get(self, key: str) -> bytes | None:
        """Return what is kept under a key. Raises DependencyUnavailable."""
        found = self._call(lambda client: client.get(_name("cache", key)))
        return None if found is None else bytes(found)

    def set(self, key: str, value: bytes, seconds: float) -> None:
        """Keep a value for `seconds`. Raises DependencyUnavailable."""
        milliseconds = _milliseconds(seconds)
        self._call(lambda client: client.set(_name("cache", key), value, px=milliseconds))

    def delete(self, key: str) -> None:
        """Forget a key. Raises DependencyUnavailable."""
        self._call(lambda client: client.delete(_name("cache", key)))

    def admit(self, key: str, limit: int, period_seconds: float, cost: int = 1) -> Admission:
        """Count a request, if it may pass. Raises DependencyUnavailable, ValueError."""
        emission = _emission(limit, period_seconds, cost)
        answer = self._call(
            lambda _: self._admit(keys=[_name("limit", key)], args=[emission, limit, cost]),
        )
        allowed, remaining, retry_after, reset_after = (int(number) for number in answer)
        return Admission(bool(allowed), limit, remaining, _seconds(retry_after), _seconds(reset_after))

    def _call(self, command: Callable[[redis.Redis], Any]) -> Any:
        """Run a command; once more on a connection that turns out to be dead, as after a freeze or restart.

        An answer that got lost on its way may so count a request twice, which errs on the safe side.
        """
        from redis import exceptions

        client = self._connected()
        try:
            try:
                return command(client)
            except exceptions.ConnectionError:
                return command(client)
        except (
            exceptions.ConnectionError,
            exceptions.TimeoutError,
            exceptions.OutOfMemoryError,
            exceptions.ReadOnlyError,
            exceptions.ClusterDownError,
        ) as error:
            raise DependencyUnavailable("The cache does not answer; try again in a moment.") from error
        except exceptions.RedisError as error:
            raise AppError("The cache refused the command.") from error

    def _connected(self) -> redis.Redis:
        if self._client is None:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry

            self._client = redis.Redis.from_url(
                self._url,
                socket_timeout=0.2,
                socket_connect_timeout=0.2,
                # Attempts are counted in `_call`: the library's own would multiply the wait.
                retry=Retry(NoBackoff(), 0),
            )
            self._admit = self._client.register_script(_ADMIT)
        return self._client

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        if self._client is not None:
            self._client.close()
            self._client = None


class InMemoryCache:
    """A cache in this process, by a clock of the test's choice."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[str, tuple[bytes, datetime]] = {}
        self._full_at: dict[str, datetime] = {}

    def get(self, key: str) -> bytes | None:
        """Return what is kept under a key; None when nothing is, or no longer."""
        with self._lock:
            value, expires = self._values.get(_name("cache", key), (None, self._clock.now()))
            return value if self._clock.now() < expires else None

    def set(self, key: str, value: bytes, seconds: float) -> None:
        """Keep a value for `seconds`."""
        lifetime = timedelta(milliseconds=_milliseconds(seconds))
        with self._lock:
            self._values[_name("cache", key)] = (value, self._clock.now() + lifetime)

    def delete(self, key: str) -> None:
        """Forget a key."""
        with self._lock:
            self._values.pop(_name("cache", key), None)

    def admit(self, key: str, limit: int, period_seconds: float, cost: int = 1) -> Admission:
        """Count a request, if it may pass. Raises ValueError."""
        emission = _emission(limit, period_seconds, cost)
        name = _name("limit", key)
        with self._lock:
            now = self._clock.now()
            debt = _microseconds(max(self._full_at.get(name, now), now) - now)
            over = debt + emission * (cost - limit)
            if over > 0:
                left = limit - math.ceil(debt / emission)
                return Admission(False, limit, left, _seconds(over), _seconds(debt))
            debt += emission * cost
            self._full_at[name] = now + timedelta(microseconds=debt)
            left = limit - math.ceil(debt / emission)
            return Admission(True, limit, left, 0, _seconds(debt))


def _name(kind: str, key: str) -> str:
    """The name of a key. Braces make a hash tag, the part by which a cluster places it; the key has none."""
    return f"{kind}:{{{key.replace('%', '%25').replace('{', '%7B').replace('}', '%7D')}}}"


def _emission(limit: int, period_seconds: float, cost: int) -> int:
    """Microseconds until one request comes back, rounded up: never more than the limit."""
    if not 1 <= cost <= limit:
        raise ValueError("a request costs at least 1 and at most its limit")
    if not 0 < period_seconds < math.inf:
        raise ValueError("a limit needs a period")
    return math.ceil(period_seconds * 1_000_000 / limit)


def _milliseconds(seconds: float) -> int:
    if not 0.001 <= seconds < math.inf:
        raise ValueError("a value is kept for a millisecond at least, and not for ever")
    return int(seconds * 1000)


def _microseconds(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1)


def _seconds(microseconds: int) -> int:
    return math.ceil(microseconds / 1_000_000)
