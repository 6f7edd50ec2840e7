"""Definitions never change under their version; every call to a model is written down once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from functions.agency import service as agency
from functions.agents import service
from shared.db.unit_of_work import Database
from shared.errors import Conflict
from shared.models.agent_definition import AgentDefinition
from shared.models.model_call import Ledger
from tests.integration.database.conftest import HOUSE
from tests.integration.database.rows import DIGEST, call, intake
from tests.unit.agents.asking import AGENT


def register(database: Database, definition: AgentDefinition, tenant: UUID = HOUSE) -> None:
    with database.transaction(tenant) as work:
        service.register_definition(work, definition)


def rows(database: Database, query: str) -> list[dict[str, Any]]:
    with database.transaction(HOUSE) as work:
        return work.fetch_all(query)


def test_a_definition_is_written_down_once_a_version(app: Database) -> None:
    register(app, AGENT)
    register(app, AGENT)
    register(app, AGENT.model_copy(update={"version": "1.1.0", "max_tokens": 1}))

    found = rows(app, "SELECT version, definition FROM agents.definitions ORDER BY version")
    assert [row["version"] for row in found] == ["1.0.0", "1.1.0"]
    assert AgentDefinition.model_validate(found[0]["definition"]) == AGENT


def test_a_version_that_says_something_else_is_refused(app: Database) -> None:
    register(app, AGENT)

    with pytest.raises(Conflict, match="give it a new version"):
        register(app, AGENT.model_copy(update={"system_prompt": "You qualify otherwise."}))


def test_tenants_name_their_versions_apart(app: Database, other_tenant: UUID) -> None:
    register(app, AGENT)
    register(app, AGENT.model_copy(update={"system_prompt": "Another house."}), other_tenant)

    assert len(rows(app, "SELECT 1 FROM agents.definitions")) == 1


def test_each_call_of_a_step_is_one_row_however_often_it_is_recorded(app: Database) -> None:
    lost = call(1, 9000).model_copy(update={"state": "sent", "outcome": "unknown", "problems": ["late"]})
    ledger = Ledger(input_hash=DIGEST, calls=[lost, call(1), call(2)])
    with app.transaction(HOUSE) as work:
        made = agency.create_intake(work, intake(), 10**6)
    for _ in range(2):
        with app.transaction(HOUSE) as work:
            service.record_calls(work, UUID(made["project_id"]), UUID(made["run_id"]), "qualify", ledger)

    found = rows(app, "SELECT * FROM agents.interactions ORDER BY created_at, success")
    assert [(row["success"], row["cost_microusd"], row["error_message"]) for row in found] == [
        (False, 9000, "late"),
        (True, 7000, None),
        (True, 7000, None),
    ]
    assert {row["tokens_used"] for row in found} == {1500}
    assert sum(row["cost_microusd"] for row in found) == ledger.spent_microusd()


def test_a_step_without_calls_has_none(app: Database) -> None:
    with app.transaction(HOUSE) as work:
        made = agency.create_intake(work, intake(), 10**6)
        service.record_calls(work, UUID(made["project_id"]), UUID(made["run_id"]), "x", Ledger(input_hash=""))

    assert rows(app, "SELECT 1 FROM agents.interactions") == []
