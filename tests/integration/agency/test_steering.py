"""Cancel, retry, fork, approve: what is allowed when, and what it sets off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from functions.agency import service
from functions.agency.repository import AgencyRepository
from shared.db.unit_of_work import Database, UnitOfWork
from shared.errors import Conflict, NotFound
from shared.models.asset import Asset
from shared.models.run import Run, RunFork, RunRetry
from tests.integration.database.conftest import HOUSE
from tests.integration.database.rows import DIGEST, asset, intake

LIMIT = 1_000_000
COST = {"model_calls": 1, "input_tokens": 10, "output_tokens": 5, "cost_microusd": 100}


class Story:
    """A run, and what happens to it."""

    def __init__(self, database: Database, **changes: Any) -> None:
        self._database = database
        made = self.do(lambda work: service.create_intake(work, intake(**changes), LIMIT))
        self.run_id, self.project_id = UUID(made["run_id"]), UUID(made["project_id"])

    def do(self, act: Callable[[UnitOfWork], Any]) -> Any:
        """Do one thing in a transaction of its own."""
        with self._database.transaction(HOUSE) as work:
            return act(work)

    def repository(self, act: Callable[[AgencyRepository], Any]) -> Any:
        """Do one thing to the rows."""
        return self.do(lambda work: act(AgencyRepository(work)))

    def begin(self, step: str = "qualify") -> Story:
        """A step has been prepared."""
        self.repository(lambda rows: rows.begin_step(self.run_id, step))
        self.repository(lambda rows: rows.reserve(self.run_id, step, 1000, DIGEST, "requests/x"))
        return self

    def complete(self, step: str = "qualify") -> bool:
        """A step has been applied."""
        done: bool = self.repository(
            lambda rows: rows.complete_step(self.run_id, step, {"a": 1}, model="m", **COST)
        )
        return done

    def fail(self) -> Story:
        """The run has stopped."""
        assert self.repository(lambda rows: rows.fail_run(self.run_id, "ModelRefused", "No."))
        return self

    @property
    def run(self) -> Run:
        """The row of the run."""
        found: Run = self.repository(lambda rows: rows.get_run(self.run_id))
        return found

    @property
    def project_status(self) -> str:
        """Where the project stands."""
        return str(self.repository(lambda rows: rows.get_project(self.project_id)).status)

    def steps(self) -> dict[str, Any]:
        """The steps by name."""
        return {step.step: step for step in self.repository(lambda rows: rows.list_steps(self.run_id))}

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The details of what was announced."""
        query = "SELECT detail FROM identity.outbox WHERE event_type = %(kind)s ORDER BY id"
        return [row["detail"] for row in self.do(lambda work: work.fetch_all(query, {"kind": kind}))]

    def cancel(self) -> Run:
        made: Run = self.do(lambda work: service.cancel_run(work, self.run_id, self.project_id))
        return made

    def retry(self, budget: int | None = None, limit: int = LIMIT) -> Run:
        change = RunRetry(budget_microusd=budget)
        made: Run = self.do(lambda work: service.retry_run(work, self.run_id, self.project_id, change, limit))
        return made

    def fork(self, **change: Any) -> Run:
        made: Run = self.do(
            lambda work: service.fork_run(work, self.run_id, self.project_id, RunFork(**change), LIMIT)
        )
        return made

    def approve(self) -> Run:
        made: Run = self.do(lambda work: service.approve_run(work, self.run_id, self.project_id))
        return made


@pytest.fixture
def story(app: Database) -> Story:
    """A run that waits in the queue."""
    return Story(app)


def complete_run(story: Story) -> Story:
    story.begin()
    assert story.repository(lambda rows: rows.complete_run(story.run_id))
    return story


def test_a_queued_run_is_cancelled_for_good(story: Story) -> None:
    run = story.cancel()

    assert (run.status, run.reserved_microusd) == ("cancelled", 0)
    assert run.completed_at is not None
    assert story.project_status == "cancelled"
    assert story.events("run_cancelled")[0] == {"run_id": str(story.run_id), "generation": 1}
    assert not story.repository(lambda rows: rows.complete_run(story.run_id))
    assert not story.repository(lambda rows: rows.fail_run(story.run_id, "X", "x"))


def test_cancelling_twice_is_cancelling_once(story: Story) -> None:
    story.begin()

    assert story.cancel() == story.cancel()
    assert len(story.events("run_cancelled")) == 1


def test_a_run_that_ended_cannot_be_cancelled(story: Story) -> None:
    complete_run(story)

    with pytest.raises(Conflict, match="it is completed"):
        story.cancel()

    assert story.events("run_cancelled") == []


def test_a_failed_run_goes_on_as_its_next_generation(story: Story) -> None:
    story.begin().complete()
    story.begin("research").fail()

    run = story.retry()

    assert (run.status, run.generation, run.error_code, run.completed_at) == ("queued", 2, None, None)
    assert (run.spent_microusd, run.reserved_microusd, run.steps_completed) == (100, 0, 1)
    steps = story.steps()
    assert (steps["qualify"].status, steps["qualify"].answer) == ("completed", {"a": 1})
    assert (steps["research"].status, steps["research"].reserved_microusd) == ("pending", 0)
    assert story.events("run_requested")[-1]["generation"] == 2
    assert story.project_status == "queued"


def test_a_cancelled_run_can_be_taken_up_again(story: Story) -> None:
    story.cancel()

    assert story.retry().status == "queued"


@pytest.mark.parametrize("prepare", [lambda story: story, lambda story: story.begin(), complete_run])
def test_only_a_run_that_stopped_is_retried(story: Story, prepare: Callable[[Story], Story]) -> None:
    prepare(story)
    asked = len(story.events("run_requested"))

    with pytest.raises(Conflict, match="Only a run that failed or was cancelled"):
        story.retry()

    assert len(story.events("run_requested")) == asked


@pytest.mark.parametrize(
    ("had", "wanted", "limit", "has"),
    [
        (500, None, LIMIT, 500),
        (500, 900, LIMIT, 900),
        (500, 100, LIMIT, 500),
        (500, 2 * LIMIT, LIMIT, LIMIT),
        (900, 950, 600, 900),
    ],
)
def test_a_retry_may_raise_the_budget_up_to_the_limit_and_never_lowers_it(
    app: Database, had: int, wanted: int | None, limit: int, has: int
) -> None:
    story = Story(app, budget_microusd=had)
    story.cancel()

    assert story.retry(wanted, limit).budget_microusd == has


def test_a_fork_is_a_run_of_its_own_with_its_own_idea(app: Database) -> None:
    story = Story(app, approval=True, priority="low", budget_microusd=700)
    story.begin().complete()

    fork = story.fork(idea="The same for oysters", constraints={"eu_only": True}, budget_microusd=300)

    assert fork.id != story.run_id
    assert (fork.fork_of, fork.project_id, fork.status) == (story.run_id, story.project_id, "queued")
    assert (fork.budget_microusd, fork.spent_microusd, fork.steps_completed) == (300, 0, 0)
    assert (fork.approval, fork.priority, fork.generation) == ("required", "low", 1)
    assert fork.metadata == {"idea": "The same for oysters", "constraints": {"eu_only": True}}
    assert story.events("run_requested")[-1]["run_id"] == str(fork.id)
    assert story.run.status == "running"


def test_a_fork_of_a_fork_keeps_what_it_does_not_change(story: Story) -> None:
    first = story.fork(idea="The same for oysters")
    story.run_id = first.id

    second = story.fork(constraints={"a": 1})

    assert second.metadata == {"idea": "The same for oysters", "constraints": {"a": 1}}
    assert second.fork_of == first.id
    assert second.approval == "none"


def waiting(app: Database) -> Story:
    story = Story(app, approval=True)
    story.begin("launch")
    assert story.repository(lambda rows: rows.keep_task_token(story.run_id, "token-1"))
    return story


def test_a_yes_releases_the_run_that_waits(app: Database) -> None:
    story = waiting(app)
    assert (story.run.approval, story.run.task_token) == ("waiting", "token-1")

    run = story.approve()

    assert (run.approval, run.task_token) == ("granted", None)
    assert story.events("run_approved")[0] == {"run_id": str(story.run_id), "task_token": "token-1"}


def test_saying_yes_twice_releases_once(app: Database) -> None:
    story = waiting(app)
    story.approve()
    story.approve()

    assert len(story.events("run_approved")) == 1


def test_a_yes_that_comes_first_needs_no_waiting(app: Database) -> None:
    story = Story(app, approval=True)

    assert story.approve().approval == "granted"
    assert story.events("run_approved") == []
    story.begin("launch")
    assert not story.repository(lambda rows: rows.keep_task_token(story.run_id, "token-1"))


def test_a_run_that_waits_again_keeps_its_newest_token(app: Database) -> None:
    story = waiting(app)
    assert story.repository(lambda rows: rows.keep_task_token(story.run_id, "token-2"))

    story.approve()

    assert story.events("run_approved")[0]["task_token"] == "token-2"


def test_a_run_that_waits_for_nobody_cannot_be_approved(story: Story) -> None:
    with pytest.raises(Conflict, match="does not wait"):
        story.approve()


def test_a_run_that_ended_cannot_be_approved(app: Database) -> None:
    story = waiting(app)
    story.cancel()

    assert story.run.task_token is None
    with pytest.raises(Conflict, match="does not wait"):
        story.approve()


@pytest.mark.parametrize("act", ["cancel", "retry", "fork", "approve"])
def test_a_run_of_another_project_or_of_nobody_is_not_found(app: Database, act: str) -> None:
    mine, other = Story(app), Story(app, email="eve@example.com")
    mine.project_id = other.project_id
    with pytest.raises(NotFound):
        getattr(mine, act)()

    mine.run_id = uuid4()
    with pytest.raises(NotFound):
        getattr(mine, act)()


def test_completing_a_step_twice_changes_nothing(story: Story) -> None:
    story.begin()
    assert story.complete() is True
    once, step = story.run, story.steps()["qualify"]

    assert story.complete() is False

    assert story.run.model_copy(update={"updated_at": once.updated_at}) == once
    assert story.steps()["qualify"] == step
    assert (once.steps_completed, once.spent_microusd, once.reserved_microusd) == (1, 100, 0)


def test_beginning_a_completed_step_changes_nothing(story: Story) -> None:
    story.begin().complete()
    before = story.steps()["qualify"]

    story.repository(lambda rows: rows.begin_step(story.run_id, "qualify"))

    assert story.steps()["qualify"] == before


def test_an_asset_of_a_path_is_one_row(story: Story) -> None:
    columns = asset(story.project_id, story.run_id)
    story.repository(lambda rows: rows.put_asset(**columns))
    story.repository(lambda rows: rows.put_asset(**{**columns, "size_bytes": 7}))

    (found,) = story.repository(lambda rows: rows.list_assets(story.project_id))
    assert found.size_bytes == 7


def test_pages_of_assets_hold_each_once_also_when_more_arrive(story: Story) -> None:
    def put(path: str) -> None:
        story.repository(lambda rows: rows.put_asset(**asset(story.project_id, story.run_id, path)))

    def page(after: UUID | None) -> list[Asset]:
        found: list[Asset] = story.do(
            lambda work: service.list_assets(work, story.project_id, run_id=None, after=after, limit=3)
        )
        return found

    paths = [f"docs/{number}.md" for number in range(7)]
    for path in paths:
        put(path)
    first = page(None)
    put("docs/late.md")
    second = page(first[-1].id)
    seen = [item.path for item in [*first, *second, *page(second[-1].id)]]

    assert seen == [*paths, "docs/late.md"]


def test_a_run_is_shown_with_its_steps_its_money_and_advice(story: Story) -> None:
    story.begin().complete()
    story.begin("research").fail()

    shown = story.do(lambda work: service.get_run(work, story.run_id, story.project_id))

    assert (shown.status, shown.progress, shown.steps_completed, shown.steps_total) == ("failed", 0.125, 1, 8)
    assert shown.spent_microusd == 100
    assert [step.position for step in shown.steps] == list(range(1, 9))
    assert (shown.error_code, shown.error_message) == ("ModelRefused", "No.")
    assert "Fork the run" in shown.advice
    assert shown.links["assets"] == f"/v1/projects/{story.project_id}/assets?run={story.run_id}"


def test_work_that_stalled_is_found_by_the_system_and_asked_for_again(
    app: Database, system: Database
) -> None:
    queued, completed, failed = Story(app), complete_run(Story(app)), Story(app)
    failed.begin().fail()
    with system.transaction(None) as work:
        assert service.find_stalled_runs(work, 3600) == []
        found = {row["run_id"]: row for row in service.find_stalled_runs(work, 0)}

    assert set(found) == {queued.run_id, completed.run_id}
    for row in found.values():
        with app.transaction(HOUSE) as work:
            service.revive(work, row)
    assert [e["run_id"] for e in queued.events("run_requested")].count(str(queued.run_id)) == 2
    assert queued.events("kit_completed") == [
        {"run_id": str(completed.run_id), "project_id": str(completed.project_id)}
    ]

    completed.do(lambda work: service.mark_indexed(work, completed.run_id))
    with system.transaction(None) as work:
        assert [row["run_id"] for row in service.find_stalled_runs(work, 0)] == [queued.run_id]
