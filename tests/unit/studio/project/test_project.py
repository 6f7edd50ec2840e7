"""The generated project: complete, runnable, traced, and inert whatever the answers say."""

from __future__ import annotations

import ast
import copy
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.models.answers import AnswerContext, PrototypeAnswer
from shared.models.base import refuse_line_breaks, refuse_unstorable
from shared.paths import check_paths
from tests.samples import harbour, hostile
from tests.unit.studio.project.making import by_path, make, run, shape, write_out

HARBOUR = make()
HOSTILE = make(hostile.answers(), name=hostile.PAYLOADS[0], tagline=" ".join(hostile.PAYLOADS))


def awkward_names() -> dict[str, Any]:
    """Return the prototype of the sample with names that Python, SQL or the project itself need."""
    made = copy.deepcopy(harbour.answers()["prototype"])
    entities = {"quota_lot": "order", "bid": "group", "skipper": "sqlite_master"}
    fields = {
        "species": "class",
        "sea_area": "from",
        "tonnes": "select",
        "price_per_kg": "to_json",
        "valid_until": "date",
        "offered_by": "dt",
        "part_lots": "rowid",
        "terms": "x" * 40,
        "lot": "text_of",
        "bidder": "str",
        "answer_to": "values",
        "name": "None".lower(),
        "boat": "self",
        "home_harbour": "where",
        "email": "table",
    }
    for entity in made["entities"]:
        entity["name"] = entities[entity["name"]]
        for field in entity["fields"]:
            field["name"] = fields.get(field["name"], field["name"])
    for action in made["actions"]:
        action["entity"] = entities[action["entity"]]
        action["fields"] = [fields.get(name, name) for name in action["fields"]]
    inbox = copy.deepcopy(made["entities"][2])
    long = copy.deepcopy(made["entities"][1])
    inbox["name"], inbox["plural"] = "inbox_message", "Inbox"
    long["name"], long["plural"] = "entity_of_the_longest_name_one_may_give_", "Überlänge"
    made["entities"] += [inbox, long]
    for number, action in enumerate(copy.deepcopy(made["actions"]), 16):
        if action["entity"] == "group":
            made["actions"].append(action | {"id": f"A-{number}", "entity": long["name"]})
    made["actions"] += [
        {**action, "id": f"A-{number}", "entity": long["name"], "fields": fields}
        for number, (action, fields) in enumerate(
            [
                (made["actions"][12], []),
                (made["actions"][11], ["to_json", "tonnes_wanted"]),
                (made["actions"][4], ["text_of", "str"]),
                (made["actions"][7], ["text_of", "str", "to_json", "tonnes_wanted", "values", "bid_on"]),
                (made["actions"][3], []),
                (made["actions"][2], ["values"]),
            ],
            50,
        )
    ]
    return made


AWKWARD = make({"prototype": awkward_names()}, name="json")
PROJECTS = {"harbour": HARBOUR, "hostile": HOSTILE, "awkward": AWKWARD}
every_project = pytest.mark.parametrize("name", PROJECTS)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: write_out(files, tmp_path_factory.mktemp(name)) for name, files in PROJECTS.items()}


def test_the_hostile_and_awkward_samples_are_valid_answers() -> None:
    assert PrototypeAnswer.model_validate(hostile.answers()["prototype"]).problems(hostile.context()) == []
    context = AnswerContext.model_validate(harbour.context().model_dump())
    assert PrototypeAnswer.model_validate(awkward_names()).problems(context) == []


def test_a_project_holds_what_a_developer_expects() -> None:
    files = by_path(HARBOUR)
    assert {
        "README.md",
        "LICENSE",
        ".gitignore",
        "pyproject.toml",
        "Makefile",
        ".github/workflows/ci.yml",
        "docs/requirements.md",
        "src/quaymarket/__init__.py",
        "src/quaymarket/__main__.py",
        "src/quaymarket/entities.py",
        "src/quaymarket/services.py",
        "src/quaymarket/api.py",
        "src/quaymarket/cli.py",
        "tests/test_requirements.py",
    } <= set(files)
    assert list(files) == sorted(files)
    assert {file.file_type for file in HARBOUR} == {
        "python",
        "markdown",
        "toml",
        "yaml",
        "makefile",
        "gitignore",
        "text",
    }


@every_project
def test_the_same_answers_give_the_same_files(name: str) -> None:
    again = {
        "harbour": lambda: make(),
        "hostile": lambda: make(
            hostile.answers(), name=hostile.PAYLOADS[0], tagline=" ".join(hostile.PAYLOADS)
        ),
        "awkward": lambda: make({"prototype": awkward_names()}, name="json"),
    }[name]()
    assert again == PROJECTS[name]


@every_project
def test_every_file_is_text_at_a_safe_path(name: str) -> None:
    check_paths(file.path for file in PROJECTS[name])
    for file in PROJECTS[name]:
        assert file.content.endswith("\n")
        assert "\r" not in file.content
        assert not re.search(r"[\u202a-\u202e\u2066-\u2069\u200b]", file.content), file.path
        assert not re.search(r"[ \t]+$", file.content, re.MULTILINE), file.path


@every_project
def test_its_own_tests_pass_without_a_warning(name: str, folders: dict[str, Path]) -> None:
    result = run(folders[name], "-W", "error", "-m", "unittest", "discover", "-s", "tests")
    assert result.returncode == 0, result.stderr
    ran = re.search(r"Ran (\d+) tests", result.stderr)
    assert ran is not None
    assert int(ran[1]) >= len(harbour.PROTOTYPE.actions) + 10
    assert result.stderr.strip().endswith("OK")


def ruff() -> str:
    found = shutil.which("ruff", path=Path(sys.executable).parent)
    assert found is not None
    return found


@every_project
def test_it_is_clean_for_ruff_under_its_own_settings(name: str, folders: dict[str, Path]) -> None:
    for command in (["check"], ["format", "--check"]):
        result = subprocess.run(
            [ruff(), *command, "--no-cache", "."], cwd=folders[name], capture_output=True, text=True
        )
        assert result.returncode == 0, result.stdout


@every_project
def test_every_requirement_is_realised_and_tested(name: str) -> None:
    files = by_path(PROJECTS[name])
    services = next(content for path, content in files.items() if path.endswith("/services.py"))
    tests = files["tests/test_requirements.py"]
    realised = " ".join(
        ast.get_docstring(node) or ""
        for node in ast.parse(services).body
        if isinstance(node, ast.FunctionDef)
    )
    tested = {node.name for node in ast.walk(ast.parse(tests)) if isinstance(node, ast.FunctionDef)}
    for requirement in harbour.SPECIFY.functional_requirements:
        number = requirement.id.removeprefix("FR-")
        assert re.search(rf"\bFR-{number}\b", realised)
        assert any(test.startswith(f"test_fr_{number}_") for test in tested)
        assert f"| {requirement.id} |" in files["README.md"]
        assert f"### {requirement.id}:" in files["docs/requirements.md"]


def test_every_action_has_a_function_a_route_and_a_test() -> None:
    files = by_path(HARBOUR)
    functions = re.findall(r"^def (\w+)", files["src/quaymarket/services.py"], re.MULTILINE)
    assert len(functions) == len(set(functions)) == len(harbour.PROTOTYPE.actions)
    for function in functions:
        assert f"services.{function}(" in files["src/quaymarket/api.py"]
        assert re.search(rf"def test_fr_\d+_{function}\(", files["tests/test_requirements.py"])


def test_hostile_texts_change_no_code() -> None:
    plain, poisoned = by_path(HARBOUR), by_path(HOSTILE)
    package = next(path.split("/")[1] for path in poisoned if path.startswith("src/"))
    modules = [path for path in plain if path.startswith("src/")]
    assert len(modules) > 10
    for path in modules:
        assert shape(poisoned[path.replace("quaymarket", package)]) == shape(plain[path]), path


def test_hostile_texts_stay_texts_in_markdown_toml_and_yaml() -> None:
    files = by_path(HOSTILE)
    for path in ("README.md", "docs/requirements.md"):
        assert not re.search(r"<(?!br>)[a-zA-Z/!]", files[path]), path
    project = tomllib.loads(files["pyproject.toml"])["project"]
    assert project["dependencies"] == []
    assert "DROP TABLE" in project["description"]
    assert yaml.safe_load(files[".github/workflows/ci.yml"]) == yaml.safe_load(
        by_path(HARBOUR)[".github/workflows/ci.yml"]
    )


def test_the_description_survives_quoting() -> None:
    tagline = 'a "quoted" \\ backslash \x1b \u202e 漢'
    project = tomllib.loads(by_path(make(tagline=tagline))["pyproject.toml"])["project"]
    assert project["description"] == 'a "quoted" \\ backslash 漢'


def storable(text: str) -> bool:
    try:
        refuse_unstorable(text)
        refuse_line_breaks(text)
    except ValueError:
        return False
    return bool(text.strip()) and text == text.strip()


NASTY = st.text(
    alphabet=st.one_of(st.characters(exclude_categories=["Cs", "Cc"]), st.sampled_from("\"'\\#{}<>`|$%=@")),
    min_size=1,
    max_size=30,
).filter(storable) | st.sampled_from(
    ['"""', "'''", "\\", '\\"""', '"""+exit()+"""', "{x}", "$package", "=1+1", "None"]
)


def rewritten(texts: list[str]) -> dict[str, Any]:
    """Return the sample with free texts replaced in turn by `texts`; states and choices keep their places."""
    made = copy.deepcopy({step: harbour.answers()[step] for step in ("specify", "prototype")})
    for item in made["specify"]["functional_requirements"]:
        item["title"], item["statement"], item["acceptance"] = texts[0], texts[1], [texts[2]]
    for entity in made["prototype"]["entities"]:
        entity["label"], entity["plural"], entity["description"] = texts[0], texts[1], texts[2]
        renamed = {state: f"{texts[3]} {n}" for n, state in enumerate(entity["states"])}
        entity["states"] = list(renamed.values())
        for position, field in enumerate(entity["fields"]):
            field["label"] = texts[4]
            field["unit"] = texts[3][:20].strip() if field["unit"] else ""
            chosen = {choice: f"{texts[5]} {n}" for n, choice in enumerate(field["choices"])}
            field["choices"] = list(chosen.values())
            for row in entity["rows"]:
                if chosen:
                    row[position] = chosen[row[position]]
                elif field["type"] in ("text", "long_text") and row[position]:
                    row[position] = texts[position % 3]
        for row in entity["rows"]:
            if renamed:
                row[-1] = renamed[row[-1]]
        for action in made["prototype"]["actions"]:
            if action["entity"] == entity["name"]:
                action["label"], action["message"] = texts[0], texts[1]
                action["from_states"] = [renamed[state] for state in action["from_states"]]
                action["to_state"] = renamed.get(action["to_state"], "")
    return made


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(NASTY, min_size=6, max_size=6))
def test_no_text_becomes_code(texts: list[str]) -> None:
    files = by_path(make(rewritten(texts), name=texts[0], tagline=texts[1]))
    plain = by_path(HARBOUR)
    package = next(path.split("/")[1] for path in files if path.startswith("src/"))
    for module in ("__init__", "entities", "services", "api", "schema", "sample_data", "cli"):
        poisoned = files[f"src/{package}/{module}.py"]
        assert shape(poisoned) == shape(plain[f"src/quaymarket/{module}.py"]), module
    strings = {
        node.value
        for node in ast.walk(ast.parse(files[f"src/{package}/entities.py"]))
        if isinstance(node, ast.Constant)
    }
    assert {texts[0], texts[1], texts[4], f"{texts[3]} 0", f"{texts[5]} 0"} <= strings
    for path, content in files.items():
        if path.startswith("tests/"):
            compile(content, path, "exec", dont_inherit=True)
    tomllib.loads(files["pyproject.toml"])


def only(kind: str) -> dict[str, Any]:
    """Return the sample's prototype with nothing but nine actions of one kind, one a requirement."""
    made = copy.deepcopy(harbour.answers()["prototype"])
    sample = next(action for action in made["actions"] if action["kind"] == kind)
    made["actions"] = [sample | {"id": f"A-{n}", "requirement": f"FR-{n}"} for n in range(1, 10)]
    return made


def test_a_project_of_one_kind_of_action_is_as_clean(tmp_path: Path) -> None:
    kinds = {action.kind for action in harbour.PROTOTYPE.actions}
    assert len(kinds) == 10
    for kind in kinds:
        files = make({"prototype": only(kind)})
        write_out(files, tmp_path / kind)
        routes = re.findall(r'Route\(\s*"(\w+)",\s*"([^"]+)"', by_path(files)["src/quaymarket/api.py"])
        assert len(routes) == len(set(routes)) == 2 * len(harbour.PROTOTYPE.entities) + 1 + 9
    result = subprocess.run(
        [ruff(), "check", "--no-cache", "."], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout


def test_an_answer_that_does_not_fit_together_is_refused() -> None:
    answers = harbour.answers()
    without = [item for item in answers["prototype"]["actions"] if item["requirement"] != "FR-8"]
    with pytest.raises(ValueError, match="no action realises FR-8"):
        make({"prototype": answers["prototype"] | {"actions": without}})
    stray = [*answers["prototype"]["actions"]]
    stray[0] = stray[0] | {"entity": "nothing"}
    with pytest.raises(ValueError, match="A-1 cites something that is not there"):
        make({"prototype": answers["prototype"] | {"actions": stray}})


def test_a_sample_row_with_an_absurd_number_is_no_valid_answer() -> None:
    prototype = harbour.answers()["prototype"]
    for field in prototype["entities"][0]["fields"]:
        field["maximum"] = None
    prototype["entities"][0]["rows"][0][2] = "1E+5000"
    problems = PrototypeAnswer.model_validate(prototype).problems(harbour.context())
    assert any("1E+5000" in problem for problem in problems)
