"""The audit of a run sees what it is there to see: each lie about a sound kit is told as a breach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from infra.local.chaos.audit import breaches
from infra.local.chaos.instance import Instance, await_value
from infra.local.run.client import Client
from tests.e2e.system import Kit

Rows = list[dict[str, Any]]


class Lying(Instance):
    """A system of which one thing is told otherwise than it is."""

    def __init__(self, honest: Instance, **lies: Callable[[Any], Any]) -> None:
        super().__init__(honest.folder)
        self._about = honest._about
        self._lies = lies

    def _told(self, name: str, truth: Any) -> Any:
        return self._lies[name](truth) if name in self._lies else truth

    def fetch_all(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Rows:
        told: Rows = self._told("rows", super().fetch_all(sql, parameters))
        return told

    def object_versions(self, prefix: str) -> dict[str, int]:
        told: dict[str, int] = self._told("versions", super().object_versions(prefix))
        return told

    def paid_calls(self, run_id: str) -> list[str]:
        told: list[str] = self._told("calls", super().paid_calls(run_id))
        return told

    def webhooks(self, run_id: str) -> Rows:
        told: Rows = self._told("webhooks", super().webhooks(run_id))
        return told


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        ({"calls": lambda calls: [*calls, "demo"]}, "step demo was paid 2 times"),
        ({"calls": lambda calls: calls[:-1]}, "step launch was paid 0 times"),
        ({"versions": lambda found: found | dict.fromkeys(list(found)[:1], 2)}, "was written 2 times"),
        (
            {"versions": lambda found: found | {"projects/x": 1}},
            "projects/x is in the bucket and nobody's asset",
        ),
        ({"versions": lambda found: dict(list(found.items())[1:])}, "is an asset and not in the bucket"),
        ({"webhooks": lambda found: found[:0]}, "0 different webhooks arrived"),
        ({"webhooks": lambda found: [*found, found[0] | {"id": "another"}]}, "2 different webhooks arrived"),
        ({"webhooks": lambda found: [found[0] | {"verified": False}]}, "has no valid signature"),
        ({"rows": lambda rows: rows * 2}, "an asset is there 2 times: docs/prd.md"),
        ({"rows": lambda rows: rows * 2}, "marketing.email_campaigns has 2 rows of the run, not 1"),
        ({"rows": lambda rows: [row | {"calls": 1} for row in rows]}, "its calls 1"),
        ({"rows": lambda rows: [row | {"reserved": 5} for row in rows]}, "5 are still reserved"),
    ],
)
def test_what_is_wrong_is_told(
    system: Instance, kit: Kit, lie: dict[str, Callable[[Any], Any]], told: str
) -> None:
    found = breaches(Lying(system, **lie), kit.client, kit.run)
    assert any(told in breach for breach in found), found


def test_the_same_webhook_again_is_no_second_one(system: Instance, kit: Kit) -> None:
    assert breaches(Lying(system, webhooks=lambda found: found * 2), kit.client, kit.run) == []


def test_a_run_that_spent_otherwise_or_too_much_is_told(system: Instance, kit: Kit) -> None:
    run = kit.run | {"spent_microusd": kit.run["budget_microusd"] + 1}
    found = breaches(system, kit.client, run)
    assert len(found) == 2
    assert found[0].startswith(
        f"the run spent {run['spent_microusd']}, its steps {kit.run['spent_microusd']}"
    )
    assert found[1].endswith(f"were spent of a budget of {run['budget_microusd']}")


def test_a_run_that_failed_is_told_with_its_reason(system: Instance, kit: Kit) -> None:
    run = kit.run | {"status": "failed", "error_code": "ModelRefused", "error_message": "The model refused."}
    assert breaches(system, kit.client, run) == ["the run is failed: ModelRefused: The model refused."]


class _Forgetful(Client):
    """Shows a kit without its requirements document, or another's bytes in its place."""

    swaps = False

    def assets(self, project_id: str, run_id: str) -> Rows:
        found = super().assets(project_id, run_id)
        prd = next(asset for asset in found if asset["path"] == "docs/prd.md")
        if self.swaps:
            prd["url"] = next(asset["url"] for asset in found if asset["path"] == "docs/script.md")
            return found
        return [asset for asset in found if asset is not prd]


def test_a_kit_with_a_missing_or_another_file_is_told(system: Instance, kit: Kit) -> None:
    client = _Forgetful(system.url, kit.client.token)
    assert "docs/prd.md is missing" in breaches(system, client, kit.run)
    client.swaps = True
    assert breaches(system, client, kit.run) == ["docs/prd.md is not what the API said it is"]


def test_what_does_not_come_about_is_said() -> None:
    with pytest.raises(TimeoutError, match="after 0 s: the moon is square"):
        await_value(lambda: None, 0, "the moon is square")
