"""Imports a handler from the trees it is deployed with, and from nothing else; prints what that took as JSON.

Run as a program with `python -I -S`, by the Python of the trees: nothing but the standard library is imported here.

    probe.py <module.attribute> <tree>…

`seconds` of the import; `packages`: what came from the trees, by top-level name; `foreign`: modules that came
neither from the trees nor from the standard library, with their files.
"""

from __future__ import annotations

import importlib
import sys
import time


def main(handler: str, trees: list[str]) -> None:
    """Import the handler; print the findings. Raises ImportError or AttributeError when it is not there."""
    standard = list(sys.path)
    sys.path[:] = [*trees, *standard]
    module, _, attribute = handler.rpartition(".")
    started = time.perf_counter()
    found = getattr(importlib.import_module(module), attribute)
    seconds = time.perf_counter() - started
    if not callable(found):
        raise TypeError(f"{handler} cannot be called")
    import json

    files = {name: getattr(loaded, "__file__", None) for name, loaded in list(sys.modules.items())}
    own = tuple(f"{tree}/" for tree in trees)
    allowed = own + tuple(f"{folder}/" for folder in standard if "site-packages" not in folder)
    found_in_trees = {name.partition(".")[0] for name, file in files.items() if file and file.startswith(own)}
    foreign = {
        name: file
        for name, file in files.items()
        if file and name != "__main__" and not file.startswith(allowed)
    }
    json.dump({"seconds": seconds, "packages": sorted(found_in_trees), "foreign": foreign}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
