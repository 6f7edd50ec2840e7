"""`python -m infra.local verify-audit`: whether the audit log of the running system is as it was written.

Walks every tenant's chain, or one tenant's, and names the first link that does not hold. Note the hash of the head
somewhere else: `--expect HASH` proves later that nothing up to it was changed or cut off.

Exit status: 0 when every chain holds, 1 when one is broken, 2 when it could not be asked.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from functions.identity.audit.verification import Verification, verify, verify_every_chain
from infra.local.postgres import APP, SYSTEM
from shared.db.unit_of_work import Database
from shared.errors import AppError
from shared.settings import DatabaseSettings

BROKEN = 1
NOT_ASKED = 2

_ADDRESS = re.compile(r"-h (.+) -p (\d+) -U \w+ (\w+)")


class NotAsked(Exception):
    """There is nothing to verify: the message says why."""


def settings_of(folder: Path) -> DatabaseSettings:
    """Return where the database of the system is that runs on a folder. Raises NotAsked."""
    try:
        about = json.loads((folder / "target.json").read_text())
    except (FileNotFoundError, ValueError) as error:
        raise NotAsked(f"no system runs on {folder}; start it with: python -m infra.local up") from error
    found = _ADDRESS.search(str(about.get("psql")))
    if found is None:
        raise NotAsked(f"the system on {folder} has no database")
    host, port, name = found.groups()
    return DatabaseSettings(
        database_host=host,
        database_port=int(port),
        database_name=name,
        database_user=APP,
        database_tls="disable",
        database_login="trust",
    )


@contextmanager
def opened(settings: DatabaseSettings, user: str) -> Iterator[Database]:
    """The database as one of its logins; closed at the end."""
    database = Database(settings, user=user)
    try:
        yield database
    finally:
        database.close()


def _tenant(settings: DatabaseSettings, slug: str) -> UUID:
    with opened(settings, APP) as database, database.transaction(None) as work:
        # The policy lets a tenant be seen by whoever names it; the setting must stand before the table is read.
        work.execute("SELECT set_config('app.tenant_slug', %(slug)s, true)", {"slug": slug})
        row = work.fetch_one("SELECT id FROM identity.tenants WHERE slug = %(slug)s", {"slug": slug})
    if row is None:
        raise NotAsked(f"there is no tenant {slug}")
    return UUID(str(row["id"]))


def verified(settings: DatabaseSettings, slug: str | None, expected: bytes | None) -> list[Verification]:
    """Verify the chain of a tenant, or every chain. Raises NotAsked, AppError."""
    tenant = None if slug is None else _tenant(settings, slug)
    with opened(settings, SYSTEM) as system:
        if tenant is None:
            return list(verify_every_chain(system))
        with system.transaction(None) as work:
            return [verify(work, tenant, expected=expected)]


def sentence(found: Verification) -> str:
    """Return what was found out about a chain, for people."""
    fault = found.broken
    if fault is not None:
        entry = f" (id {fault.id})" if fault.id else ""
        return f"tenant {found.tenant_id}: BROKEN at entry {fault.sequence}{entry}: {fault.explanation}"
    proven = ", the expected hash among them" if found.expected_found else ""
    return f"tenant {found.tenant_id}: intact, {found.entries} entries{proven}; head {found.hash.hex()}"


def facts(found: Verification) -> dict[str, Any]:
    """Return what was found out about a chain, for programs."""
    fault = found.broken
    return {
        "tenant_id": str(found.tenant_id),
        "intact": fault is None,
        "entries": found.entries,
        "sequence": found.sequence,
        "hash": found.hash.hex(),
        "head_sequence": found.head_sequence,
        "head_hash": found.head_hash.hex() if found.head_hash is not None else None,
        "expected_found": found.expected_found,
        "broken": None
        if fault is None
        else {
            "kind": fault.kind.value,
            "sequence": fault.sequence,
            "id": str(fault.id) if fault.id else None,
            "explanation": fault.explanation,
        },
    }


def _hash(text: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise argparse.ArgumentTypeError("a hash has 64 digits 0-9 a-f")
    return bytes.fromhex(text)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser(
        prog="python -m infra.local verify-audit",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--tenant", metavar="SLUG", help="of the one tenant to verify (default: every tenant)")
    made.add_argument("--expect", metavar="HASH", type=_hash, help="a hash of this tenant noted earlier")
    made.add_argument("--json", action="store_true", help="answer as JSON")
    made.add_argument(
        "--folder",
        type=Path,
        default=Path(".local"),
        help="where the system keeps its state (default: .local)",
    )
    return made


def main(argv: list[str]) -> int:
    """Verify, and say what was found; return the exit status."""
    options = parser().parse_args(argv)
    if options.expect is not None and options.tenant is None:
        parser().error("--expect is a hash of one tenant: name it with --tenant")
    try:
        chains = verified(settings_of(options.folder), options.tenant, options.expect)
    except (NotAsked, AppError) as error:
        print(error, file=sys.stderr)
        return NOT_ASKED
    if options.json:
        print(json.dumps([facts(found) for found in chains], indent=2))
    else:
        print("\n".join(map(sentence, chains)) or "there is no entry yet")
    return BROKEN if any(found.broken for found in chains) else 0
