"""What boots functions sees what a function does wrong."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.catalog import Function, Zone
from infra.local.aws.runtime import LambdaContext
from tests.infrastructure.boot.environment import BootedFunction
from tests.infrastructure.boot.trees import Trees

Boot = Callable[[str], BootedFunction]


@pytest.fixture
def boot(trees: Trees, tmp_path: Path, hands: list[BootedFunction]) -> Boot:
    """Starts the handler of a module with that source, on its own: without layers."""

    def start(source: str, handler: str = "tides.handler") -> BootedFunction:
        code = tmp_path / "code"
        code.mkdir()
        (code / "tides.py").write_text(source, encoding="utf-8")
        function = Function("try.tides", handler, Zone.EDGE, "Tries", layers=())
        booted = BootedFunction(
            function, Trees(replace(trees.built, code=code), trees.client), {}, tmp_path, "try"
        )
        hands.append(booted)
        booted.start()
        return booted

    return start


def context(seconds: float = 30.0) -> LambdaContext:
    return LambdaContext("try", 128, str(uuid.uuid4()), "arn:try", time.monotonic() + seconds)


def report_of(booted: BootedFunction) -> dict[str, Any]:
    assert booted.until_ready(60.0) is None
    found: dict[str, Any] = json.loads(booted.report_file.read_text(encoding="utf-8"))
    return found


def test_an_event_comes_in_and_the_answer_out(boot: Boot) -> None:
    booted = boot(
        "def handler(event, context): return {'tide': event['tide'], 'left': context.function_name}\n"
    )

    assert report_of(booted)["did"] == []
    for tide in ("ebb", "flood"):
        outcome = booted.invoke(json.dumps({"tide": tide}).encode(), context())
        assert (outcome.failed, json.loads(outcome.payload)["tide"]) == (False, tide)


@pytest.mark.parametrize(
    ("handler", "kind"),
    [("tides.nobody", "Runtime.HandlerNotFound"), ("moon.handler", "Runtime.ImportModuleError")],
)
def test_a_handler_that_is_not_there_is_an_error_of_initialisation(
    trees: Trees, tmp_path: Path, hands: list[BootedFunction], handler: str, kind: str
) -> None:
    (tmp_path / "tides.py").touch()
    function = Function("try.tides", handler, Zone.EDGE, "Tries", layers=())
    booted = BootedFunction(
        function, Trees(replace(trees.built, code=tmp_path), trees.client), {}, tmp_path, "try"
    )
    hands.append(booted)
    booted.start()

    outcome = booted.until_ready(60.0)

    assert outcome is not None
    assert outcome.error_type == kind


def test_a_connection_at_import_is_seen_by_the_interpreter_and_by_the_kernel(
    boot: Boot, own_sockets: int
) -> None:
    booted = boot(
        "import socket\nlistening = socket.create_server(('127.0.0.1', 0))\n"
        "kept = socket.create_connection(listening.getsockname())\ndef handler(event, context): return 1\n"
    )

    did = report_of(booted)["did"]
    assert any(one.startswith("socket.connect") for one in did)
    assert booted.at_first_next["sockets"] == own_sockets + 2


def test_a_thread_and_a_lock_at_import_are_seen(boot: Boot) -> None:
    booted = boot(
        "import fcntl, threading\nkept = open(__file__)\nfcntl.flock(kept, fcntl.LOCK_EX)\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "def handler(event, context): return 1\n"
    )

    report = report_of(booted)
    assert report["threads"] == 2
    assert any("fcntl.flock" in one for one in report["did"])
    assert booted.at_first_next["locks"] == 1


def test_a_module_from_elsewhere_is_seen(boot: Boot, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "stray.py").touch()
    booted = boot(
        f"import sys\nsys.path.append({str(tmp_path / 'elsewhere')!r})\nimport stray\n"
        "def handler(event, context): return 1\n"
    )

    assert set(report_of(booted)["foreign"]) == {"stray"}


def test_nothing_of_the_repository_can_be_imported(boot: Boot) -> None:
    booted = boot(
        "def handler(event, context):\n"
        "    import importlib.util as u\n"
        "    return [name for name in ('infra', 'tests', 'shared', 'boto3', 'pytest') if u.find_spec(name)]\n"
    )

    assert report_of(booted)["foreign"] == {}
    assert json.loads(booted.invoke(b"{}", context()).payload) == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("raise LookupError('no such tide')", "LookupError"),
        ("import os; os._exit(3)", "Runtime.ExitError"),
        ("import time; time.sleep(60)", "Sandbox.Timedout"),
    ],
)
def test_what_goes_wrong_has_lambdas_name(boot: Boot, body: str, kind: str) -> None:
    booted = boot(f"def handler(event, context):\n    {body}\n")
    assert booted.until_ready(60.0) is None

    outcome = booted.invoke(b"{}", context(seconds=1.0))

    assert (outcome.failed, outcome.error_type) == (True, kind)
