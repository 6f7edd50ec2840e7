"""cdk-nag finds nothing that nobody answered for, in any stage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.assembly.stage import read_context
from infra.assembly.templates import (
    Accepted,
    SynthesisFailed,
    count_ignored,
    read_accepted,
    synthesise_apart,
)
from tests.infrastructure.snapshots import FOLDER, accepted_page

FEWEST_WORDS = 6


@pytest.fixture(scope="module")
def accepted(assembly_of: Callable[[str], Path]) -> dict[str, list[Accepted]]:
    """An open finding would have ended the synthesis."""
    return {stage: read_accepted(assembly_of(stage)) for stage in read_context()["stages"]}


def test_what_is_accepted_is_as_in_its_snapshot(accepted: dict[str, list[Accepted]]) -> None:
    assert (FOLDER / "accepted.yaml").read_text(encoding="utf-8") == accepted_page(accepted), (
        "look at what changed, and run `make snapshots`"
    )


def test_every_accepted_finding_is_on_one_resource_with_a_reason(accepted: dict[str, list[Accepted]]) -> None:
    for found in accepted.values():
        assert found
        for one in found:
            assert len(one.reason.split()) >= FEWEST_WORDS, one
            assert one.resource.count("/") >= 1, one


def test_a_stage_that_is_not_there_fails_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(SynthesisFailed, match="no stage 'moon'"):
        synthesise_apart("moon", tmp_path)


def test_what_cfn_lint_ignores_is_counted() -> None:
    told = {"cfn-lint": {"config": {"ignore_checks": ["W1", "W2"]}, "reason": "because"}}

    assert (
        count_ignored({"one": {"Resources": {"A": {"Metadata": told}, "B": {}}}, "two": {"Resources": {}}})
        == 2
    )
