"""Folders for Unix sockets. Their paths are limited to 107 bytes, checkouts are not."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from pathlib import Path

from infra.local.processes import Account, EngineError

# sun_path of sockaddr_un: 108 bytes on Linux, 104 on macOS, with the closing NUL.
LONGEST_SOCKET_PATH = 103


def private_folder(path: Path, account: Account | None) -> Path:
    """Make `path` a folder of mode 0700 that belongs to `account` (None: to us).

    Raises EngineError when somebody else was there first: in a shared temporary folder names can be guessed.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = os.geteuid() if account is None else account.uid
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (owner, os.geteuid()):
        raise EngineError(f"{path} is not a folder of ours")
    if account is not None:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    path.chmod(0o700)
    return path


def socket_folder(preferred: Path, socket_name: str, account: Account | None) -> Path:
    """Return a private folder in which a socket of that name fits: `preferred`, else one for it under the
    folder for temporary files. To libpq a comma separates hosts, so there may be none in the path either.
    """
    if len(os.fsencode(preferred / socket_name)) <= LONGEST_SOCKET_PATH and "," not in str(preferred):
        return private_folder(preferred, account)
    key = hashlib.sha256(os.fsencode(preferred.absolute())).hexdigest()[:16]
    shorter = Path(tempfile.gettempdir()) / f"robo-{os.geteuid()}-{key}"
    if len(os.fsencode(shorter / socket_name)) > LONGEST_SOCKET_PATH:
        raise EngineError(f"no short enough folder for a socket: {shorter}")
    return private_folder(shorter, account)


def leave_folder(folder: Path) -> None:
    """Remove the folder of a socket that is gone; one that still holds something stays."""
    with contextlib.suppress(OSError):
        folder.rmdir()
