"""What a request pays to be counted, beside the two ways that are usual: INCR with EXPIRE, and GCRA in Lua.

All on one Redis over the same client. Beside the time stands what each lets through, the most that any stretch as
long as the window held, of traffic that comes when a fixed window is about to end; and the room of a full key.
"""

from __future__ import annotations

import random
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import redis

from infra.local.redis import Redis
from shared.adapters.clock import SystemClock
from shared.adapters.limiter import FallbackLimiter, InMemoryLimiter, Limit, RedisLimiter
from tests.benchmarks.report import Section, percentile
from tests.fixtures.limit_model import SECOND, most_in_any_window

WARM_UP = 50
QUOTA = 100
FULL = 3600

Ask = Callable[[str, int, int], bool]
"""Count a request of a key against a quota in a window of seconds; return whether it may pass."""

# The generic cell rate algorithm (ATM Forum TM 4.0): one number a key, the moment at which the bucket is full again.
_GCRA = """
local emission, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + emission
if full_at - now > emission * limit then return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
return 1
"""


def contenders(url: str, client: redis.Redis) -> dict[str, Ask]:
    """Return ours in four shapes and the alternatives, by name."""
    script = client.register_script(_GCRA)
    plain = RedisLimiter(url)
    clock = SystemClock()
    whole = FallbackLimiter(RedisLimiter(url), InMemoryLimiter(clock), clock)

    def sliding(key: str, quota: int, window: int) -> bool:
        return plain.admit([Limit("user", key, quota, window)]).allowed

    def three(key: str, quota: int, window: int) -> bool:
        limits = [Limit("user", f"{key}{suffix}", quota, window) for suffix in ("", ":endpoint", ":key")]
        return plain.admit(limits).allowed

    def remembering(key: str, quota: int, window: int) -> bool:
        return whole.admit([Limit("user", key, quota, window)]).allowed

    def fixed(key: str, quota: int, window: int) -> bool:
        count = int(client.incr(key))
        if count == 1:
            client.expire(key, window)
        return count <= quota

    def gcra(key: str, quota: int, window: int) -> bool:
        return bool(script(keys=[key], args=[window * SECOND // quota, quota]))

    return {
        "sliding log": sliding,
        "sliding log, memory beside": remembering,
        "sliding log, 3 limits at once": three,
        "INCR + EXPIRE": fixed,
        "GCRA": gcra,
    }


def measure(requests: int) -> Section:
    """Return p50 and p99 of a count, the fullest window and the room of a full key, for each contender."""
    section = Section(
        "Counting a request, on one Redis",
        f"{requests} requests each, interleaved; window: 1 s, quota {QUOTA}; bytes: of {FULL} admissions",
        ["", "p50", "p99", "fullest window", "bytes"],
    )
    with (
        tempfile.TemporaryDirectory(prefix="robo-bench-") as folder,
        Redis(Path(folder) / "redis") as server,
        closing(redis.Redis.from_url(server.url)) as client,
    ):
        asks = contenders(server.url, client)
        taken = _taken(asks, requests)
        for name, ask in asks.items():
            middle, high = percentile(taken[name], 0.5), percentile(taken[name], 0.99)
            most, room = _fullest_window(ask), _room(ask, client)
            times = [f"{seconds * SECOND:.0f} µs" for seconds in (middle, high)]
            section.rows.append([name, *times, f"{most}", f"{room}"])
            section.figures |= {f"{name} p50": middle, f"{name} p99": high, f"{name} bytes": room}
            section.figures[f"{name} fullest window"] = most
    for name in ("INCR + EXPIRE", "GCRA"):
        for share in ("p50", "fullest window"):
            other, mine = (section.figures[f"{each} {share}"] for each in (name, "sliding log"))
            section.ratios[f"{name} / sliding log, {share}"] = other / mine
    return section


def _key() -> str:
    return f"bench:{{{uuid.uuid4()}}}"


def _taken(asks: dict[str, Ask], requests: int) -> dict[str, list[float]]:
    """Return the seconds of each count, the contenders in random order each time; each has a key with room."""
    taken: dict[str, list[float]] = {name: [] for name in asks}
    keys = {name: _key() for name in asks}
    chance = random.Random(2026)  # noqa: S311 - an order, not a secret
    order = list(asks)
    for number in range(-WARM_UP, requests):
        chance.shuffle(order)
        for name in order:
            started = time.perf_counter()
            allowed = asks[name](keys[name], 2 * FULL, FULL)
            elapsed = time.perf_counter() - started
            if not allowed:
                raise RuntimeError(f"{name} refused")
            if number >= 0:
                taken[name].append(elapsed)
    return taken


def _fullest_window(ask: Ask) -> int:
    """Send one request, nothing for 0.8 s, then without a pause for 1.1 s; return the most that a second held."""
    key, admitted = _key(), []
    started = time.perf_counter()
    ask(key, QUOTA, 1)
    time.sleep(0.8)
    while (now := time.perf_counter() - started) < 1.9:
        if ask(key, QUOTA, 1):
            # A moment before it was counted is earlier by as little for the first as for the last.
            admitted.append(int(now * SECOND))
    return most_in_any_window(admitted, SECOND)


def _room(ask: Ask, client: redis.Redis) -> int:
    """Return the bytes of a key that has used up its quota."""
    key = _key()
    for _ in range(FULL):
        ask(key, FULL, FULL)
    return int(client.memory_usage(key, samples=0) or 0)
