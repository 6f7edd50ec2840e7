"""The OpenAPI document: valid, complete, committed, and its examples are what the models take."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from infra.catalog import CATALOG
from infra.openapi.__main__ import FILE, text
from infra.openapi.inventory import Served, resource_of, served
from infra.openapi.problems import statuses
from shared import errors
from shared.http.problem import body_of
from tests.contract.api.documented import complaints, contract, operation_of, resolved

EVERYTHING = list(served())
operations = pytest.mark.parametrize("case", EVERYTHING, ids=lambda case: case.operation.name)


def test_it_is_valid_openapi() -> None:
    assert not list(OpenAPIV31SpecValidator(contract()).iter_errors())


def test_the_file_in_the_repository_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "run `make docs`"


def test_the_page_of_the_documentation_is_that_file() -> None:
    assert (FILE.parents[2] / "docs" / "openapi.json").resolve() == FILE


def test_every_route_is_in_it_and_nothing_else() -> None:
    documented = {(method.upper(), path) for path, item in contract()["paths"].items() for method in item}

    assert documented == {(route.method, route.path) for route in CATALOG.routes}


def test_every_operation_of_a_resource_has_a_route() -> None:
    routed = {route.operation for route in CATALOG.routes}
    functions = {each.function.name: each.function for each in EVERYTHING}
    written = {name for function in functions.values() for name in resource_of(function).operations}

    assert written == routed


@operations
def test_an_operation_says_what_it_does(case: Served) -> None:
    said = operation_of(case)

    assert 10 <= len(said["summary"]) <= 120
    assert not said["summary"].endswith(".")
    assert "\n" not in said["summary"]
    assert said["tags"] == [case.function.operation]


@operations
def test_an_example_is_what_schema_and_model_take(case: Served) -> None:
    if case.operation.body is None:
        assert case.operation.example is None
        assert "requestBody" not in operation_of(case)
        return
    content = operation_of(case)["requestBody"]["content"]["application/json"]
    examples = [each["value"] for each in content["examples"].values()]

    assert examples == [case.operation.example]
    for example in examples:
        assert not complaints(content["schema"], example)
        case.operation.body.model_validate_json(json.dumps(example))


def test_the_examples_of_problems_are_problems() -> None:
    for answer in contract()["components"]["responses"].values():
        for content in answer["content"].values():
            for example in content["examples"].values():
                assert not complaints(content["schema"], example["value"])


def test_every_problem_of_ours_fits_the_schema() -> None:
    schema = {"$ref": "#/components/schemas/Problem"}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    for kind in kinds:
        if issubclass(kind, errors.AppError):
            bad = kind("No.", (errors.FieldProblem("/a", "is required"),))
            assert not complaints(schema, body_of(bad, "/v1/intake", "1"))


@operations
def test_who_is_not_public_may_be_refused_and_a_bad_body_too(case: Served) -> None:
    told = set(statuses(case))

    assert {422, 429, 503} <= told
    assert ({401, 403} <= told) == (not case.public) or {401, 403} & {
        e.status for e in case.operation.problems
    }
    assert ({400, 413, 415} <= told) == (case.route.method in ("POST", "PUT", "PATCH"))
    assert 404 in told or not case.parameters


@operations
def test_links_lead_to_operations_that_take_what_they_give(case: Served) -> None:
    by_name = {each.operation.name: each for each in EVERYTHING}
    for answer in operation_of(case)["responses"].values():
        for link in resolved(answer).get("links", {}).values():
            assert set(link["parameters"]) == set(by_name[link["operationId"]].parameters)


def test_what_is_made_leads_to_where_it_is() -> None:
    links = contract()["paths"]["/v1/intake"]["post"]["responses"]["201"]["links"]

    assert links["get_run"]["parameters"] == {"run_id": "$response.body#/run_id"}
    assert links["get_project"]["parameters"] == {"project_id": "$response.body#/project_id"}


def _schemas(part: Any) -> list[dict[str, Any]]:
    if isinstance(part, dict):
        return [part, *(each for value in part.values() for each in _schemas(value))]
    return [each for value in part for each in _schemas(value)] if isinstance(part, list) else []


def test_every_schema_is_json_schema() -> None:
    for schema in contract()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_what_comes_in_is_closed_and_bounded() -> None:
    for case in EVERYTHING:
        if case.operation.body is not None:
            schema = resolved(operation_of(case)["requestBody"]["content"]["application/json"]["schema"])
            assert schema["additionalProperties"] is False, case.operation.name
            texts = [each for each in _schemas(schema["properties"]) if each.get("type") == "string"]
            assert not [each for each in texts if not {"maxLength", "enum", "const", "format"} & set(each)]
