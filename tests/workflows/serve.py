"""Runs the one-machine target with the product's state machine and scripted handlers."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from unittest import mock

from infra.catalog import CATALOG, Function, Use, Zone
from infra.local import __main__ as command
from infra.local import target

# The handler of each state may play the person who approves, too.
ANSWERS = (Use("workflow:proto_v1", "answer"),)
_NAMES = {name for workflow in CATALOG.workflows for name in workflow.functions}
SCRIPTED = replace(
    CATALOG,
    functions=(
        *(
            replace(function, handler="tests.workflows.handlers.act", settings=(), uses=ANSWERS)
            for function in CATALOG.functions
            if function.name in _NAMES
        ),
        Function("try.journal", "tests.workflows.handlers.journal", Zone.DATA, "tells what was called"),
    ),
    routes=(),
    queues=(),
    rules=(),
    schedules=(),
)


class ScriptedTarget(target.LocalTarget):
    """The target with scripted handlers instead of the product's."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, port, SCRIPTED)


if __name__ == "__main__":
    with mock.patch.object(command, "LocalTarget", ScriptedTarget):
        sys.exit(command.main(["up", *sys.argv[1:]]))
