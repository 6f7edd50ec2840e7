"""Snapshots of the templates, made to be read in a diff.

    python -m tests.infrastructure.snapshots       writes them anew (`make snapshots`)

`snapshots/prod/<stack>.yaml` is what prod gets: a resource after another, references as `${…}`, hashes of code left
out. `snapshots/dev.yaml` and `staging.yaml` say only where those stages differ from prod. `snapshots/accepted.yaml`
lists the findings of cdk-nag that are accepted, for somebody who reviews their reasons.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from infra.assembly.stage import read_context
from infra.assembly.templates import Accepted, Templates, read_accepted, read_templates, synthesise_apart

FOLDER = Path(__file__).with_name("snapshots")
REFERENCE = "prod"

_HASHES = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hash>"),
    # Every function's description names its release.
    (re.compile(r"\(release [0-9a-f]{12}\)"), "(release <hash>)"),
    # The CDK names a version of a function and a deployment of an API by a hash of what is in them.
    (re.compile(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}"), r"\1<hash>"),
    (re.compile(r"(Deployment[0-9A-F]{8})[0-9a-f]{32}"), r"\1<hash>"),
)
_EVERYWHERE = ("application", "stage")
"""Tags that every resource has."""


def _plain(value: Any) -> Any:
    """Intrinsic functions as `${…}` in a string, so that a policy or an URL is one line."""
    if isinstance(value, dict):
        if len(value) == 1:
            ((name, inner),) = value.items()
            if name == "Ref":
                return f"${{{inner}}}"
            if name == "Fn::GetAtt":
                return f"${{{'.'.join(inner)}}}"
            if name == "Fn::ImportValue":
                return f"${{{_plain(inner)}}}"
            if name == "Fn::Join":
                parts = [_plain(part) for part in inner[1]] if isinstance(inner[1], list) else None
                if parts is not None and all(isinstance(part, str) for part in parts):
                    return inner[0].join(parts)
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value


def _without_hashes(text: str) -> str:
    for pattern, instead in _HASHES:
        text = pattern.sub(instead, text)
    return text


def normalised(template: Mapping[str, Any], stage: str) -> dict[str, Any]:
    """What of a template is decided by us, by logical id and section; the stage's name is left open."""
    # What stacks export to each other follows from what they use of each other.
    outputs = {name: own for name, own in template.get("Outputs", {}).items() if "Export" not in own}
    resources = {name: _decided(own) for name, own in template["Resources"].items()}
    told = {"Resources": resources, **({"Outputs": outputs} if outputs else {})}
    text = _without_hashes(json.dumps(_plain(told)))
    text = re.sub(rf"\brobo([-/]){stage}\b", r"robo\1<stage>", text)
    # The stage's name within a logical id, and the hash over it at the end.
    text = re.sub(rf"(DeploymentStage){stage}[0-9A-F]{{8}}", r"\1<stage>", text)
    text = re.sub(rf"(\w+robo){stage}(\w*Group)[0-9A-F]{{8}}(\d*)[0-9A-F]{{8}}\b", r"\1<stage>\2\3", text)
    text = re.sub(rf"(\w+robo){stage}([A-Za-z]\w*?)[0-9A-F]{{8,16}}\b", r"\1<stage>\2", text)
    found: dict[str, Any] = json.loads(text)
    if len(found["Resources"]) != len(resources):
        raise ValueError(f"two resources of {stage} have one name without their hashes")
    return found


def _decided(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A resource without what the CDK notes for itself, and without the tags that all have."""
    found = {name: value for name, value in resource.items() if name != "Metadata"}
    notes = {name: note for name, note in resource.get("Metadata", {}).items() if not name.startswith("aws:")}
    if notes:
        found["Metadata"] = notes
    if isinstance(found.get("DependsOn"), list):
        found["DependsOn"] = sorted(found["DependsOn"])
    properties = dict(found.get("Properties", {}))
    if isinstance(tags := properties.get("Tags"), list):
        own = [tag for tag in tags if tag.get("Key") not in _EVERYWHERE]
        properties = {name: value for name, value in properties.items() if name != "Tags"} | (
            {"Tags": own} if own else {}
        )
        found["Properties"] = properties
    return found


def differences(reference: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every place where two structures differ, with what is there; None where there is nothing."""
    if isinstance(reference, dict) and isinstance(other, dict):
        for key in sorted(reference.keys() | other.keys(), key=str):
            yield from differences(reference.get(key), other.get(key), f"{path}/{key}")
    elif isinstance(reference, list) and isinstance(other, list) and len(reference) == len(other):
        for number, (one, two) in enumerate(zip(reference, other, strict=True)):
            yield from differences(one, two, f"{path}/{number}")
    elif reference != other:
        yield path, reference, other


class _Dumper(yaml.SafeDumper):
    """YAML without anchors and with indented lists."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        del indentless
        return super().increase_indent(flow, False)


def _dump(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=True, width=118, allow_unicode=True)


def by_part(templates: Templates, stage: str) -> dict[str, dict[str, Any]]:
    """Normalised templates by the part of the system: `robo-dev-api` → `api`."""
    return {
        name.removeprefix(f"robo-{stage}-"): normalised(template, stage)
        for name, template in templates.items()
    }


def pages(templates_of: Mapping[str, Templates]) -> dict[str, str]:
    """The content of each snapshot file, by its path below the folder. templates_of: of every stage."""
    parts = {stage: by_part(templates, stage) for stage, templates in templates_of.items()}
    found = {f"{REFERENCE}/{name}.yaml": _dump(part) for name, part in parts[REFERENCE].items()}
    for stage in sorted(parts.keys() - {REFERENCE}):
        told: dict[str, Any] = {}
        for path, in_prod, here in differences(parts[REFERENCE], parts[stage]):
            whole = re.fullmatch(r"/[a-z]+/Resources/[^/]+", path)
            told[path.lstrip("/")] = {
                # A resource that only one of them has is named, and shown where prod's are.
                where: there["Type"] if whole and isinstance(there, dict) else there
                for where, there in ((REFERENCE, in_prod), (stage, here))
                if not (whole and there is None)
            }
        found[f"{stage}.yaml"] = _dump(told)
    return found


def accepted_page(accepted: Mapping[str, Sequence[Accepted]]) -> str:
    """Rule → reason → the resources it is accepted on, with the stages where it is not so in all of them."""
    where: dict[tuple[str, str], dict[str, set[str]]] = {}
    for stage, found in accepted.items():
        for one in found:
            path = one.resource.replace(f"robo-{stage}-", "", 1)
            rule = _without_hashes(one.rule).replace(f"robo-{stage}", "robo-<stage>")
            where.setdefault((rule, one.reason), {}).setdefault(path, set()).add(stage)
    told: dict[str, list[dict[str, Any]]] = {}
    for (rule, reason), resources in sorted(where.items()):
        named = [
            path if stages == accepted.keys() else f"{path} ({', '.join(sorted(stages))})"
            for path, stages in sorted(resources.items())
        ]
        told.setdefault(rule, []).append({"because": reason, "where": named})
    counts = {stage: len(found) for stage, found in accepted.items()}
    return _dump({"count": counts, "findings": told})


def main() -> None:
    """Synthesise every stage and write its snapshots; those of stacks that are gone are removed."""
    found, accepted = {}, {}
    with tempfile.TemporaryDirectory(prefix="robo-snapshots-") as folder:
        for stage in read_context()["stages"]:
            print(f"synthesising {stage} …", flush=True)
            out = Path(folder) / stage
            found[stage] = read_templates(synthesise_apart(stage, out))
            accepted[stage] = read_accepted(out)
    written = pages(found) | {"accepted.yaml": accepted_page(accepted)}
    for path in sorted(FOLDER.rglob("*.yaml")):
        if str(path.relative_to(FOLDER)) not in written:
            path.unlink()
    for name, text in written.items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{len(written)} snapshots in {FOLDER}")


if __name__ == "__main__":
    main()
