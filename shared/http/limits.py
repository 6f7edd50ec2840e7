"""How often somebody may come: the documented limits, and what answers say of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.adapters.limiter import Limit, Limiter, Standing, Verdict
from shared.adapters.redis_connection import hashed_to
from shared.errors import RateLimited
from shared.models.caller import Caller, CallerKind
from shared.settings import RateLimitSettings

if TYPE_CHECKING:
    from shared.bootstrap import Container

__all__ = ["admit_caller", "admit_or_refuse", "caller_limits", "hashed_to", "limit_headers", "refusal"]

# What a limit counts, in plain words; `{count}` comes with its noun and `{every}` is its window.
_SENTENCES = {
    "intake": ("idea", "An address may send {count} {every}."),
    "user": ("request", "You may send {count} {every}."),
    "endpoint": ("request", "You may send {count} {every} to this endpoint."),
    "api_key": ("request", "An API key may send {count} {every}."),
    "address": ("such request", "An address may send {count} {every}."),
    "receiver": ("such mail", "A mailbox gets {count} {every}."),
    "password": ("password", "You may try {count} {every}."),
    "login": ("failed login", "An account takes {count} from one address {every}."),
    "login_account": ("failed login", "An account takes {count} {every}."),
    "login_address": ("failed login", "An address may have {count} {every}."),
}
_UNKNOWN = ("request", "The limit of {name} is {count} {every}.")
_WINDOWS = {1: "a second", 60: "a minute", 900: "in a quarter of an hour", 3600: "an hour", 86_400: "a day"}


def limit_headers(verdict: Verdict) -> dict[str, str]:
    """Return `RateLimit` and `RateLimit-Policy` with an item for each limit; nothing for no limit.

    Source: draft-ietf-httpapi-ratelimit-headers-10. `q` quota and `w` window in seconds, `r` how many may follow at
    once, `t` seconds until it is more: until then `r` is all there is. Of a limit that refused, `t` is what it adds
    to Retry-After.
    """
    if not verdict.standings:
        return {}
    policies = [f'"{s.limit.name}";q={s.limit.quota};w={s.limit.window_seconds}' for s in verdict.standings]
    found = [f'"{s.limit.name}";r={s.remaining};t={s.reset_seconds}' for s in verdict.standings]
    return {"ratelimit-policy": ", ".join(policies), "ratelimit": ", ".join(found)}


def admit_or_refuse(limiter: Limiter, limits: Sequence[Limit]) -> dict[str, str]:
    """Count a request in all limits and return the headers of its answer, whatever that will be.

    Raises RateLimited with the same headers, the seconds to wait, and a sentence for each limit that refused.
    """
    verdict = limiter.admit(limits)
    if not verdict.allowed:
        raise refusal(verdict)
    return limit_headers(verdict)


def refusal(verdict: Verdict) -> RateLimited:
    """Return the error that a verdict is which refuses."""
    said = " ".join(_sentence(standing) for standing in verdict.refusals)
    wait = max(1, verdict.retry_after_seconds)
    return RateLimited(said, retry_after=wait, headers=limit_headers(verdict))


def caller_limits(caller: Caller, operation: str, settings: RateLimitSettings) -> list[Limit]:
    """Return what counts for a caller: all requests of its user, those to one operation, those with one API key.

    All keys of a user's programs count for the user too. Whoever holds the token of a project is a user of their own.
    """
    user = str(caller.user_id or caller.id)
    window = settings.rate_limit_seconds
    found = [
        Limit("user", hashed_to("rate_limit:", user), settings.rate_limit_user_requests, window),
        Limit(
            "endpoint",
            hashed_to("rate_limit:", user, f":{operation}"),
            settings.rate_limit_endpoint_requests,
            window,
        ),
    ]
    if caller.kind is CallerKind.API_KEY:
        # The user is the hash tag here too: all three lie on one node and are counted in one step.
        key = hashed_to(f"rate_limit:api_key:{caller.id}:", user)
        hourly = settings.rate_limit_key_requests
        found.append(Limit("api_key", key, hourly, settings.rate_limit_key_seconds))
    return found


def admit_caller(own: Container, caller: Caller, operation: str) -> dict[str, str]:
    """Count a caller's request to an operation; return the headers of its answer. Raises RateLimited."""
    return admit_or_refuse(own.limiter, caller_limits(caller, operation, own.settings(RateLimitSettings)))


def _sentence(standing: Standing) -> str:
    limit = standing.limit
    noun, sentence = _SENTENCES.get(limit.name, _UNKNOWN)
    count = f"{limit.quota} {noun}" if limit.quota == 1 else f"{limit.quota} {noun}s"
    every = _WINDOWS.get(limit.window_seconds, f"in {limit.window_seconds} seconds")
    return sentence.format(name=limit.name.replace("_", " "), count=count, every=every)
