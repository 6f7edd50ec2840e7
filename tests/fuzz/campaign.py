"""Schemathesis against the whole API in process: examples, coverage of the schemas, random requests, and sequences of
requests that use what earlier answers gave.

Checked of each answer: no 5xx; status, content type, headers and schema as documented; bad requests refused;
credentials not ignored.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import (
    ChecksConfig,
    CoveragePhaseConfig,
    ExamplesPhaseConfig,
    FuzzingPhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
    StatefulPhaseConfig,
)
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from infra.openapi.document import document

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Why a request that fits its schema is refused all the same: rules that no schema can say.
_RULES = (
    "This Idempotency-Key was used for another request.",
    "The token is not valid.",
    "The password cannot be used.",
    "must lie in the future, ten years ahead at most",
    "is not something that a key of yours may do",
    "is beyond the end of the log",
    # A path's rules; what only the collection decides.
    "No document can have this name.",
    "The attributes are not those of",
    "The filter does not fit the collections.",
    # Where webhooks may go; what a client keeps for its user, at any depth.
    '"pointer": "/url"',
    '"pointer": "/preferences"',
)
# A session is seen by its own user alone, and the people of a campaign take turns.
_OTHERS_SESSION = "DELETE /v1/sessions/{session_id}: Created resource not found"
# What was taken back is still shown, and says so.
_TAKEN_BACK = ("GET /v1/invitations/{invitation_id}: Deleted resource still available", '"status":"revoked"')
_CHECKS: dict[str, Any] = {
    "enabled": True,
    # A race against the clock is no test.
    "max_response_time": None,
    # Schemathesis 4.32 cannot send its request without credentials to a WSGI application; that these open nothing is
    # shown for every operation in tests/contract/api.
    "ignored_auth": {"enabled": False},
    # An entity tag that is well-formed may be an old one.
    "positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "412"]},
}


@dataclass
class Found:
    """What a campaign saw. statuses: operation → status → how often. failures: title → examples of it."""

    cases: int = 0
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=dict)

    @property
    def untouched(self) -> list[str]:
        """Operations that never answered well."""
        return [name for name, seen in self.statuses.items() if not any(s < 400 for s in seen)]

    def add(self, recorder: ScenarioRecorder) -> None:
        """Count what a scenario did."""
        for key, interaction in recorder.interactions.items():
            self.cases += 1
            if interaction.response is not None and key in recorder.cases:
                label = recorder.cases[key].value.operation.label
                self.statuses.setdefault(label, Counter())[interaction.response.status_code] += 1
        for key, checks in recorder.checks.items():
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    answer = recorder.interactions[key].response
                    text = answer.text if answer else ""
                    sample = f"{check.failure_info.code_sample}\n{text[:1000]}"
                    title = f"{recorder.cases[key].value.operation.label}: {failure.title}"
                    if title == _OTHERS_SESSION or (title == _TAKEN_BACK[0] and _TAKEN_BACK[1] in text):
                        continue
                    self.failures.setdefault(title, []).append(f"{failure.message}\n{sample}")


def _config(cases: int, seed: int, operations: int, coverage: bool) -> SchemathesisConfig:
    """Spread so many cases over the phases: single operations, and sequences of them.

    What covers the schemas comes on top: it is as much as they need.
    """
    # Some requests are drawn twice and sent once; some sequences end early.
    each = max(1, cases // operations)
    scenarios = max(1, cases // 4)
    project = ProjectConfig(
        continue_on_failure=True,
        checks=ChecksConfig.from_dict(_CHECKS),
        generation=GenerationConfig(deterministic=True, database="none", no_shrink=True),
        phases=PhasesConfig(
            examples=ExamplesPhaseConfig(),
            coverage=CoveragePhaseConfig(enabled=coverage),
            fuzzing=FuzzingPhaseConfig(generation=GenerationConfig(max_examples=each)),
            stateful=StatefulPhaseConfig(generation=GenerationConfig(max_examples=scenarios), max_steps=8),
        ),
    )
    return SchemathesisConfig(seed=seed, projects=ProjectsConfig(default=project))


def contract() -> dict[str, Any]:
    """Return the document as Schemathesis gets it: of a server at the root of this process."""
    found = deepcopy(document())
    del found["servers"]
    return found


def _is_lucky(value: Any) -> bool:
    """Whether an id is of the half that is exchanged; what is no id stays as it is."""
    return isinstance(value, str) and bool(_UUID.fullmatch(value)) and int(value[-1], 16) < 8


def run(
    app: Any,
    token: Callable[[], str],
    known: Callable[[str], str | None],
    cases: int,
    seed: int = 1,
    *,
    coverage: bool = True,
    only: str | None = None,
) -> Found:
    """Send at least `cases` requests to a WSGI application; each operation that wants one has a token.

    known: gives the id of something that is there, for a parameter of a path; half of the ids that come up by chance
    become such a one. coverage: whether every boundary of every schema is tried as well. only: a path, whose
    operations are all that is asked for.
    """
    raw = contract()
    raw["paths"] = {path: item for path, item in raw["paths"].items() if only in (None, path)}
    operations = sum(len(item) for item in raw["paths"].values())
    schema = schemathesis.openapi.from_dict(raw, config=_config(cases, seed, operations, coverage))
    schema.app = app

    @schema.auth(refresh_interval=None)
    class Bearer:
        def get(self, *_: Any) -> str:
            return token()

        def set(self, case: Any, data: str, context: Any) -> None:
            if context.operation.definition.raw.get("security"):
                case.headers["Authorization"] = f"Bearer {data}"

    @schema.hook
    def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
        given = path_parameters or {}
        found = {name: known(name) or value for name, value in given.items() if _is_lucky(value)}
        return {**given, **found} or path_parameters

    @schema.hook
    def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
        return not (response.status_code == 422 and any(rule in response.text for rule in _RULES))

    found = Found()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            found.add(event.recorder)
        elif isinstance(event, events.NonFatalError):
            found.failures.setdefault(f"{event.label}: {event.info.title}", []).append(str(event.value))
        elif isinstance(event, events.FatalError):
            raise event.exception
    return found
