"""What the errors of AWS mean to the product; translated once, here."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from shared.errors import AppError, DependencyUnavailable

# The service asks to come again: throttled, overloaded or slow. 5xx statuses count as this too.
_PASSING = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


@contextmanager
def translated(service: str, meanings: Mapping[str, AppError] | None = None) -> Iterator[None]:
    """Run a call to `service` and turn botocore's errors into ours.

    meanings: error codes that say something to the caller. Others become DependencyUnavailable when they can
    pass by themselves and AppError when they cannot (a missing right, a bucket that does not exist). The
    message of AWS stays in the log: it may hold names or values.
    """
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if meanings is not None and code in meanings:
            raise meanings[code] from error
        if code in _PASSING or status >= 500 or status == 429:
            raise DependencyUnavailable(f"{service} is busy; try again in a moment.") from error
        logging.getLogger("roboagency").error("%s refused %s: %s", service, error.operation_name, code)
        raise AppError(f"{service} refused the request ({code}).") from error
    except ParamValidationError as error:
        raise AppError(f"{service} cannot take the request.") from error
    except BotoCoreError as error:
        raise DependencyUnavailable(f"{service} does not answer; try again in a moment.") from error
