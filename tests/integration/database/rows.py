"""A row in every table, as the product writes them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from functions.agency import service as agency
from functions.agency.repository import AgencyRepository
from functions.agents import service as agents
from functions.identity import service as identity
from functions.identity.audit import service as audit
from functions.identity.webhooks.deliveries import Report, record_attempt
from functions.marketing import service as marketing
from functions.planning import service as planning
from functions.planning.validation import Finding, Validation
from functions.studio import service as studio
from functions.studio.service import ProjectFile
from shared.db.unit_of_work import Database, UnitOfWork
from shared.http.idempotency import once
from shared.models.lead import IntakeCreate
from shared.models.model_call import Ledger, LedgerCall
from shared.models.webhook_endpoint import WebhookEndpointCreate
from tests.samples.harbour_plan import PLAN
from tests.samples.harbour_story import LAUNCH
from tests.unit.agents.asking import AGENT

DIGEST = hashlib.sha256(b"").hexdigest()

_DOCUMENT = """
INSERT INTO knowledge.documents (id, tenant_id, project_id, collection, name, origin, status, bucket, key,
    content_hash, embedding_model, embedding_dimension, chunk_count)
VALUES (%(id)s, %(tenant_id)s, %(project_id)s, 'knowledge_base', 'a.md', 'kit', 'indexed', 'assets', 'a.md',
    %(digest)s, 'hash', 768, 1)
"""
_CHUNK = """
INSERT INTO knowledge.chunks (id, tenant_id, document_id, position, content)
VALUES (%(id)s, %(tenant_id)s, %(id)s, 0, 'A passage.')
"""
_QUARANTINED = """
INSERT INTO knowledge.quarantine (tenant_id, bucket, key, size_bytes, reason_code, reason)
VALUES (%(tenant_id)s, 'knowledge', 'a.pdf', 1, 'damaged', 'It ends in the middle.')
"""

_HASH = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"
_PEOPLE = (
    """INSERT INTO identity.users (id, tenant_id, email, username, password_hash, role)
    VALUES (%(user)s, %(tenant_id)s, 'filled@example.com', 'filled', %(hash)s, 'developer')""",
    """INSERT INTO identity.invitations (tenant_id, email, role, invited_by, expires_at)
    VALUES (%(tenant_id)s, 'filled-guest@example.com', 'viewer', %(user)s, now() + interval '7 days')""",
    """INSERT INTO identity.one_time_tokens (tenant_id, user_id, purpose, email, expires_at)
    VALUES (%(tenant_id)s, %(user)s, 'verify_email', 'filled@example.com', now() + interval '1 day')""",
    "INSERT INTO identity.teams (id, tenant_id, name) VALUES (%(team)s, %(tenant_id)s, 'Filled')",
    """INSERT INTO identity.team_members (tenant_id, team_id, user_id)
    VALUES (%(tenant_id)s, %(team)s, %(user)s)""",
    """INSERT INTO identity.sessions (id, tenant_id, user_id, ip_address, user_agent, expires_at)
    VALUES (%(session)s, %(tenant_id)s, %(user)s, '203.0.113.7', 'a browser', now() + interval '1 day')""",
    "INSERT INTO identity.refresh_tokens (tenant_id, session_id) VALUES (%(tenant_id)s, %(session)s)",
    """INSERT INTO identity.revoked_tokens (tenant_id, jti, expires_at)
    VALUES (%(tenant_id)s, %(session)s, now() + interval '10 minutes')""",
    """INSERT INTO identity.api_keys (tenant_id, user_id, name, prefix, key_hash, scopes)
    VALUES (%(tenant_id)s, %(user)s, 'Filled', 'sk-AAAAAAAAAAAAAAAAAAAAAA', sha256('a key'), '{run:read}')""",
)


def add_tenant(database: Database, tenant_id: UUID) -> None:
    """Add a tenant."""
    with database.transaction(tenant_id) as work:
        work.execute("INSERT INTO identity.tenants (id, name) VALUES (%(tenant_id)s, 'Another house')")


def intake(**changes: Any) -> IntakeCreate:
    """A form that is filled in."""
    return IntakeCreate.model_validate(
        {"email": "ada@example.com", "idea": "Quota exchange", "sector": "other", **changes}
    )


def asset(project_id: UUID, run_id: UUID, path: str = "docs/prd.md") -> dict[str, Any]:
    """The columns of an asset."""
    return {
        "project_id": project_id,
        "run_id": run_id,
        "type": "prd",
        "path": path,
        "bucket": "assets",
        "key": f"projects/{project_id}/{path}",
        "version": "1",
        "sha256": DIGEST,
        "filename": path.rsplit("/", 1)[-1],
        "content_type": "text/markdown",
        "size_bytes": 0,
    }


def call(number: int = 1, cost: int = 7000) -> LedgerCall:
    """A call to the model that was answered."""
    return LedgerCall(
        number=number,
        state="answered",
        outcome="accepted",
        model="claude-sonnet-5-5",
        started_at=datetime(2026, 11, 22, 12, number, tzinfo=UTC).isoformat(),
        milliseconds=10,
        input_tokens=1000,
        output_tokens=500,
        cost_microusd=cost,
        problems=[],
    )


def fill(database: Database, tenant_id: UUID) -> dict[str, UUID]:
    """Write at least one row into every table; return the ids of project and run."""
    with database.transaction(tenant_id) as work:
        made = once(
            work, "create_intake", "key-1", DIGEST, lambda: agency.create_intake(work, intake(), 10**6), 201
        )
        ids = {"project": UUID(made["project_id"]), "run": UUID(made["run_id"])}
        _agents_and_plans(work, ids["project"], ids["run"])
        _what_is_made(work, ids["project"], ids["run"])
        _people(work)
    return ids


def _people(work: UnitOfWork) -> None:
    """A user who has logged in and has to confirm an address, in a team, with a key, and somebody they invited."""
    names = {"user": uuid4(), "team": uuid4(), "session": uuid4(), "hash": _HASH}
    for statement in _PEOPLE:
        work.execute(statement, names)


def _agents_and_plans(work: UnitOfWork, project: UUID, run: UUID) -> None:
    agents.register_definition(work, AGENT)
    agents.record_calls(work, project, run, "qualify", Ledger(input_hash=DIGEST, calls=[call()]))
    finding = Finding("warning", "story-size", "Split it.")
    planning.save_plan(work, project, run, PLAN)
    planning.save_validation(work, project, run, Validation(True, 95, (finding,), (), ("Split it.",)))
    planning.save_estimates(work, project, run, PLAN, planning.estimate_cloud(PLAN))


def _what_is_made(work: UnitOfWork, project: UUID, run: UUID) -> None:
    repository = AgencyRepository(work)
    repository.put_asset(**asset(project, run))
    studio.save_project(work, project, run, "projects/x/", [ProjectFile("README.md", "# It", "markdown")])
    found = repository.get_project(project)
    assert found is not None
    assert found.lead_id is not None
    marketing.draft_warmup(work, project, run, found.lead_id, LAUNCH)
    _webhook(work, project, run)
    audit.record(work, "project.completed", actor=None, subject_type="project", subject_id=project)
    work.execute(_DOCUMENT, {"id": (document := uuid4()), "project_id": project, "digest": DIGEST})
    work.execute(_CHUNK, {"id": document})
    work.execute(_QUARANTINED)


def _webhook(work: UnitOfWork, project: UUID, run: UUID) -> None:
    """An endpoint, an event, its delivery and the attempt that was taken."""
    wanted = WebhookEndpointCreate(url="https://hooks.example.com/", event_types=["project_completed"])
    identity.create_webhook_endpoint(work, wanted, allow_private=False)
    data = {"project_id": str(project), "run_id": str(run), "name": "Quayside"}
    identity.request_webhook(work, "project_completed", run, data)
    row = work.fetch_one("SELECT id FROM identity.webhook_deliveries")
    assert row is not None
    record_attempt(work, row["id"], Report(1, datetime.now(UTC), 12, 204, None))
