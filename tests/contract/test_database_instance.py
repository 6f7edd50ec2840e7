"""What RDS says about the instance, asked over its real protocol."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from shared.adapters.database_instance import RdsInstance
from shared.errors import AppError, DependencyUnavailable

NAME = "robo-dev"


@pytest.fixture
def client(aws: None) -> Any:
    """boto3's client of RDS, answered by moto."""
    import boto3

    return boto3.client("rds")


def test_an_instance_says_up_to_when_it_can_be_restored(client: Any) -> None:
    client.create_db_instance(
        DBInstanceIdentifier=NAME, DBInstanceClass="db.t4g.micro", Engine="postgres", AllocatedStorage=20
    )

    moment = RdsInstance(client, NAME).latest_restorable_time()

    assert moment is not None
    assert moment.tzinfo is not None
    assert moment <= datetime.now(UTC)


def test_an_instance_that_is_not_there_is_an_error(client: Any) -> None:
    with pytest.raises(AppError, match="DBInstanceNotFound"):
        RdsInstance(client, NAME).latest_restorable_time()


@pytest.mark.parametrize(
    ("answer", "moment"),
    [
        ({}, None),
        (
            {"LatestRestorableTime": datetime(2026, 11, 22, 13, tzinfo=UTC)},
            datetime(2026, 11, 22, 13, tzinfo=UTC),
        ),
    ],
    ids=["before the first backup", "afterwards"],
)
def test_before_the_first_backup_there_is_no_moment(
    client: Any, answer: dict[str, Any], moment: datetime | None
) -> None:
    with Stubber(client) as stub:
        stub.add_response(
            "describe_db_instances",
            {"DBInstances": [{"DBInstanceIdentifier": NAME, **answer}]},
            {"DBInstanceIdentifier": NAME},
        )
        assert RdsInstance(client, NAME).latest_restorable_time() == moment


def test_a_busy_service_is_asked_again_later(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("describe_db_instances", "Throttling", http_status_code=400)
        with pytest.raises(DependencyUnavailable):
            RdsInstance(client, NAME).latest_restorable_time()
