"""Every route of the catalog with the operation that serves it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from infra.catalog import CATALOG, Access, Catalog, Function, Route
from shared.http.operation import Operation
from shared.http.resource import Resource


@dataclass(frozen=True)
class Served:
    """A route, the function behind it and the contract of its operation."""

    route: Route
    function: Function
    operation: Operation

    @property
    def public(self) -> bool:
        """Whether anybody may call it."""
        return self.route.access is Access.PUBLIC

    @property
    def tag(self) -> str:
        """`agency.runs` → `runs`."""
        return self.function.operation

    @property
    def parameters(self) -> list[str]:
        """The names in the path, in their order."""
        return re.findall(r"\{(\w+)\}", self.route.path)

    @property
    def changes(self) -> bool:
        """Whether it takes a body, if only an empty one."""
        return self.route.method in ("POST", "PUT", "PATCH")

    @property
    def matches(self) -> bool:
        """Whether it changes a thing that somebody else may have changed: with If-Match."""
        return self.route.method == "PATCH"


def resource_of(function: Function) -> Resource:
    """Return what serves a function of the API. Raises LookupError when its module holds no such resource."""
    module, _, name = function.handler.rpartition(".")
    found = vars(importlib.import_module(module))
    for each in found.values():
        if isinstance(each, Resource) and each.name == function.name:
            if found.get(name) != each.handler:
                raise LookupError(f"{function.handler} is not the handler of its resource")
            return each
    raise LookupError(f"{module} holds no Resource({function.name!r})")


def served(catalog: Catalog = CATALOG) -> Iterator[Served]:
    """Give every route in the catalog's order. Raises LookupError for one that nothing serves."""
    for route in catalog.routes:
        function = catalog.function(route.function)
        operation = resource_of(function).operations.get(route.operation)
        if operation is None:
            raise LookupError(f"{route.method} {route.path}: {function.handler} has no {route.operation}")
        if operation.public != (route.access is Access.PUBLIC):
            raise LookupError(f"{route.operation}: catalog and operation differ on whether it is public")
        yield Served(route, function, operation)
