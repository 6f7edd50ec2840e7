"""What changes in a template is seen in a diff; and what it costs is told by the page that says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.assembly.stage import Stage, read_context
from infra.cost.report import Costs, page
from tests.infrastructure.conftest import Templates, read_templates
from tests.infrastructure.snapshots import FOLDER, differences, normalised, pages

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def every_stage(assembly_of: Callable[[str], Path]) -> dict[str, Templates]:
    return {stage: read_templates(assembly_of(stage)) for stage in read_context()["stages"]}


def test_every_template_is_as_in_its_snapshot(every_stage: dict[str, Templates]) -> None:
    expected = {
        str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8")
        for path in FOLDER.rglob("*.yaml")
        if path.name != "accepted.yaml"
    }
    found = pages(every_stage)

    assert found.keys() == expected.keys()
    changed = [name for name, text in found.items() if text != expected[name]]
    assert changed == [], "look at what changed, and run `make snapshots`"


def test_the_page_of_costs_is_that_of_the_templates(every_stage: dict[str, Templates]) -> None:
    context = read_context()
    costs = {
        name: Costs.of(Stage.from_context(name, context), templates)
        for name, templates in every_stage.items()
    }

    assert (ROOT / "docs" / "scale.md").read_text(encoding="utf-8") == page(costs), "run `make cost`"


def test_a_snapshot_shows_what_is_decided_and_no_hashes() -> None:
    template = {
        "Resources": {
            "Work": {
                "Type": "AWS::Lambda::Function",
                "Metadata": {"aws:cdk:path": "robo-dev-compute/Work", "cfn-lint": {"reason": "so"}},
                "DependsOn": ["B", "A"],
                "Properties": {
                    "FunctionName": "robo-dev-agency-work",
                    "Code": {"S3Key": "a" * 64 + ".zip"},
                    "Role": {
                        "Fn::Join": [
                            "",
                            ["arn:", {"Ref": "AWS::Partition"}, ":", {"Fn::GetAtt": ["R", "Arn"]}],
                        ]
                    },
                    "Tags": [{"Key": "stage", "Value": "dev"}, {"Key": "own", "Value": "x"}],
                },
            }
        },
        "Outputs": {"Url": {"Value": "u"}, "Export1": {"Value": "v", "Export": {"Name": "n"}}},
    }

    assert normalised(template, "dev") == {
        "Resources": {
            "Work": {
                "Type": "AWS::Lambda::Function",
                "Metadata": {"cfn-lint": {"reason": "so"}},
                "DependsOn": ["A", "B"],
                "Properties": {
                    "FunctionName": "robo-<stage>-agency-work",
                    "Code": {"S3Key": "<hash>.zip"},
                    "Role": "arn:${AWS::Partition}:${R.Arn}",
                    "Tags": [{"Key": "own", "Value": "x"}],
                },
            }
        },
        "Outputs": {"Url": {"Value": "u"}},
    }


def test_differences_name_each_place() -> None:
    one = {"a": {"b": [1, 2], "c": 3}, "d": 4}
    other = {"a": {"b": [1, 5], "e": 6}, "d": 4}

    assert list(differences(one, other)) == [("/a/b/1", 2, 5), ("/a/c", 3, None), ("/a/e", None, 6)]
