"""/v1/users: who may log in to a tenant, and as what."""

from __future__ import annotations

from functions.identity.people import users as service
from functions.identity.people.act import Act
from shared.http.call import Call
from shared.http.paging import page_of
from shared.http.resource import Resource
from shared.models.user import UserList, UserOut, UserPatch, UserQuery

users = Resource("identity.users")
handler = users.handler


@users.operation(query=UserQuery, answer=UserList)
def list_users(call: Call[None]) -> UserList:
    """List the users of the tenant, newest first; of one role, or active ones, when asked."""
    query, act = call.asked(UserQuery), Act.of(call)
    found = page_of(
        query,
        lambda after, limit: service.list_users(
            act, role=query.role, is_active=query.is_active, after=after, limit=limit
        ),
        service.user_out,
    )
    return UserList(**found)


@users.operation(answer=UserOut)
def get_user(call: Call[None]) -> UserOut:
    """Read a user."""
    return service.user_out(service.get_user(Act.of(call), call.path_id("user_id")))


@users.operation(body=UserPatch, answer=UserOut, conflicts=True, example={"role": "viewer"})
def update_user(call: Call[UserPatch]) -> UserOut:
    """Give a user another role, or deactivate or activate them.

    Access tokens from before stop to work at once; with another role, sessions go on by their refresh tokens.
    Deactivation ends sessions and API keys for good. The last active administrator stays one.
    """
    act = Act.of(call)
    user = service.lock_for_standing(act, call.path_id("user_id"))
    call.match(service.user_out(user))
    return service.user_out(service.change_user(act, user, call.body))


@users.operation(conflicts=True)
def delete_user(call: Call[None]) -> None:
    """Delete a user; address and username can be used again.

    Sessions, API keys and memberships in teams end. What the user made stays. The last active administrator cannot be
    deleted.
    """
    act = Act.of(call)
    user = service.lock_for_standing(act, call.path_id("user_id"))
    call.match(service.user_out(user))
    service.delete_user(act, user)
