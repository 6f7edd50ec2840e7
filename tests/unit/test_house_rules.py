"""The rules of the house, read off the code itself."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from infra.catalog import CATALOG

ROOT = Path(__file__).parents[2]
OURS = ("shared", "functions", "infra")
LARGEST_FILE = 420
EXCERPT = re.compile(r"^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|WITH)\s", re.MULTILINE)

# Where SQL stands outside queries.sql, and why.
SQL_ELSEWHERE = {
    "shared/db/unit_of_work.py": "the unit of work itself: tenant and outbox of every transaction",
    "shared/db/outbox.py": "the mark of the outbox, for the publisher after a commit and for the relay",
    "shared/http/idempotency.py": "the record of a key is part of every context's transaction",
    "functions/studio/project/domain.py": "writes the schema of the code project that a customer gets",
    "functions/stewardship/migrations.py": "before the first migration there is no schema to name queries for",
}

# What is longer than a sitting, and why.
LONG_FILES: dict[str, str] = {}

# Python of the projects we generate: it runs at our customers', by rules of its own (tests/unit/studio).
GENERATED = ROOT / "functions" / "studio" / "project" / "runtime"


def files(*folders: str) -> list[Path]:
    """Our Python files below some folders, as a checkout has them."""
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if "__pycache__" not in path.parts and GENERATED not in path.parents
    )


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(node: ast.AST) -> Iterator[str]:
    """Dotted names that a statement imports: `from a import b` may be the module a.b or a name of a."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports(path: Path) -> set[str]:
    return {name for node in ast.walk(tree(path)) for name in imported(node)}


def top_level(node: ast.Module) -> Iterator[ast.stmt]:
    """Statements that run when a module is imported, those inside `if` and `class` included."""
    waiting: list[ast.stmt] = list(node.body)
    while waiting:
        statement = waiting.pop()
        yield statement
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += [part for part in ast.iter_child_nodes(statement) if isinstance(part, ast.stmt)]


@pytest.mark.parametrize("path", files("shared"), ids=name_of)
def test_the_kernel_knows_no_context(path: Path) -> None:
    assert not [name for name in imports(path) if name.split(".")[0] in ("functions", "infra", "tests")]


@pytest.mark.parametrize("path", files("functions"), ids=name_of)
def test_a_context_knows_another_only_by_its_service(path: Path) -> None:
    own = path.relative_to(ROOT / "functions").parts[0]
    foreign = {
        name
        for name in imports(path)
        if name.startswith("functions.") and name.split(".")[1] != own and name.split(".")[2:3] != ["service"]
    }

    assert not foreign
    assert not [name for name in imports(path) if name.split(".")[0] in ("infra", "tests")]


@pytest.mark.parametrize("path", files("infra/catalog"), ids=name_of)
def test_the_catalog_is_pure_data(path: Path) -> None:
    # The table of periods and the words of errors are pure data, too.
    pure = ("shared.periods", "shared.errors", "infra.", "urllib.parse")
    foreign = {name for name in imports(path) if not name.startswith(pure)}

    assert {name.split(".")[0] for name in foreign} <= {"__future__", "collections", "dataclasses", "enum"}
    assert not [name for name in imports(path) if name.startswith("infra.") and ".catalog" not in name]


@pytest.mark.parametrize("path", files("shared", "functions"), ids=name_of)
def test_only_settings_read_the_environment(path: Path) -> None:
    reads = [
        ast.unparse(node)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb", "putenv")
    ]

    assert not reads or name_of(path) == "shared/settings.py"
    assert not imports(path) & {"os.environ", "os.getenv"}


def _texts(path: Path) -> Iterator[str]:
    """Texts of a file that are not its documentation."""
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


def _writes_sql(path: Path) -> bool:
    return any(EXCERPT.search(text) for text in _texts(path))


@pytest.mark.parametrize("path", files("shared", "functions"), ids=name_of)
def test_sql_stands_in_queries_sql(path: Path) -> None:
    assert name_of(path) in SQL_ELSEWHERE or not _writes_sql(path)


@pytest.mark.parametrize("name", SQL_ELSEWHERE)
def test_an_exception_for_sql_is_still_needed(name: str) -> None:
    assert _writes_sql(ROOT / name)


@pytest.mark.parametrize("path", files("shared", "functions"), ids=name_of)
def test_nothing_is_connected_or_built_at_import(path: Path) -> None:
    makers = re.compile(
        r"\b(boto3\.(client|resource|Session)|psycopg\.connect|connect|[A-Z]\w*Client|container)\("
    )
    built = [
        ast.unparse(statement)
        for statement in top_level(tree(path))
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr)
        and makers.search(ast.unparse(statement))
    ]

    assert not [line for line in built if not line.startswith(("'", '"'))]


def _public(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name.startswith("_"):
                continue
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body)


@cache
def _told_by_a_base() -> frozenset[str]:
    """Names of methods that some class of ours, made to be inherited from, documents."""
    classes = [
        node for path in files(*OURS) for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)
    ]
    return frozenset(
        method.name
        for node in classes
        for method in node.body
        if isinstance(method, ast.FunctionDef) and ast.get_docstring(method)
        if {"ABC", "Protocol"} & {ast.unparse(base) for base in node.bases}
    )


def _is_told_elsewhere(node: ast.AST) -> bool:
    """Whether a method is said by what it implements: a base of ours, or http.server's."""
    if not isinstance(node, ast.FunctionDef):
        return False
    of_the_library = {"setup", "finish", "log_message"}
    return node.name in _told_by_a_base() | of_the_library or node.name.startswith("do_")


@pytest.mark.parametrize("path", files(*OURS), ids=name_of)
def test_what_is_public_says_what_it_is(path: Path) -> None:
    source = tree(path)
    silent = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for node in _public(source.body)
        if not ast.get_docstring(node) and not _is_told_elsewhere(node)
    ]

    assert not silent
    assert path.name == "__init__.py" or ast.get_docstring(source), "the module does not say what it is"


def _is_long(path: Path) -> bool:
    return len(path.read_text(encoding="utf-8").splitlines()) > LARGEST_FILE


@pytest.mark.parametrize("path", files(*OURS), ids=name_of)
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert _is_long(path) == (name_of(path) in LONG_FILES)


_WATCHED = """
import json, os, socket, sys

def refuse(*_, **__):
    raise SystemExit("a connection at import")

socket.socket.connect = refuse
socket.create_connection = refuse

class Watched(dict):
    def _told(self, name):
        # What libraries look up for themselves is not ours: only names that settings have.
        if name in SETTINGS:
            raise SystemExit(f"{name} is read at import")
    def __getitem__(self, name):
        self._told(name); return super().__getitem__(name)
    def get(self, name, default=None):
        self._told(name); return super().get(name, default)
    def __contains__(self, name):
        self._told(name); return super().__contains__(name)
    def copy(self):
        return dict(self)

SETTINGS, modules, heavy = json.loads(sys.argv[1])
os.environ = Watched(os.environ)
import importlib
for module in modules:
    importlib.import_module(module)
    found = [name for name in heavy if name in sys.modules]
    if found:
        raise SystemExit(f"{module} imports {found}")
"""


def _settings_names() -> list[str]:
    from shared import settings

    classes = [kind for kind in vars(settings).values() if isinstance(kind, type)]
    kinds = [kind for kind in classes if issubclass(kind, settings.Settings)]
    return sorted({name for kind in kinds for name in kind.variables()})


def _import_all(modules: list[str], heavy: list[str]) -> str:
    """Import modules in a fresh Python; return what it complained of."""
    made = subprocess.run(
        [sys.executable, "-c", _WATCHED, json.dumps([_settings_names(), modules, heavy])],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return made.stderr


def handlers() -> list[str]:
    return sorted({function.handler.rsplit(".", 1)[0] for function in CATALOG.functions})


def test_importing_every_handler_connects_nothing_and_reads_no_setting() -> None:
    assert _import_all(handlers(), []) == ""


def test_a_request_waits_for_no_library_it_does_not_need() -> None:
    api = [module for module in handlers() if ".api." in module]
    heavy = ["anthropic", "qdrant_client", "boto3", "PIL", "av", "alembic", "sqlalchemy", "numpy", "yaml"]

    assert api
    assert _import_all(api, heavy) == ""


def test_the_watch_sees_what_it_watches_for() -> None:
    assert "['json']" in _import_all(["shared.settings"], ["json"])


STOPWATCHES = {"perf_counter", "perf_counter_ns", "process_time", "process_time_ns", "thread_time"}
TESTS = [path for path in files("tests") if "benchmarks" not in path.parts]


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_no_test_is_a_race_against_the_clock(path: Path) -> None:
    """A busy machine is no defect: how long a thing takes is measured in tests/benchmarks."""
    read = {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
    assert not read & STOPWATCHES
