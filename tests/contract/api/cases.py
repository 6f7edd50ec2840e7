"""Every operation of the catalog as the parameter of a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from infra.openapi.inventory import Served, served

CASES = list(served())


def cases(wanted: Callable[[Served], bool] = lambda _: True) -> pytest.MarkDecorator:
    """Run a test once for each operation that is wanted."""
    found: list[Any] = [pytest.param(case, id=case.operation.name) for case in CASES if wanted(case)]
    assert found, "a rule for no operation at all"
    return pytest.mark.parametrize("case", found)
