"""Runs the one-machine target with every function booted by awslambdaric instead of in the target's own threads."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest import mock

from infra.catalog import CATALOG, Function
from infra.local import __main__ as command
from infra.local.aws import runtime
from infra.local.aws.identity import keys
from infra.local.aws.names import STAGE
from infra.local.aws.runtime import Outcome, Runtime
from infra.local.aws.secret_file import SIGNING_KEY
from tests.infrastructure.boot.fleet import CLAIMING, Fleet
from tests.infrastructure.boot.trees import bootable


class BootedRuntime(Runtime):
    """Lambda with a fleet."""

    def __init__(self, functions: Iterable[Function], *, fleet: Fleet, **options: Any) -> None:
        super().__init__(functions, **options)
        self._fleet = fleet

    def perform(self, job: Any) -> Outcome:
        """Run the event of a job in the environment of its function."""
        return self._fleet.run(job.function, job.event, job.context)

    def warm(self) -> None:
        """Import nothing here: nothing runs here."""

    def stop(self, seconds: float = 5.0) -> None:
        """Take no more events, and end the fleet."""
        super().stop(seconds)
        self._fleet.stop()


def environment_of(function: Function, folder: Path) -> dict[str, str]:
    """The variables of the system on `folder`, with the function's own keys."""
    secrets = json.loads((folder / "secrets.json").read_text(encoding="utf-8"))
    name = function.deployed_name(STAGE)
    own = {"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": keys(CATALOG, secrets[SIGNING_KEY])[name]}
    return {**os.environ, **own}


def main(arguments: list[str]) -> int:
    """Start the system on the folder that `--folder` names; return the exit status."""
    folder = Path(arguments[arguments.index("--folder") + 1])
    boots = folder / "boots"
    boots.mkdir(parents=True, exist_ok=True)
    # A request of a person is one; everything else may come twice.
    once = {route.function for route in CATALOG.routes} | CLAIMING
    fleet = Fleet(bootable(), boots, once, lambda function: environment_of(function, folder))

    def make(functions: Iterable[Function], **options: Any) -> BootedRuntime:
        return BootedRuntime(functions, fleet=fleet, **options)

    with mock.patch.object(runtime, "Runtime", make):
        return command.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
