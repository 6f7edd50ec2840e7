"""A request of API Gateway (REST, proxy integration), read strictly."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from shared.errors import FieldProblem, Invalid, NotFound, TooLarge, Unreadable, UnsupportedMediaType
from shared.http.problem import from_validation
from shared.models.base import QueryModel, WireModel

M = TypeVar("M", bound=WireModel)
Q = TypeVar("Q", bound=QueryModel)

MAX_BODY_BYTES = 256 * 1024
# Up to here every whole number is a float of its own.
_EXACT = 2**53


def _refuse_constant(name: str) -> Any:
    raise Unreadable(f"The body holds {name}, which is not JSON.")


def _finite(literal: str) -> float | int:
    """Return a number with a point or an exponent; 1.0 is the whole number 1, as JSON Schema has it."""
    number = float(literal)
    if number in (float("inf"), float("-inf")):
        raise Unreadable("The body holds a number too large to keep.")
    return int(number) if number.is_integer() and abs(number) <= _EXACT else number


def _whole(literal: str) -> int:
    if len(literal) > 40:
        raise Unreadable("The body holds a number too large to keep.")
    return int(literal)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Unreadable("The body names a field twice.")
    return made


@cache
def _operations() -> dict[str, str]:
    found: dict[str, str] = json.loads((Path(__file__).parent / "routes.json").read_text(encoding="utf-8"))
    return found


def operation_of(event: dict[str, Any]) -> str:
    """Return the operation that a proxy event or an authorizer's event asks for; empty when there is none.

    API Gateway promises method and resource of an event, and its operationName only sometimes; the catalog's routes
    say the same.
    """
    named = (event.get("requestContext") or {}).get("operationName")
    return str(named or _operations().get(f"{event.get('httpMethod')} {event.get('resource')}", ""))


class Request:
    """What a handler may ask of the event: path, headers, caller's address, body."""

    def __init__(self, event: dict[str, Any]) -> None:
        self._event = event
        context = event.get("requestContext") or {}
        self.request_id = str(context.get("requestId") or "unknown")
        self.method = str(event.get("httpMethod") or "")
        self.path = str(event.get("path") or "/")
        self.operation = operation_of(event)
        self.authorizer: dict[str, Any] | None = context.get("authorizer")
        self.headers = {str(k).lower(): str(v) for k, v in (event.get("headers") or {}).items()}
        self._source = str((context.get("identity") or {}).get("sourceIp") or "")

    def header(self, name: str) -> str | None:
        """Return a header by its name in any case."""
        return self.headers.get(name.lower())

    def path_id(self, name: str) -> UUID:
        """Return a UUID of the path. Raises NotFound when it is none: there is no such thing."""
        text = self.path_text(name) or ""
        try:
            found = UUID(text)
        except ValueError as error:
            raise NotFound from error
        if str(found) != text.lower():
            raise NotFound  # a spelling that Python takes and nobody else: braces, urn:uuid:, no hyphens
        return found

    def path_text(self, name: str) -> str | None:
        """Return a part of the path as it was sent, None when the route has none of that name."""
        value = (self._event.get("pathParameters") or {}).get(name)
        return None if value is None else str(value)

    def query_model(self, model: type[Q] | None) -> Q | None:
        """Return the query as `model`; None: no parameter may come. Raises Invalid."""
        several = self._event.get("multiValueQueryStringParameters") or {}
        twice = [name for name, values in several.items() if len(values) > 1]
        if twice:
            raise Invalid(
                "The query is not valid.", (FieldProblem(f"/{str(twice[0])[:100]}", "is given twice"),)
            )
        given = self._event.get("queryStringParameters") or {}
        try:
            found = (model or QueryModel).model_validate(given)
        except ValidationError as error:
            raise from_validation(error, "The query is not valid.") from error
        return found if model is not None else None  # type: ignore[return-value]  # validated as `model`

    def address(self, trusted_proxies: int) -> str:
        """Return the caller's network: an IPv4 address, or the /64 of an IPv6 address.

        Only the last `trusted_proxies` entries of X-Forwarded-For are believed; what a client wrote before is not.
        """
        hops = [hop.strip() for hop in (self.header("x-forwarded-for") or "").split(",") if hop.strip()]
        chosen = hops[-trusted_proxies] if 0 < trusted_proxies <= len(hops) else self._source
        try:
            address = ipaddress.ip_address(chosen)
        except ValueError:
            return "unknown"
        if isinstance(address, ipaddress.IPv6Address):
            if address.ipv4_mapped:
                return str(address.ipv4_mapped)
            return str(ipaddress.ip_network((address, 64), strict=False).network_address) + "/64"
        return str(address)

    def body_bytes(self) -> bytes:
        """Return the body. Raises TooLarge, Unreadable."""
        raw = self._event.get("body") or ""
        if len(raw) > MAX_BODY_BYTES * 2:
            raise TooLarge(f"The body may have at most {MAX_BODY_BYTES // 1024} KiB.")
        try:
            if self._event.get("isBase64Encoded"):
                data = base64.b64decode(raw, validate=True)
            else:
                data = str(raw).encode("utf-8")
        except (binascii.Error, ValueError) as error:
            raise Unreadable("The body is not valid UTF-8.") from error
        if len(data) > MAX_BODY_BYTES:
            raise TooLarge(f"The body may have at most {MAX_BODY_BYTES // 1024} KiB.")
        return data

    def json(self) -> Any:
        """Return the JSON of the body: no NaN, no infinity, no field twice. Raises Unreadable."""
        kind = (self.header("content-type") or "").split(";")[0].strip().lower()
        if kind != "application/json":
            raise UnsupportedMediaType
        try:
            return json.loads(
                self.body_bytes().decode("utf-8"),
                parse_constant=_refuse_constant,
                parse_float=_finite,
                parse_int=_whole,
                object_pairs_hook=_once,
            )
        except RecursionError as error:
            raise Unreadable("The body is nested too deeply.") from error
        except ValueError as error:
            raise Unreadable("The body is not valid JSON.") from error

    def refuse_body(self) -> None:
        """Raise Invalid unless the body is empty, as nothing of it would be looked at; a POST may send `{}`."""
        if self.method in ("GET", "DELETE"):
            unwanted = bool(self._event.get("body"))
        else:
            unwanted = bool(self.body_bytes()) and self.json() != {}
        if unwanted:
            raise Invalid("This operation takes no body.")

    def body(self, model: type[M]) -> M:
        """Return the body as `model`; an empty one is an empty object when nothing in it is required.

        Raises Unreadable, UnsupportedMediaType, TooLarge, Invalid.
        """
        optional = not any(field.is_required() for field in model.model_fields.values())
        try:
            if optional and not self.body_bytes():
                return model()
            return model.model_validate(self.json())
        except ValidationError as error:
            raise from_validation(error) from error
        except RecursionError as error:
            raise Unreadable("The body is nested too deeply.") from error
