"""What opens the vector engine: a key, and the one certificate that it may show. Both can be replaced at any time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Access:
    """api_key: sent with every request; None: nothing is.

    certificate: PEM, the only one that is trusted; None: whatever public authorities vouch for. Without TLS it means
    nothing.
    """

    api_key: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)


ReadAccess = Callable[[bool], Access]
"""Returns the access; with True one that was read just now, and not an earlier copy."""


def without_access(fresh: bool) -> Access:
    """The access to an engine that asks for no key."""
    del fresh
    return Access()
