"""/v1/bootstrap: the first administrator of a deployment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.identity.people import bootstrap as service
from functions.identity.people.act import Act
from functions.identity.people.throttle import admit_address
from functions.identity.people.users import user_out
from shared.db.unit_of_work import UnitOfWork
from shared.errors import RateLimited, Unauthorized
from shared.http.call import Call
from shared.http.operation import Response
from shared.http.resource import Resource
from shared.models.account import Bootstrap
from shared.models.user import UserOut
from shared.settings import BootstrapSettings, MailTokenSettings

bootstrap = Resource("identity.bootstrap")
handler = bootstrap.handler


@bootstrap.operation(
    body=Bootstrap,
    answer=UserOut,
    status=201,
    public=True,
    repeats=True,
    conflicts=True,
    problems=(Unauthorized, RateLimited),
    example={
        "token": "the secret bootstrap-key of this deployment",
        "email": "ada@example.com",
        "username": "ada",
        "password": "a long sentence of your own",
    },
)
def create_first_admin(call: Call[Bootstrap]) -> Response:
    """Make the first administrator of a new deployment.

    Whoever knows its generated secret `bootstrap-key` may, as long as the house's tenant has had no user.
    """
    told = admit_address(call)
    settings = call.own.settings(BootstrapSettings)
    house = UUID(settings.house_tenant_id)
    try:
        service.check_key(
            call.body.token.get_secret_value(), call.own.secrets.read(settings.bootstrap_key_secret)
        )
    except Unauthorized:
        with call.own.database.transaction(house) as work:
            Act.of_anybody(call, work).record("tenant.bootstrap_refused", "tenant", house)
        raise
    hours = call.own.settings(MailTokenSettings).verification_hours

    def make(work: UnitOfWork) -> dict[str, Any]:
        return user_out(service.bootstrap(Act.of_anybody(call, work), call.body, hours)).model_dump()

    asked = {"email": call.body.email, "username": call.body.username}
    made = call.transact_for(house, make, asked)
    return Response(UserOut(**made), headers=tuple(told.items()))
