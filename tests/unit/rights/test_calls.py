"""What calls of AWS APIs need."""

from __future__ import annotations

from typing import Any

import pytest

from infra.rights.calls import Call, Place, UnknownCall, needs, operations

PLACE = Place("eu-central-1", "111122223333")
KEY = "arn:aws:kms:eu-central-1:111122223333:key/1"
OBJECT = {"Bucket": "b", "Key": "runs/1"}
MACHINE = "arn:aws:states:eu-central-1:111122223333:stateMachine:m"
HERE = "eu-central-1:111122223333"


def asked(service: str, operation: str, place: Place = PLACE, **parameters: Any) -> list[tuple[str, str]]:
    return [(need.action, need.resource) for need in needs(Call(service, operation, parameters), place)]


@pytest.mark.parametrize(
    ("operation", "more", "actions"),
    [
        ("GetObject", {}, ["s3:GetObject"]),
        ("HeadObject", {}, ["s3:GetObject"]),
        ("GetObject", {"VersionId": "v"}, ["s3:GetObjectVersion"]),
        ("HeadObject", {"VersionId": "v"}, ["s3:GetObjectVersion"]),
        ("GetObjectAttributes", {}, ["s3:GetObject", "s3:GetObjectAttributes"]),
        ("PutObject", {}, ["s3:PutObject"]),
        ("PutObject", {"Tagging": "a=b"}, ["s3:PutObject", "s3:PutObjectTagging"]),
        ("PutObject", {"ObjectLockMode": "GOVERNANCE"}, ["s3:PutObject", "s3:PutObjectRetention"]),
        ("UploadPart", {}, ["s3:PutObject"]),
        ("AbortMultipartUpload", {}, ["s3:AbortMultipartUpload"]),
        ("DeleteObject", {}, ["s3:DeleteObject"]),
        ("DeleteObject", {"VersionId": "v"}, ["s3:DeleteObjectVersion"]),
    ],
)
def test_objects(operation: str, more: dict[str, str], actions: list[str]) -> None:
    expected = [(action, "arn:aws:s3:::b/runs/1") for action in actions]
    assert asked("s3", operation, **OBJECT, **more) == expected


def test_a_list_is_of_the_bucket() -> None:
    assert asked("s3", "ListObjectsV2", Bucket="b", Prefix="runs/") == [("s3:ListBucket", "arn:aws:s3:::b")]


@pytest.mark.parametrize(
    "source",
    ["/other/a%20key?versionId=v", {"Bucket": "other", "Key": "a key", "VersionId": "v"}],
    ids=["text", "map"],
)
def test_a_copy_reads_its_source(source: Any) -> None:
    assert asked("s3", "CopyObject", **OBJECT, CopySource=source) == [
        ("s3:GetObjectVersion", "arn:aws:s3:::other/a key"),
        ("s3:PutObject", "arn:aws:s3:::b/runs/1"),
    ]


def test_many_objects_are_deleted_one_by_one() -> None:
    assert asked("s3", "DeleteObjects", Bucket="b", Delete={"Objects": [{"Key": "1"}, {"Key": "2"}]}) == [
        ("s3:DeleteObject", "arn:aws:s3:::b/1"),
        ("s3:DeleteObject", "arn:aws:s3:::b/2"),
    ]


@pytest.mark.parametrize(
    ("operation", "actions"),
    [
        ("GetObject", ["kms:Decrypt"]),
        ("PutObject", ["kms:GenerateDataKey"]),
        ("UploadPart", ["kms:GenerateDataKey", "kms:Decrypt"]),
        ("DeleteObject", []),
    ],
)
def test_the_key_of_a_bucket_is_used_by_s3_in_the_callers_name(operation: str, actions: list[str]) -> None:
    place = Place("eu-central-1", "111122223333", keys={"b": KEY})
    found = [need for need in needs(Call("s3", operation, OBJECT), place) if need.action.startswith("kms:")]

    assert [need.action for need in found] == actions
    assert all(need.resource == KEY for need in found)
    assert all(need.context == {"kms:ViaService": "s3.eu-central-1.amazonaws.com"} for need in found)


@pytest.mark.parametrize("operation", ["SendMessage", "SendMessageBatch"])
def test_a_queue_is_known_by_its_url(operation: str) -> None:
    url = "https://sqs.eu-central-1.amazonaws.com/444455556666/high"
    assert asked("sqs", operation, QueueUrl=url) == [
        ("sqs:SendMessage", "arn:aws:sqs:eu-central-1:444455556666:high")
    ]


def test_events_go_to_each_bus_once() -> None:
    entries = [
        {"EventBusName": "a"},
        {},
        {"EventBusName": "a"},
        {"EventBusName": f"arn:aws:events:{HERE}:event-bus/b"},
    ]
    assert asked("events", "PutEvents", Entries=entries) == [
        ("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/{bus}") for bus in ("a", "default", "b")
    ]


def test_mail_is_sent_as_an_address_and_its_domain() -> None:
    sent = asked(
        "sesv2", "SendEmail", FromEmailAddress="House <no@house.example>", Content={"Raw": {"Data": b""}}
    )

    assert set(sent) == {
        (f"ses:{action}", f"arn:aws:ses:{HERE}:identity/{identity}")
        for action in ("SendEmail", "SendRawEmail")
        for identity in ("no@house.example", "house.example")
    }


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "action", "resource"),
    [
        ("stepfunctions", "StartExecution", {"stateMachineArn": MACHINE}, "states:StartExecution", MACHINE),
        ("stepfunctions", "SendTaskSuccess", {"stateMachineArn": MACHINE}, "states:SendTaskSuccess", MACHINE),
        ("stepfunctions", "StopExecution", {"executionArn": "arn:x"}, "states:StopExecution", "arn:x"),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "f"},
            "lambda:InvokeFunction",
            f"arn:aws:lambda:{HERE}:function:f",
        ),
        (
            "secretsmanager",
            "GetSecretValue",
            {"SecretId": "robo/dev/a"},
            "secretsmanager:GetSecretValue",
            f"arn:aws:secretsmanager:{HERE}:secret:robo/dev/a",
        ),
        (
            "bedrock-runtime",
            "InvokeModel",
            {"modelId": "m"},
            "bedrock:InvokeModel",
            "arn:aws:bedrock:eu-central-1::foundation-model/m",
        ),
        ("rds", "DescribeDBInstances", {}, "rds:DescribeDBInstances", f"arn:aws:rds:{HERE}:db:*"),
        (
            "rds-db",
            "connect",
            {"DbiResourceId": "db-1", "DBUser": "robo_app"},
            "rds-db:connect",
            f"arn:aws:rds-db:{HERE}:dbuser:db-1/robo_app",
        ),
    ],
)
def test_other_services(
    service: str, operation: str, parameters: dict[str, str], action: str, resource: str
) -> None:
    assert asked(service, operation, **parameters) == [(action, resource)]


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("s3", "SelectObjectContent", OBJECT),
        ("dynamodb", "GetItem", {}),
        ("s3", "GetObject", {"Bucket": "b"}),
        ("sqs", "SendMessage", {}),
        ("events", "PutEvents", {"Entries": []}),
        ("s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": []}}),
    ],
)
def test_what_nobody_knows_is_an_error(service: str, operation: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(UnknownCall, match=f"{service} {operation}"):
        needs(Call(service, operation, parameters), PLACE)


def test_every_known_operation_is_one_of_botocore() -> None:
    import botocore.session

    session = botocore.session.Session()
    known = {
        service: set(session.get_service_model(service).operation_names)
        for service in {service for service, _ in operations()} - {"rds-db"}
    }

    assert [(s, o) for s, o in sorted(operations()) if s in known and o not in known[s]] == []
