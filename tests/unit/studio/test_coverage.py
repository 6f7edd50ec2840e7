"""Every requirement is found in every part of a kit, and missed in whichever part it was taken from."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.agency.artifacts.prd import write_prd
from functions.agency.artifacts.prototype import render_prototype
from functions.studio.coverage import requirement_gaps
from shared.models.answers import (
    DesignAnswer,
    PrototypeAnswer,
    QualifyAnswer,
    ResearchAnswer,
    SpecifyAnswer,
)
from tests.samples import harbour, hostile
from tests.unit.studio.project.making import make

Kit = dict[str, str | bytes]
IDS = [item.id for item in harbour.SPECIFY.functional_requirements]


def build(answers: dict[str, dict[str, Any]]) -> Kit:
    """Make the parts of a kit that carry requirements, as the pipeline makes them."""
    specify = SpecifyAnswer.model_validate(answers["specify"])
    return {
        "docs/prd.md": write_prd(
            name="Quaymarket",
            tagline="Spare quota finds a boat",
            idea=harbour.IDEA,
            sector=harbour.SECTOR,
            qualify=QualifyAnswer.model_validate(answers["qualify"]),
            research=ResearchAnswer.model_validate(answers["research"]),
            specify=specify,
            drafted_by="the offline drafter",
        ),
        "docs/plan.json": json.dumps(answers["plan"]),
        "docs/wireframe.json": json.dumps(answers["design"]).encode(),
        "prototypes/index.html": page(answers),
        **{f"project/{file.path}": file.content for file in make(answers)},
    }


def page(answers: dict[str, dict[str, Any]]) -> str:
    return render_prototype(
        name="Quaymarket",
        tagline="Spare quota finds a boat",
        specify=SpecifyAnswer.model_validate(answers["specify"]),
        design=DesignAnswer.model_validate(answers["design"]),
        prototype=PrototypeAnswer.model_validate(answers["prototype"]),
        drafted_by="the offline drafter",
    )


KIT = build(harbour.answers())


@pytest.mark.parametrize("answers", [harbour.answers(), hostile.answers()], ids=["harbour", "hostile"])
def test_a_whole_kit_has_no_gap(answers: dict[str, dict[str, Any]]) -> None:
    assert requirement_gaps(build(answers)) == []


def text(kit: Kit, path: str) -> str:
    content = kit[path]
    return content if isinstance(content, str) else content.decode()


def without_story(kit: Kit, item: str) -> None:
    plan = json.loads(text(kit, "docs/plan.json"))
    for story in plan["stories"]:
        story["requirements"] = [name for name in story["requirements"] if name != item]
    kit["docs/plan.json"] = json.dumps(plan)


def without_component(kit: Kit, item: str) -> None:
    design = json.loads(text(kit, "docs/wireframe.json"))
    for screen in design["screens"]:
        for part in screen["components"]:
            part["requirements"] = [name for name in part["requirements"] if name != item]
    kit["docs/wireframe.json"] = json.dumps(design)


def without_mark(kit: Kit, item: str) -> None:
    def keep(found: re.Match[str]) -> str:
        return f'data-fr="{" ".join(name for name in found[1].split() if name != item)}"'

    html = re.sub(r'data-fr="([^"]*)"', keep, text(kit, "prototypes/index.html"))
    kit["prototypes/index.html"] = f'{html}<!-- <b data-fr="{item}"></b> --><p>{item}</p>'


def without_action(kit: Kit, item: str) -> None:
    html = text(kit, "prototypes/index.html")
    kit["prototypes/index.html"] = html.replace(f'"requirement":"{item}"', '"requirement":""')


def without_placement(kit: Kit, item: str) -> None:
    numbers = [action.id for action in harbour.PROTOTYPE.actions if action.requirement == item]
    html = text(kit, "prototypes/index.html")
    head, data, tail = re.split(r'(?<=id="page-data">)(.*?)(?=</script>)', html, maxsplit=1, flags=re.S)
    model = json.loads(data)
    for screen in model["screens"]:
        for place, key in [(screen, "left"), *((part, "actions") for part in screen["components"])]:
            place[key] = [name for name in place[key] if name not in numbers]
    kit["prototypes/index.html"] = head + json.dumps(model) + tail


def without_code(kit: Kit, item: str) -> None:
    path = "project/src/quaymarket/services.py"
    kit[path] = re.sub(rf"\b{item}\b", "it", text(kit, path)) + f"\n# {item} is only a comment\n"


def without_test(kit: Kit, item: str) -> None:
    path = "project/tests/test_requirements.py"
    code = re.sub(rf"\b{item}\b", "it", text(kit, path))
    kit[path] = code.replace(f"test_{item.lower().replace('-', '_')}_", "test_") + f"\n# {item}\n"


REMOVALS: dict[str, tuple[Callable[[Kit, str], None], str]] = {
    "story": (without_story, "docs/plan.json: no story cites it."),
    "component": (without_component, "docs/wireframe.json: no component of a screen serves it."),
    "mark": (without_mark, "prototypes/index.html: no element is marked with it."),
    "action": (without_action, "prototypes/index.html: no action on a screen realises it."),
    "placement": (without_placement, "prototypes/index.html: no action on a screen realises it."),
    "code": (without_code, "project/src/: no code names it."),
    "test": (without_test, "project/tests/: no test proves it."),
}


@pytest.mark.parametrize("item", [IDS[0], IDS[1], IDS[-1]])
@pytest.mark.parametrize("removal", REMOVALS)
def test_what_is_taken_from_one_part_is_missed_there_and_nowhere_else(removal: str, item: str) -> None:
    kit = copy.copy(KIT)
    remove, sentence = REMOVALS[removal]
    remove(kit, item)
    assert requirement_gaps(kit) == [f"{item} is not in {sentence}"]


def test_code_that_does_nothing_realises_nothing() -> None:
    for body in ("...", "pass", "raise NotImplementedError"):
        code = {path: text for path, text in KIT.items() if not path.startswith("project/src/")}
        functions = "\n".join(
            f'def fr_{n + 1}():\n    """{name}"""\n    {body}\n' for n, name in enumerate(IDS)
        )
        gaps = requirement_gaps(code | {"project/src/x.py": functions})
        assert gaps == [f"{item} is not in project/src/: no code names it." for item in IDS]


def test_a_test_that_asserts_nothing_proves_nothing() -> None:
    kit = {path: text for path, text in KIT.items() if not path.startswith("project/tests/")}
    silent = "\n".join(f"def test_fr_{n + 1}():\n    x = 1\n" for n in range(len(IDS)))
    assert len(requirement_gaps(kit | {"project/tests/test_x.py": silent})) == len(IDS)
    loud = silent.replace("x = 1", "assert 1")
    assert requirement_gaps(kit | {"project/tests/test_x.py": loud}) == []


def test_a_page_without_data_counts_by_its_marks() -> None:
    marks = "".join(f'<button data-fr="{item}">x</button>' for item in IDS)
    assert requirement_gaps(KIT | {"prototypes/index.html": marks}) == []


@pytest.mark.parametrize(
    ("prd", "ids"),
    [
        (
            "## Functional requirements\n\n- **FR-1** one\n- FR-2: two\n\n## Risks\n\n- FR-9\n",
            ["FR-1", "FR-2"],
        ),
        ("## Functional requirements\n\n### FR-3: three\n\n- FR-4 is mentioned\n", ["FR-3"]),
    ],
)
def test_requirements_are_those_the_prd_defines(prd: str, ids: list[str]) -> None:
    nothing: Kit = {"docs/prd.md": prd, "docs/plan.json": "{}", "prototypes/index.html": ""}
    gaps = [gap for gap in requirement_gaps(nothing) if "docs/plan.json" in gap]
    assert gaps == [f"{item} is not in docs/plan.json: no story cites it." for item in ids]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"docs/prd.md": None}, "docs/prd.md is missing."),
        ({"docs/prd.md": b"\xff"}, "docs/prd.md is not UTF-8 text."),
        ({"docs/prd.md": "# Nothing"}, "docs/prd.md defines no functional requirement."),
        ({"docs/plan.json": None}, "docs/plan.json is missing."),
        ({"docs/plan.json": "{"}, "docs/plan.json is not JSON."),
        ({"docs/plan.json": "[" * 100_000}, "docs/plan.json is not JSON."),
        ({"docs/wireframe.json": b"\xff"}, "docs/wireframe.json is not UTF-8 text."),
        ({"prototypes/index.html": None}, "prototypes/index.html is missing."),
        (
            {
                "prototypes/index.html": KIT["prototypes/index.html"]
                + '<script type="application/json">{</script>'
            },  # type: ignore[operator]
            "prototypes/index.html holds data that is not JSON.",
        ),
        ({"project/src/quaymarket/services.py": "def"}, "project/src/quaymarket/services.py is not Python."),
        ({"project/tests/test_cli.py": "\x00"}, "project/tests/test_cli.py is not Python."),
    ],
)
def test_what_cannot_be_read_is_reported(changes: dict[str, str | bytes | None], sentence: str) -> None:
    kit = {path: content for path, content in (KIT | changes).items() if content is not None}
    assert requirement_gaps(kit) == [sentence]


def test_a_project_without_code_is_reported() -> None:
    kit = {path: content for path, content in KIT.items() if not path.startswith("project/")}
    assert requirement_gaps(kit) == [
        "project/src/ holds no Python file.",
        "project/tests/ holds no Python file.",
    ]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["FR-1", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["stories", "screens", "components", "requirements", "actions", "left", "id"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(JSON_VALUES, st.text(max_size=40))
def test_any_shape_of_data_gives_sentences_not_exceptions(value: Any, markup: str) -> None:
    small: Kit = {
        "docs/prd.md": "## Functional requirements\n\n### FR-1: one\n",
        "docs/plan.json": json.dumps(value),
        "docs/wireframe.json": json.dumps(value),
        "prototypes/index.html": f'{markup}<script type="application/json">{json.dumps(value)}</script>',
    }
    gaps = requirement_gaps(small)
    assert all(gap.endswith(".") for gap in gaps)
    assert "project/src/ holds no Python file." in gaps
