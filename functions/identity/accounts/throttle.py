"""How often a password may be guessed, without a lock that a stranger could put on somebody's door.

Three limits count what failed, each over a sliding window: an account from one address, an account from everywhere,
and an address whatever the account. A guess is counted before it is checked, so that a thousand at once are no more
than the quota; one that was right is taken back. Whoever comes from an address where the account has logged in before
does not wait for the account's limit: strangers all over the world cannot keep a user out of the own home.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.adapters.limiter import Limit, Limiter, Verdict
from shared.bootstrap import Container
from shared.http.limits import hashed_to, limit_headers, refusal
from shared.observability import count
from shared.settings import LoginSettings


@dataclass(frozen=True)
class Guess:
    """A guess that may be made and counts. headers: what an answer says of its limits."""

    limiter: Limiter
    counted: tuple[Sequence[Limit], ...]
    headers: dict[str, str]

    def take_back(self) -> None:
        """Have it not count: it was right, or nobody could say."""
        for limits in self.counted:
            self.limiter.take_back(limits)


def account_name(tenant: str, email: str) -> str:
    """Return the name under which guesses at an account are counted, whether it exists or not."""
    # A digest, so that the names of keys tell no addresses.
    return hashlib.sha256(f"{tenant}\0{email.lower()}".encode()).hexdigest()[:32]


def admit_guess(own: Container, account: str, address: str, is_known: Callable[[], bool]) -> Guess:
    """Count a guess at the password of an account. Raises RateLimited.

    is_known: whether the account has been used from this address; asked only when that decides.
    """
    settings = own.settings(LoginSettings)
    window = settings.login_window_seconds
    key = hashed_to("ratelimit:login:", account)
    anybodys = [Limit("login_account", key, settings.login_account_failures, window)]
    ones = [Limit("login", f"{key}:{address}", settings.login_failures, window)]
    of_address = hashed_to("ratelimit:login:address:", address)
    addresses = [Limit("login_address", of_address, settings.login_address_failures, window)]

    limits = [*ones, *anybodys]
    verdict = own.limiter.admit(limits)
    if [standing.limit for standing in verdict.refusals] == anybodys and is_known():
        limits = ones
        verdict = own.limiter.admit(limits)
    if not verdict.allowed:
        raise _refused(verdict)
    of_all = own.limiter.admit(addresses)
    if not of_all.allowed:
        own.limiter.take_back(limits)
        raise _refused(of_all)
    together = Verdict(True, (*verdict.standings, *of_all.standings))
    return Guess(own.limiter, (limits, addresses), limit_headers(together))


def _refused(verdict: Verdict) -> Exception:
    count("LoginsThrottled")
    return refusal(verdict)
