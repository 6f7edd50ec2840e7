"""Tenants, the people in them, and how those come in and back in."""

from infra.catalog.api.resource import resource
from infra.catalog.model import Access, Route
from infra.catalog.uses import BOOTSTRAP_KEY, MAIL_KEY

_HASHES = ("core", "identity")

FUNCTIONS = (
    resource(
        "identity",
        "tenants",
        "Shows and renames the own tenant; makes others for the house",
        settings=("PublicSettings", "MailTokenSettings"),
        layers=_HASHES,
    ),
    resource(
        "identity",
        "bootstrap",
        "Makes the first administrator of a deployment",
        BOOTSTRAP_KEY,
        settings=("BootstrapSettings", "PublicSettings", "MailTokenSettings"),
        layers=_HASHES,
    ),
    resource(
        "identity",
        "users",
        "Shows users, gives them roles, deactivates and deletes them",
        layers=_HASHES,
    ),
    resource(
        "identity",
        "account",
        "Shows and changes one's own account: name, preferences, password, address",
        settings=("MailTokenSettings",),
        layers=_HASHES,
        concurrency=2,
    ),
    resource(
        "identity",
        "recovery",
        "Takes back what a mail carried: proof of an address, a new password",
        MAIL_KEY,
        settings=("PublicSettings", "MailKeySettings"),
        layers=_HASHES,
    ),
    resource(
        "identity",
        "invitations",
        "Invites people and takes them in",
        MAIL_KEY,
        settings=("PublicSettings", "MailKeySettings", "MailTokenSettings"),
        layers=_HASHES,
    ),
    resource("identity", "teams", "Shows and changes teams and who is in them"),
)

_TEAM = "/v1/teams/{team_id}"
_MEMBER = f"{_TEAM}/members/{{user_id}}"

ROUTES = (
    Route(
        "POST",
        "/v1/bootstrap",
        "identity.bootstrap",
        "create_first_admin",
        "tenant:bootstrap",
        Access.PUBLIC,
    ),
    Route("GET", "/v1/tenant", "identity.tenants", "get_tenant", "tenant:read"),
    Route("PATCH", "/v1/tenant", "identity.tenants", "update_tenant", "tenant:update"),
    Route("POST", "/v1/tenants", "identity.tenants", "create_tenant", "tenant:create"),
    Route("GET", "/v1/users", "identity.users", "list_users", "user:list"),
    Route("GET", "/v1/users/{user_id}", "identity.users", "get_user", "user:read"),
    Route("PATCH", "/v1/users/{user_id}", "identity.users", "update_user", "user:update"),
    Route("DELETE", "/v1/users/{user_id}", "identity.users", "delete_user", "user:delete"),
    Route("GET", "/v1/me", "identity.account", "get_me", "profile:read"),
    Route("PATCH", "/v1/me", "identity.account", "update_me", "profile:update"),
    Route("POST", "/v1/me/password", "identity.account", "change_password", "account:password"),
    Route("POST", "/v1/me/email", "identity.account", "change_email", "account:email"),
    Route(
        "POST",
        "/v1/email-verifications",
        "identity.recovery",
        "verify_email",
        "account:recover",
        Access.PUBLIC,
    ),
    Route(
        "POST",
        "/v1/password-resets",
        "identity.recovery",
        "request_password_reset",
        "account:recover",
        Access.PUBLIC,
    ),
    Route(
        "POST",
        "/v1/password-resets/confirm",
        "identity.recovery",
        "reset_password",
        "account:recover",
        Access.PUBLIC,
    ),
    Route("POST", "/v1/invitations", "identity.invitations", "create_invitation", "invitation:create"),
    Route("GET", "/v1/invitations", "identity.invitations", "list_invitations", "invitation:read"),
    Route(
        "GET",
        "/v1/invitations/{invitation_id}",
        "identity.invitations",
        "get_invitation",
        "invitation:read",
    ),
    Route(
        "DELETE",
        "/v1/invitations/{invitation_id}",
        "identity.invitations",
        "revoke_invitation",
        "invitation:revoke",
    ),
    Route(
        "POST",
        "/v1/invitations/accept",
        "identity.invitations",
        "accept_invitation",
        "invitation:accept",
        Access.PUBLIC,
    ),
    Route("POST", "/v1/teams", "identity.teams", "create_team", "team:create"),
    Route("GET", "/v1/teams", "identity.teams", "list_teams", "team:read"),
    Route("GET", _TEAM, "identity.teams", "get_team", "team:read"),
    Route("PATCH", _TEAM, "identity.teams", "update_team", "team:update"),
    Route("DELETE", _TEAM, "identity.teams", "delete_team", "team:delete"),
    Route("GET", f"{_TEAM}/members", "identity.teams", "list_team_members", "team:read"),
    Route("PUT", _MEMBER, "identity.teams", "put_team_member", "team:staff"),
    Route("DELETE", _MEMBER, "identity.teams", "remove_team_member", "team:staff"),
)
