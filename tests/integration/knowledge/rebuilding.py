"""The functions of `rebuild_vectors` called in the order of its states, without the interpreter."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from functions.knowledge.steps import compare_vectors, index_batch, plan_rebuild, prepare_rebuild
from tests.integration.knowledge.conftest import World

_STEPS: tuple[ModuleType, ...] = (prepare_rebuild, plan_rebuild, index_batch, compare_vectors)


class Rebuild:
    """A rebuild of a world. `before`: called with the name of each step before it runs."""

    def __init__(self, world: World, patch: pytest.MonkeyPatch) -> None:
        self.before: Callable[[str], None] = lambda _step: None
        self.calls: list[str] = []
        for module in _STEPS:
            patch.setattr(module, "container", lambda: world)

    def _call(self, module: ModuleType, given: Any) -> Any:
        name = module.__name__.rpartition(".")[2]
        self.calls.append(name)
        self.before(name)
        # What crosses a state is JSON.
        return json.loads(json.dumps(module.handler(json.loads(json.dumps(given)), None)))

    def run(self, **given: Any) -> dict[str, Any]:
        """Run to the end; return the output, or the state that says that another execution must go on."""
        state = self._call(prepare_rebuild, given)
        while (state := self._call(plan_rebuild, state))["next"] == "index":
            state["results"] = [self._call(index_batch, batch) for batch in state["batches"]]
        while state["next"] == "compare":
            state = self._call(compare_vectors, state)
        assert isinstance(state, dict)
        return state
