"""The command line: `python -m infra.assembly.layers pin|build|report`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from infra.assembly.layers.build import BUILD, build_all
from infra.assembly.layers.pins import ROOT, layer_names, pin_all
from infra.assembly.layers.report import report
from infra.assembly.layers.sizes import unzipped_bytes


def main(arguments: list[str] | None = None) -> int:
    """Pin, build or weigh every layer; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.assembly.layers", description="Pin, build or weigh the layers."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("pin", help="write every requirements.txt")
    commands.add_parser("build", help="build every layer for Lambda")
    weigh = commands.add_parser("report", help="say what functions weigh, and what their imports take")
    weigh.add_argument("--json", action="store_true", help="print JSON instead of tables")
    weigh.add_argument("--times", type=int, default=3, help="how often each handler is imported (default: 3)")
    options = parser.parse_args(arguments)
    if options.command == "pin":
        pin_all()
    elif options.command == "build":
        build_all(layer_names(), done=_tell)
    else:
        return report(BUILD, times=options.times, as_json=options.json)
    return 0


def _tell(name: str, folder: Path) -> None:
    print(f"{name:12}{unzipped_bytes(folder) / 1e6:8.1f} MB  {folder.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
