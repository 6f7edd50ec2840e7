"""Every minute: runs and kits that nothing is working on are asked for again.

Asking twice is harmless: an execution has the name of its run, a document the id of its content.
"""

from __future__ import annotations

from typing import Any

from functions.agency import service
from shared.bootstrap import container
from shared.observability import count, observed
from shared.settings import RunSettings


@observed("agency.revive_stalled_work")
def handler(event: Any, context: Any) -> dict[str, int]:
    """Announce stalled work again, each piece in a transaction of its tenant."""
    del event, context
    own = container()
    stall = own.settings(RunSettings).run_stall_seconds
    with own.system_database.transaction(None) as work:
        runs = service.find_stalled_runs(work, stall)
    for row in runs:
        with own.database.transaction(row["tenant_id"]) as work:
            service.revive(work, row)
    if runs:
        count("StalledRuns", len(runs))
    return {"runs": len(runs)}
