"""One system whose functions are booted, and what became of each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.catalog import Function, Zone
from tests.infrastructure.boot.environment import BootedFunction
from tests.infrastructure.boot.scenario import SETTINGS, BootedSystem, Life, Played, lives, play
from tests.infrastructure.boot.trees import Trees, bootable


@dataclass(frozen=True)
class Booted:
    """What was seen: by people, and of each function by its name."""

    played: Played
    lives: Mapping[str, Life]


@pytest.fixture(scope="session")
def trees() -> Trees:
    """What functions boot from; built once for a recipe, under `build/`."""
    return bootable()


@pytest.fixture(scope="session")
def booted(trees: Trees, tmp_path_factory: pytest.TempPathFactory) -> Booted:
    """The scenario, played once."""
    with BootedSystem(tmp_path_factory.mktemp("booted"), SETTINGS) as system:
        played = play(system)
        return Booted(played, lives(system))


@pytest.fixture(scope="session")
def own_sockets(trees: Trees, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many sockets awslambdaric has open when it asks for the first event of a handler that does nothing."""
    nothing = Function("try.nothing", "json.dumps", Zone.EDGE, "Does nothing")
    function = BootedFunction(nothing, trees, {}, tmp_path_factory.mktemp("nothing"), "nothing")
    function.start()
    try:
        assert function.until_ready(60.0) is None
        return function.at_first_next["sockets"]
    finally:
        function.stop()


@pytest.fixture
def hands(trees: Trees, tmp_path: Path) -> Iterator[list[BootedFunction]]:
    """Environments that a test starts by itself; they end with it."""
    started: list[BootedFunction] = []
    yield started
    for function in started:
        function.stop()
