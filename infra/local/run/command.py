"""The command behind `make run`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from infra.local.run.client import ApiProblem, Client
from infra.local.run.kit import KitDamaged, kit_document, write_kit
from infra.local.run.progress import Progress, dollars

EXAMPLE = ("Fishing-quota exchange for small harbours", "other")
SECTORS = ("healthtech", "fintech", "edtech", "saas", "ecommerce", "other")
_POLL_SECONDS = 0.25
_WEBHOOK_SECONDS = 15.0


def parser() -> argparse.ArgumentParser:
    """Return the command line; what is not given is read from IDEA, SECTOR, OUT …, as make sets them."""

    def given(name: str, default: str) -> str:
        return os.environ.get(name) or default

    made = argparse.ArgumentParser(
        prog="python -m infra.local run", description="Make a launch kit for an idea."
    )
    made.add_argument("--idea", default=os.environ.get("IDEA") or None, help="default: an example")
    made.add_argument("--sector", default=os.environ.get("SECTOR") or None, choices=SECTORS)
    made.add_argument("--email", default=given("EMAIL", "founder@example.com"))
    made.add_argument("--out", type=Path, default=Path(given("OUT", "out")))
    made.add_argument("--folder", type=Path, default=Path(given("FOLDER", ".local")))
    made.add_argument("--port", type=int, default=int(given("PORT", "8000")))
    made.add_argument("--budget-microusd", type=int, default=None, help="millionths of a US dollar")
    made.add_argument("--json", action="store_true", help="print kit.json instead of a summary")
    return made


def follow(client: Client, run_id: str, progress: Progress) -> dict[str, Any]:
    """Show a run until it ends; return it."""
    while True:
        run = client.run(run_id)
        progress.show(run)
        if run["status"] in ("completed", "failed", "cancelled"):
            return run
        time.sleep(_POLL_SECONDS)


def wait_for_webhook(client: Client, project_id: str) -> dict[str, Any]:
    """Return the project once its webhook is delivered, or after 15 s as it stands."""
    deadline = time.monotonic() + _WEBHOOK_SECONDS
    while True:
        project = client.project(project_id)
        webhook = project["webhook"]
        if webhook is None or webhook["status"] != "pending" or time.monotonic() > deadline:
            return project
        time.sleep(_POLL_SECONDS)


def form_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the intake form."""
    idea, sector = arguments.idea, arguments.sector
    if idea is None:
        idea, sector = EXAMPLE[0], sector or EXAMPLE[1]
    form = {"email": arguments.email, "idea": idea, "sector": sector or "other", "source": "command-line"}
    if arguments.budget_microusd is not None:
        form["budget_microusd"] = arguments.budget_microusd
    return form


def _tell_failure(run: dict[str, Any], folder: Path, out: TextIO) -> None:
    failed = [step["step"] for step in run["steps"] if step["status"] == "failed"]
    where = f" in step {', '.join(failed)}" if failed else ""
    out.write(
        f"\nThe run {run['status']}{where}: {run['error_code'] or ''}\n  {run['error_message'] or ''}\n"
        f"  What to do: {run['advice'] or 'Retry the run.'}\n  What there is: {folder}\n"
    )


def _tell_success(
    run: dict[str, Any], project: dict[str, Any], folder: Path, count: int, out: TextIO
) -> None:
    tokens = sum(step["input_tokens"] + step["output_tokens"] for step in run["steps"])
    offline = all(str(step["model"]).startswith("offline") for step in run["steps"])
    price = "at list price; nothing was charged, the kit was drafted offline" if offline else "spent"
    out.write(
        f"\n{project['name']}: {count} files in {run['duration_seconds']} s, {tokens:,} tokens, "
        f"{dollars(run['spent_microusd'])} {price}\n\n"
        f"  prototype   {folder / 'prototypes/index.html'}\n"
        f"  film        {folder / 'videos/demo.mp4'}\n"
        f"  PRD         {folder / 'docs/prd.md'}\n"
        f"  code        {folder / 'project'}\n"
        f"  everything  {folder / 'kit.json'}\n"
    )


def make_kit(url: str, arguments: argparse.Namespace, out: TextIO) -> int:
    """Send the idea, follow the run, write the kit; return the exit code."""
    client = Client(url)
    form = form_of(arguments)
    made = client.intake(form)
    out.write(f"{form['idea'][:100]}\n  run {made['run_id']}\n\n")
    run = follow(client, made["run_id"], Progress(out))
    project = wait_for_webhook(client, made["project_id"])
    assets = client.assets(made["project_id"], made["run_id"])
    folder = write_kit(run, project, assets, arguments.out)
    if arguments.json:
        sys.stdout.write(json.dumps(kit_document(run, project, assets), ensure_ascii=False) + "\n")
    if run["status"] != "completed":
        _tell_failure(run, folder, out)
        return 1
    _tell_success(run, project, folder, len(assets), out)
    return 0


def main(argv: list[str]) -> int:
    """Start the local target unless one runs on the folder already, make the kit, end what was started."""
    from infra.local.lock import AlreadyRunning
    from infra.local.target import LocalTarget

    arguments = parser().parse_args(argv)
    out = sys.stderr if arguments.json else sys.stdout
    with ExitStack() as stack:
        try:
            url = stack.enter_context(LocalTarget(arguments.folder, port=0)).url
        except AlreadyRunning as running:
            url = running.url
        try:
            return make_kit(url, arguments, out)
        except (ApiProblem, KitDamaged) as error:
            out.write(f"{error}\n")
            return 1
