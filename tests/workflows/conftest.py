"""The one-machine target with the product's state machines and scripted handlers."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from tests.integration.local.conftest import ROOT, System, finish, until_ready


@pytest.fixture(scope="session")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The system; its handlers do what the stories of `scripts` and `rebuild_scripts` say."""
    folder = tmp_path_factory.mktemp("workflows")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.workflows.serve", "--port", "0", "--folder", str(folder)],
        cwd=ROOT,
        env=dict(os.environ),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    running = System(process, folder, [])
    try:
        until_ready(running)
        # What it says from here on is read, so that it never waits for a reader.
        threading.Thread(target=process.communicate, daemon=True).start()
        yield running
    finally:
        finish(running)
