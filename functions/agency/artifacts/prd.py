"""The PRD as Markdown: what a product manager would send on, with every requirement traced to a feature."""

from __future__ import annotations

from shared.markdown import bullets, escape, heading, number, one_line, table
from shared.models.answers import (
    FunctionalRequirement,
    QualifyAnswer,
    ResearchAnswer,
    SpecifyAnswer,
)


def write_prd(
    *,
    name: str,
    tagline: str,
    idea: str,
    sector: str,
    qualify: QualifyAnswer,
    research: ResearchAnswer,
    specify: SpecifyAnswer,
    drafted_by: str,
) -> str:
    """Return the PRD of a project as CommonMark with tables, ending in a newline.

    `idea` is what the lead wrote and is quoted as it is; `drafted_by` names the model or the offline drafter.
    All texts are escaped: the document holds only the headings, lists and tables laid out here.
    """
    features = {feature.id: feature.name for feature in qualify.features}
    sections = [
        heading(1, f"{name}: product requirements"),
        escape(tagline),
        f"Sector: {escape(sector)}. Lead score: {qualify.score:.2f} of 1. Drafted by {escape(drafted_by)}.",
        "## Summary",
        escape(qualify.summary),
        _quote(idea),
        "## Problem",
        escape(specify.problem),
        "## Goals",
        bullets(specify.goals),
        "## Audiences",
        table(["Audience", "Who they are"], ((item.name, item.description) for item in specify.audiences)),
        "## Features",
        _features(qualify),
        "## Functional requirements",
        *(_requirement(item, features) for item in specify.functional_requirements),
        "## Non-functional requirements",
        _qualities(specify),
        "## Out of scope",
        bullets(specify.out_of_scope),
        "## Success metrics",
        _metrics(specify),
        "## Market context",
        *_market(research),
        "## Risks",
        _risks(specify),
        "## Open questions",
        bullets(specify.open_questions),
        "## Traceability",
        _traceability(qualify, specify),
    ]
    return "\n\n".join(sections) + "\n"


def _quote(idea: str) -> str:
    paragraphs = [one_line(paragraph) for paragraph in idea.splitlines()]
    shown = [f"> {escape(paragraph)}" for paragraph in paragraphs if paragraph]
    return "\n>\n".join(["> The idea, in the words of the lead:", *shown])


def _features(qualify: QualifyAnswer) -> str:
    return table(
        ["Id", "Feature", "What it does", "For", "Priority"],
        ((item.id, item.name, item.description, item.actor, item.priority) for item in qualify.features),
    )


def _requirement(item: FunctionalRequirement, features: dict[str, str]) -> str:
    cited = ", ".join(f"{escape(known)} ({escape(features[known])})" for known in item.features)
    return "\n\n".join(
        [
            heading(3, f"{item.id}: {item.title}"),
            escape(item.statement),
            f"- **Actor:** {escape(item.actor)}\n- **Features:** {cited}",
            "**Acceptance**",
            bullets(item.acceptance),
        ]
    )


def _qualities(specify: SpecifyAnswer) -> str:
    return table(
        ["Id", "Quality", "Requirement", "Target", "Unit"],
        (
            (item.id, item.quality, item.statement, number(item.target), item.unit)
            for item in specify.non_functional_requirements
        ),
    )


def _metrics(specify: SpecifyAnswer) -> str:
    return table(
        ["Metric", "Target", "Unit", "Within"],
        ((item.name, number(item.target), item.unit, item.within) for item in specify.success_metrics),
    )


def _risks(specify: SpecifyAnswer) -> str:
    return table(
        ["Risk", "Likelihood", "Impact", "Mitigation"],
        ((item.text, item.likelihood, item.impact, item.mitigation) for item in specify.risks),
    )


def _market(research: ResearchAnswer) -> list[str]:
    names = {item.comparable_id: item.name for item in research.competitors}
    claims = []
    for claim in research.claims:
        if claim.kind == "comparable":
            known = names.get(claim.source)
            source = f"{known} ({claim.source})" if known else claim.source
        else:
            source = f"“{claim.source}”" if claim.kind == "lead" else claim.source
        claims.append((claim.id, claim.text, claim.kind, source))
    return [
        escape(research.summary),
        table(
            ["Comparable", "Id", "Offer", "Strength", "Gap"],
            (
                (item.name, item.comparable_id, item.offer, item.strength, item.gap)
                for item in research.competitors
            ),
        ),
        f"**Positioning:** {escape(research.positioning)}",
        f"**Pricing:** {escape(research.pricing)}",
        "What is known about the market, and from where:",
        table(["Id", "Claim", "Kind", "Source"], claims),
        "**Opportunities**",
        bullets(research.opportunities),
        "**Threats**",
        bullets(research.threats),
    ]


def _traceability(qualify: QualifyAnswer, specify: SpecifyAnswer) -> str:
    rows = []
    for feature in qualify.features:
        covering = [item.id for item in specify.functional_requirements if feature.id in item.features]
        rows.append((f"{feature.id}: {feature.name}", feature.priority, ", ".join(covering)))
    return table(["Feature", "Priority", "Functional requirements"], rows)
