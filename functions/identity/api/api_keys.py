"""/v1/api-keys: the keys with which programs come in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.identity.access import api_keys as service
from shared.errors import Forbidden
from shared.http.call import Call
from shared.http.paging import page_of
from shared.http.resource import Resource
from shared.models.api_key import (
    ApiKey,
    ApiKeyCreate,
    ApiKeyList,
    ApiKeyMade,
    ApiKeyOut,
    ApiKeyPatch,
    ApiKeyQuery,
    ApiKeyRotate,
)
from shared.models.caller import Role

api_keys = Resource("identity.api_keys")
handler = api_keys.handler

_KEY = "/v1/api-keys/{id}"


def _out(key: ApiKey) -> ApiKeyOut:
    def text(value: Any) -> str | None:
        return None if value is None else value.isoformat()

    return ApiKeyOut(
        id=str(key.id),
        user_id=str(key.user_id),
        name=key.name,
        prefix=key.prefix,
        scopes=key.scopes,
        expires_at=text(key.expires_at),
        last_used_at=text(key.last_used_at),
        revoked_at=text(key.revoked_at),
        successor_id=None if key.successor_id is None else str(key.successor_id),
        created_at=key.created_at.isoformat(),
    )


def _whole(call: Call[Any], kept: dict[str, Any]) -> ApiKeyMade:
    with call.own.database.transaction(call.caller.tenant_id) as work:
        return ApiKeyMade(**kept, key=service.whole_key(call.own, work, UUID(kept["id"])))


def _record(call: Call[Any], action: str, key: ApiKey) -> None:
    service.record(call.work, action, call.caller, key, call.request.request_id)


@api_keys.operation(
    body=ApiKeyCreate,
    answer=ApiKeyMade,
    status=201,
    location=_KEY,
    present=_whole,
    conflicts=True,
    example={"name": "Nightly report", "scopes": ["project:list", "project:read"]},
)
def create_api_key(call: Call[ApiKeyCreate]) -> ApiKeyOut:
    """Make an API key.

    `key` is shown in this answer only, and again under the same Idempotency-Key. A scope is a permission that the
    caller has; `*` is whatever the owner may at the moment of a request. No key may manage keys, sessions, passwords
    or its owner's account.
    """
    made = service.create_key(call.own, call.work, call.caller, call.body)
    _record(call, "api_key.created", made)
    return _out(made)


@api_keys.operation(query=ApiKeyQuery, answer=ApiKeyList)
def list_api_keys(call: Call[None]) -> ApiKeyList:
    """List one's API keys, newest first, also those that have ended.

    An administrator may list those of another user of the tenant.
    """
    query, caller = call.asked(ApiKeyQuery), call.caller
    owner = query.user_id or caller.user_id
    if owner is None or (owner != caller.user_id and caller.role is not Role.ADMIN):
        raise Forbidden("The keys of others are an administrator's to see.")
    found = page_of(
        query, lambda after, limit: service.list_keys(call.work, owner, after=after, limit=limit), _out
    )
    return ApiKeyList(**found)


@api_keys.operation(answer=ApiKeyOut)
def get_api_key(call: Call[None]) -> ApiKeyOut:
    """Read an API key: its scopes, when it ends and when it was used last, to the minute."""
    return _out(service.get_key(call.work, call.caller, call.path_id("key_id")))


@api_keys.operation(body=ApiKeyPatch, answer=ApiKeyOut, example={"name": "Weekly report"})
def update_api_key(call: Call[ApiKeyPatch]) -> ApiKeyOut:
    """Rename an API key; what it may do and when it ends cannot be changed."""
    key = service.hold_key(call.work, call.caller, call.path_id("key_id"))
    call.match(_out(key))
    renamed = service.rename_key(call.work, key, call.body.name)
    _record(call, "api_key.renamed", renamed)
    return _out(renamed)


@api_keys.operation()
def revoke_api_key(call: Call[None]) -> None:
    """Revoke an API key: the next request with it is refused."""
    key = service.hold_key(call.work, call.caller, call.path_id("key_id"))
    call.match(_out(key))
    if service.revoke_key(call.own, call.work, key):
        _record(call, "api_key.revoked", key)
    call.after_commit(lambda: service.remember_end(call.own, key.prefix))


@api_keys.operation(
    body=ApiKeyRotate,
    answer=ApiKeyMade,
    status=201,
    location=_KEY,
    present=_whole,
    conflicts=True,
    example={"overlap_seconds": 3600},
)
def rotate_api_key(call: Call[ApiKeyRotate]) -> ApiKeyOut:
    """Replace an API key by a new one with the same scopes and as long a life.

    The old key lives on for the overlap, so that programs can change over, and is refused afterwards.
    """
    key = service.hold_key(call.work, call.caller, call.path_id("key_id"))
    made = service.rotate_key(call.own, call.work, call.caller, key, call.body.overlap_seconds)
    _record(call, "api_key.rotated", key.model_copy(update={"successor_id": made.id}))
    return _out(made)
