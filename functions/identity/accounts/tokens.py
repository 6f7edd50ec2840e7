"""Tokens of a session: access tokens are JWTs that say everything, refresh tokens are names that nobody can guess.

Both are made with keys derived from the secret `token-key`, each by a label of its own. The secret may hold several
keys, separated by spaces: the first makes tokens, all of them verify. So a key is rotated without anybody noticing:
put the new one behind the old one, then before it, then drop the old one, a day apart each.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt

from shared import base64url
from shared.errors import Unauthorized

AUDIENCE = "roboagency-api"
"""Who access tokens are for."""
REFRESH_PREFIX = "rt_"
"""How a refresh token begins."""

_ALGORITHM = "HS256"
_CLAIMS = frozenset({"iss", "aud", "sub", "tid", "sid", "ver", "jti", "iat", "nbf", "exp"})
_LONGEST = 2048
# A token may be used on a machine whose clock is a little behind that of the one which made it. Verification itself
# has no leeway.
_EARLY_SECONDS = 30


@dataclass(frozen=True)
class AccessToken:
    """What an access token says: a session of a user of a tenant; issued_at and expires_at in seconds since 1970.

    version: `users.token_version` when it was made.
    """

    tenant_id: UUID
    user_id: UUID
    session_id: UUID
    version: int
    id: UUID
    issued_at: int
    expires_at: int


@dataclass(frozen=True)
class _Key:
    """A key of access tokens, and the header that tokens made with it have: there is no other."""

    id: str
    value: bytes
    header: str


def _derived(secret: str, label: str) -> bytes:
    return hmac.digest(secret.encode(), label.encode(), hashlib.sha256)


@lru_cache(maxsize=8)
def _key(secret: str) -> _Key:
    value = _derived(secret, "access-token")
    name = base64url.encode(_derived(secret, "access-token-key-id")[:6])
    header = jwt.encode({}, value, _ALGORITHM, headers={"kid": name}).partition(".")[0]
    return _Key(name, value, header)


def _secrets(token_key: str) -> list[str]:
    found = token_key.split()
    if not found:
        raise ValueError("token-key holds no key")
    return found


def issue_access_token(token: AccessToken, token_key: str, issuer: str) -> str:
    """Return the JWT that says this."""
    key = _key(_secrets(token_key)[0])
    claims = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": str(token.user_id),
        "tid": str(token.tenant_id),
        "sid": str(token.session_id),
        "ver": token.version,
        "jti": str(token.id),
        "iat": token.issued_at,
        "nbf": token.issued_at - _EARLY_SECONDS,
        "exp": token.expires_at,
    }
    return jwt.encode(claims, key.value, _ALGORITHM, headers={"kid": key.id})


def read_access_token(text: str, token_key: str, issuer: str, now: datetime) -> AccessToken:
    """Return what a JWT says. Raises Unauthorized unless it is ours, unaltered to the letter, and in its time."""
    if len(text) > _LONGEST or not _is_canonical(text):
        raise Unauthorized
    header = text.partition(".")[0]
    key = next((key for key in map(_key, _secrets(token_key)) if key.header == header), None)
    if key is None:
        raise Unauthorized
    return _checked(_claims(text, key, issuer), now)


def _is_canonical(text: str) -> bool:
    """Whether all three parts are spelt as we spell them: decoders overlook padding, line breaks and loose bits."""
    parts = text.split(".")
    try:
        return len(parts) == 3 and all(base64url.decode(part) for part in parts)
    except ValueError:
        return False


def _claims(text: str, key: _Key, issuer: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            text,
            key.value,
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            issuer=issuer,
            options={
                "require": sorted(_CLAIMS),
                "strict_aud": True,
                # The library would ask the machine's clock; `_checked` asks ours.
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except jwt.InvalidTokenError as error:
        raise Unauthorized from error
    return claims


def _checked(claims: dict[str, Any], now: datetime) -> AccessToken:
    numbers = {name: claims[name] for name in ("ver", "iat", "nbf", "exp")}
    if claims.keys() != _CLAIMS or not all(type(number) is int for number in numbers.values()):
        raise Unauthorized
    if not numbers["nbf"] <= now.timestamp() < numbers["exp"]:
        raise Unauthorized("The token has expired or is not valid yet.")
    tenant, user, session, token = (_identifier(claims[name]) for name in ("tid", "sub", "sid", "jti"))
    return AccessToken(tenant, user, session, numbers["ver"], token, numbers["iat"], numbers["exp"])


def _identifier(value: object) -> UUID:
    try:
        found = UUID(str(value))
    except ValueError as error:
        raise Unauthorized from error
    if str(found) != value:
        raise Unauthorized
    return found


def issue_refresh_token(tenant_id: UUID, refresh_id: UUID, token_key: str) -> str:
    """Return the refresh token of that id; the same id gives the same token."""
    named = tenant_id.bytes + refresh_id.bytes
    (signature, *_) = _refresh_signatures(named, token_key)
    return REFRESH_PREFIX + base64url.encode(named + signature)


def read_refresh_token(text: str, token_key: str) -> tuple[UUID, UUID]:
    """Return the tenant and the id of a refresh token. Raises Unauthorized when it is forged or altered."""
    try:
        data = base64url.decode(text.removeprefix(REFRESH_PREFIX))
    except ValueError as error:
        raise Unauthorized from error
    named, given = data[:32], data[32:]
    known = [hmac.compare_digest(signature, given) for signature in _refresh_signatures(named, token_key)]
    if len(named) != 32 or not text.startswith(REFRESH_PREFIX) or not any(known):
        raise Unauthorized
    return UUID(bytes=named[:16]), UUID(bytes=named[16:])


def _refresh_signatures(named: bytes, token_key: str) -> Iterator[bytes]:
    for secret in _secrets(token_key):
        yield hmac.digest(_derived(secret, "refresh-token"), named, hashlib.sha256)
