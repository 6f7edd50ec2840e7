"""What is kept: for how long, how safely, and who can get at it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.assembly.templates import Templates
from infra.catalog import CATALOG
from shared.periods import PERIODS, Span
from tests.infrastructure.stores import STAGES, Resource, only, resources, stage_of, stores

# Prefix, the period of the table, and which part of it: every object that S3 ends.
TABLE = {
    "assets": {("exports/", "exports", "active")},
    "handoff": {("", "handoff", "active")},
    "backups": {("daily/", "daily dumps", "active"), ("monthly/", "monthly dumps", "active")},
    "archive": {("events/", "events", "archived"), ("campaigns/", "campaigns", "archived")},
    "access-logs": {("", "logs", "active")},
    # What is in it ends when its uploader deletes it.
    "knowledge": set(),
}
REPLACED = {
    "assets": "replaced objects",
    "backups": "hidden backups",
    "archive": "replaced objects",
    "knowledge": "replaced objects",
}
# To the next midnight (UTC): docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
ROUNDING = 1


def days(period: str, part: str = "active") -> int:
    span: Span = getattr(PERIODS[period], part)
    return span.days


def buckets(templates: Templates, stack: str = "storage") -> dict[str, Resource]:
    """Properties by the name in the catalog; those of the other region without `-copies`."""
    found = {}
    for resource in templates[stack]["Resources"].values():
        if resource["Type"] == "AWS::S3::Bucket":
            name = resource["Properties"]["BucketName"]["Fn::Join"][1][0]
            found[name.split("-", 2)[2].rstrip("-").removesuffix("-copies")] = resource["Properties"]
    return found


def rules(bucket: Resource) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bucket["LifecycleConfiguration"]["Rules"]
    assert {rule["Status"] for rule in found} == {"Enabled"}
    return found


def ended(bucket: Resource) -> set[tuple[str, int]]:
    """Prefix and days of every rule that ends objects."""
    return {
        (rule.get("Prefix", ""), rule["ExpirationInDays"])
        for rule in rules(bucket)
        if "ExpirationInDays" in rule
    }


def replaced(bucket: Resource) -> set[int]:
    kept = [rule.get("NoncurrentVersionExpiration") for rule in rules(bucket)]
    return {rule["NoncurrentDays"] for rule in kept if rule}


@pytest.mark.parametrize("stage", STAGES)
def test_lifecycles_are_the_table_of_periods(stage: str) -> None:
    made = buckets(stores(stage))

    assert made.keys() == TABLE.keys() == {bucket.name for bucket in CATALOG.buckets}
    for name, bucket in made.items():
        assert ended(bucket) == {(prefix, days(period, part)) for prefix, period, part in TABLE[name]}
        assert replaced(bucket) == ({days(REPLACED[name])} if name in REPLACED else set())
        assert any("AbortIncompleteMultipartUpload" in rule for rule in rules(bucket))


@pytest.mark.parametrize("stage", STAGES)
def test_buckets_are_private_and_encrypted_with_the_key_of_the_stage(stage: str) -> None:
    for stack, template in stores(stage).items():
        keys = [k for k, resource in template["Resources"].items() if resource["Type"] == "AWS::KMS::Key"]
        for resource in template["Resources"].values():
            if resource["Type"] != "AWS::S3::Bucket":
                continue
            bucket = resource["Properties"]
            assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
            assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
            (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            by_default = encryption["ServerSideEncryptionByDefault"]
            if "LoggingConfiguration" in bucket:
                assert by_default["SSEAlgorithm"] == "aws:kms"
                assert by_default["KMSMasterKeyID"] == {"Fn::GetAtt": [keys[0], "Arn"]}, stack
                assert encryption["BucketKeyEnabled"] is True
            else:
                assert by_default == {"SSEAlgorithm": "AES256"}


@pytest.mark.parametrize("stage", STAGES)
def test_no_policy_of_a_bucket_lets_the_public_in(stage: str) -> None:
    templates = stores(stage)
    policies = resources(templates, "AWS::S3::BucketPolicy").values()

    assert len(policies) == len(resources(templates, "AWS::S3::Bucket"))
    for policy in policies:
        statements = policy["Properties"]["PolicyDocument"]["Statement"]
        plain = [s for s in statements if s.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}]
        assert [(s["Effect"], s["Action"]) for s in plain] == [("Deny", "s3:*")]
        for statement in statements:
            if statement["Effect"] == "Allow":
                assert statement["Principal"]["Service"] in (
                    "delivery.logs.amazonaws.com",
                    "logging.s3.amazonaws.com",
                )
                assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == {
                    "Ref": "AWS::AccountId"
                }


@pytest.mark.parametrize("stage", STAGES)
def test_every_access_is_logged_each_bucket_in_its_own_folder(stage: str) -> None:
    templates = stores(stage)
    for stack in {"storage", "copies"} & templates.keys():
        logged = {
            name: bucket["LoggingConfiguration"]["LogFilePrefix"]
            for name, bucket in buckets(templates, stack).items()
            if "LoggingConfiguration" in bucket
        }
        assert logged == {name: f"s3/{name}/" for name in logged}
        assert buckets(templates, stack).keys() - logged.keys() == {"access-logs"}


@pytest.mark.parametrize("stage", STAGES)
def test_keys_are_rotated_and_nobody_else_may_use_them(stage: str) -> None:
    for key in resources(stores(stage), "AWS::KMS::Key").values():
        assert key["Properties"]["EnableKeyRotation"] is True
        for statement in key["Properties"]["KeyPolicy"]["Statement"]:
            assert "AWS::AccountId" in json.dumps(statement["Principal"])


def test_stages_that_keep_data_lock_their_backups_and_leave_them_when_a_stack_goes() -> None:
    locked = {}
    for stage in STAGES:
        templates = stores(stage)
        made = buckets(templates)
        locked[stage] = made["backups"].get("ObjectLockConfiguration")
        assert not [
            name for name, bucket in made.items() if name != "backups" and "ObjectLockEnabled" in bucket
        ]
        policies = {
            resource["DeletionPolicy"]
            for type_ in ("AWS::S3::Bucket", "AWS::KMS::Key")
            for resource in resources(templates, type_).values()
        }
        assert policies == {"Retain" if stage_of(stage).keeps_data else "Delete"}

    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": days("backup lock")}}
    wanted = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    assert locked == {"dev": None, "staging": wanted, "prod": wanted}


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_stays_in_backups_longer_than_erasure_promises(stage: str) -> None:
    """A dump is taken no later than the erasure from live stores; S3 hides it one day and deletes it another."""
    late = days("erasure from live stores")
    for stack in {"storage", "copies"} & stores(stage).keys():
        backups = buckets(stores(stage), stack)["backups"]
        (hidden,) = replaced(backups)
        lock = backups.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention", {"Days": 0})
        for prefix, kept in ended(backups):
            gone = max(kept + ROUNDING + hidden + ROUNDING, lock["Days"] + ROUNDING)
            assert late + gone <= days("erasure from backups"), prefix
    assert late + stage_of(stage).backup_days <= days("erasure from backups")


def test_there_is_always_a_monthly_copy() -> None:
    assert days("monthly dumps") >= 31


def test_prod_copies_its_backups_to_another_region_and_others_do_not() -> None:
    copied = {
        stage: [
            name for name, bucket in buckets(stores(stage)).items() if "ReplicationConfiguration" in bucket
        ]
        for stage in STAGES
    }

    assert copied == {"dev": [], "staging": [], "prod": ["backups"]}
    (rule,) = buckets(stores("prod"))["backups"]["ReplicationConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["Filter"] == {"Prefix": ""}
    assert rule["DeleteMarkerReplication"] == {"Status": "Disabled"}
    assert rule["SourceSelectionCriteria"] == {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    assert "robo-prod-backups-copies-" in json.dumps(rule["Destination"]["Bucket"])
    key = json.dumps(rule["Destination"]["EncryptionConfiguration"]["ReplicaKmsKeyID"])
    assert stage_of("prod").copies_region in key
    assert "alias/robo-prod-copies" in key


def test_the_copy_is_as_safe_as_its_original_and_named_as_it_is_expected() -> None:
    templates = stores("prod")
    original, copy = buckets(templates)["backups"], buckets(templates, "copies")["backups"]

    for property_ in ("VersioningConfiguration", "LifecycleConfiguration", "ObjectLockConfiguration"):
        assert copy[property_] == original[property_]
    (alias,) = [
        resource["Properties"]["AliasName"]
        for resource in templates["copies"]["Resources"].values()
        if resource["Type"] == "AWS::KMS::Alias"
    ]
    assert alias == "alias/robo-prod-copies"


def test_who_copies_can_neither_delete_nor_use_another_key() -> None:
    policy = only({"storage": stores("prod")["storage"]}, "AWS::IAM::Policy")
    statements = policy["PolicyDocument"]["Statement"]
    actions = {
        action
        for s in statements
        for action in (s["Action"] if isinstance(s["Action"], list) else [s["Action"]])
    }

    assert not {action for action in actions if "Delete" in action or "*" in action}
    assert {
        "s3:ReplicateObject",
        "s3:GetObjectVersionForReplication",
        "kms:Decrypt",
        "kms:Encrypt",
    } <= actions
    for statement in statements:
        if "kms:" in json.dumps(statement["Action"]):
            asked = statement["Condition"]["StringEquals"]
            assert asked.keys() == {"kms:ViaService", "kms:EncryptionContext:aws:s3:arn"}
    (abroad,) = [s for s in statements if "kms:Encrypt" in s["Action"]]
    assert abroad["Condition"]["ForAnyValue:StringEquals"] == {
        "kms:ResourceAliases": "alias/robo-prod-copies"
    }
