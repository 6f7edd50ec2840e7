"""Buckets: what the catalog says of them in a stage, and what a template holds."""

from __future__ import annotations

from typing import Any

from infra.assembly.stage import Stage, read_context
from infra.catalog import Bucket, Catalog
from infra.equality.inventory import Inventory
from infra.equality.templates import Resource, Templates

Rule = tuple[str, int | None, int | None]
"""A lifecycle: prefix, days until the object ends, days until it moves to Glacier Instant Retrieval."""


def lifecycles(bucket: Bucket) -> tuple[Rule, ...]:
    """What the catalog says, by prefix."""
    return tuple(sorted((rule.prefix, rule.days, rule.cold_days) for rule in bucket.lifecycles))


def replaced_days(bucket: Bucket) -> int | None:
    """How long replaced versions are kept."""
    return None if bucket.replaced is None else bucket.replaced.active.days


def describe_buckets(catalog: Catalog, stage_name: str, found: Inventory) -> None:
    """Add every bucket of a stage, and its namesakes in the other region; of one machine when it is no stage."""
    context = read_context()
    stage = Stage.from_context(stage_name, context) if stage_name in context["stages"] else None
    region = "" if stage is None else stage.copies_region
    keeps_data = stage is not None and stage.keeps_data
    for bucket in catalog.buckets:
        _describe(found, bucket.name, bucket, locked=keeps_data, copied=bucket.copied and bool(region))
        if region and (bucket.copied or bucket.takes_logs):
            _describe(found, f"{bucket.name}-copies", bucket, locked=keeps_data, copied=False)


def _describe(found: Inventory, name: str, bucket: Bucket, *, locked: bool, copied: bool) -> None:
    lock = bucket.locked if locked else None
    found.add(
        "bucket",
        name,
        versioned=bucket.versioned,
        lifecycles=lifecycles(bucket),
        replaced_days=replaced_days(bucket),
        locked_days=None if lock is None else lock.active.days,
        copied=copied,
        private=True,
        encryption="AES256" if bucket.takes_logs else "aws:kms",
        access_logged=not bucket.takes_logs,
        announces=bucket.announces,
    )


def read_buckets(templates: Templates, found: Inventory) -> None:
    """Add every bucket of the templates."""
    for bucket in templates.of_type("AWS::S3::Bucket"):
        found.add("bucket", templates.name(bucket, "BucketName"), **_facts(bucket))


def _facts(bucket: Resource) -> dict[str, Any]:
    properties = bucket.properties
    rules = [
        rule
        for rule in properties.get("LifecycleConfiguration", {}).get("Rules", [])
        if rule["Status"] == "Enabled"
    ]
    replaced = [rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays") for rule in rules]
    retention = (
        properties.get("ObjectLockConfiguration", {})
        .get("Rule", {})
        .get("DefaultRetention", {"Mode": "COMPLIANCE", "Days": None})
    )
    copies = properties.get("ReplicationConfiguration", {}).get("Rules", [])
    by_default = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [{}])[0]
    return {
        "versioned": properties.get("VersioningConfiguration", {}).get("Status") == "Enabled",
        "lifecycles": tuple(sorted(_rule(rule) for rule in rules if "ExpirationInDays" in rule)),
        "replaced_days": min((days for days in replaced if days is not None), default=None),
        "locked_days": retention["Days"] if retention["Mode"] == "COMPLIANCE" else None,
        "copied": any(rule["Status"] == "Enabled" for rule in copies),
        "private": set(properties.get("PublicAccessBlockConfiguration", {}).values()) == {True},
        "encryption": by_default.get("ServerSideEncryptionByDefault", {}).get("SSEAlgorithm"),
        "access_logged": "LoggingConfiguration" in properties,
        "announces": properties.get("NotificationConfiguration", {})
        .get("EventBridgeConfiguration", {})
        .get("EventBridgeEnabled", False),
    }


def _rule(rule: dict[str, Any]) -> Rule:
    colder = [
        moved["TransitionInDays"]
        for moved in rule.get("Transitions", [])
        if moved["StorageClass"] == "GLACIER_IR"
    ]
    return rule.get("Prefix", ""), rule["ExpirationInDays"], min(colder, default=None)
