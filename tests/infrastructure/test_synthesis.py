"""Mistakes in the catalog, the settings or a definition end the synthesis with a sentence that names them.

What needs the CDK is imported inside tests: importing it starts Node, which collecting tests should not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydantic
import pytest

from infra.assembly.layers import FOLDER, ROOT, layer_names
from infra.assembly.node import bundled_node, use_bundled_node
from infra.assembly.stage import Stage, read_context
from infra.assembly.synth import layer_folders, main
from infra.catalog import CATALOG, Catalog, Function, Use, Workflow, Zone

FUNCTION = Function("agency.probe", "functions.agency.probe.handler", Zone.EDGE, "Probes")
WORKFLOW = Workflow("proto_v1", "flow.asl.json", ("agents.think",), 60)
DEV = {"stages": {"dev": read_context()["stages"]["dev"]}}


def surroundings() -> Any:
    from infra.constructs.surroundings import Database, Surroundings

    return Surroundings(
        stage=Stage.from_context("dev", DEV),
        database=Database("db", 5432, "roboagency", "robo-dev", "db-1", "arn:administrator"),
        cache_url="rediss://cache:6379",
        vectors_url="https://vectors:6333",
        previews_url="https://previews",
        bucket_names={"assets": "a"},
        bucket_arns={"assets": "arn:a"},
        bus_names={"agent-analytics": "bus"},
        bus_arns={"agent-analytics": "arn:bus"},
        queue_arns={"high": "arn:high"},
        secret_arns={"model-key": "arn:key"},
        key_arn="arn:data-key",
        workflows={"proto_v1": WORKFLOW},
    )


def environment_of(*settings: str, known: Mapping[str, str]) -> dict[str, str]:
    from infra.constructs.environment import environment

    return environment(replace(FUNCTION, settings=settings), known)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(*uses: Use, settings: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    from infra.constructs.rights import policy_statements

    made = policy_statements(replace(FUNCTION, uses=uses, settings=settings), surroundings())
    return [statement.to_statement_json() for statement in made]


def definition(folder: Path, function: str = "${AgentsThink}", **more: object) -> Path:
    state = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
    body = {
        "StartAt": "Think",
        "States": {"Think": state | {"Parameters": {"FunctionName": function}}},
        **more,
    }
    (folder / WORKFLOW.definition).write_text(json.dumps(body), encoding="utf-8")
    return folder


def test_a_required_setting_that_nothing_fills_is_named() -> None:
    with pytest.raises(ValueError, match=r"agency\.probe: nothing fills CACHE_URL of CacheSettings"):
        environment_of("CacheSettings", known={})


def test_settings_that_do_not_exist_are_named() -> None:
    with pytest.raises(ValueError, match="no settings called Mapping"):
        environment_of("Mapping", known={})


def test_an_optional_setting_keeps_its_default_and_an_empty_one_is_left_out() -> None:
    filled = environment_of("ModelSettings", known={"MODEL_KEY_SECRET": "arn:key"})

    assert filled["MODEL_KEY_SECRET"] == "arn:key"
    assert filled["MODEL_PROVIDER"] == "anthropic"
    assert "ANTHROPIC_BASE_URL" not in filled


def test_the_environment_of_every_function_loads_into_its_settings() -> None:
    from infra.constructs.environment import environment, known_values, settings_classes

    names = {"bucket_names": CATALOG.buckets, "secret_arns": CATALOG.secrets}
    around = replace(
        surroundings(),
        workflows={workflow.name: workflow for workflow in CATALOG.workflows},
        **{key: {thing.name: "x" for thing in things} for key, things in names.items()},
    )
    for function in CATALOG.functions:
        variables = environment(function, known_values(around))
        for settings in settings_classes(function):
            settings.load(variables)


@pytest.mark.parametrize(
    ("use", "action"),
    [
        (Use("bus:agent-analytics", "put"), "events:PutEvents"),
        (Use("queue:high", "put"), "sqs:SendMessage"),
        (Use("secret:model-key", "read"), "secretsmanager:GetSecretValue"),
        (Use("workflow:proto_v1", "start"), "states:StartExecution"),
        (Use("workflow:proto_v1", "run"), "states:StartSyncExecution"),
        (Use("bucket:assets", "delete"), "s3:DeleteObject"),
    ],
)
def test_a_use_becomes_one_statement_on_one_resource(use: Use, action: str) -> None:
    (statement,) = statements(use)

    assert action in statement["Action"]
    assert isinstance(statement["Resource"], str)


@pytest.mark.parametrize(
    ("action", "objects", "key"),
    [
        ("read", ["s3:ListBucket", "s3:GetObject", "s3:GetObjectVersion"], ["kms:Decrypt"]),
        (
            "write",
            ["s3:AbortMultipartUpload", "s3:PutObject"],
            ["kms:Decrypt", "kms:GenerateDataKey"],
        ),
    ],
)
def test_who_may_use_a_bucket_may_use_its_key_by_way_of_s3(
    action: str, objects: list[str], key: list[str]
) -> None:
    *on_objects, on_key = statements(Use("bucket:assets", action))

    assert [a for statement in on_objects for a in as_list(statement["Action"])] == objects
    assert as_list(on_key["Action"]) == key
    assert on_key["Resource"] == "arn:data-key"
    (service,) = on_key["Condition"]["StringEquals"].values()
    assert service.startswith("s3.")
    assert service.endswith(".amazonaws.com")
    assert list(on_key["Condition"]["StringEquals"]) == ["kms:ViaService"]


@pytest.mark.parametrize("use", [Use("bucket:assets", "stop"), Use("moon", "read"), Use("database", "write")])
def test_a_use_that_nothing_grants_is_named(use: Use) -> None:
    with pytest.raises(ValueError, match=f"nothing grants {use.action} on {use.resource}"):
        statements(use)


def test_a_use_of_what_is_not_in_the_catalog_is_an_error() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        statements(Use("bucket:nowhere", "read"))


def test_logins_of_the_database_are_those_of_the_settings() -> None:
    (application,) = statements(Use("database", "connect"), settings=("DatabaseSettings",))
    both = statements(Use("database", "connect"), settings=("OwnerDatabaseSettings",))

    assert application["Resource"].endswith("dbuser:db-1/robo_app")
    assert [arn.rsplit("/")[-1] for arn in both[0]["Resource"]] == ["robo_owner", "robo_app"]


def test_the_data_zone_has_no_way_to_a_queue() -> None:
    from infra.stacks.network import endpoint_services

    inside = replace(FUNCTION, zone=Zone.DATA, uses=(Use("queue:high", "put"),))
    with pytest.raises(ValueError, match="no way to: queue"):
        endpoint_services(replace(CATALOG, functions=(inside,)))


def read(folder: Path, catalog: Catalog = CATALOG) -> dict[str, Any]:
    from infra.constructs.workflow import read_definition

    return read_definition(WORKFLOW, catalog, folder)


def test_a_definition_takes_its_timeout_from_the_catalog(tmp_path: Path) -> None:
    assert read(definition(tmp_path))["TimeoutSeconds"] == 60
    assert read(definition(tmp_path, TimeoutSeconds=60))["TimeoutSeconds"] == 60


def test_a_definition_with_another_timeout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="TimeoutSeconds 5, the catalog says 60"):
        read(definition(tmp_path, TimeoutSeconds=5))


def test_gaps_that_are_not_the_functions_of_the_workflow_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"unknown gaps \['Moon'\], functions never called \['AgentsThink'\]"
    ):
        read(definition(tmp_path, "${Moon}"))


def test_a_distributed_map_and_the_bucket_that_it_lists_come_together(tmp_path: Path) -> None:
    from infra.constructs.workflow import read_definition

    listing = replace(WORKFLOW, lists=("assets",))
    definition(tmp_path, Comment="${AssetsBucket}")
    with pytest.raises(
        ValueError, match="a distributed map and buckets in the catalog that it lists come together"
    ):
        read_definition(listing, CATALOG, tmp_path)

    definition(
        tmp_path, States={"Each": {"ProcessorConfig": [{"Mode": "DISTRIBUTED"}], "F": "${AgentsThink}"}}
    )
    with pytest.raises(ValueError, match="come together"):
        read_definition(WORKFLOW, CATALOG, tmp_path)
    with pytest.raises(ValueError, match=r"buckets never listed \['AssetsBucket'\]"):
        read_definition(listing, CATALOG, tmp_path)


def test_an_unknown_stage_is_refused_with_those_there_are() -> None:
    with pytest.raises(KeyError, match="no stage 'qa' in the context; there are dev"):
        Stage.from_context("qa", DEV)


@pytest.mark.parametrize(
    "wrong",
    [{"backup_days": 0}, {"database_gib": 5}, {"house_tenant_id": "nobody"}, {"databse_gib": 20}],
)
def test_a_bad_value_of_a_stage_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(pydantic.ValidationError):
        Stage.from_context("dev", {"stages": {"dev": DEV["stages"]["dev"] | wrong}})


def test_every_stage_of_the_context_is_sound() -> None:
    context = read_context()

    assert {Stage.from_context(name, context).name for name in context["stages"]} == {
        "dev",
        "staging",
        "prod",
    }
    assert context["stage"] in context["stages"]


def test_node_comes_from_the_wheel_unless_another_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JSII_NODE")
    use_bundled_node()
    assert os.environ["JSII_NODE"] == str(bundled_node())

    monkeypatch.setenv("JSII_NODE", "/opt/node")
    use_bundled_node()
    assert os.environ["JSII_NODE"] == "/opt/node"


@pytest.mark.parametrize("module", ["infra.constructs.lint", "infra.stacks.network"])
def test_whoever_comes_first_has_node_from_the_wheel(module: str) -> None:
    code = f"import {module}, os; print(os.environ['JSII_NODE'])"
    others = {name: value for name, value in os.environ.items() if not name.startswith("JSII_")}
    asked = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=others, capture_output=True, text=True, check=True
    )

    assert (asked.stdout.strip(), asked.stderr) == (str(bundled_node()), "")


def test_without_building_a_layer_is_its_recipe() -> None:
    assert layer_folders("recipe") == {name: FOLDER / name for name in layer_names()}


def test_the_command_line_refuses_another_way_to_make_layers(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--layers", "docker"])
    assert "invalid choice" in capsys.readouterr().err
