"""Campaigns: the warm-up mails of a kit, drafted and not sent until somebody approves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from shared.db.queries import load_queries
from shared.db.unit_of_work import UnitOfWork
from shared.models.answers import LaunchAnswer

_FOLDER = Path(__file__).parent


def draft_warmup(
    work: UnitOfWork, project_id: UUID, run_id: UUID, lead_id: UUID, answer: LaunchAnswer
) -> UUID:
    """Write the warm-up campaign of a run and its three mails as drafts; return the campaign's id."""
    sql = load_queries(_FOLDER)
    names = {"project_id": project_id, "run_id": run_id, "lead_id": lead_id}
    row = work.fetch_one(sql["insert_campaign"], names)
    if row is None:
        raise LookupError("insert_campaign returned no row")
    campaign_id: UUID = row["id"]
    mails: list[dict[str, Any]] = [
        {
            "campaign_id": campaign_id,
            "position": position,
            "day": mail.day,
            "subject": mail.subject,
            "preheader": mail.preheader,
            "body": "\n\n".join(mail.paragraphs),
            "call_to_action": mail.call_to_action,
        }
        for position, mail in enumerate(answer.mails, 1)
    ]
    work.execute_many(sql["insert_mail"], mails)
    return campaign_id


def get_campaign(work: UnitOfWork, run_id: UUID) -> dict[str, Any] | None:
    """Return the campaign of a run with its mails as plain JSON, None before launch."""
    sql = load_queries(_FOLDER)
    row = work.fetch_one(sql["get_campaign"], {"run_id": run_id})
    if row is None:
        return None
    mails = work.fetch_all(sql["list_mails"], {"campaign_id": row["id"]})
    return {
        "id": str(row["id"]),
        "type": row["type"],
        "status": row["status"],
        "created_at": row["created_at"].isoformat(),
        "mails": mails,
    }
