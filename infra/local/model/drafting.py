"""Drafts the answer of a pipeline step from templates and rules.

No network, no key; the same input gives the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infra.local.model.blueprint import blueprint
from infra.local.model.steps import demo, design, launch, plan, prototype, qualify, research, specify
from infra.local.model.steps.given import Given

STEPS: dict[str, Callable[[Given], dict[str, Any]]] = {
    "qualify": qualify.draft,
    "research": research.draft,
    "specify": specify.draft,
    "plan": plan.draft,
    "design": design.draft,
    "prototype": prototype.draft,
    "demo": demo.draft,
    "launch": launch.draft,
}


def draft(
    step: str,
    brief: Mapping[str, Any],
    retrieved: Sequence[Mapping[str, Any]],
    answers: Mapping[str, Mapping[str, Any]],
    knowledge: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return the answer of `step` as plain JSON that validates against `shared.models.answers.ANSWERS[step]`.

    `brief` is `{idea, sector, constraints, company}`, `retrieved` the comparables (at least three for `research`),
    `answers` the accepted answers of the earlier steps by name, `knowledge` passages of documents that were found.
    Raises KeyError for an unknown step.
    """
    kept = {name: answer for name, answer in answers.items() if isinstance(answer, Mapping)}
    found = [item for item in retrieved if isinstance(item, Mapping)]
    return STEPS[step](Given(blueprint(brief), found, kept, knowledge))
