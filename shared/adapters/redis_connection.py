"""The way to Redis or Valkey that the cache and the limiter share: its calls, its errors, its names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from shared.errors import AppError, DependencyUnavailable

if TYPE_CHECKING:
    import redis

T = TypeVar("T")

_LONGEST_TAG = 200
# Answers that pass by themselves and have no class of their own in redis-py: a script that runs on, a disk that is
# full, replicas that are away.
_PASSING = ("BUSY", "MISCONF", "NOREPLICAS")


def hashed_to(prefix: str, subject: str, suffix: str = "") -> str:
    """Return the key `<prefix>{<subject>}<suffix>`; keys of one subject lie on the same node of a cluster.

    Braces make a hash tag, the part by which a cluster places a key. Whatever the subject holds stays within them:
    it is percent-encoded, and hashed when that comes to more than 200 characters.
    """
    tag = quote(subject, safe=":@/", errors="surrogatepass")
    if len(tag) > _LONGEST_TAG:
        tag = "%sha256:" + hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()
    # Nothing is encoded as a lone `%`; an empty tag would be none.
    return f"{prefix}{{{tag or '%'}}}{suffix}"


class RedisConnection:
    """Redis or Valkey. Connects when first used. url: `redis://`, `rediss://` or `unix://`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: redis.Redis | None = None

    def call(self, command: Callable[[redis.Redis], T]) -> T:
        """Run a command; once more on a connection that turns out to be dead, as after a freeze or restart.

        Raises DependencyUnavailable within half a second when there is no answer, AppError when it is a refusal.
        An answer that got lost on its way means that the command ran twice.
        """
        from redis import exceptions

        client = self._connected()
        try:
            try:
                return command(client)
            except exceptions.ConnectionError:
                return command(client)
        except exceptions.RedisError as error:
            if isinstance(error, exceptions.ReadOnlyError):
                # This node was the primary; only a new connection finds the one that is.
                client.connection_pool.disconnect()
            if _passes(error):
                raise DependencyUnavailable("The cache does not answer; try again in a moment.") from error
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
                # Attempts are counted in `call`: the library's own would multiply the wait.
                retry=Retry(NoBackoff(), 0),
            )
        return self._client

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        if self._client is not None:
            self._client.close()
            self._client = None


def _passes(error: Exception) -> bool:
    from redis import exceptions

    known = (
        exceptions.ConnectionError,
        exceptions.TimeoutError,
        exceptions.OutOfMemoryError,
        exceptions.ReadOnlyError,
        exceptions.ClusterError,
        exceptions.TryAgainError,
        exceptions.AskError,
    )
    return isinstance(error, known) or str(error).startswith(_PASSING)
