"""What layers are built for: a Python and a processor."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

from infra.assembly.bytecode import Compiler, compiler_for

RUNTIME_PYTHON = "3.13"
"""The Python of Lambda."""
_LATE_PATCH = (
    99  # what only early patches of a version need (async-timeout before 3.11.3) is needed by nobody
)


@dataclass(frozen=True)
class Target:
    """A Python (`3.13`) on Linux; `machine` as `platform.machine()` says it: `aarch64`, `x86_64`."""

    python: str
    machine: str

    @property
    def platforms(self) -> tuple[str, ...]:
        """The wheels' tags that Amazon Linux 2023 takes, as pip names them."""
        return (f"manylinux2014_{self.machine}", f"manylinux_2_28_{self.machine}")

    @property
    def markers(self) -> dict[str, str]:
        """What a requirement's marker is compared with there."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.{_LATE_PATCH}",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": f"{self.python}.{_LATE_PATCH}",
            "python_version": self.python,
            "sys_platform": "linux",
            "extra": "",
        }

    @property
    def compiler(self) -> Compiler | None:
        """The Python of this machine that makes its bytecode; None when there is none."""
        return compiler_for(self.python)

    def __str__(self) -> str:
        return f"Python {self.python} on {self.machine}"


DEPLOYED = Target(RUNTIME_PYTHON, "aarch64")
"""Where the functions run on AWS."""


def runnable() -> Target:
    """Return what this machine can run: Lambda's Python when it has one, else the Python that runs."""
    python = RUNTIME_PYTHON if compiler_for(RUNTIME_PYTHON) is not None else running_python()
    return Target(python, platform.machine())


def running_python() -> str:
    """Return the version that runs: `3.11`."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"
