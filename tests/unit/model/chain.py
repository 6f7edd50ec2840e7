"""Runs the eight steps for an idea, each checked as the pipeline would check it."""

from __future__ import annotations

from typing import Any

from infra.local.model.drafting import STEPS, draft
from shared.models.answers import ANSWERS, AnswerContext

ROWS = """
Carebridge | Video visits with doctors. | Video visits, Prescriptions | Insurers | Per visit | healthtech
Slipscan | Expense reports from scanned receipts. | Receipt scan, Approval | Small firms | Per seat | fintech
Mathwell | Practice in maths with hints. | Exercises, Hints | Pupils | Free | edtech
Rotaboard | Shift planning for hourly teams. | Shift board, Swaps | Shops | Per user | saas
Bidhouse | Marketplace with auctions. | Auctions, Buyer protection | Everybody | Commission | ecommerce
"""


def _comparable(number: int, row: str) -> dict[str, Any]:
    name, description, features, market, pricing, sector = (part.strip() for part in row.split("|"))
    return {
        "id": f"comp-{number}",
        "product_name": name,
        "description": description,
        "key_features": features.split(", "),
        "target_market": market,
        "pricing_model": pricing,
        "sector": sector,
    }


COMPARABLES = [_comparable(number, row) for number, row in enumerate(ROWS.strip().splitlines())]


def checked_kit(
    idea: str, sector: str, constraints: dict[str, Any] | None = None
) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """Return the eight answers and, by step, the problems their schema and context find. Invalid answers raise."""
    brief = {"idea": idea, "sector": sector, "constraints": constraints or {}, "company": None}
    answers: dict[str, dict[str, Any]] = {}
    problems: dict[str, list[str]] = {}
    ids = [str(item["id"]) for item in COMPARABLES]
    for step in STEPS:
        answer = draft(step, brief, COMPARABLES, answers)
        context = AnswerContext(idea=idea, sector=sector, comparable_ids=ids, answers=answers)
        found = ANSWERS[step].model_validate(answer).problems(context)
        if found:
            problems[step] = found
        answers[step] = answer
    return answers, problems
