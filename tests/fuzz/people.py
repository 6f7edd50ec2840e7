"""Who sends the requests of a campaign, and what they know."""

from __future__ import annotations

import jwt

from tests.contract.api.house import House
from tests.contract.api.stage import furnish, keeper

_LIVES = """
SELECT FROM identity.sessions s JOIN identity.users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
WHERE s.tenant_id = %(tenant)s AND s.id = %(session)s AND s.revoked_at IS NULL AND u.is_active AND u.role = 'admin'
    AND u.token_version = %(version)s
"""


class Administrators:
    """Gives access tokens of administrators of the house. When one cannot go on it is another one: some requests end
    sessions, take roles away and delete people.
    """

    def __init__(self, house: House) -> None:
        self._keeper = keeper(house)
        furnish(self._keeper)
        self._token = self._keeper.token_of("admin")

    def token(self) -> str:
        """Return a token for the next request."""
        claims = jwt.decode(self._token, options={"verify_signature": False})
        if not self._keeper.rows(_LIVES, session=claims["sid"], version=claims["ver"]):
            self._token = self._keeper.token_of("admin")
        return self._token

    def known(self, name: str) -> str | None:
        """Return the id of something that is there, for a parameter of a path."""
        return self._keeper.found(name)
