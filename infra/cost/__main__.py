"""`make cost`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from infra.assembly.stage import Stage, read_context
from infra.assembly.templates import ROOT, read_templates, synthesise_apart
from infra.cost.report import MONTHS, Costs, page

PAGE = ROOT / "docs" / "scale.md"


def main() -> None:
    """Synthesise every stage and say what it costs."""
    parser = argparse.ArgumentParser(prog="python -m infra.cost", description="What a deployment costs.")
    parser.add_argument("--write", action="store_true", help="write docs/scale.md")
    parser.add_argument("--json", action="store_true", help="everything, for a program")
    options = parser.parse_args()
    context = read_context()
    costs = {}
    for name in context["stages"]:
        print(f"synthesising {name} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="robo-cost-") as folder:
            costs[name] = Costs.of(
                Stage.from_context(name, context), read_templates(synthesise_apart(name, Path(folder)))
            )
    if options.json:
        print(json.dumps([one.as_json() for one in costs.values()], indent=1))
        return
    if options.write:
        PAGE.write_text(page(costs), encoding="utf-8")
    print(f"{'US dollars':28}" + "".join(f"{name:>12}" for name in costs))
    print(f"{'idle, a month':28}" + "".join(f"{one.idle_dollars:12,.2f}" for one in costs.values()))
    print(
        f"{'a run':28}" + "".join(f"{one.model_dollars + one.aws_dollars:12,.4f}" for one in costs.values())
    )
    print(f"{'  of which AWS':28}" + "".join(f"{one.aws_dollars:12,.4f}" for one in costs.values()))
    for runs in MONTHS:
        print(
            f"{f'a month of {runs:,} runs':28}"
            + "".join(f"{one.month(runs):12,.2f}" for one in costs.values())
        )
    print(f"\nfirst to give, by runs a month ({list(costs)[-1]}):")
    for limit in list(costs.values())[-1].limits[:5]:
        print(f"  {limit.runs_a_month:12,.0f}  {limit.what}")
    print(f"\nall of it: {PAGE.relative_to(ROOT)}" + ("" if options.write else " (--write makes it anew)"))


if __name__ == "__main__":
    main()
