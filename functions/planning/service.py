"""Plans: epics, stories, tasks, their validation and their cloud estimate."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from functions.planning.estimation import Estimate, estimate_cloud
from functions.planning.prices import PRICES_AS_OF
from functions.planning.validation import VALIDATOR_VERSION, Validation, validate_plan
from shared.db.queries import load_queries
from shared.db.unit_of_work import UnitOfWork
from shared.models.answers import PlanAnswer, Story

__all__ = [
    "estimate_cloud",
    "estimate_document",
    "plan_document",
    "save_estimates",
    "save_plan",
    "save_validation",
    "validate_plan",
]

_FOLDER = Path(__file__).parent
_CATEGORIES = ("compute", "storage", "network")


def user_story(story: Story) -> str:
    """Return `As a … I want … so that …`."""
    return f"As a {story.as_a}, I want {story.i_want}, so that {story.so_that}"


def plan_document(plan: PlanAnswer, validation: Validation, drafted_by: str) -> dict[str, Any]:
    """Return docs/plan.json: the plan, its totals and its validation."""
    return {
        "kind": "plan",
        "drafted_by": drafted_by,
        "totals": {
            "epics": len(plan.epics),
            "stories": len(plan.stories),
            "story_points": sum(story.story_points for story in plan.stories),
            "task_hours": sum(task.hours for story in plan.stories for task in story.tasks),
        },
        "epics": [epic.model_dump(mode="json") for epic in plan.epics],
        "stories": [
            {**story.model_dump(mode="json"), "user_story": user_story(story)} for story in plan.stories
        ],
        "validation": {
            "is_valid": validation.is_valid,
            "score": validation.score,
            "validator_version": VALIDATOR_VERSION,
            "findings": [vars(finding) for finding in validation.findings],
            "missing_documents": list(validation.missing_documents),
            "recommendations": list(validation.recommendations),
        },
    }


def estimate_document(estimates: tuple[Estimate, ...], drafted_by: str) -> dict[str, Any]:
    """Return docs/cloud_estimate.json; money in US cents a month."""
    return {
        "kind": "cloud_estimate",
        "drafted_by": drafted_by,
        "currency": "USD",
        "minor_units": "cents",
        "prices_as_of": PRICES_AS_OF.isoformat(),
        "environments": [
            {
                "environment": estimate.environment,
                "monthly_cost": estimate.cents(),
                **{f"{category}_cost": estimate.cents(category) for category in _CATEGORIES},
                "items": [{**vars(item), "quantity": str(item.quantity)} for item in estimate.items],
                "unpriced": list(estimate.unpriced),
                "projections": [
                    {"growth": growth, "monthly_cost": cents} for growth, cents in estimate.projections
                ],
                "optimization_opportunities": list(estimate.opportunities),
                "confidence_level": estimate.confidence,
            }
            for estimate in estimates
        ],
    }


def _insert(work: UnitOfWork, statement: str, **parameters: Any) -> UUID:
    row = work.fetch_one(load_queries(_FOLDER)[statement], parameters)
    if row is None:
        raise LookupError(f"{statement} returned no row")
    made: UUID = row["id"]
    return made


def save_plan(work: UnitOfWork, project_id: UUID, run_id: UUID, plan: PlanAnswer) -> None:
    """Write the epics, stories, tasks and dependencies of a run."""
    sql = load_queries(_FOLDER)
    epics = {
        epic.id: _insert(
            work,
            "insert_epic",
            project_id=project_id,
            run_id=run_id,
            reference=epic.id,
            **epic.model_dump(include={"title", "description", "business_value", "priority"}),
            story_points=sum(story.story_points for story in plan.stories if story.epic == epic.id),
        )
        for epic in plan.epics
    }
    stories = {
        story.id: _insert(
            work,
            "insert_story",
            epic_id=epics[story.epic],
            reference=story.id,
            title=story.title,
            user_story=user_story(story),
            acceptance_criteria=Jsonb([item.model_dump() for item in story.acceptance_criteria]),
            requirements=story.requirements,
            story_points=story.story_points,
        )
        for story in plan.stories
    }
    tasks = [
        {
            "story_id": stories[story.id],
            "position": position,
            "title": task.title,
            "estimate_hours": task.hours,
        }
        for story in plan.stories
        for position, task in enumerate(story.tasks, 1)
    ]
    work.execute_many(sql["insert_task"], tasks)
    waits = [
        {"story_id": stories[story.id], "depends_on_id": stories[other]}
        for story in plan.stories
        for other in dict.fromkeys(story.depends_on)
    ]
    if waits:
        work.execute_many(sql["insert_dependency"], waits)


def save_validation(work: UnitOfWork, project_id: UUID, run_id: UUID, validation: Validation) -> None:
    """Write a validation and its findings."""
    made = _insert(
        work,
        "insert_validation",
        project_id=project_id,
        run_id=run_id,
        is_valid=validation.is_valid,
        score=validation.score,
        missing_documents=list(validation.missing_documents),
        recommendations=list(validation.recommendations),
        validator_version=VALIDATOR_VERSION,
    )
    rows = [
        {"validation_id": made, "position": position, **vars(finding)}
        for position, finding in enumerate(validation.findings, 1)
    ]
    if rows:
        work.execute_many(load_queries(_FOLDER)["insert_finding"], rows)


def save_estimates(
    work: UnitOfWork, project_id: UUID, run_id: UUID, plan: PlanAnswer, estimates: tuple[Estimate, ...]
) -> None:
    """Write the estimates with their lines and projections."""
    sql = load_queries(_FOLDER)
    for estimate in estimates:
        made = _insert(
            work,
            "insert_estimate",
            project_id=project_id,
            run_id=run_id,
            environment=estimate.environment,
            currency="USD",
            monthly_cost=estimate.cents(),
            **{f"{category}_cost": estimate.cents(category) for category in _CATEGORIES},
            usage_data=Jsonb(plan.usage.model_dump()),
            unpriced=list(estimate.unpriced),
            optimization_opportunities=Jsonb(list(estimate.opportunities)),
            confidence_level=estimate.confidence,
            prices_as_of=PRICES_AS_OF,
        )
        items: list[dict[str, Any]] = [
            {
                "estimate_id": made,
                "service": item.service,
                "category": item.category,
                "purpose": item.purpose,
                "quantity": item.quantity,
                "unit": item.unit,
                "monthly_cost": item.monthly_cents,
            }
            for item in estimate.items
        ]
        if items:
            work.execute_many(sql["insert_item"], items)
        projections: list[dict[str, Any]] = [
            {"estimate_id": made, "growth": growth, "monthly_cost": cents}
            for growth, cents in estimate.projections
        ]
        work.execute_many(sql["insert_projection"], projections)
