"""/v1/audit-log: what people and programs did, and whether the log is as it was written."""

from __future__ import annotations

from uuid import UUID

from functions.identity.audit import service
from functions.identity.audit.verification import Verification, verify
from shared.errors import FieldProblem, Invalid
from shared.http.call import Call
from shared.http.paging import page_of
from shared.http.resource import Resource
from shared.models.audit import (
    AuditBreakOut,
    AuditEntry,
    AuditEntryOut,
    AuditLogList,
    AuditLogQuery,
    AuditVerificationOut,
    AuditVerificationQuery,
)

audit_log = Resource("identity.audit_log")
handler = audit_log.handler

# What a request can read within its time many times over; a longer chain takes several requests.
_ENTRIES_A_REQUEST = 50_000


@audit_log.operation(query=AuditLogQuery, answer=AuditLogList)
def list_audit_log(call: Call[None]) -> AuditLogList:
    """List what people and programs did, newest first."""
    query = call.asked(AuditLogQuery)

    def read(after: UUID | None, limit: int) -> list[AuditEntry]:
        return service.list_entries(call.work, query, after, limit)

    return AuditLogList(**page_of(query, read, _shown))


@audit_log.operation(query=AuditVerificationQuery, answer=AuditVerificationOut)
def get_audit_log_verification(call: Call[None]) -> AuditVerificationOut:
    """Verify the chain of the audit log and name the first link that does not hold.

    A long log is verified in several requests: while `complete` is false, ask again with `after` = `sequence`.
    """
    query = call.asked(AuditVerificationQuery)
    found = verify(
        call.work,
        call.caller.tenant_id,
        expected=bytes.fromhex(query.expect) if query.expect else None,
        after=query.after,
        most=_ENTRIES_A_REQUEST,
    )
    if query.after > (found.head_sequence or 0):
        problem = FieldProblem("/after", "is beyond the end of the log")
        raise Invalid("The query is not valid.", (problem,))
    return _verified(found)


def _shown(entry: AuditEntry) -> AuditEntryOut:
    return AuditEntryOut(
        id=str(entry.id),
        sequence=entry.sequence,
        occurred_at=entry.occurred_at.isoformat(),
        action=entry.action,
        actor_type=entry.actor_type,
        actor_id=str(entry.actor_id) if entry.actor_id else None,
        subject_type=entry.subject_type,
        subject_id=str(entry.subject_id) if entry.subject_id else None,
        request_id=entry.request_id,
        details=entry.details,
        hash=entry.hash.hex(),
    )


def _verified(found: Verification) -> AuditVerificationOut:
    broken = found.broken
    return AuditVerificationOut(
        intact=broken is None,
        complete=found.complete,
        entries=found.entries,
        sequence=found.sequence,
        hash=found.hash.hex(),
        head_sequence=found.head_sequence,
        head_hash=found.head_hash.hex() if found.head_hash is not None else None,
        expected_found=found.expected_found,
        broken=None
        if broken is None
        else AuditBreakOut(
            kind=broken.kind.value,
            sequence=broken.sequence,
            id=str(broken.id) if broken.id else None,
            explanation=broken.explanation,
        ),
    )
