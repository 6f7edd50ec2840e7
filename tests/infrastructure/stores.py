"""The stacks that keep things, of any stage and with any of its values changed, without the functions: seconds."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from infra.assembly.node import use_bundled_node
from infra.assembly.stage import Stage, read_context
from infra.assembly.templates import Templates, read_templates
from infra.catalog import CATALOG

Resource = dict[str, Any]
STAGES = tuple(sorted(read_context()["stages"]))


def stage_of(name: str, **changed: object) -> Stage:
    """A stage of cdk.json, some of its values changed."""
    context = read_context()
    return Stage.from_context(name, {"stages": {name: context["stages"][name] | changed}})


@cache
def stores(name: str, **changed: object) -> Templates:
    """The templates of network, data, storage and, where there is one, the other region. Not to be spoiled."""
    use_bundled_node()
    from aws_cdk import App

    from infra.stacks.copies import CopiesStack
    from infra.stacks.data import DataStack
    from infra.stacks.network import NetworkStack
    from infra.stacks.storage import StorageStack

    stage = stage_of(name, **changed)
    with tempfile.TemporaryDirectory() as folder:
        app = App(analytics_reporting=False, context=read_context(), outdir=folder)
        storage = StorageStack(app, "storage", stage=stage, catalog=CATALOG)
        if stage.copies_region:
            CopiesStack(app, "copies", stage=stage, catalog=CATALOG)
        network = NetworkStack(app, "network", stage=stage, catalog=CATALOG, logs=storage.logs)
        DataStack(app, "data", stage=stage, network=network, key=storage.key)
        app.synth()
        return read_templates(Path(folder))


def resources(templates: Templates, type_: str) -> dict[str, Resource]:
    """By logical id, over all templates."""
    return {
        logical_id: resource
        for template in templates.values()
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == type_
    }


def only(templates: Templates, type_: str) -> Resource:
    """The one resource of a type; its properties."""
    (found,) = resources(templates, type_).values()
    properties: Resource = found["Properties"]
    return properties
