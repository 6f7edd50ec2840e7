"""Layers: what each holds, pinned, and how it is built for arm64 without Docker.

A layer is a folder `layers/<name>/`: `requirements.in` names what functions import, `requirements.txt` is everything
that needs, at the versions of `layers/lock/run.txt` for Python 3.13 on arm64 Linux. Every function has the layer
`core`, so the others leave out what it holds.

    python -m infra.assembly.layers pin      writes every requirements.txt
    python -m infra.assembly.layers build    fills build/layer-<name>-<hash>/python
    python -m infra.assembly.layers report   builds them, and says what they weigh and what importing them takes
"""

from infra.assembly.layers.build import BUILD, build, build_all, build_tree
from infra.assembly.layers.pins import (
    BASE,
    FOLDER,
    LOCK,
    ROOT,
    importable_modules,
    layer_names,
    locked_versions,
    pin_all,
    pinned,
)
from infra.assembly.layers.sizes import LIMIT_BYTES, check_sizes, unzipped_bytes
from infra.assembly.layers.target import DEPLOYED, Target, runnable

__all__ = [
    "BASE",
    "BUILD",
    "DEPLOYED",
    "FOLDER",
    "LIMIT_BYTES",
    "LOCK",
    "ROOT",
    "Target",
    "build",
    "build_all",
    "build_tree",
    "check_sizes",
    "importable_modules",
    "layer_names",
    "locked_versions",
    "pin_all",
    "pinned",
    "runnable",
    "unzipped_bytes",
]
