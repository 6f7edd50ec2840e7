"""What announces, who listens, and workflows that are express or go through a bucket: a catalog of a few things."""

from __future__ import annotations

import copy
import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra.assembly.deployment import AT_DEPLOYMENT
from infra.assembly.node import use_bundled_node
from infra.assembly.stage import read_context
from infra.assembly.templates import Templates, read_templates
from infra.catalog import (
    ACCOUNT_BUS,
    Bucket,
    Bus,
    Catalog,
    Function,
    Lifecycle,
    Queue,
    Rule,
    Workflow,
    Zone,
)
from infra.equality import templates as equality
from infra.equality.described import described
from infra.equality.differences import compare
from infra.equality.inventory import Inventory
from infra.equality.realised import realised
from infra.rights.deployment import Deployment
from infra.rights.evaluate import Policy
from shared import periods
from tests.infrastructure.stores import resources, stage_of

KINDS = ("bucket", "bus", "rule", "workflow")
SMALL = Catalog(
    functions=tuple(
        Function(name, "functions.knowledge.look.handler", Zone.EDGE, "Looks")
        for name in ("knowledge.look", *AT_DEPLOYMENT)
    ),
    routes=(),
    queues=(Queue("uploads", "knowledge.look", 180, 5, 1, 2),),
    buckets=(
        Bucket("knowledge", versioned=True, announces=True),
        Bucket("assets", versioned=False),
        Bucket("access-logs", versioned=False, lifecycles=(Lifecycle(periods.LOGS),), takes_logs=True),
    ),
    buses=(Bus("own", 1),),
    rules=(
        Rule(
            "see-objects",
            ACCOUNT_BUS,
            ("Object Created", "Object Deleted"),
            "uploads",
            buckets=("knowledge",),
        ),
        Rule("see-rows", "own", ("document_changed",), "uploads", priorities=("high",)),
    ),
    schedules=(),
    workflows=(
        Workflow("look_once", "once.asl.json", ("knowledge.look",), 60, express=True),
        Workflow("look_at_all", "all.asl.json", ("knowledge.look",), 3600, lists=("knowledge",)),
    ),
    secrets=(),
    authorizer="knowledge.look",
)
TASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "${KnowledgeLook}"},
    "End": True,
}
ONCE = {"StartAt": "Look", "States": {"Look": TASK}}
ALL = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:listObjectsV2",
                "Parameters": {"Bucket": "${KnowledgeBucket}"},
            },
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, **ONCE},
            "End": True,
        }
    },
}


@cache
def _synthesised() -> Templates:
    use_bundled_node()
    from aws_cdk import App, Stack
    from aws_cdk import aws_lambda as lambda_

    from infra.constructs.workflow import CatalogWorkflow, Listed, read_definition
    from infra.stacks.messaging import MessagingStack
    from infra.stacks.storage import StorageStack

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, definition in (("once.asl.json", ONCE), ("all.asl.json", ALL)):
            (folder / file).write_text(json.dumps(definition), encoding="utf-8")
        app = App(analytics_reporting=False, context=read_context(), outdir=str(folder / "out"))
        storage = StorageStack(app, "storage", stage=stage_of("dev"), catalog=SMALL)
        MessagingStack(app, "messaging", stage=stage_of("dev"), catalog=SMALL)
        compute = Stack(app, "compute")
        function = lambda_.Function(
            compute,
            "Look",
            function_name="robo-dev-knowledge-look",
            code=lambda_.Code.from_inline("pass"),
            handler="index.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
        )
        alias = lambda_.Alias(compute, "Live", alias_name="live", version=function.current_version)
        bucket = storage.buckets["knowledge"]
        for workflow in SMALL.workflows:
            CatalogWorkflow(
                compute,
                workflow,
                stage="dev",
                definition=read_definition(workflow, SMALL, folder),
                functions={"KnowledgeLook": alias},
                listed={"KnowledgeBucket": Listed(bucket.bucket_name, bucket.bucket_arn)}
                if workflow.lists
                else {},
            )
        app.synth()
        return read_templates(folder / "out")


@pytest.fixture
def templates() -> Templates:
    return copy.deepcopy(_synthesised())


def machine(templates: Templates, name: str) -> dict[str, Any]:
    (found,) = [
        made["Properties"]
        for made in resources(templates, "AWS::StepFunctions::StateMachine").values()
        if made["Properties"]["StateMachineName"] == f"robo-dev-{name}"
    ]
    properties: dict[str, Any] = found
    return properties


def rule(templates: Templates, name: str) -> dict[str, Any]:
    (found,) = [
        made["Properties"]
        for made in resources(templates, "AWS::Events::Rule").values()
        if made["Properties"]["Name"] == f"robo-dev-{name}"
    ]
    properties: dict[str, Any] = found
    return properties


def bucket(templates: Templates, name: str) -> dict[str, Any]:
    found: dict[str, Any] = resources(templates, "AWS::S3::Bucket")[
        next(id_ for id_ in resources(templates, "AWS::S3::Bucket") if id_.startswith(name))
    ]["Properties"]
    return found


def of_kinds(inventory: Inventory) -> Inventory:
    return Inventory({key: facts for key, facts in inventory.facts.items() if key[0] in KINDS})


def said(templates: Templates) -> list[str]:
    there = realised(equality.Templates(templates, "dev"))
    return compare(of_kinds(described(SMALL, "dev")), of_kinds(there))


def test_a_bucket_that_announces_tells_the_bus_and_others_do_not(templates: Templates) -> None:
    assert bucket(templates, "KnowledgeBucket")["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }
    for other in ("AssetsBucket", "AccessLogsBucket"):
        assert "NotificationConfiguration" not in bucket(templates, other)
    # Nothing of the CDK's own that may change notifications of every bucket.
    assert not [
        r for t in templates.values() for r in t["Resources"].values() if r["Type"].startswith("Custom::")
    ]
    assert resources({"storage": templates["storage"]}, "AWS::Lambda::Function") == {}


def test_a_rule_listens_to_s3_about_its_buckets_alone(templates: Templates) -> None:
    listening = rule(templates, "see-objects")

    assert "EventBusName" not in listening, "the account's own bus"
    assert Deployment(templates).resolve("messaging", listening["EventPattern"]) == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created", "Object Deleted"],
        "detail": {"bucket": {"name": ["robo-dev-knowledge-111122223333"]}},
    }
    assert rule(templates, "see-rows")["EventPattern"] == {
        "detail-type": ["document_changed"],
        "detail": {"priority": ["high"]},
    }


def test_a_rule_may_put_events_on_its_queue_which_is_encrypted(templates: Templates) -> None:
    (target,) = rule(templates, "see-objects")["Targets"]
    queue = target["Arn"]["Fn::GetAtt"][0]
    letters = target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]
    policies = resources(templates, "AWS::SQS::QueuePolicy").values()

    assert (queue.startswith("UploadsQueue"), letters.startswith("UploadsDeadLetters")) == (True, True)
    for policy in policies:
        allowed = [
            statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0]
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Allow"
            and statement["Principal"] == {"Service": "events.amazonaws.com"}
        ]
        assert {name.partition("Rule")[0] for name in allowed} == {"SeeObjects", "SeeRows"}
    assert {
        made["Properties"]["SqsManagedSseEnabled"]
        for made in resources(templates, "AWS::SQS::Queue").values()
    } == {True}


def test_an_express_workflow_logs_every_step_and_none_of_its_data(templates: Templates) -> None:
    express = machine(templates, "look-once")

    assert express["StateMachineType"] == "EXPRESS"
    assert machine(templates, "look-at-all")["StateMachineType"] == "STANDARD"
    logging = express["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", False)
    assert len(logging["Destinations"]) == 1
    assert json.loads(express["DefinitionString"])["TimeoutSeconds"] == 60


def policy_of(templates: Templates, described_as: str) -> Policy:
    deployment = Deployment(templates)
    (role,) = [
        role
        for role in deployment.roles()
        if templates[role.stack]["Resources"][role.logical_id]["Properties"].get("Description")
        == described_as
    ]
    return Policy(role.statements)


def test_a_workflow_goes_through_its_bucket_and_runs_itself(templates: Templates) -> None:
    arn = Deployment(templates).arn
    own = arn("states", "stateMachine:robo-dev-look-at-all")
    child = arn("states", "execution:robo-dev-look-at-all:018f")
    bucket_arn = "arn:aws:s3:::robo-dev-knowledge-111122223333"
    policy = policy_of(templates, "Runs look_at_all")

    assert policy.allows("s3:ListBucket", bucket_arn)
    assert policy.allows("states:StartExecution", own)
    assert policy.allows("states:DescribeExecution", child)
    assert policy.allows("states:StopExecution", child)
    for action, resource in (
        ("s3:GetObject", f"{bucket_arn}/documents/a"),
        ("s3:PutObject", f"{bucket_arn}/documents/a"),
        ("s3:ListBucket", "arn:aws:s3:::robo-dev-assets-111122223333"),
        ("states:StartExecution", own.replace("look-at-all", "look-once")),
        ("states:StopExecution", child.replace("look-at-all", "look-once")),
        ("states:StartSyncExecution", own),
    ):
        assert not policy.allows(action, resource), action
    gaps = machine(templates, "look-at-all")["DefinitionSubstitutions"]
    assert (
        Deployment(templates).resolve("compute", gaps["KnowledgeBucket"]) == "robo-dev-knowledge-111122223333"
    )


def test_a_workflow_without_a_distributed_map_calls_its_function_and_nothing_else(
    templates: Templates,
) -> None:
    arn = Deployment(templates).arn
    policy = policy_of(templates, "Runs look_once")

    assert policy.allows("lambda:InvokeFunction", arn("lambda", "function:robo-dev-knowledge-look:live"))
    assert not policy.allows("s3:ListBucket", "arn:aws:s3:::robo-dev-knowledge-111122223333")
    assert not policy.allows("states:StartExecution", arn("states", "stateMachine:robo-dev-look-once"))


def test_what_is_made_is_what_the_catalog_says(templates: Templates) -> None:
    assert said(templates) == []


def test_a_bucket_that_is_silent_is_named(templates: Templates) -> None:
    del bucket(templates, "KnowledgeBucket")["NotificationConfiguration"]

    assert said(templates) == ["bucket knowledge: announces is False, the catalog says True"]


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ("source", "rule see-objects: sources is (), the catalog says ('aws.s3',)"),
        ("detail", "rule see-objects: buckets is (), the catalog says ('knowledge',)"),
        (
            "detail-type",
            "rule see-objects: detail_types is (), the catalog says ('Object Created', 'Object Deleted')",
        ),
    ],
)
def test_a_rule_that_hears_more_than_it_should_is_named(
    templates: Templates, part: str, sentence: str
) -> None:
    del rule(templates, "see-objects")["EventPattern"][part]

    assert said(templates) == [sentence]


def test_a_rule_on_another_bus_or_bucket_is_named(templates: Templates) -> None:
    (bus,) = resources(templates, "AWS::Events::EventBus")
    (id_,) = [id_ for id_ in resources(templates, "AWS::Events::Rule") if id_.startswith("SeeObjects")]
    listening = rule(templates, "see-objects")
    listening["EventBusName"] = {"Ref": bus}
    listening["EventPattern"]["detail"]["bucket"]["name"] = ["somebody-elses"]

    assert said(templates) == [
        "rule see-objects: bus is 'own', the catalog says 'default'",
        f"rule see-objects: buckets is ('({id_})',), the catalog says ('knowledge',)",
    ]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"StateMachineType": "STANDARD"}, "type is 'STANDARD', the catalog says 'EXPRESS'"),
        ({"LoggingConfiguration": {}}, "logged is None, the catalog says 'ALL'"),
        (
            {"LoggingConfiguration": {"Level": "ALL", "Destinations": [1], "IncludeExecutionData": True}},
            "logs_data is True, the catalog says False",
        ),
    ],
)
def test_a_workflow_that_is_run_otherwise_is_named(
    templates: Templates, changed: dict[str, object], sentence: str
) -> None:
    machine(templates, "look-once").update(changed)

    assert said(templates) == [f"workflow look-once: {sentence}"]


def test_a_workflow_that_goes_through_another_bucket_is_named(templates: Templates) -> None:
    del machine(templates, "look-at-all")["DefinitionSubstitutions"]["KnowledgeBucket"]

    assert said(templates) == [
        "workflow look-at-all: lists lacks [('KnowledgeBucket', 'knowledge')], has [] too many"
    ]
