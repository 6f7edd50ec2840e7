"""How often anybody may try what needs no login, and how often a password may be guessed by who is logged in."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from shared.adapters.limiter import Limit
from shared.http.call import Call
from shared.http.limits import admit_or_refuse, hashed_to
from shared.settings import PublicSettings

_HOUR = 3600
PASSWORD_GUESSES_PER_HOUR = 10


def admit_address(call: Call[Any]) -> dict[str, str]:
    """Count a public request of an address; return the headers of its answer. Raises RateLimited."""
    settings = call.own.settings(PublicSettings)
    address = call.request.address(settings.trusted_proxies)
    key = hashed_to(f"ratelimit:{call.operation.name}:", address)
    return admit_or_refuse(
        call.own.limiter, [Limit("address", key, settings.public_attempts_per_hour, _HOUR)]
    )


def admit_mail(call: Call[Any], tenant: str, email: str) -> None:
    """Count a mail of an operation that somebody asks for, whether its receiver exists or not. Raises RateLimited.

    So that nobody's mailbox is flooded; what others ask for by another operation still comes through.
    """
    receiver = hashlib.sha256(f"{tenant} {email.lower()}".encode()).hexdigest()
    quota = call.own.settings(PublicSettings).mailbox_mails_per_hour
    admit_or_refuse(
        call.own.limiter,
        [Limit("receiver", hashed_to(f"ratelimit:{call.operation.name}:", receiver), quota, _HOUR)],
    )


def admit_guess(call: Call[Any], user_id: UUID) -> None:
    """Count a password that a logged-in user sends to prove who they are. Raises RateLimited."""
    key = hashed_to("ratelimit:password:", str(user_id))
    admit_or_refuse(call.own.limiter, [Limit("password", key, PASSWORD_GUESSES_PER_HOUR, _HOUR)])
