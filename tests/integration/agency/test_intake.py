"""An idea comes in: lead, project, run and what starts it, once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from functions.agency import service
from functions.agency.api.intake import handler
from shared import bootstrap
from shared.adapters.bus import FakeBus
from shared.adapters.clock import FakeClock
from shared.adapters.limiter import InMemoryLimiter, Limiter
from shared.bootstrap import Container
from shared.db.unit_of_work import Database
from shared.http.capability import check
from tests.fixtures.engines import TestDatabase
from tests.integration.database.conftest import HOUSE
from tests.integration.database.rows import intake
from tests.unit.http.events import event

FORM = {"email": "ada@example.com", "idea": "Quota exchange for small harbours", "sector": "other"}
KEY = "a-key-of-this-test"


class Offline(Container):
    """A container on the test's database; the rest is in memory."""

    def __init__(self, bus: FakeBus, clock: FakeClock, limiter: Limiter) -> None:
        super().__init__()
        self.__dict__ |= {"bus": bus, "clock": clock, "limiter": limiter}

    @property
    def capability_key(self) -> str:
        """What signs tokens of runs."""
        return KEY


class Intake:
    """The handler, called as API Gateway does, in as many execution environments as there are threads."""

    def __init__(self, database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = {
            **database.environment(),
            "HOUSE_TENANT_ID": str(HOUSE),
            "INTAKE_PER_HOUR": "30",
            "TRUSTED_PROXIES": "1",
            "RUN_BUDGET_MICROUSD": "500000",
            "CAPABILITY_KEY_SECRET": "capability-key",
            "POWERTOOLS_TRACE_DISABLED": "true",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        self.bus, self.clock = FakeBus(), FakeClock()
        self.limiter = InMemoryLimiter(self.clock)
        self.own = threading.local()
        self._made: list[Offline] = []
        monkeypatch.setattr(bootstrap, "_environment", self.own)
        self.environment()

    def environment(self) -> None:
        """Give this thread a container."""
        self.own.container = Offline(self.bus, self.clock, self.limiter)
        self._made.append(self.own.container)

    def send(self, form: Any = None, key: str | None = None, address: str = "203.0.113.7") -> dict[str, Any]:
        headers = {"content-type": "application/json", "x-forwarded-for": address}
        if key is not None:
            headers["idempotency-key"] = key
        answer = handler(event(form or FORM, headers=headers), None)
        return {**answer, "json": json.loads(answer["body"])}

    def close(self) -> None:
        for made in self._made:
            made.database.close()


@pytest.fixture
def api(database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Intake]:
    """The way in."""
    made = Intake(database, monkeypatch)
    yield made
    made.close()


def rows(app: Database, table: str) -> list[dict[str, Any]]:
    with app.transaction(HOUSE) as work:
        return work.fetch_all(f"SELECT * FROM {table}")  # noqa: S608 - names of this file


def test_an_idea_becomes_a_lead_a_project_and_a_run_that_is_asked_for(api: Intake, app: Database) -> None:
    answer = api.send({**FORM, "constraints": {"eu_only": True}, "approval": True, "priority": "low"})

    assert answer["statusCode"] == 201
    made = answer["json"]
    assert answer["headers"]["location"] == f"/v1/runs/{made['run_id']}" == made["links"]["run"]
    (run,) = rows(app, "agency.workflow_runs")
    assert (str(run["id"]), run["status"], run["approval"]) == (made["run_id"], "queued", "required")
    assert (run["priority"], run["budget_microusd"], run["steps_total"]) == ("low", 500_000, 8)
    (project,) = rows(app, "agency.projects")
    assert (str(project["id"]), project["description"]) == (made["project_id"], FORM["idea"])
    assert project["settings"] == {"constraints": {"eu_only": True}}
    assert [row["status"] for row in rows(app, "agency.run_steps")] == ["pending"] * 8
    assert [sent.detail_type for sent in api.bus.published] == ["workflow_created", "run_requested"]
    detail = api.bus.published[1].detail
    assert (detail["run_id"], detail["priority"], detail["generation"]) == (made["run_id"], "low", 1)


def test_the_token_opens_this_project_until_it_says(api: Intake) -> None:
    made = api.send()["json"]

    opened = check(made["access_token"], KEY, api.clock.now())

    assert (opened.tenant_id, str(opened.project_id)) == (HOUSE, made["project_id"])
    assert opened.expires_at.isoformat() == made["expires_at"] == "2026-01-31T00:00:00+00:00"


def test_a_second_idea_of_a_person_is_a_second_project(api: Intake, app: Database) -> None:
    first = api.send({**FORM, "name": "Ada", "company": "Harbour"})
    second = api.send({**FORM, "email": "ADA@Example.com", "idea": "Another idea", "company": "Dock"})

    assert (first["statusCode"], second["statusCode"]) == (201, 201)
    assert first["json"]["project_id"] != second["json"]["project_id"]
    (lead,) = rows(app, "agency.leads")
    assert (lead["name"], lead["company"], lead["idea"]) == ("Ada", "Dock", "Another idea")
    assert len(rows(app, "agency.projects")) == 2


@pytest.mark.parametrize(("wanted", "given"), [(None, 500_000), (1_000, 1_000), (900_000_000, 500_000)])
def test_a_budget_stays_below_the_operators(
    api: Intake, app: Database, wanted: int | None, given: int
) -> None:
    api.send({**FORM, "budget_microusd": wanted} if wanted else FORM)

    assert [run["budget_microusd"] for run in rows(app, "agency.workflow_runs")] == [given]


def test_the_same_key_and_form_is_the_same_answer(api: Intake, app: Database) -> None:
    first = api.send(key="k")
    api.clock.advance(3600)
    again = api.send(key="k")

    assert again["statusCode"] == 201
    assert again["json"] == first["json"]
    assert len(rows(app, "agency.workflow_runs")) == 1
    assert len(api.bus.published) == 2


def test_the_same_key_with_another_form_is_422(api: Intake, app: Database) -> None:
    api.send(key="k")

    refused = api.send({**FORM, "idea": "Another idea"}, key="k")

    assert refused["statusCode"] == 422
    assert "another request" in refused["json"]["detail"]
    assert len(rows(app, "agency.projects")) == 1


def test_a_form_that_is_refused_uses_no_key(api: Intake, app: Database) -> None:
    assert api.send({**FORM, "email": "nobody"}, key="k")["statusCode"] == 422

    assert api.send(key="k")["statusCode"] == 201
    assert len(rows(app, "identity.idempotency_keys")) == 1


def test_twenty_at_once_with_one_key_have_one_effect(api: Intake, app: Database) -> None:
    start = threading.Barrier(20)
    answers: list[dict[str, Any]] = []

    def send() -> None:
        api.environment()
        start.wait()
        answers.append(api.send(key="k"))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    made = [answer for answer in answers if answer["statusCode"] == 201]
    others = [answer for answer in answers if answer["statusCode"] != 201]
    assert made
    assert len({answer["json"]["run_id"] for answer in made}) == 1
    assert {answer["statusCode"] for answer in others} <= {409}
    assert all(answer["headers"]["retry-after"] == "1" for answer in others)
    assert len(rows(app, "agency.workflow_runs")) == 1
    assert len(rows(app, "identity.outbox")) == 2
    assert api.send(key="k")["json"]["run_id"] == made[0]["json"]["run_id"]


def test_twenty_at_once_without_a_key_are_twenty_projects_of_one_lead(api: Intake, app: Database) -> None:
    start = threading.Barrier(20)
    statuses: list[int] = []

    def send() -> None:
        api.environment()
        start.wait()
        statuses.append(api.send()["statusCode"])

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [201] * 20
    assert len(rows(app, "agency.projects")) == 20
    assert len(rows(app, "agency.leads")) == 1


def test_an_address_has_so_many_ideas_an_hour(api: Intake, app: Database) -> None:
    allowed = [api.send() for _ in range(30)]
    refused = api.send()

    assert {answer["statusCode"] for answer in allowed} == {201}
    assert allowed[0]["headers"]["ratelimit-policy"] == '"intake";q=30;w=3600'
    assert allowed[0]["headers"]["ratelimit"] == '"intake";r=29;t=3600'
    assert refused["statusCode"] == 429
    assert refused["headers"]["retry-after"] == "3600"
    assert len(rows(app, "agency.workflow_runs")) == 30
    assert api.send(address="198.51.100.1")["statusCode"] == 201
    api.clock.advance(3600)
    assert api.send()["statusCode"] == 201


def test_two_leads_of_one_address_in_any_case_are_one(app: Database) -> None:
    with app.transaction(HOUSE) as work:
        one = service.create_intake(work, intake(email="Ada@Example.com"), 1)
        other = service.create_intake(work, intake(email="ada@example.com"), 1)

    assert UUID(one["run_id"]) != UUID(other["run_id"])
    assert len(rows(app, "agency.leads")) == 1
