"""The kit on disk: its files, checked against their SHA-256, and kit.json."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from infra.local.run.client import fetch
from shared.paths import check_paths


class KitDamaged(Exception):
    """A file is not what the API said it is."""


def _asset_entry(asset: dict[str, Any]) -> dict[str, Any]:
    return {
        "path": asset["path"],
        "type": asset["type"],
        "content_type": asset["content_type"],
        "bytes": asset["size_bytes"],
        "sha256": asset["sha256"],
    }


def kit_document(
    run: dict[str, Any], project: dict[str, Any], assets: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return kit.json: run, steps, model, spend, assets, campaign, webhook."""
    spend = {
        "currency": "USD",
        "unit": "millionths of a dollar, at the list price of the model that was asked for",
        "spent": run["spent_microusd"],
        "budget": run["budget_microusd"],
        "input_tokens": sum(step["input_tokens"] for step in run["steps"]),
        "output_tokens": sum(step["output_tokens"] for step in run["steps"]),
    }
    kept = ("id", "status", "workflow_name", "created_at", "started_at", "completed_at", "duration_seconds")
    return {
        "run": {name: run[name] for name in (*kept, "error_code", "error_message")},
        "project": {name: project[name] for name in ("id", "name", "sector", "idea", "status")},
        "steps": run["steps"],
        "model": sorted({step["model"] for step in run["steps"] if step["model"]}),
        "spend": spend,
        "assets": [_asset_entry(asset) for asset in sorted(assets, key=lambda one: str(one["path"]))],
        "campaign": project["campaign"],
        "webhook": project["webhook"],
    }


def write_kit(run: dict[str, Any], project: dict[str, Any], assets: list[dict[str, Any]], out: Path) -> Path:
    """Write `out/<run id>/` and return it. Raises KitDamaged when a file differs from what the API said."""
    folder = out / str(run["id"])
    check_paths(asset["path"] for asset in assets)
    for asset in assets:
        content = fetch(asset["url"])
        if hashlib.sha256(content).hexdigest() != asset["sha256"] or len(content) != asset["size_bytes"]:
            raise KitDamaged(f"{asset['path']} is not what the API said it is")
        target = folder / asset["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    document = kit_document(run, project, assets)
    (folder / "kit.json").write_text(
        json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return folder
