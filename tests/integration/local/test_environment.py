"""What the product's functions find in their environment on one machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infra.catalog import CATALOG, Secret
from infra.local.aws.realise import definition
from infra.local.aws.secret_file import SIGNING_KEY, load_secrets
from infra.local.engines import Engines
from infra.local.environment import HOUSE_TENANT_ID, Parts, environment_for, installed, missing
from shared import settings

PARTS = Parts(
    database_host="/run/pg",
    database_port=5432,
    database_name="roboagency",
    database_user="robo_app",
    database_owner="robo_owner",
    database_system_user="robo_system",
    cache_url="unix:///run/redis",
    aws_url="http://127.0.0.1:1",
    vectors_url="http://127.0.0.1:2",
    model_url="http://127.0.0.1:3",
)
SECRETS = {SIGNING_KEY: "signing"}


def _values(**given: str) -> dict[str, str]:
    return environment_for(CATALOG, PARTS, SECRETS, given)


def test_no_function_lacks_a_setting() -> None:
    assert missing(CATALOG.on_one_machine(), _values()) == {}
    assert missing(CATALOG, {})["agency.intake"]


@pytest.mark.parametrize(
    "name",
    sorted({name for function in CATALOG.on_one_machine().functions for name in function.settings}),
)
def test_every_settings_class_loads(name: str) -> None:
    kind: type[settings.Settings] = getattr(settings, name)

    assert kind.load(_values())


def test_the_choices_of_one_machine() -> None:
    values = _values()

    assert settings.IntakeSettings.load(values).intake_per_hour == 600
    assert settings.RunSettings.load(values).run_stall_seconds == 0
    assert settings.RunSettings.load(values).house_tenant_id == HOUSE_TENANT_ID
    assert settings.DatabaseSettings.load(values).database_tls == "disable"
    assert settings.DatabaseSettings.load(values).database_login == "trust"
    assert settings.EmbeddingSettings.load(values).embedding_provider == "minilm"
    assert settings.VectorSettings.load(values).vectors_certificate_secret == ""
    assert settings.ModelSettings.load(values).anthropic_base_url == "http://127.0.0.1:3"
    webhook = settings.WebhookSettings.load(values)
    assert webhook.webhook_private_addresses == "allow"


def test_the_shell_decides_some_things_and_no_others() -> None:
    values = _values(
        INTAKE_PER_HOUR="3",
        EMBEDDING_PROVIDER="hashed",
        DATABASE_HOST="elsewhere",
        AWS_ENDPOINT_URL="https://aws",
        NO_PROXY="corp",
    )

    assert values["INTAKE_PER_HOUR"] == "3"
    assert values["EMBEDDING_PROVIDER"] == "hashed"
    assert values["DATABASE_HOST"] == "/run/pg"
    assert values["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert values["NO_PROXY"] == "127.0.0.1,corp,localhost"


def test_the_environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    before = dict(os.environ)

    with installed(_values()):
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["AWS_REGION"] == "us-east-1"

    assert dict(os.environ) == before


def test_secrets_are_made_once(tmp_path: Path) -> None:
    path = tmp_path / "state" / "secrets.json"
    first = load_secrets(path, CATALOG.secrets, {"ANTHROPIC_API_KEY": "sk-ant-mine"})
    written = path.read_bytes()
    again = load_secrets(path, CATALOG.secrets, {})

    assert b"sk-ant-mine" not in written
    assert path.read_bytes() == written
    assert first.pop("model-key") == "sk-ant-mine"
    assert again.pop("model-key") == "offline"
    assert first == again
    assert len(set(first.values())) == len(first)
    added = load_secrets(path, [*CATALOG.secrets, Secret("new", True, "came later")], {})
    assert added["new"]
    assert {name: added[name] for name in first} == first


@pytest.mark.parametrize(
    ("given", "offline"),
    [({}, True), ({"ANTHROPIC_API_KEY": "k"}, False), ({"ANTHROPIC_BASE_URL": "http://other"}, False)],
)
def test_with_a_key_claude_is_asked(tmp_path: Path, given: dict[str, str], offline: bool) -> None:
    wanted = Engines(CATALOG, tmp_path, {}, given)._wanted

    assert wanted == {"postgres": True, "redis": True, "qdrant": True, "model": offline}


def test_the_gaps_of_a_workflow_are_filled_and_paths_are_left(tmp_path: Path) -> None:
    workflow = CATALOG.workflows[0]
    folder = (tmp_path / workflow.definition).parent
    folder.mkdir(parents=True)
    (tmp_path / workflow.definition).write_text(
        '{"States": {"A": {"Arn": "${AgentsThink}", "In.$": "$.a", "Name.$": "$$.Execution.Name"}}}'
    )

    filled = definition(workflow, CATALOG, tmp_path)

    assert '"arn:aws:lambda:us-east-1:123456789012:function:robo-local-agents-think"' in filled
    assert '"In.$": "$.a"' in filled
    assert '"Name.$": "$$.Execution.Name"' in filled
    assert '"TimeoutSeconds": 86400' in filled
    (tmp_path / workflow.definition).write_text('{"A": "${NobodyKnows}"}')
    with pytest.raises(KeyError, match="NobodyKnows"):
        definition(workflow, CATALOG, tmp_path)
