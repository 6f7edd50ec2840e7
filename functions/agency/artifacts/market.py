"""The market analysis as a JSON document: every claim stands with its resolved source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.models.answers import Claim, ResearchAnswer


def market_document(
    research: ResearchAnswer,
    comparables: Sequence[Mapping[str, Any]],
    drafted_by: str,
    passages: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return the analysis, its claims with resolved sources and the comparables that it cites.

    `comparables` are those that were retrieved: mappings with `id` and `name` (or `product_name`, as the
    collection `market_comps` has it); other keys are passed on. `passages` are parts of documents: mappings with
    `id`, `document` and `heading`. Raises ValueError when the analysis cites one that is not among them.
    """
    known = {str(item["id"]): item for item in comparables}
    cited = [item.comparable_id for item in research.competitors]
    cited += [claim.source for claim in research.claims if claim.kind == "comparable"]
    missing = [source for source in dict.fromkeys(cited) if source not in known]
    read = {str(item["id"]): item for item in passages}
    missing += [c.source for c in research.claims if c.kind == "document" and c.source not in read]
    if missing:
        raise ValueError(f"sources that were not retrieved are cited: {', '.join(missing)}")
    return {
        "kind": "market_analysis",
        "drafted_by": drafted_by,
        "summary": research.summary,
        "positioning": research.positioning,
        "pricing": research.pricing,
        "opportunities": list(research.opportunities),
        "threats": list(research.threats),
        "competitors": [item.model_dump(mode="json") for item in research.competitors],
        "claims": [_claim(claim, known, read) for claim in research.claims],
        "comparables": [
            {**known[source], "id": source, "name": _name(known[source])} for source in dict.fromkeys(cited)
        ],
    }


def _claim(
    claim: Claim, known: Mapping[str, Mapping[str, Any]], read: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    match claim.kind:
        case "comparable":
            source = {"type": "comparable", "id": claim.source, "name": _name(known[claim.source])}
        case "document":
            passage = read[claim.source]
            source = {"type": "document", "name": passage["document"], "heading": passage.get("heading", "")}
        case "lead":
            source = {"type": "lead", "quote": claim.source}
        case "assumption":
            source = {"type": "assumption", "reason": claim.source}
    return {"id": claim.id, "text": claim.text, "kind": claim.kind, "source": source}


def _name(comparable: Mapping[str, Any]) -> str:
    return str(comparable.get("name") or comparable.get("product_name") or comparable["id"])
