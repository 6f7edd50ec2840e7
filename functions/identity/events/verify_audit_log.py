"""Every day: whether every tenant's audit log is as it was written."""

from __future__ import annotations

from typing import Any

from functions.identity.audit.verification import verify_every_chain
from shared.bootstrap import container
from shared.observability import count, logger, observed


@observed("identity.verify_audit_log")
def handler(event: Any, context: Any) -> dict[str, int]:
    """Verify every chain; a break is an error in the log and the metric AuditLogBroken.

    The line of each chain carries its head: the logs are kept elsewhere, and so prove later what was there now.
    """
    del event, context
    chains = entries = broken = 0
    for found in verify_every_chain(container().system_database):
        chains += 1
        entries += found.entries
        fault = found.broken
        tenant, end = str(found.tenant_id), found.hash.hex()
        if fault is None:
            logger().info("the audit log is intact", tenant_id=tenant, sequence=found.sequence, hash=end)
            continue
        broken += 1
        logger().error(
            "the audit log is broken",
            tenant_id=tenant,
            sequence=found.sequence,
            hash=end,
            kind=fault.kind.value,
            at=fault.sequence,
            entry_id=str(fault.id) if fault.id else None,
            explanation=fault.explanation,
        )
    count("AuditLogBroken", broken)
    return {"chains": chains, "entries": entries, "broken": broken}
