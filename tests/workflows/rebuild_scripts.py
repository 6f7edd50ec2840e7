"""What the functions of `rebuild_vectors` do, by the name of the story; calls have the events they were given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions.knowledge.comparison import VectorsDiffer
from shared import errors

Outcome = dict[str, Any] | Exception

TOO_LONG = 'So far. Go on with the input {"after": {"tenant_id": "t"}}'


@dataclass(frozen=True)
class RebuildStory:
    """A rebuild: what its functions answer one after the other, what is called, how it ends."""

    name: str
    script: dict[str, list[Outcome]]
    calls: dict[str, int]
    passes: tuple[str, ...] = ("Everything is there again",)
    status: str = "SUCCEEDED"
    error: str | None = None
    cause: str = ""


def _state(run_id: str, following: str, **more: Any) -> Outcome:
    return {"run_id": run_id, "next": following, "results": [], "batches": [], **more}


def _pages(run_id: str, *sizes: int) -> list[Outcome]:
    """What planning answers: pages of so many batches, then that all is planned."""
    pages = [
        _state(run_id, "index", batches=[{"run_id": run_id, "number": n} for n in range(size)])
        for size in sizes
    ]
    return [*pages, _state(run_id, "compare")]


def _story(name: str, sizes: tuple[int, ...], calls: dict[str, int], **more: Any) -> RebuildStory:
    script = {
        "prepare_rebuild": [_state(name, "index")],
        "plan_rebuild": _pages(name, *sizes),
        "index_batch": [{"documents": number} for number in range(sum(sizes))],
        "compare_vectors": [_state(name, "done")],
        **more.pop("script", {}),
    }
    return RebuildStory(name, script, {"prepare_rebuild": 1} | calls, **more)


STORIES = (
    _story(
        "rebuild-of-nothing",
        (),
        {"plan_rebuild": 1, "compare_vectors": 1},
    ),
    _story(
        "rebuild-page-by-page",
        (3, 0, 2),
        {"plan_rebuild": 4, "index_batch": 5, "compare_vectors": 1},
    ),
    _story(
        "rebuild-compares-page-by-page",
        (1,),
        {"plan_rebuild": 2, "index_batch": 1, "compare_vectors": 3},
        script={
            "compare_vectors": [
                _state("rebuild-compares-page-by-page", following)
                for following in ("compare", "compare", "done")
            ]
        },
    ),
    _story(
        "rebuild-while-the-engine-stumbles",
        (1,),
        {"plan_rebuild": 2, "index_batch": 2, "compare_vectors": 1},
        script={"index_batch": [errors.DependencyUnavailable("busy"), {"documents": 1}]},
    ),
    _story(
        "rebuild-while-a-kit-is-indexed",
        (),
        {"plan_rebuild": 1, "compare_vectors": 2},
        script={
            "compare_vectors": [VectorsDiffer("Not yet."), _state("rebuild-while-a-kit-is-indexed", "done")]
        },
    ),
    _story(
        "rebuild-that-cannot-embed",
        (2,),
        {"plan_rebuild": 1},
        script={"index_batch": [errors.AppError("No."), errors.AppError("No.")]},
        passes=("Index a batch",),
        status="FAILED",
        error="AppError",
        cause="No.",
    ),
    _story(
        "rebuild-of-what-is-not-understood",
        (),
        {},
        script={"prepare_rebuild": [errors.Invalid("Not that.")]},
        passes=("Prepare the collections",),
        status="FAILED",
        error="Invalid",
        cause="Not that.",
    ),
    _story(
        "rebuild-too-long-for-one",
        (),
        {"plan_rebuild": 2, "index_batch": 1},
        script={
            "plan_rebuild": [
                *_pages("rebuild-too-long-for-one", 1)[:1],
                _state("rebuild-too-long-for-one", "unfinished", reason=TOO_LONG),
            ],
            "index_batch": [{"documents": 1}],
        },
        passes=("Another execution must go on",),
        status="FAILED",
        error="RebuildUnfinished",
        cause=TOO_LONG,
    ),
)
