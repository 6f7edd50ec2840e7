"""What every secret store promises, and what the one of AWS keeps to itself."""

import logging
from typing import Any

import pytest

from shared.adapters.clock import FakeClock
from shared.adapters.secrets import FakeSecrets, SecretMissing, SecretsManagerStore, SecretStore
from shared.errors import DependencyUnavailable

_VALUE = "s3cr3t-välue"


def _manager() -> Any:
    import boto3

    return boto3.client("secretsmanager")


@pytest.fixture(params=["fake", "aws"])
def store(request: pytest.FixtureRequest) -> SecretStore:
    if request.param == "fake":
        return FakeSecrets({"robo/test/key": _VALUE, "robo/test/empty": ""})
    request.getfixturevalue("aws")
    client = _manager()
    client.create_secret(Name="robo/test/key", SecretString=_VALUE)
    client.create_secret(Name="robo/test/empty")
    return SecretsManagerStore(client, FakeClock())


def test_a_secret_is_read_by_its_name(store: SecretStore) -> None:
    assert store.read("robo/test/key") == _VALUE
    assert store.read("robo/test/key") == _VALUE


@pytest.mark.parametrize("name", ["robo/test/other", "robo/test/empty"])
def test_a_secret_without_a_value_is_missing(store: SecretStore, name: str) -> None:
    with pytest.raises(SecretMissing) as caught:
        store.read(name)

    assert name in caught.value.message
    assert caught.value.status == 500, "a missing secret is our fault, not the caller's"


def test_values_show_in_no_representation(store: SecretStore) -> None:
    store.read("robo/test/key")

    assert _VALUE not in repr(store)
    assert _VALUE not in str(store)


@pytest.mark.usefixtures("aws")
def test_a_rotated_secret_arrives_after_five_minutes() -> None:
    client, clock = _manager(), FakeClock()
    client.create_secret(Name="key", SecretString="old")
    store = SecretsManagerStore(client, clock)
    assert store.read("key") == "old"
    client.put_secret_value(SecretId="key", SecretString="new")

    clock.advance(299)
    assert store.read("key") == "old"
    clock.advance(1)
    assert store.read("key") == "new"


@pytest.mark.usefixtures("aws")
def test_a_secret_that_is_forgotten_is_asked_for_again() -> None:
    client = _manager()
    client.create_secret(Name="key", SecretString="old")
    store = SecretsManagerStore(client, FakeClock())
    assert store.read("key") == "old"
    client.put_secret_value(SecretId="key", SecretString="new")

    store.forget("other")
    assert store.read("key") == "old"
    store.forget("key")
    assert store.read("key") == "new"


@pytest.mark.usefixtures("aws")
def test_a_secret_marked_for_deletion_is_missing() -> None:
    client = _manager()
    client.create_secret(Name="key", SecretString="old")
    client.delete_secret(SecretId="key", RecoveryWindowInDays=7)

    with pytest.raises(SecretMissing):
        SecretsManagerStore(client, FakeClock()).read("key")


def test_an_outage_is_worth_another_attempt(caplog: pytest.LogCaptureFixture) -> None:
    from botocore.exceptions import ConnectTimeoutError

    class Silent:
        def get_secret_value(self, **_: str) -> None:
            raise ConnectTimeoutError(endpoint_url="https://secretsmanager.invalid")

    with caplog.at_level(logging.DEBUG), pytest.raises(DependencyUnavailable):
        SecretsManagerStore(Silent(), FakeClock()).read("key")
