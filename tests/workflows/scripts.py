"""What the handlers of a run do, by the name of its story; whatever a story leaves out goes well."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shared import errors

Outcome = dict[str, Any] | Exception

LATER: Outcome = {"outcome": "later", "seconds": 1}
SKIP: Outcome = {"skip": True, "approval": "none"}


def approval(state: str) -> Outcome:
    """What prepare_launch answers for a run of that approval."""
    return {"skip": False, "approval": state}


@dataclass(frozen=True)
class Story:
    """A run: what its handlers answer one after the other, how it ends, and the states it must and must not pass."""

    name: str
    script: dict[str, list[Outcome]] = field(default_factory=dict)
    status: str = "SUCCEEDED"
    more: tuple[str, ...] = ()
    """Calls beyond those of a run without trouble."""
    fewer: tuple[str, ...] = ()
    """Calls that are not made."""
    passes: tuple[str, ...] = ("The kit is complete",)
    avoids: tuple[str, ...] = ("Write down why it stopped",)
    error: tuple[str, str, str] | None = None
    """The name of the error, the step, the message that close_run hears."""


STEPS = ("qualify", "research", "specify", "plan", "design", "prototype", "demo", "launch")
CALLS = tuple(call for step in STEPS for call in (f"prepare_{step}", f"think:{step}", f"apply_{step}"))


def _stops(at: str, error: Exception, *, word: str = "", more: tuple[str, ...] = ()) -> Story:
    """A story that ends at a call with a final error; nothing after it is called."""
    step = at.rpartition("_")[2].rpartition(":")[2]
    noted = (f"Note that {step} failed", f"{step.capitalize()} has failed")
    return Story(
        name=f"{type(error).__name__}-at-{at.replace(':', '-').replace('_', '-')}{word}",
        script={at: [error]},
        status="FAILED",
        more=("close_run", *more),
        fewer=CALLS[CALLS.index(at) + 1 :],
        passes=(
            *noted,
            "Write down why it stopped",
            "The run has stopped",
        ),
        avoids=("The kit is complete",),
        error=(type(error).__name__, step, str(error)),
    )


STORIES = (
    Story(
        "nothing-happens",
        avoids=("Wait for the approval", "Wait to ask plan again", "Write down why it stopped"),
    ),
    Story(
        "steps-were-done-before",
        {"prepare_qualify": [SKIP], "prepare_plan": [SKIP], "prepare_demo": [SKIP]},
        fewer=("think:qualify", "apply_qualify", "think:plan", "apply_plan", "think:demo", "apply_demo"),
        passes=(
            "Qualify was done before",
            "Plan was done before",
            "Demo was done before",
            "The kit is complete",
        ),
    ),
    Story(
        "everything-was-done-before",
        {f"prepare_{step}": [SKIP] for step in STEPS},
        fewer=tuple(call for call in CALLS if not call.startswith("prepare")),
        passes=tuple(f"{step.capitalize()} was done before" for step in STEPS),
    ),
    Story(
        "the-model-asks-to-wait-twice",
        {"think:research": [LATER, LATER]},
        more=("think:research", "think:research"),
        passes=("Wait to ask research again", "The kit is complete"),
    ),
    Story(
        "the-model-asks-to-wait-in-a-branch",
        {"think:plan": [LATER], "think:prototype": [LATER]},
        more=("think:plan", "think:prototype"),
        passes=("Wait to ask plan again", "Wait to ask prototype again"),
    ),
    Story(
        "the-database-is-busy-once",
        {
            "prepare_specify": [errors.DependencyUnavailable("busy")],
            "apply_design": [errors.DependencyUnavailable()],
        },
        more=("prepare_specify", "apply_design"),
    ),
    Story(
        "the-model-fails-once",
        {"think:qualify": [errors.ModelUnavailable()], "think:launch": [errors.ModelTimedOut()]},
        more=("think:qualify", "think:launch"),
    ),
    Story(
        "money-is-only-reserved",
        {"prepare_plan": [errors.BudgetReserved()]},
        more=("prepare_plan",),
    ),
    Story(
        "somebody-must-approve",
        {"prepare_launch": [approval("required")]},
        more=("request_approval",),
        passes=("Wait for the approval", "Apply launch", "The kit is complete"),
    ),
    Story(
        "somebody-was-asked-before",
        {"prepare_launch": [approval("waiting")]},
        more=("request_approval",),
        passes=("Wait for the approval", "Apply launch", "The kit is complete"),
    ),
    Story(
        "somebody-approved-before",
        {"prepare_launch": [approval("granted")]},
        avoids=("Wait for the approval", "Write down why it stopped"),
    ),
    _stops("think:qualify", errors.ModelRefused("No.")),
    _stops("think:specify", errors.ModelAnswerInvalid("Not that.")),
    _stops("prepare_research", errors.BudgetExceeded("Too much.")),
    _stops("apply_specify", errors.RunCancelled("It was cancelled.")),
    _stops("apply_launch", errors.AppError("Something else.")),
    _stops("think:research", errors.ModelRateLimited("Too often.")),
    _stops("prepare_qualify", ValueError("A bug.")),
)
