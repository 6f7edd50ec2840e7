"""The database: nobody reaches it from outside or in plain text, and it can be brought back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from infra.assembly.database_sizes import (
    DATABASE_CONNECTIONS,
    RESERVED_CONNECTIONS,
    connections_for_functions,
    database_connections,
)
from infra.catalog import CATALOG
from shared.periods import POINT_IN_TIME
from tests.infrastructure.stores import STAGES, only, resources, stage_of, stores
from tests.infrastructure.test_synthesis import surroundings


def parameters(stage: str) -> dict[str, str]:
    found: dict[str, str] = only(stores(stage), "AWS::RDS::DBParameterGroup")["Parameters"]
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_the_database_is_private_takes_tokens_and_speaks_tls_only(stage: str) -> None:
    instance = only(stores(stage), "AWS::RDS::DBInstance")

    assert instance["EngineVersion"].startswith("18.")
    assert instance["PubliclyAccessible"] is False
    assert instance["EnableIAMDatabaseAuthentication"] is True
    assert instance["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in instance
    assert parameters(stage)["rds.force_ssl"] == "1"


@pytest.mark.parametrize("stage", STAGES)
def test_the_database_is_encrypted_with_the_key_of_the_stage(stage: str) -> None:
    instance = only(stores(stage), "AWS::RDS::DBInstance")

    assert instance["StorageEncrypted"] is True
    assert "Key" in instance["KmsKeyId"]["Fn::ImportValue"]


@pytest.mark.parametrize("stage", STAGES)
def test_the_database_can_be_brought_back_to_any_moment_of_a_week(stage: str) -> None:
    instance = only(stores(stage), "AWS::RDS::DBInstance")

    assert instance["BackupRetentionPeriod"] == POINT_IN_TIME.active.days
    assert instance["CopyTagsToSnapshot"] is True


@pytest.mark.parametrize(
    ("stage", "kept", "standby"), [("dev", False, False), ("staging", True, False), ("prod", True, True)]
)
def test_stages_that_keep_data_protect_it(stage: str, kept: bool, standby: bool) -> None:
    (resource,) = resources(stores(stage), "AWS::RDS::DBInstance").values()

    assert resource["Properties"]["DeletionProtection"] is kept
    assert resource["Properties"]["DeleteAutomatedBackups"] is not kept
    assert resource["DeletionPolicy"] == ("Snapshot" if kept else "Delete")
    assert resource["Properties"]["MultiAZ"] is standby


def test_prod_copies_its_backups_to_another_region_with_that_regions_key() -> None:
    copied = {stage: only(stores(stage), "AWS::RDS::DBInstance") for stage in STAGES}

    assert {stage: i.get("AutomaticBackupReplicationRegion") for stage, i in copied.items()} == {
        "dev": None,
        "staging": None,
        "prod": stage_of("prod").copies_region,
    }
    prod = copied["prod"]
    assert prod["AutomaticBackupReplicationRetentionPeriod"] == prod["BackupRetentionPeriod"]
    key = json.dumps(prod["AutomaticBackupReplicationKmsKeyId"])
    assert stage_of("prod").copies_region in key
    assert "alias/robo-prod-copies" in key


@pytest.mark.parametrize("stage", STAGES)
def test_the_number_of_connections_is_that_of_the_class(stage: str) -> None:
    wanted = database_connections(stage_of(stage).database_class)

    assert parameters(stage)["max_connections"] == str(wanted)


@pytest.mark.parametrize("class_", DATABASE_CONNECTIONS)
def test_no_class_is_given_more_connections_than_rds_would_give_it(class_: str) -> None:
    """RDS: LEAST({DBInstanceClassMemory/9531392}, 5000), of a memory that is below the class's own."""
    gib = {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32}[class_.split(".")[1]]
    most = min(5000, gib * (2 if class_.startswith("r") else 1) * 2**30 // 9_531_392)

    assert RESERVED_CONNECTIONS < DATABASE_CONNECTIONS[class_] <= most
    assert connections_for_functions(class_) == DATABASE_CONNECTIONS[class_] - RESERVED_CONNECTIONS


def test_a_class_that_nobody_sized_is_named() -> None:
    with pytest.raises(ValueError, match=r"db\.t9\.tiny; there are t4g\.micro"):
        database_connections("t9.tiny")


def ingress(of: str, **changed: object) -> set[tuple[str, int]]:
    """Who may connect to the group whose logical id begins with `of`, and to which port."""
    return {
        (
            rule["Properties"]["SourceSecurityGroupId"]["Fn::GetAtt"][0][: -len("01234567")],
            rule["Properties"]["FromPort"],
        )
        for rule in resources(stores("dev", **changed), "AWS::EC2::SecurityGroupIngress").values()
        if rule["Properties"]["GroupId"]["Fn::GetAtt"][0].startswith(of)
    }


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_pays_for_a_proxy_unless_it_says_so(stage: str) -> None:
    assert len(resources(stores(stage), "AWS::RDS::DBProxy")) == stage_of(stage).database_proxy


def test_without_a_proxy_functions_alone_reach_the_database() -> None:
    assert ingress("DatabaseGroup") == {("FunctionsGroup", 5432)}


def test_a_proxy_takes_tokens_over_tls_and_shows_its_own() -> None:
    templates = stores("dev", database_proxy=True)
    proxy = only(templates, "AWS::RDS::DBProxy")
    pool = only(templates, "AWS::RDS::DBProxyTargetGroup")["ConnectionPoolConfigurationInfo"]

    assert proxy["RequireTLS"] is True
    assert proxy["DefaultAuthScheme"] == "IAM_AUTH"
    assert "Auth" not in proxy
    assert len(proxy["VpcSubnetIds"]) == 2
    assert pool["MaxConnectionsPercent"] < 100
    assert pool["ConnectionBorrowTimeout"] < 29
    assert ingress("ProxyGroup", database_proxy=True) == {("FunctionsGroup", 5432)}
    assert ("ProxyGroup", 5432) in ingress("DatabaseGroup", database_proxy=True)


def test_a_proxy_may_log_in_as_the_roles_of_requests_only() -> None:
    templates = stores("dev", database_proxy=True)
    (statement,) = only({"data": templates["data"]}, "AWS::IAM::Policy")["PolicyDocument"]["Statement"]

    assert statement["Action"] == "rds-db:connect"
    logins = [resource["Fn::Join"][1][-1].rsplit("/", 1)[1] for resource in statement["Resource"]]
    assert sorted(logins) == ["robo_app", "robo_system"]


def test_logins_are_those_of_an_instance_that_was_restored_and_took_the_name() -> None:
    from aws_cdk import App

    from infra.stacks.data import DataStack
    from infra.stacks.network import NetworkStack
    from infra.stacks.storage import StorageStack

    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-new"
    restored = {"database_resource_id": "db-RESTORED", "database_administrator_secret_arn": secret}
    stage = stage_of("dev", database_proxy=True, **restored)
    app = App(analytics_reporting=False)
    storage = StorageStack(app, "storage", stage=stage, catalog=CATALOG)
    network = NetworkStack(app, "network", stage=stage, catalog=CATALOG, logs=storage.logs)
    database = DataStack(app, "data", stage=stage, network=network, key=storage.key).database

    assert (database.resource_id, database.administrator_secret_arn) == ("db-RESTORED", secret)
    (policy,) = resources(stores("dev", database_proxy=True, **restored), "AWS::IAM::Policy").values()
    assert "dbuser:db-RESTORED/robo_app" in str(policy)
    for wrong in (
        {"database_resource_id": "robo-prod"},
        {"database_administrator_secret_arn": "robo/prod/x"},
    ):
        with pytest.raises(ValueError, match="database"):
            stage_of("dev", **wrong)


def reached(name: str, around: Any) -> str:
    from infra.constructs.environment import environment, known_values

    return environment(CATALOG.function(name), known_values(around))["DATABASE_HOST"]


@pytest.mark.parametrize("proxied", [True, False])
def test_requests_go_through_the_proxy_and_the_owner_to_the_instance(proxied: bool) -> None:
    from infra.constructs.surroundings import Proxy

    names = {"bucket_names": CATALOG.buckets, "secret_arns": CATALOG.secrets}
    around = replace(
        surroundings(), **{key: {thing.name: "x" for thing in things} for key, things in names.items()}
    )
    proxy = Proxy("proxy", "prx-1") if proxied else None
    around = replace(around, database=replace(around.database, proxy=proxy))

    assert reached("agency.runs", around) == ("proxy" if proxied else "db")
    assert reached("identity.relay_outbox", around) == ("proxy" if proxied else "db")
    assert reached("stewardship.migrate_database", around) == "db"
    assert reached("stewardship.maintain_partitions", around) == "db"
    for login, through in (
        ("robo_app", True),
        ("robo_system", True),
        ("robo_owner", False),
        ("robo_admin", False),
    ):
        resource = "prx-1" if proxied and through else "db-1"
        assert around.database_login_arn(login).endswith(f"dbuser:{resource}/{login}")
