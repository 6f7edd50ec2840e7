"""Which permissions a call of an AWS API needs: actions, each on a resource.

From the documentation of AWS, which each part names; not from an account.
"""

from __future__ import annotations

from infra.rights.calls.model import Call, Need, Place, Rule, UnknownCall
from infra.rights.calls.objects import OBJECTS
from infra.rights.calls.services import SERVICES

__all__ = ["Call", "Need", "Place", "UnknownCall", "needs", "operations"]

_RULES: dict[tuple[str, str], Rule] = {
    (service, operation): rule
    for service, rules in {"s3": OBJECTS, **SERVICES}.items()
    for operation, rule in rules.items()
}


def needs(call: Call, place: Place) -> tuple[Need, ...]:
    """What a call needs, all of it. Raises UnknownCall."""
    rule = _RULES.get((call.service, call.operation))
    if rule is None:
        raise UnknownCall(f"{call.service} {call.operation}: nobody said which permission it needs")
    try:
        found = tuple(rule(call.parameters, place))
    except (KeyError, TypeError, IndexError) as error:
        raise UnknownCall(f"{call.service} {call.operation}: a parameter is missing: {error}") from error
    if not found:
        raise UnknownCall(f"{call.service} {call.operation}: it speaks of no resource")
    return found


def operations() -> frozenset[tuple[str, str]]:
    """Every service and operation that is known."""
    return frozenset(_RULES)
