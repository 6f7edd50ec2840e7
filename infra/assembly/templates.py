"""What a synthesis left behind: templates, and what cdk-nag found."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
REPORT = "validation-report.json"

Templates = dict[str, dict[str, Any]]
"""CloudFormation templates by the names of their stacks."""


class SynthesisFailed(RuntimeError):
    """A stage cannot be synthesised; the message is what the synthesis said."""


@dataclass(frozen=True, order=True)
class Accepted:
    """A finding of cdk-nag that somebody accepted: rule, path of the resource, reason."""

    rule: str
    resource: str
    reason: str


def synthesise_apart(stage: str, out: Path) -> Path:
    """Synthesise a stage in a process of its own, reviewed by cdk-nag; return the folder. Raises SynthesisFailed."""
    command = [sys.executable, "-m", "infra.assembly.synth", "--stage", stage, "--out", str(out)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  # our own
    # The CDK checks its templates and warns there; what it finds is a fault.
    if ended.returncode != 0 or "WARNING" in ended.stdout + ended.stderr:
        raise SynthesisFailed(f"{stage}:\n{ended.stdout}{ended.stderr}")
    return out


def read_templates(folder: Path) -> Templates:
    """Every template of a cloud assembly."""
    return {
        path.name.removesuffix(".template.json"): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.template.json"))
    }


def read_accepted(folder: Path) -> list[Accepted]:
    """Every accepted finding of a reviewed synthesis, in order. Raises FileNotFoundError when it was not reviewed."""
    report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    return sorted(
        Accepted(
            found["acknowledgedId"].rpartition("AwsSolutions-")[2], resource["constructPath"], found["reason"]
        )
        for plugin in report["pluginReports"]
        for found in plugin.get("suppressedViolations", [])
        for resource in found["violatingConstructs"]
    )


def count_ignored(templates: Templates) -> int:
    """How many findings cfn-lint is told to ignore, by notes on resources."""
    notes = (
        resource.get("Metadata", {}).get("cfn-lint", {}).get("config", {}).get("ignore_checks", [])
        for template in templates.values()
        for resource in template["Resources"].values()
    )
    return sum(map(len, notes))
