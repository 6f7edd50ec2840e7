"""/v1/audit-log, the daily verification and the operator's command, over a real log."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from functions.identity.api import audit_log
from functions.identity.audit import service as audit
from functions.identity.events import verify_audit_log
from infra.local.__main__ import main
from infra.local.postgres import SUPERUSER, SYSTEM
from infra.local.verify_audit import BROKEN, NOT_ASKED
from shared import bootstrap, observability
from shared.adapters.clock import FakeClock
from shared.adapters.limiter import InMemoryLimiter
from shared.bootstrap import Container
from shared.db.unit_of_work import Database
from shared.models.caller import Caller, CallerKind, Role
from tests.fixtures.engines import TestDatabase
from tests.integration.database.conftest import HOUSE
from tests.integration.identity.acts import fill_log, intruder, log_of
from tests.unit.http.events import event

ADMIN = Caller(HOUSE, CallerKind.USER, UUID(int=1), user_id=UUID(int=1), role=Role.ADMIN)


@pytest.fixture
def environment(database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A container on the test's database, limits in memory."""
    settings = database.environment() | {
        "DATABASE_SYSTEM_USER": SYSTEM,
        "CACHE_URL": "redis://127.0.0.1:9",
        "BUS_NAME": "unused",
        "POWERTOOLS_TRACE_DISABLED": "true",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    own = Container()
    own.limiter = InMemoryLimiter(FakeClock())
    monkeypatch.setattr(bootstrap._environment, "container", own, raising=False)
    yield
    for part in ("database", "system_database"):
        if part in vars(own):
            vars(own)[part].close()


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What functions log."""
    stream = io.StringIO()
    observability.log_to(stream)
    yield stream
    observability.log_to(sys.stdout)


def get(operation: str, caller: Caller = ADMIN, **query: str) -> tuple[int, dict[str, Any]]:
    asked = event(method="GET", path="/v1/audit-log", operation=operation, caller=caller, query=query)
    answer = audit_log.handler(asked, None)
    return answer["statusCode"], json.loads(answer["body"])


def listed(**query: str) -> list[int]:
    status, body = get("list_audit_log", **query)
    assert status == 200, body
    return [entry["sequence"] for entry in body["data"]]


@pytest.mark.usefixtures("environment")
def test_the_log_is_listed_newest_first(app: Database) -> None:
    fill_log(app, HOUSE, 3)

    _, body = get("list_audit_log")

    rows = log_of(app, HOUSE)[::-1]
    assert body["next_cursor"] is None
    assert [entry["hash"] for entry in body["data"]] == [row["hash"].hex() for row in rows]
    first = body["data"][0]
    assert first == {
        "id": str(rows[0]["id"]),
        "sequence": 3,
        "occurred_at": rows[0]["occurred_at"].isoformat(),
        "action": "session.created",
        "actor_type": "user",
        "actor_id": str(rows[0]["actor_id"]),
        "subject_type": "session",
        "subject_id": str(rows[0]["subject_id"]),
        "request_id": "request-3",
        "details": {"number": 3},
        "hash": rows[0]["hash"].hex(),
    }


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 100])
def test_pages_are_stable_while_the_log_grows(app: Database, limit: int) -> None:
    fill_log(app, HOUSE, 7)
    found: list[int] = []
    query = {"limit": str(limit)}
    while True:
        _, body = get("list_audit_log", **query)
        found += [entry["sequence"] for entry in body["data"]]
        if body["next_cursor"] is None:
            break
        fill_log(app, HOUSE, 1)
        query["cursor"] = body["next_cursor"]

    assert found == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.usefixtures("environment")
def test_filters_leave_what_is_asked_for(app: Database) -> None:
    fill_log(app, HOUSE, 6)
    rows = log_of(app, HOUSE)

    assert listed(action="session.created") == [5, 3, 1]
    assert listed(action="session.refused", limit="2") == [6, 4]
    assert listed(action="session.ended") == []
    assert listed(actor=str(rows[2]["actor_id"])) == [3]
    assert listed(subject=str(rows[4]["subject_id"])) == [5]
    assert listed(subject=str(uuid4())) == []
    assert listed(**{"from": rows[2]["occurred_at"].isoformat()}) == [6, 5, 4, 3]
    assert listed(to=rows[2]["occurred_at"].isoformat()) == [2, 1]
    within = (rows[1]["occurred_at"], rows[3]["occurred_at"] + timedelta(microseconds=1))
    between = {"from": within[0].isoformat(), "to": within[1].isoformat()}
    assert listed(**between) == [4, 3, 2]
    assert listed(**between, action="session.refused") == [4, 2]


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("from", "2026-11-22T00:00:00"),
        ("from", "yesterday"),
        ("to", "9" * 30),
        ("actor", "ada"),
        ("action", "session"),
        ("action", "a.b'; --"),
        ("since", "2026-11-22T00:00:00Z"),
        ("limit", "101"),
        ("cursor", "x"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(name: str, value: str) -> None:
    status, body = get("list_audit_log", **{name: value})

    assert (status, body["status"]) == (422, 422)
    assert body["errors"][0]["pointer"] == f"/{name}"


@pytest.mark.usefixtures("environment")
def test_nobody_reads_or_verifies_another_tenants_log(app: Database, other_tenant: UUID) -> None:
    fill_log(app, HOUSE, 3)
    stranger = Caller(other_tenant, CallerKind.USER, uuid4(), role=Role.ADMIN)
    head = log_of(app, HOUSE)[-1]["hash"].hex()

    assert get("list_audit_log", stranger)[1]["data"] == []
    _, body = get("get_audit_log_verification", stranger, expect=head)
    assert (body["entries"], body["head_hash"], body["expected_found"]) == (0, None, False)


@pytest.mark.usefixtures("environment")
def test_a_sound_log_verifies_and_proves_a_noted_hash(app: Database) -> None:
    fill_log(app, HOUSE, 5)
    rows = log_of(app, HOUSE)

    status, body = get("get_audit_log_verification", expect=rows[2]["hash"].hex())

    assert status == 200
    assert body == {
        "intact": True,
        "complete": True,
        "entries": 5,
        "sequence": 5,
        "hash": rows[4]["hash"].hex(),
        "head_sequence": 5,
        "head_hash": rows[4]["hash"].hex(),
        "expected_found": True,
        "broken": None,
    }


@pytest.mark.usefixtures("environment")
def test_a_long_log_is_verified_in_several_requests(app: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "_ENTRIES_A_REQUEST", 2)
    fill_log(app, HOUSE, 5)
    told = [get("get_audit_log_verification")[1]]
    while not told[-1]["complete"]:
        told.append(get("get_audit_log_verification", after=str(told[-1]["sequence"]))[1])

    assert [body["sequence"] for body in told] == [2, 4, 5]
    assert all(body["intact"] for body in told)
    status, body = get("get_audit_log_verification", after="6")
    assert (status, body["errors"][0]["pointer"]) == (422, "/after")


@pytest.mark.usefixtures("environment")
def test_a_broken_log_names_its_first_broken_link(database: TestDatabase, app: Database) -> None:
    fill_log(app, HOUSE, 5)
    alter(database, 3)

    _, body = get("get_audit_log_verification")

    assert (body["intact"], body["complete"], body["entries"]) == (False, False, 2)
    assert body["broken"] == {
        "kind": "altered",
        "sequence": 3,
        "id": str(log_of(app, HOUSE)[2]["id"]),
        "explanation": "entry 3 is not what was written: a column changed",
    }


def alter(database: TestDatabase, sequence: int) -> None:
    """Change a byte of an entry of the house, for good."""
    with intruder(database) as hand:
        hand.execute(
            "UPDATE identity.audit_log SET subject_type = 'Session' WHERE tenant_id = %s AND sequence = %s",
            [HOUSE, sequence],
        )
        hand.commit()


@pytest.mark.usefixtures("environment")
def test_every_day_every_chain_is_verified_and_its_head_told(
    app: Database, other_tenant: UUID, lines: io.StringIO
) -> None:
    fill_log(app, HOUSE, 3)
    fill_log(app, other_tenant, 2)

    assert verify_audit_log.handler({}, None) == {"chains": 2, "entries": 5, "broken": 0}

    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    heads = {
        line["tenant_id"]: line["hash"] for line in told if line.get("message") == "the audit log is intact"
    }
    assert heads == {str(tenant): log_of(app, tenant)[-1]["hash"].hex() for tenant in (HOUSE, other_tenant)}
    assert [line["AuditLogBroken"] for line in told if "AuditLogBroken" in line] == [[0.0]]


@pytest.mark.usefixtures("environment")
def test_a_broken_chain_is_an_error_in_the_log_and_the_others_are_verified_too(
    database: TestDatabase, app: Database, other_tenant: UUID, lines: io.StringIO
) -> None:
    fill_log(app, HOUSE, 3)
    fill_log(app, other_tenant, 2)
    alter(database, 2)

    assert verify_audit_log.handler({}, None) == {"chains": 2, "entries": 3, "broken": 1}

    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    (error,) = [line for line in told if line.get("level") == "ERROR"]
    assert (error["tenant_id"], error["at"], error["kind"]) == (str(HOUSE), 2, "altered")
    assert "entry 2" in error["explanation"]
    assert [line["AuditLogBroken"] for line in told if "AuditLogBroken" in line] == [[1.0]]


@pytest.fixture
def folder(database: TestDatabase, tmp_path: Path) -> str:
    """The folder of a system that runs on the test's database."""
    psql = f"psql -h {database.server.host} -p {database.server.port} -U {SUPERUSER} {database.name}"
    (tmp_path / "target.json").write_text(json.dumps({"psql": psql}))
    return str(tmp_path)


def command(folder: str, *arguments: str) -> int:
    return main(["verify-audit", "--folder", folder, *arguments])


def test_the_command_says_that_a_log_is_intact(
    app: Database, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(folder) == 0
    assert capsys.readouterr().out == "there is no entry yet\n"
    fill_log(app, HOUSE, 3)
    head = log_of(app, HOUSE)[-1]["hash"].hex()

    assert command(folder) == 0
    assert capsys.readouterr().out == f"tenant {HOUSE}: intact, 3 entries; head {head}\n"
    assert command(folder, "--tenant", "house", "--expect", head) == 0
    assert "3 entries, the expected hash among them" in capsys.readouterr().out


def test_the_command_names_the_first_broken_link(
    database: TestDatabase, app: Database, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_log(app, HOUSE, 3)
    entry = log_of(app, HOUSE)[1]["id"]
    alter(database, 2)

    assert command(folder) == BROKEN
    said = "entry 2 is not what was written: a column changed"
    assert capsys.readouterr().out == f"tenant {HOUSE}: BROKEN at entry 2 (id {entry}): {said}\n"
    assert command(folder, "--json", "--tenant", "house") == BROKEN
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["intact"], found["entries"]) == (False, 1)
    assert found["broken"] == {"kind": "altered", "sequence": 2, "id": str(entry), "explanation": said}


def test_the_command_finds_that_an_expected_hash_is_gone(
    app: Database, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_log(app, HOUSE, 1)

    assert command(folder, "--tenant", "house", "--expect", "0" * 63 + "1") == BROKEN
    assert "the expected hash is nowhere in the chain" in capsys.readouterr().out


def test_the_command_says_why_it_could_not_ask(
    app: Database, folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(str(tmp_path / "nowhere")) == NOT_ASKED
    assert "no system runs on" in capsys.readouterr().err
    assert command(folder, "--tenant", "nobody") == NOT_ASKED
    assert capsys.readouterr().err == "there is no tenant nobody\n"
    with pytest.raises(SystemExit):
        command(folder, "--expect", "0" * 64)
    assert "name it with --tenant" in capsys.readouterr().err


def test_an_act_is_added_as_the_last_thing_of_its_transaction(app: Database) -> None:
    with app.transaction(HOUSE) as work:
        audit.record(work, "session.created", actor=ADMIN, subject_type="session", subject_id=None)
        assert log_of(app, HOUSE) == []

    assert len(log_of(app, HOUSE)) == 1
