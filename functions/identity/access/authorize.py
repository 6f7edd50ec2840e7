"""The authorizer: stands before every route that is not public.

Answers an IAM policy for the one method that was asked, with the caller as its context. Not cached: a token that was
revoked a moment ago is refused now. Format: docs.aws.amazon.com/apigateway, "Output from an API Gateway Lambda
authorizer".
"""

from __future__ import annotations

from typing import Any

from functions.identity.access.authentication import authenticate, bearer
from functions.identity.access.policies import may, permissions
from shared.bootstrap import container
from shared.errors import Unauthorized
from shared.http.request import operation_of
from shared.observability import logger, observed


class NotAuthenticated(Exception):
    """What API Gateway answers 401 for: an error with just this message."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def _verdict(event: dict[str, Any], principal: str, effect: str, context: dict[str, str]) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {
        "principalId": principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,
    }


def _authorization(event: dict[str, Any]) -> str | None:
    """Return the one Authorization header of a request; two would leave open whose request it is."""
    found: list[str] = []
    for name, values in (event.get("multiValueHeaders") or {}).items():
        if str(name).lower() == "authorization":
            found += [str(value) for value in values]
    if not found:
        single = (event.get("headers") or {}).items()
        found = [str(value) for name, value in single if str(name).lower() == "authorization"]
    return found[0] if len(found) == 1 else None


@observed("identity.authorize")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Allow or deny a request. Raises NotAuthenticated."""
    del context
    asked = event.get("requestContext") or {}
    logger().thread_safe_append_keys(request_id=str(asked.get("requestId")))
    own = container()
    try:
        caller = authenticate(own, bearer(_authorization(event)))
    except Unauthorized as error:
        raise NotAuthenticated from error
    permission = permissions().get(operation_of(event))
    if permission is None or not may(own, caller, permission):
        detail = f"This needs the permission {permission}." if permission else "This is not allowed."
        return _verdict(event, caller.principal, "Deny", {"detail": detail})
    return _verdict(event, caller.principal, "Allow", caller.to_context())
