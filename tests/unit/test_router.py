"""Which route a path names, as API Gateway finds it."""

from __future__ import annotations

import itertools

import pytest

from infra.catalog import CATALOG, Access, Route
from infra.local.gateway import Router
from shared.errors import MethodNotAllowed, NotFound
from tests.unit.http.events import refusal


def route(method: str, path: str) -> Route:
    return Route(method, path, "try.it", f"{method} {path}", "thing:read", Access.PUBLIC)


ROUTES = (
    route("DELETE", "/v1/sessions/{session_id}"),
    route("DELETE", "/v1/sessions/current"),
    route("POST", "/v1/sessions/refresh"),
    route("GET", "/v1/{kind}/current"),
    route("GET", "/v1/sessions"),
    route("POST", "/v1/sessions"),
)


@pytest.mark.parametrize("routes", list(itertools.permutations(ROUTES[:4])), ids=lambda _: "order")
def test_a_literal_part_goes_before_a_parameter_in_any_order(routes: tuple[Route, ...]) -> None:
    router = Router(routes)

    assert router.find("DELETE", "/v1/sessions/current").route == ROUTES[1]
    other = router.find("DELETE", "/v1/sessions/a%20b")
    assert (other.route, other.parameters) == (ROUTES[0], {"session_id": "a b"})
    assert router.find("POST", "/v1/sessions/refresh").route == ROUTES[2]
    assert router.find("GET", "/v1/teams/current").parameters == {"kind": "teams"}


@pytest.mark.parametrize(
    ("method", "path", "there"),
    [
        ("DELETE", "/v1/sessions/refresh", ["POST"]),
        ("GET", "/v1/sessions/current", ["DELETE"]),
        ("DELETE", "/v1/sessions", ["GET", "POST"]),
        ("PUT", "/v1/sessions/x", ["DELETE"]),
    ],
)
def test_a_resource_answers_for_its_own_methods_only(method: str, path: str, there: list[str]) -> None:
    router = Router(ROUTES)

    assert isinstance(refusal(lambda: router.find(method, path)), MethodNotAllowed)
    assert router.methods(path) == there


@pytest.mark.parametrize(
    "path", ["/", "", "/v1", "/v1/sessions/", "/v1/sessions/a/b", "/v1/sessions//current"]
)
def test_a_path_that_is_none(path: str) -> None:
    assert isinstance(refusal(lambda: Router(ROUTES).find("GET", path)), NotFound)
    assert Router(ROUTES).methods(path) == []


@pytest.mark.parametrize("each", CATALOG.routes, ids=lambda route: route.operation)
def test_every_route_of_the_catalog_is_found_by_its_path(each: Route) -> None:
    path = each.path.replace("{", "").replace("}", "")

    assert Router(CATALOG.routes).find(each.method, path).route == each
