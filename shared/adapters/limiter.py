"""Limits that hold over every window: of any stretch of time as long as the window, the whole quota and no more.

Each limit keeps a log, the moments of what it admitted within its window. That is exact, where a fixed window (INCR
and EXPIRE) lets twice the quota through around its edge and a bucket that refills (GCRA, token bucket) within one
window. A log costs about eleven bytes for each admission and never holds more than the quota.
"""

from __future__ import annotations

import hashlib
import math
import re
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from shared.adapters.clock import Clock
from shared.adapters.redis_connection import RedisConnection
from shared.errors import DependencyUnavailable

if TYPE_CHECKING:
    import redis

_NAME = re.compile(r"[a-z][a-z0-9_-]*", re.ASCII)
_HASH_TAG = re.compile(r"[^{]*\{([^}]+)\}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000

# The server's clock decides, so that the clocks of many callers need not agree. All in whole microseconds: below
# 2^53 Lua counts them exactly. A log is a list, oldest first. Nothing that counts is written before all is read: a
# script that fails has admitted nothing. PEXPIRE stands in the same script, so that no log can be left without a time
# to live; the millisecond above the window makes up for Redis, which reckons with whole ones.
SCRIPT = """
local cost = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local stamp = string.format('%.0f', now)

local function at(key, index)
  return tonumber(redis.call('LINDEX', key, index))
end

local function add(key, times, window)
  for _ = 1, times do redis.call('RPUSH', key, stamp) end
  redis.call('PEXPIRE', key, window / 1000 + 1)
end

-- After a failover the clock can be behind: what is ahead of it was made now at the latest.
local function pull_back(key, window)
  local ahead = 0
  while (at(key, -1) or 0) > now do
    redis.call('RPOP', key)
    ahead = ahead + 1
  end
  if ahead > 0 then add(key, ahead, window) end
end

-- Drops what has left the window, found by bisection; returns how many are left.
local function forget(key, horizon)
  local length = redis.call('LLEN', key)
  if length == 0 or at(key, 0) > horizon then return length end
  local low, high = 1, length
  while low < high do
    local middle = math.floor((low + high) / 2)
    if at(key, middle) <= horizon then low = middle + 1 else high = middle end
  end
  redis.call('LTRIM', key, low, -1)
  return length - low
end

local counted, allowed = {}, 1
for i, key in ipairs(KEYS) do
  local quota, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  pull_back(key, window)
  counted[i] = forget(key, now - window)
  if counted[i] + cost > quota then allowed = 0 end
end

local answer = {allowed}
for i, key in ipairs(KEYS) do
  local quota, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local excess = counted[i] + cost - quota
  if allowed == 1 then
    add(key, cost, window)
    counted[i] = counted[i] + cost
  end
  local leaves = (at(key, math.max(excess - 1, 0)) or now - window) + window
  answer[#answer + 1] = {math.max(quota - counted[i], 0), leaves - now, excess > 0 and 1 or 0}
end
return answer
"""


@dataclass(frozen=True)
class Limit:
    """At most `quota` in any `window_seconds`. name: a word for people and headers; key: the log's full name.

    Make keys with `hashed_to`: all keys of one call carry the same hash tag. Raises ValueError.
    """

    name: str
    key: str
    quota: int
    window_seconds: int

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError("a limit is named by a word of small letters")
        if self.quota < 1 or self.window_seconds < 1:
            raise ValueError("a limit has a quota and a window, 1 at least")
        if not _HASH_TAG.match(self.key):
            raise ValueError("the key of a limit has a hash tag")

    @property
    def hash_tag(self) -> str:
        """The part of the key by which a cluster places it."""
        found = _HASH_TAG.match(self.key)
        return found[1] if found else ""


@dataclass(frozen=True)
class Standing:
    """How a request found one limit. remaining: what may follow at once. reset_seconds, rounded up: until the log
    lets go of its oldest entry (0: it is empty); of a limit that refused, until this request could pass.
    """

    limit: Limit
    remaining: int
    reset_seconds: int
    refused: bool


@dataclass(frozen=True)
class Verdict:
    """Whether a request may pass, and how it found each limit, in their order."""

    allowed: bool
    standings: tuple[Standing, ...]

    @property
    def refusals(self) -> tuple[Standing, ...]:
        """The limits that refused."""
        return tuple(standing for standing in self.standings if standing.refused)

    @property
    def retry_after_seconds(self) -> int:
        """Seconds until every limit would let the request pass, if nobody else comes; 0 when it may."""
        return max((standing.reset_seconds for standing in self.refusals), default=0)


class Limiter(Protocol):
    """What counts."""

    def admit(self, limits: Sequence[Limit], cost: int = 1) -> Verdict:
        """Count a request of `cost` in all limits, or in none when one of them refuses.

        Raises ValueError when it could never pass (1 ≤ cost ≤ each quota), a key comes twice or hash tags differ.
        """
        ...

    def take_back(self, limits: Sequence[Limit], cost: int = 1) -> None:
        """Undo the newest admission: what was counted turned out not to count."""
        ...

    def close(self) -> None:
        """Let go of connections; the next use opens new ones."""
        ...


class RedisLimiter:
    """Logs in Redis or Valkey, by the clock of the server; also in cluster mode. Connects when first used."""

    script = SCRIPT

    def __init__(self, url: str) -> None:
        self._connection = RedisConnection(url)
        self._digest: str | None = None

    def admit(self, limits: Sequence[Limit], cost: int = 1) -> Verdict:
        """Count a request. Raises DependencyUnavailable within half a second without an answer, ValueError.

        An answer that got lost on its way may count a request twice, which errs on the safe side.
        """
        _check(limits, cost)
        if not limits:
            return Verdict(True, ())
        numbers = [number for limit in limits for number in (limit.quota, limit.window_seconds * _SECOND)]
        values = [*(limit.key for limit in limits), cost, *numbers]
        allowed, *found = self._connection.call(lambda client: self._run(client, len(limits), values))
        standings = [
            Standing(limit, remaining, _seconds(microseconds), bool(refused))
            for limit, (remaining, microseconds, refused) in zip(limits, found, strict=True)
        ]
        return Verdict(bool(allowed), tuple(standings))

    def take_back(self, limits: Sequence[Limit], cost: int = 1) -> None:
        """Undo the newest admission. Raises DependencyUnavailable within half a second without an answer."""

        def drop(client: redis.Redis) -> None:
            with client.pipeline(transaction=False) as pipeline:
                for limit in limits:
                    pipeline.rpop(limit.key, cost)
                pipeline.execute()

        if limits:
            self._connection.call(drop)

    def _run(self, client: redis.Redis, keys: int, values: list[Any]) -> Any:
        """Run the script by its digest; by its text, which stores it, when the server has forgotten it."""
        from redis.exceptions import NoScriptError

        if self._digest is not None:
            try:
                return client.evalsha(self._digest, keys, *values)
            except NoScriptError:
                pass
        self._digest = hashlib.sha1(self.script.encode(), usedforsecurity=False).hexdigest()
        return client.eval(self.script, keys, *values)

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        self._connection.close()


class InMemoryLimiter:
    """Logs in this process, by a clock of one's choice: the model of the script, and what is left without Redis.

    entries: how many admissions it remembers before it forgets the logs that nobody has asked for longest; a third
    of a kilobyte each at worst.
    """

    def __init__(self, clock: Clock, entries: int = 20_000) -> None:
        self._clock = clock
        self._most = entries
        self._lock = threading.Lock()
        self._logs: OrderedDict[str, list[int]] = OrderedDict()
        self._entries = 0

    def __len__(self) -> int:
        """How many admissions it remembers."""
        return self._entries

    def admit(self, limits: Sequence[Limit], cost: int = 1) -> Verdict:
        """Count a request. Raises ValueError."""
        _check(limits, cost)
        with self._lock:
            now = (self._clock.now() - _EPOCH) // timedelta(microseconds=1)
            counted = [self._count(limit, now) for limit in limits]
            allowed = all(n + cost <= limit.quota for n, limit in zip(counted, limits, strict=True))
            if allowed:
                self._add(limits, cost, now)
            return Verdict(
                allowed,
                tuple(self._standing(limit, n, cost, now) for limit, n in zip(limits, counted, strict=True)),
            )

    def take_back(self, limits: Sequence[Limit], cost: int = 1) -> None:
        """Undo the newest admission: what was counted turned out not to count."""
        with self._lock:
            for limit in limits:
                kept = self._logs.get(limit.key, [])
                self._keep(limit.key, kept[: max(len(kept) - cost, 0)])

    def _count(self, limit: Limit, now: int) -> int:
        """Return how many of a limit's log count, after dropping what has left the window."""
        log = self._logs.get(limit.key)
        if log is None:
            return 0
        self._logs.move_to_end(limit.key)
        ahead = len(log) - bisect_right(log, now)
        if ahead:
            log[-ahead:] = [now] * ahead
        gone = bisect_right(log, now - limit.window_seconds * _SECOND)
        if gone:
            self._keep(limit.key, log[gone:])
        return len(log) - gone

    def _keep(self, key: str, log: list[int]) -> None:
        self._entries += len(log) - len(self._logs.get(key, ()))
        if log:
            self._logs[key] = log
        else:
            self._logs.pop(key, None)

    def _add(self, limits: Sequence[Limit], cost: int, now: int) -> None:
        for limit in limits:
            self._logs.setdefault(limit.key, []).extend([now] * cost)
            self._logs.move_to_end(limit.key)
            self._entries += cost
        while self._entries > self._most and len(self._logs) > len(limits):
            _, log = self._logs.popitem(last=False)
            self._entries -= len(log)

    def _standing(self, limit: Limit, counted: int, cost: int, now: int) -> Standing:
        log = self._logs.get(limit.key, [])
        excess = counted + cost - limit.quota
        window = limit.window_seconds * _SECOND
        leaves = (log[max(excess - 1, 0)] if log else now - window) + window
        return Standing(limit, max(limit.quota - len(log), 0), _seconds(leaves - now), excess > 0)

    def close(self) -> None:
        """There is nothing to close."""


class FallbackLimiter:
    """A shared limiter that may fail, with this process's own memory beside it.

    Every request is counted here first. What this process has admitted alone it therefore refuses whatever became of
    the shared logs: a cache that is flushed, killed or flaps opens no door. While the shared limiter does not answer,
    memory decides, and it is asked again after a pause, so that not every request waits for it.
    """

    def __init__(
        self,
        shared: Limiter,
        memory: InMemoryLimiter,
        clock: Clock,
        *,
        pause_seconds: float = 1.0,
        report: Callable[[], None] = lambda: None,
    ) -> None:
        """report: called for each try that fails."""
        self._shared = shared
        self._memory = memory
        self._clock = clock
        self._pause = timedelta(seconds=pause_seconds)
        self._report = report
        self._failed_at: datetime | None = None

    def admit(self, limits: Sequence[Limit], cost: int = 1) -> Verdict:
        """Count a request. Raises ValueError, never DependencyUnavailable."""
        own = self._memory.admit(limits, cost)
        if not own.allowed or self._pauses():
            return own
        try:
            found = self._shared.admit(limits, cost)
        except DependencyUnavailable:
            self._failed_at = self._clock.now()
            self._report()
            return own
        except BaseException:
            self._memory.take_back(limits, cost)
            raise
        self._failed_at = None
        if not found.allowed:
            self._memory.take_back(limits, cost)
        return found

    def take_back(self, limits: Sequence[Limit], cost: int = 1) -> None:
        """Undo the newest admission; a shared limiter that does not answer keeps it until it leaves the window."""
        self._memory.take_back(limits, cost)
        if self._pauses():
            return
        try:
            self._shared.take_back(limits, cost)
        except DependencyUnavailable:
            self._failed_at = self._clock.now()
            self._report()

    def _pauses(self) -> bool:
        # Read once: another thread may find the shared limiter well again in between.
        failed_at = self._failed_at
        # A clock that was set back must not make the pause any longer.
        return failed_at is not None and timedelta(0) <= self._clock.now() - failed_at < self._pause

    def close(self) -> None:
        """Close the shared limiter's connections; the next use opens new ones."""
        self._shared.close()


def _check(limits: Sequence[Limit], cost: int) -> None:
    if not all(1 <= cost <= limit.quota for limit in limits):
        raise ValueError("a request costs at least 1 and at most each quota")
    if len({limit.key for limit in limits}) < len(limits):
        raise ValueError("a request counts once in a limit")
    if len({limit.hash_tag for limit in limits}) > 1:
        raise ValueError("the keys of one call share a hash tag")


def _seconds(microseconds: int) -> int:
    return math.ceil(microseconds / _SECOND)
