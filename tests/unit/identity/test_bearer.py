"""The token of an Authorization header."""

from __future__ import annotations

import pytest

from functions.identity.access.authentication import bearer
from shared.errors import Unauthorized


@pytest.mark.parametrize("header", ["Bearer cap_x.y", "bearer cap_x.y", "BEARER   cap_x.y "])
def test_a_request_carries_its_token_as_bearer(header: str) -> None:
    assert bearer(header) == "cap_x.y"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic cap_x.y", "cap_x.y"])
def test_a_request_without_a_bearer_token_is_401(header: str | None) -> None:
    with pytest.raises(Unauthorized) as refused:
        bearer(header)

    assert refused.value.status == 401
