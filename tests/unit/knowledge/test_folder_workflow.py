"""The bulk job has the states of one upload for each object, and says little about each."""

from __future__ import annotations

import json

from functions.knowledge.workflows import folder
from functions.knowledge.workflows.uploads import START, states


def test_the_file_is_what_is_defined() -> None:
    assert folder.TARGET.read_text(encoding="utf-8") == folder.text()


def test_each_object_goes_through_the_states_of_an_upload() -> None:
    processor = folder.definition()["States"]["Index every object"]["ItemProcessor"]

    assert processor["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    assert processor["StartAt"] == START
    for name, state in states().items():
        found = processor["States"][name]
        assert found.get("Resource") == state.get("Resource")
        assert found.get("Parameters") == state.get("Parameters")
        assert found.get("Catch") == state.get("Catch")
        assert found.get("Retry") == state.get("Retry")
        assert found.get("Choices") == state.get("Choices")


def test_a_hundred_thousand_objects_fit_in_the_output_of_the_map() -> None:
    """Step Functions bears 256 KB; every child ends with the same short word."""
    found = folder.definition()["States"]["Index every object"]["ItemProcessor"]["States"]
    ends = [state for state in found.values() if state.get("End")]

    (end,) = ends
    assert not [state for state in found.values() if state["Type"] in ("Succeed", "Fail")]
    assert len(json.dumps([end["Result"]] * 100_000, separators=(",", ":"))) < 256 * 1024
