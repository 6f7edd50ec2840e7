"""What the document says once for all operations: headers, parameters, security, servers, how the API behaves."""

from __future__ import annotations

from typing import Any

_ABOUT = """\
An idea goes in; a launch kit comes out.

- Send `Authorization: Bearer …` with an access token, an API key (`sk-…`) or the token that intake returned
  (`cap_…`).
- Errors are problem details (RFC 9457), `application/problem+json`. Each answer has an `X-Request-Id`, which the
  problem repeats.
- Input is strict: unknown fields and parameters are refused, texts are trimmed and bounded.
- Lists have `limit` (1 to 100) and an opaque `cursor`; the last page has `next_cursor: null`.
- A POST that makes something takes an `Idempotency-Key`: the same key and body give the same answer once more,
  without a second effect.
- A GET answers an `ETag`; `If-None-Match` saves the body, `If-Match` on a PATCH refuses to change what somebody else
  has changed.
- Limits are told in `RateLimit` and `RateLimit-Policy`; a 429 has `Retry-After`.
"""

INFO: dict[str, Any] = {"title": "RoboAgency", "version": "1.0.0", "description": _ABOUT}

SERVERS: list[dict[str, Any]] = [
    {
        "url": "https://{api}.execute-api.{region}.amazonaws.com/{stage}",
        "description": "a deployment",
        "variables": {
            "api": {"default": "api", "description": "the id of the REST API"},
            "region": {"default": "us-east-1"},
            "stage": {"default": "dev"},
        },
    },
    {"url": "http://127.0.0.1:8000", "description": "one machine (make up)"},
]

SECURITY: dict[str, Any] = {
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "of a person who logged in; it lives for minutes",
    },
    "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "sk-…",
        "description": "of a program; it may do what its scopes and its owner's role allow",
    },
    "projectToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "cap_…",
        "description": "of whoever sent an idea; it opens that project and nothing else",
    },
}

HEADERS: dict[str, Any] = {
    "X-Request-Id": {
        "description": "names this request in our logs",
        "schema": {"type": "string", "minLength": 1},
    },
    "ETag": {
        "description": "the strong entity tag of this representation (RFC 9110)",
        "schema": {"type": "string", "pattern": '^"[0-9a-f]+"$'},
    },
    "Location": {
        "description": "the path of what was made or is under way",
        "schema": {"type": "string", "format": "uri-reference", "pattern": "^/v1/"},
    },
    "RateLimit": {
        "description": "what is left of each limit: `r` requests, more in `t` seconds"
        " (draft-ietf-httpapi-ratelimit-headers-10)",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": "each limit: `q` requests in `w` seconds (draft-ietf-httpapi-ratelimit-headers-10)",
        "schema": {"type": "string"},
    },
    "Retry-After": {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {"description": "how to authenticate", "schema": {"type": "string"}},
}

PARAMETERS: dict[str, Any] = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "a name of yours for this request, such as a UUID: sent again with the same body it gives the "
        "same answer and no second effect",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "the ETag of what you have; when it is still so, the answer is 304 without a body",
        "schema": {"type": "string"},
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "description": "the ETag of what you change; when it is no longer so, the answer is 412",
        "schema": {"type": "string"},
    },
}
