"""`python -m infra.local up`: starting, starting twice, ending, dying."""

from __future__ import annotations

import json
import shlex
import signal
import socket
import stat
import subprocess
import urllib.request
from collections.abc import Callable

import psutil  # type: ignore[import-untyped]
import pytest

from tests.integration.local.conftest import PATIENCE, System, eventually

Start = Callable[..., System]


def _health(system: System) -> dict[str, object]:
    with urllib.request.urlopen(f"{system.url}/_local/health") as answer:
        found: dict[str, object] = json.loads(answer.read())
    return found


def _said(system: System) -> str:
    assert system.process.stdout is not None
    return "\n".join([*system.output, system.process.stdout.read()])


def test_it_says_where_to_look(system: System) -> None:
    said = "\n".join(system.output)

    assert f"{system.url}/v1" in said
    assert f"{system.url}/_local/" in said
    assert str(system.folder / "logs") in said


def test_secrets_are_their_owners_alone(system: System) -> None:
    path = system.folder / "secrets.json"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert system.secrets["webhook-key"].startswith("whsec_")
    assert "model-key" not in system.secrets
    manager = system.aws("secretsmanager")
    said = {
        name: manager.get_secret_value(SecretId=f"robo/local/{name}")["SecretString"]
        for name in ("capability-key", "webhook-key", "vectors-key", "model-key")
    }
    assert said == {
        **{name: system.secrets[name] for name in ("capability-key", "webhook-key", "vectors-key")},
        "model-key": "offline",
    }


def test_what_the_catalog_says_is_there(system: System) -> None:
    queues = {url.rsplit("/", 1)[1] for url in system.aws("sqs").list_queues()["QueueUrls"]}
    redrive = system.aws("sqs").get_queue_attributes(
        QueueUrl=system.aws("sqs").get_queue_url(QueueName="robo-local-low")["QueueUrl"],
        AttributeNames=["RedrivePolicy", "VisibilityTimeout"],
    )["Attributes"]
    rules = system.aws("events").list_rules(EventBusName="agent-analytics")["Rules"]

    assert {"robo-local-high", "robo-local-high-dlq", "robo-local-low", "robo-local-low-dlq"} <= queues
    assert json.loads(redrive["RedrivePolicy"]) == {
        "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:robo-local-low-dlq",
        "maxReceiveCount": 5,
    }
    assert redrive["VisibilityTimeout"] == "60"
    assert {rule["Name"]: json.loads(rule["EventPattern"]) for rule in rules}["urgent"] == {
        "detail-type": ["asked"],
        "detail": {"priority": ["high"]},
    }


def test_a_second_start_leaves_the_first_alone(system: System, start: Start) -> None:
    second = start("--port", "0", folder=system.folder, wait=False)

    assert second.process.wait(PATIENCE) == 3
    assert f"already running (pid {system.process.pid}) at {system.url}" in _said(second)
    assert _health(system)["status"] == "ok"


def test_a_taken_port_is_told(start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = start("--port", str(port), wait=False)

        assert refused.process.wait(PATIENCE) == 1

    assert f"did not start: port {port} on 127.0.0.1 cannot be used" in _said(refused)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_it(start: Start, number: int, status: int) -> None:
    running = start()
    about = running.about

    assert running.end(number) == status

    assert not (running.folder / "target.json").exists()
    for url in (about["url"], about["aws_url"]):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(url.rsplit(":", 1)[1]))) != 0
    assert "Traceback" not in _said(running)


def test_a_signal_during_the_start_ends_it_as_well(start: Start) -> None:
    running = start("--port", "0", wait=False, engines=True)
    eventually(lambda: (running.folder / "postgres").exists())
    children = running.children()

    assert running.end(signal.SIGINT) == 130

    assert psutil.wait_procs(children, timeout=PATIENCE)[1] == []
    assert "Traceback" not in _said(running)


def test_engines_start_work_and_end(start: Start) -> None:
    running = start(engines=True)

    assert _health(running) == {
        "status": "ok",
        "parts": dict.fromkeys(("API", "AWS", "Previews", "PostgreSQL", "Redis", "Qdrant", "Logs"), "ok"),
    }
    children = running.children()
    assert {"postgres", "redis-server"} <= {child.name() for child in children}
    asked = [*shlex.split(running.about["psql"]), "-Atc", "SELECT 6 * 7"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == "42\n"

    running.process.kill()
    running.process.wait(PATIENCE)
    assert psutil.wait_procs(children, timeout=PATIENCE)[1] == [], "children die with their parent"

    again = start(engines=True)
    assert _health(again)["status"] == "ok"
    children = again.children()
    assert again.end(signal.SIGINT) == 130
    assert psutil.wait_procs(children, timeout=PATIENCE)[1] == []
