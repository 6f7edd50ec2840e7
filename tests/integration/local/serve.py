"""Runs the one-machine target with the small catalog; told its folder, and signals as the command itself is."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from unittest import mock

from infra.local import __main__ as command
from infra.local import target
from tests.integration.local.catalog import TRY, TRY_WITH_ENGINES


class TryTarget(target.LocalTarget):
    """The target with the small catalog instead of the product's."""

    def __init__(self, folder: Path, port: int) -> None:
        catalog = TRY_WITH_ENGINES if "TRY_WITH_ENGINES" in os.environ else TRY
        super().__init__(folder, port, catalog)


if __name__ == "__main__":
    with mock.patch.object(command, "LocalTarget", TryTarget):
        sys.exit(command.main(["up", *sys.argv[1:]]))
