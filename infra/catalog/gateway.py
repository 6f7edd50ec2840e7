"""What the gateway answers by itself, before or instead of a function, and how often public routes may be called.

Pure data for both targets: one machine raises the errors, API Gateway is given them as response templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.errors import (
    AppError,
    Forbidden,
    NotFound,
    RateLimited,
    Retryable,
    TooLarge,
    Unauthorized,
    Unreadable,
    UnsupportedMediaType,
)

MAX_BODY_MB = 10
"""Of a request; API Gateway's limit."""
RETRY_AFTER_SECONDS = 1


class Broken(AppError):
    """A part of the system gave no usable answer."""

    status = 502
    title = "Bad gateway"


class Unavailable(Retryable):
    """Nobody can say just now whether this is allowed; try again in a moment."""


class TimedOut(AppError):
    """A part of the system did not answer in time."""

    status = 504
    title = "Gateway timeout"


NOTHING_THERE = "There is nothing at this path."
REQUEST_TOO_LARGE = f"A request may have at most {MAX_BODY_MB} MB."

# By the names of API Gateway's response types. An unknown path, and an unknown method of a known one, is a "missing
# authentication token" to it. `$context.error.validationErrorString` is left out of details: the gateway has no
# quoted form of it, so it would break the JSON around it.
GATEWAY_PROBLEMS: Mapping[str, AppError] = {
    "DEFAULT_4XX": Unreadable(),
    "BAD_REQUEST_BODY": Unreadable("The body is not valid JSON."),
    "BAD_REQUEST_PARAMETERS": Unreadable("A parameter could not be read."),
    "UNAUTHORIZED": Unauthorized(),
    "ACCESS_DENIED": Forbidden("$context.authorizer.detail"),
    "AUTHORIZER_FAILURE": Unavailable(),
    "AUTHORIZER_CONFIGURATION_ERROR": AppError(),
    "INVALID_SIGNATURE": Forbidden("The signature does not fit the request."),
    "EXPIRED_TOKEN": Forbidden("The token has expired."),
    "WAF_FILTERED": Forbidden("The request was refused by the firewall."),
    "MISSING_AUTHENTICATION_TOKEN": NotFound(NOTHING_THERE),
    "RESOURCE_NOT_FOUND": NotFound(NOTHING_THERE),
    "REQUEST_TOO_LARGE": TooLarge(REQUEST_TOO_LARGE),
    "UNSUPPORTED_MEDIA_TYPE": UnsupportedMediaType(),
    "THROTTLED": RateLimited("Too many requests; try again in a moment."),
    "QUOTA_EXCEEDED": RateLimited(),
    "DEFAULT_5XX": AppError(),
    "INTEGRATION_FAILURE": Broken(),
    "INTEGRATION_TIMEOUT": TimedOut(),
}


@dataclass(frozen=True)
class Throttle:
    """How often an operation may be called by all callers together, at a stage of factor 1.

    per_second: requests in the long run; burst: at once. What one address, account or mailbox may do is counted by
    the functions themselves.
    """

    per_second: int
    burst: int

    def scaled(self, factor: int) -> Throttle:
        """The same for a stage whose functions have `factor` times the executions."""
        return Throttle(self.per_second * factor, self.burst * factor)


THROTTLES: Mapping[str, Throttle] = {
    "create_intake": Throttle(5, 10),
    "create_first_admin": Throttle(1, 2),
    "verify_email": Throttle(2, 5),
    "request_password_reset": Throttle(2, 5),
    "reset_password": Throttle(2, 5),
    "accept_invitation": Throttle(2, 5),
    # An argon2id hash takes a good part of a second of one execution.
    "create_session": Throttle(5, 10),
    "refresh_session": Throttle(10, 20),
    "get_openapi": Throttle(5, 10),
    "get_health": Throttle(5, 10),
}
"""Every operation that anybody may call; the others have the stage's own limit. One machine has neither."""


ADDRESS_REQUESTS = 3000
"""How many requests an address may send in five minutes before the firewall refuses it: an office of thirty people
at the limit of each."""
ADDRESS_ENTRIES = 100
"""How many of them may be to operations that change something for anybody: intake, logins, password resets."""
