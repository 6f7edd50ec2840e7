"""One machine holds what the catalog says, and so what the templates hold."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infra.catalog import CATALOG
from infra.equality.described import described
from infra.equality.differences import compare
from infra.equality.inventory import Inventory

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"bucket", "bus", "dead-letter queue", "function", "queue", "rule", "secret", "workflow"}


def plain(value: object) -> object:
    """As JSON gives it back."""
    return json.loads(json.dumps(value))


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    folder = tmp_path_factory.mktemp("local")
    command = [sys.executable, "-m", "tests.infrastructure.local_inventory", str(folder)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    found = Inventory()
    for kind, name, facts in json.loads(ended.stdout):
        found.add(kind, name, **facts)
    return found


def expected(there: Inventory) -> Inventory:
    """What the catalog says of these kinds, with the facts that AWS APIs of one machine tell."""
    wanted = Inventory()
    told = {kind: set(facts) for (kind, _), facts in there.facts.items()}
    for (kind, name), facts in described(CATALOG.on_one_machine(), "local").facts.items():
        if kind not in KINDS:
            continue
        known = {fact: plain(value) for fact, value in facts.items() if fact in told.get(kind, facts)}
        wanted.add(kind, name, **known)
    for workflow in CATALOG.workflows:
        names = (CATALOG.function(name).deployed_name("local") for name in workflow.functions)
        facts = wanted.facts["workflow", workflow.deployed_name("local").removeprefix("robo-local-")]
        facts["listed"] = sorted(workflow.lists)
        facts["called"] = sorted(name.removeprefix("robo-local-") for name in names)
    return wanted


def test_one_machine_holds_what_the_catalog_says(local: Inventory) -> None:
    assert compare(expected(local), local) == []
    assert {kind for kind, _ in local.facts} == KINDS


def test_what_one_machine_lacks_is_missed(local: Inventory) -> None:
    for key in list(local.facts):
        rest = Inventory({other: facts for other, facts in local.facts.items() if other != key})
        kind, name = key
        assert compare(expected(local), rest) == [f"{kind} {name} is in the catalog and not realised"]
