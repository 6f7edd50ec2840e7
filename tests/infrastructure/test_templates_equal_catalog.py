"""The templates hold exactly what the catalog says, and the check that says so can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.assembly.stage import Stage, read_context
from infra.catalog import CATALOG
from infra.catalog.capacity import scaled
from infra.equality.described import described
from infra.equality.differences import CATALOG_TYPES, differences
from tests.infrastructure.conftest import Templates, read_templates

Resource = dict[str, Any]


def of_type(templates: Templates, type_: str) -> Iterator[tuple[dict[str, Resource], str]]:
    """Each resource of a type, as the mapping it stands in and its logical id."""
    for template in templates.values():
        resources = template["Resources"]
        for logical_id in sorted(resources):
            if resources[logical_id]["Type"] == type_:
                yield resources, logical_id


def function(templates: Templates, name: str) -> Resource:
    for resources, logical_id in of_type(templates, "AWS::Lambda::Function"):
        properties: Resource = resources[logical_id]["Properties"]
        if properties.get("FunctionName") == f"robo-dev-{name}":
            return properties
    raise KeyError(name)


def only(templates: Templates, type_: str, part: str) -> Resource:
    (found,) = [resources[id_] for resources, id_ in of_type(templates, type_) if part in id_]
    return found


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_templates_hold_what_the_catalog_says(assembly_of: Callable[[str], Path], stage: str) -> None:
    factor = Stage.from_context(stage, read_context()).concurrency_factor

    assert differences(scaled(CATALOG, factor), read_templates(assembly_of(stage)), stage) == []


def test_a_stage_has_as_many_executions_as_its_factor_says(assembly_of: Callable[[str], Path]) -> None:
    said = differences(CATALOG, read_templates(assembly_of("prod")), "prod")

    assert "function agents-think: concurrency is 40, the catalog says 10" in said
    assert "queue high: max_concurrency is 20, the catalog says 5" in said


def test_every_kind_of_the_catalog_is_looked_at() -> None:
    kinds = {kind for kind, _ in described(CATALOG, "dev").facts}

    assert kinds == {
        "bucket",
        "bus",
        "dead-letter queue",
        "deployment call",
        "function",
        "queue",
        "route",
        "rule",
        "schedule",
        "secret",
        "workflow",
    }


@pytest.mark.parametrize("type_", sorted(CATALOG_TYPES))
def test_a_resource_that_is_taken_away_is_missed(templates: Templates, type_: str) -> None:
    providers = ("AWSCDK", "CustomVpcRestrictDefaultSG")
    at = [(resources, id_) for resources, id_ in of_type(templates, type_) if not id_.startswith(providers)]
    assert at, f"the templates have no {type_}"

    for resources, logical_id in at:
        kept = resources.pop(logical_id)
        assert differences(CATALOG, templates, "dev"), logical_id
        resources[logical_id] = kept


def test_a_function_that_the_catalog_lacks_is_found(templates: Templates) -> None:
    resources, logical_id = next(of_type(templates, "AWS::Lambda::Function"))
    resources["Stowaway"] = resources[logical_id] | {
        "Properties": resources[logical_id]["Properties"] | {"FunctionName": "robo-dev-stowaway"}
    }

    assert differences(CATALOG, templates, "dev") == ["function stowaway is realised and not in the catalog"]


def test_a_function_without_a_name_is_found(templates: Templates) -> None:
    resources, logical_id = next(of_type(templates, "AWS::Lambda::Function"))
    properties = {
        key: value for key, value in resources[logical_id]["Properties"].items() if key != "FunctionName"
    }
    resources["Stowaway"] = resources[logical_id] | {"Properties": properties}

    assert differences(CATALOG, templates, "dev") == [
        "function (Stowaway) is realised and not in the catalog"
    ]


def test_a_copy_of_a_queue_is_found(templates: Templates) -> None:
    resources, logical_id = next(of_type(templates, "AWS::SQS::Queue"))
    resources["Again"] = resources[logical_id]

    assert any(
        "(2) is realised and not in the catalog" in text for text in differences(CATALOG, templates, "dev")
    )


def test_a_type_of_resource_nobody_knows_is_found(templates: Templates) -> None:
    next(iter(templates.values()))["Resources"]["Table"] = {"Type": "AWS::DynamoDB::Table"}

    assert differences(CATALOG, templates, "dev") == [
        "resources of type AWS::DynamoDB::Table are nothing the catalog knows"
    ]


@pytest.mark.parametrize(
    ("property_", "value", "said"),
    [
        ("Handler", "functions.other.handler", "handler"),
        ("MemorySize", 128, "memory"),
        ("Timeout", 3, "timeout"),
        ("ReservedConcurrentExecutions", 7, "concurrency"),
        ("Runtime", "python3.12", "runtime"),
        ("Architectures", ["x86_64"], "architectures"),
        ("TracingConfig", {"Mode": "PassThrough"}, "traced"),
        ("Layers", [], "layers"),
        ("LoggingConfig", {}, "log_days"),
    ],
)
def test_a_fact_of_a_function_that_differs_is_named(
    templates: Templates, property_: str, value: object, said: str
) -> None:
    function(templates, "identity-relay-outbox")[property_] = value

    (sentence,) = differences(CATALOG, templates, "dev")

    assert sentence.startswith(f"function identity-relay-outbox: {said} ")


def test_a_function_that_changed_its_zone_is_named(templates: Templates) -> None:
    del function(templates, "agency-runs")["VpcConfig"]

    assert differences(CATALOG, templates, "dev") == [
        "function agency-runs: zone is 'edge', the catalog says 'data'"
    ]


def test_variables_too_few_and_too_many_are_named(templates: Templates) -> None:
    variables = function(templates, "agency-runs")["Environment"]["Variables"]
    variables["DATABASE_PASSWORD"] = variables.pop("DATABASE_USER")

    assert differences(CATALOG, templates, "dev") == [
        "function agency-runs: variables lacks ['DATABASE_USER'], has ['DATABASE_PASSWORD'] too many"
    ]


def test_a_route_without_its_permission_is_named(templates: Templates) -> None:
    method = only(templates, "AWS::ApiGateway::Method", "intakePOST")
    del method["Metadata"]["robo:permission"]

    (sentence,) = differences(CATALOG, templates, "dev")

    assert sentence == "route POST /v1/intake: permission is None, the catalog says 'lead:create'"


def test_a_rule_that_lets_every_priority_through_is_named(templates: Templates) -> None:
    rule = only(templates, "AWS::Events::Rule", "StartUrgentRuns")
    del rule["Properties"]["EventPattern"]["detail"]

    (sentence,) = differences(CATALOG, templates, "dev")

    assert sentence.startswith("rule start-urgent-runs: priorities is ()")


def test_a_queue_without_partial_failures_is_named(templates: Templates) -> None:
    mapping = only(templates, "AWS::Lambda::EventSourceMapping", "IndexingQueue")
    del mapping["Properties"]["FunctionResponseTypes"]

    (sentence,) = differences(CATALOG, templates, "dev")

    assert sentence == "queue indexing: partial_failures is False, the catalog says True"


def test_a_workflow_that_calls_another_function_is_named(templates: Templates) -> None:
    machine = only(templates, "AWS::StepFunctions::StateMachine", "ProtoV1")
    gaps = machine["Properties"]["DefinitionSubstitutions"]
    gaps["AgentsThink"] = gaps["AgencyCloseRun"]

    (sentence,) = differences(CATALOG, templates, "dev")

    assert "('AgentsThink', 'agents-think')" in sentence


def test_a_caller_that_passes_by_an_alias_is_named(templates: Templates) -> None:
    method = only(templates, "AWS::ApiGateway::Method", "intakePOST")
    compute = templates["robo-dev-compute"]
    intake = next(id_ for id_ in compute["Resources"] if id_.startswith("AgencyIntakeFunction"))
    exported = {"Value": {"Fn::GetAtt": [intake, "Arn"]}, "Export": {"Name": "intake"}}
    compute["Outputs"]["Intake"] = exported
    method["Properties"]["Integration"]["Uri"] = {"Fn::ImportValue": "intake"}

    assert differences(CATALOG, templates, "dev") == [
        "route POST /v1/intake: function is '(agency-intake, not its alias)', the catalog says 'agency-intake'"
    ]


def test_an_alias_before_the_version_of_another_function_is_named(templates: Templates) -> None:
    alias = only(templates, "AWS::Lambda::Alias", "AgentsThinkLive")
    other = only(templates, "AWS::Lambda::Alias", "AgencyCloseRunLive")
    alias["Properties"]["FunctionVersion"] = other["Properties"]["FunctionVersion"]

    said = differences(CATALOG, templates, "dev")

    assert "function agents-think: aliases is (), the catalog says ('live',)" in said
    assert [text for text in said if text.startswith("alias robo-dev-compute/AgentsThinkLive")]


def test_a_catalog_that_grew_is_ahead_of_the_templates(templates: Templates) -> None:
    grown = replace(CATALOG, buckets=(*CATALOG.buckets, replace(CATALOG.buckets[0], name="reports")))

    assert differences(grown, templates, "dev") == ["bucket reports is in the catalog and not realised"]
