"""How the tests are shared out among workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.workers import GROUPS, STARTED_FOR_EACH, group_of, torn, uses

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", [path for paths in GROUPS.values() for path in paths])
def test_a_group_is_of_files_that_there_are(path: str) -> None:
    assert (ROOT / path).exists()
    assert (ROOT / path).is_dir() == path.endswith("/")


@pytest.mark.parametrize("name", GROUPS)
def test_no_group_is_hidden_by_one_before_it(name: str) -> None:
    assert {
        group_of(f"{path}x.py::test" if path.endswith("/") else f"{path}::test") for path in GROUPS[name]
    } == {name}


def test_a_file_of_no_group_stays_together() -> None:
    assert group_of("tests/unit/test_markdown.py::test_a[b::c]") == "tests/unit/test_markdown.py"


def test_what_two_groups_would_start_is_named() -> None:
    system, local = "tests/e2e/test_kit.py::test_a", "tests/integration/local/test_command.py::test_b"
    assert torn([(system, "x:own"), (system, "x:both"), (local, "x:both")]) == {
        "x:both": {"whole system", "local target"}
    }
    assert torn([(test, name) for test in (system, local) for name in STARTED_FOR_EACH]) == {}


def test_nothing_that_lasts_a_session_is_started_by_two_groups(request: pytest.FixtureRequest) -> None:
    """Put the files whose tests ask for it in a group, or say in STARTED_FOR_EACH that it may be."""
    assert torn(uses(request.session.items)) == {}
