"""What the functions of a whole run asked AWS for is what their synthesised policies allow."""

from __future__ import annotations

import json

import pytest

from infra.assembly.templates import read_templates, synthesise_apart
from infra.catalog import CATALOG
from infra.local.aws.arns import LocalNames
from infra.local.chaos.instance import Instance
from infra.rights.deployment import Deployment
from infra.rights.evaluate import Policy
from tests.e2e.system import Kit
from tests.infrastructure.policies import StageNames, moved

pytestmark = pytest.mark.usefixtures("kit")


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    folder = tmp_path_factory.mktemp("synthesised") / "dev"
    synthesise_apart("dev", folder)
    return Deployment(read_templates(folder))


def asked_for(system: Instance) -> set[tuple[str, str, str, str]]:
    """Function, action, resource and decision of everything that functions asked for until now."""
    lines = (system.folder / "logs" / "trail.log").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    return {(e["function"], e["action"], e["resource"], e["decision"]) for e in entries}


def test_a_run_asks_for_nothing_that_its_policies_deny(
    system: Instance, deployment: Deployment, kit: Kit
) -> None:
    names, here = StageNames("dev", deployment), LocalNames(CATALOG)
    policies = {name: Policy(role.statements) for name, role in deployment.functions().items()}
    asked = asked_for(system)

    # Every part of the run left its trace.
    pipeline = {name for workflow in CATALOG.workflows[:1] for name in workflow.functions}
    assert {function for function, *_ in asked} >= pipeline - {"agency.request_approval", "agency.close_run"}
    assert any(kit.run["id"] in resource for _, _, resource, _ in asked)
    wrong = []
    for name, action, resource, decision in sorted(asked):
        function = CATALOG.function(name)
        there = moved(resource, function, here, names)
        context = {
            "lambda:SourceFunctionArn": names.function_arn(function),
            "kms:ViaService": names.s3_service(),
        }
        if decision != "allowed" or not policies[function.deployed_name("dev")].allows(
            action, there, context
        ):
            wrong.append((name, action, there, decision))
    assert wrong == []
