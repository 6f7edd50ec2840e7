"""What every end-to-end test may ask for: a browser, the whole system, one completed kit."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser

from infra.local.chaos.audit import settle
from infra.local.chaos.instance import Instance
from infra.local.run.kit import write_kit
from tests.client_generation import client_folder
from tests.e2e.browser import launched
from tests.e2e.people import ADMIN, Person, log_in, run_admin
from tests.e2e.system import PATIENCE, Kit, begin

if TYPE_CHECKING:
    from tests.e2e.generated import Api

# The client that is generated from the OpenAPI document: importable before the tests that use it are collected.
sys.path.insert(0, str(client_folder()))

# Its assertions become the words of a report; plain ones would say nothing.
pytest.register_assert_rewrite("tests.e2e.clicking")

IDEA = "Fishing-quota exchange for small harbours"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole session; a test without one fails and says what to install."""
    with launched() as running:
        yield running


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """The whole system, in a process of its own: its environment must not be that of other tests.

    The model's patience is short, so that a test of its silence is; a slow answer is only asked for again.
    """
    with Instance(tmp_path_factory.mktemp("system"), {"MODEL_TIMEOUT_SECONDS": "4"}) as running:
        yield running


@pytest.fixture(scope="session")
def first_administrator(system: Instance) -> str:
    """The address of the first administrator of the whole system, made by the command for it."""
    done = run_admin(system, ADMIN)
    assert done.returncode == 0, done.stderr
    return ADMIN


@pytest.fixture
def administrator(system: Instance, first_administrator: str) -> Person:
    """The first administrator, just logged in: an access token lasts ten minutes."""
    return log_in(system, first_administrator)


@pytest.fixture
def api(system: Instance) -> Iterator[Api]:
    """Typed clients of the whole system."""
    from tests.e2e.generated import Api

    with ExitStack() as stack:
        yield Api(system.url, stack)


@pytest.fixture(scope="session")
def kit(system: Instance, tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """A kit that the pipeline made, on disk. Look at it, do not change it."""
    client, made = begin(system, idea=IDEA)
    run = settle(system, client, made["run_id"], PATIENCE)
    assert run["status"] == "completed", run
    project = client.project(made["project_id"])
    assets = client.assets(made["project_id"], made["run_id"])
    folder = write_kit(run, project, assets, tmp_path_factory.mktemp("kits"))
    return Kit(run, project, assets, folder, client)
