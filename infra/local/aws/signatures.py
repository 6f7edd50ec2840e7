"""Presigned URLs: moto takes any; S3 takes those that are signed with a known key and have not expired.

Source: docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, unquote
from xml.sax.saxutils import escape

from infra.local.aws.wsgi import Answer

LONGEST = 7 * 24 * 3600
"""Seconds that a presigned URL may live."""


class Refused(Exception):
    """S3 would not serve this request. `status`, `code` and message as in its error document."""

    def __init__(self, status: int, code: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.more = more

    def document(self, request_id: str) -> bytes:
        """The XML error document."""
        fields = {"Code": self.code, "Message": str(self), **self.more, "RequestId": request_id}
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'.encode()


def refusal(refused: Refused) -> Answer:
    """The answer to a request that is refused."""
    request_id = uuid.uuid4().hex[:16].upper()
    headers = [("Content-Type", "application/xml"), ("x-amz-request-id", request_id)]
    return Answer(refused.status, headers, refused.document(request_id))


def signing_key(secret: str, scope: str) -> bytes:
    """The key of one day, region and service, which signs: `scope` is `20261122/eu-central-1/s3/aws4_request`."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


class Presigned:
    """Checks requests whose signature is in the query. keys: secret keys by access key; now: the time in UTC."""

    def __init__(
        self, keys: Mapping[str, str], now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._keys = keys
        self._now = now

    def check(self, environ: dict[str, Any]) -> None:
        """Raise Refused unless the WSGI request is signed by a header or by an unexpired, untouched query."""
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        if environ.get("HTTP_AUTHORIZATION"):
            return  # the SDK of this machine: it holds the only key there is
        if "X-Amz-Signature" not in query:
            raise Refused(403, "AccessDenied", "Access Denied")
        self._check_scope(query)
        self._check_time(query)
        given = query["X-Amz-Signature"]
        if not hmac.compare_digest(given.encode(), self._signature(environ, query).encode()):
            raise Refused(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
                AWSAccessKeyId=query["X-Amz-Credential"].partition("/")[0],
            )

    def _check_scope(self, query: dict[str, str]) -> None:
        scope = query.get("X-Amz-Credential", "").split("/")
        known = query.get("X-Amz-Algorithm") == "AWS4-HMAC-SHA256"
        if not known or len(scope) != 5 or scope[3:] != ["s3", "aws4_request"]:
            raise Refused(
                400, "AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter."
            )
        if scope[0] not in self._keys:
            raise Refused(
                403,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            )

    def _check_time(self, query: dict[str, str]) -> None:
        try:
            signed = datetime.strptime(query.get("X-Amz-Date", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            seconds = int(query.get("X-Amz-Expires", ""))
        except ValueError:
            seconds = -1
            signed = self._now()
        if not 0 <= seconds <= LONGEST:
            raise Refused(
                400,
                "AuthorizationQueryParametersError",
                "X-Amz-Expires must be between 0 and a week (in seconds); that is, 604800 at most.",
            )
        now = self._now()
        if now > signed + timedelta(seconds=seconds):
            raise Refused(
                403,
                "AccessDenied",
                "Request has expired",
                Expires=f"{signed + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}",
                ServerTime=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            )

    def _signature(self, environ: dict[str, Any], query: dict[str, str]) -> str:
        path, _, raw_query = str(environ["RAW_URI"]).partition("?")
        pairs = sorted(
            (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
            for name, value in parse_qsl(raw_query, keep_blank_values=True)
            if name != "X-Amz-Signature"
        )
        signed_headers = query.get("X-Amz-SignedHeaders", "").split(";")
        canonical = "\n".join(
            [
                str(environ["REQUEST_METHOD"]),
                quote(unquote(path), safe="/-_.~"),
                "&".join(f"{name}={value}" for name, value in pairs),
                *(f"{name}:{' '.join(_header(environ, name).split())}" for name in signed_headers),
                "",
                ";".join(signed_headers),
                query.get("X-Amz-Content-Sha256") or "UNSIGNED-PAYLOAD",
            ]
        )
        access_key, _, scope = query["X-Amz-Credential"].partition("/")
        text = "\n".join(
            ["AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, hashlib.sha256(canonical.encode()).hexdigest()]
        )
        key = signing_key(self._keys[access_key], scope)
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _header(environ: dict[str, Any], name: str) -> str:
    variable = name.upper().replace("-", "_")
    if variable not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        variable = f"HTTP_{variable}"
    return str(environ.get(variable, ""))
