"""Synthesise the CloudFormation templates of a stage, without the CDK's command line and without a network.

    python -m infra.assembly.synth --stage dev                    templates in cdk.out/dev
    python -m infra.assembly.synth --stage prod --layers build    with the layers' wheels, ready to deploy

Called by the CDK's command line (`app` in cdk.json), the stage is its context `stage` and the CDK chooses the folder.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.assembly import layers
from infra.assembly.code_asset import ROOT, assemble_code
from infra.assembly.node import use_bundled_node
from infra.assembly.stage import Stage, read_context
from infra.assembly.templates import count_ignored, read_accepted, read_templates
from infra.catalog import CATALOG

BUILD = ROOT / "build"


def layer_folders(mode: str) -> Mapping[str, Path]:
    """The folder of each layer: built, or for templates alone its recipe in the repository."""
    names = layers.layer_names()
    if mode == "build":
        return layers.build_all(names)
    return {name: layers.FOLDER / name for name in names}


def synthesise(stage_name: str | None, out: Path | None, layer_mode: str, root: Path = ROOT) -> Path:
    """Write the cloud assembly and return its folder. Raises KeyError for an unknown stage.

    cdk-nag looks at every resource: a finding that nobody accepted ends the synthesis, as an error of jsii.
    root: what the definitions of workflows are relative to.
    """
    use_bundled_node()
    # Not before: importing aws_cdk starts Node.
    from aws_cdk import App, Validations
    from cdk_nag import AwsSolutionsChecks

    from infra.constructs.function import Assets
    from infra.stacks.build import add_stacks

    context: dict[str, Any] = read_context() | json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}"))
    stage = Stage.from_context(stage_name or context["stage"], context)
    folder = out or Path(os.environ.get("CDK_OUTDIR", ROOT / "cdk.out" / stage.name))
    app = App(analytics_reporting=False, context=context, outdir=str(folder))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    compiler = layers.DEPLOYED.compiler if layer_mode == "build" else None
    code = assemble_code(BUILD, compiler=compiler)
    assets = Assets(root=root, code=code, layers=layer_folders(layer_mode))
    layers.check_sizes(CATALOG.functions, assets.layers, assets.code)
    add_stacks(app, stage, assets)
    return Path(app.synth().directory)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.assembly.synth", description="Synthesise a stage.")
    parser.add_argument("--stage", help="dev, staging or prod; default: the context `stage`")
    parser.add_argument("--out", type=Path, help="folder of the templates; default: cdk.out/<stage>")
    parser.add_argument(
        "--layers",
        choices=["recipe", "build"],
        default="recipe",
        help="`build` fetches the wheels; `recipe` is quick and offline, for templates that are only looked at",
    )
    options = parser.parse_args(arguments)
    folder = synthesise(options.stage, options.out, options.layers)
    accepted = read_accepted(folder)
    rules = {one.rule.partition("[")[0] for one in accepted}
    ignored = count_ignored(read_templates(folder))
    print(folder)
    print(
        f"cdk-nag: nothing open; {len(accepted)} findings of {len(rules)} rules accepted, each with a reason"
    )
    print(f"cfn-lint is told to ignore {ignored} findings, each with a reason")


if __name__ == "__main__":
    main()
