"""The audit log as it is read: entries, and whether their chain holds."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, JsonValue

from shared.models.base import Entity, IdText, Moment, PageQuery, QueryModel, TimeText

ACTION = r"^[a-z_]+(\.[a-z_]+)+$"
"""`session.created`: a thing and what happened to it."""

HashText = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["0" * 64])]
"""A SHA-256 in lower-case hexadecimal digits."""

ActorType = Literal["user", "api_key", "visitor", "system", "anonymous"]


class AuditEntry(Entity):
    """A row of identity.audit_log; its place in the chain is verified elsewhere."""

    id: UUID
    sequence: int
    occurred_at: AwareDatetime
    action: str
    actor_type: ActorType
    actor_id: UUID | None
    subject_type: str
    subject_id: UUID | None
    request_id: str | None
    details: dict[str, JsonValue]
    hash: bytes


class AuditLogQuery(PageQuery):
    """Which entries. actor, subject: ids. from: at or after; to: before; both with an offset."""

    action: Annotated[str, Field(max_length=100, pattern=ACTION)] | None = None
    actor: UUID | None = None
    subject: UUID | None = None
    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = Field(default=None, alias="to")


class AuditEntryOut(BaseModel):
    """What somebody did. sequence: its number in the tenant's chain; hash: ties it to everything before it."""

    id: IdText
    sequence: int
    occurred_at: TimeText
    action: str
    actor_type: ActorType
    actor_id: IdText | None
    subject_type: str
    subject_id: IdText | None
    request_id: str | None
    details: dict[str, Any]
    hash: HashText


class AuditLogList(BaseModel):
    """A page of entries, newest first."""

    data: list[AuditEntryOut]
    next_cursor: str | None


class AuditVerificationQuery(QueryModel):
    """What to verify. expect: a hash that was noted earlier. after: go on after the entry of that number."""

    expect: HashText | None = None
    after: Annotated[int, Field(ge=0, lt=2**63)] = 0


class AuditBreakOut(BaseModel):
    """The first link that does not hold: the number and the id of its entry, and what is wrong."""

    kind: Literal[
        "altered",
        "missing",
        "repeated",
        "unlinked",
        "cut",
        "beyond_head",
        "head_differs",
        "head_missing",
        "unexpected",
    ]
    sequence: int
    id: IdText | None
    explanation: str


class AuditVerificationOut(BaseModel):
    """Whether the chain holds. sequence, hash: of the last entry that does; note the hash elsewhere, and it proves
    later what was there now. complete: the walk came to the end of the log; otherwise go on with `after` = sequence.
    expected_found: whether it met the expected hash.
    """

    intact: bool
    complete: bool
    entries: int
    sequence: int
    hash: HashText
    head_sequence: int | None
    head_hash: HashText | None
    expected_found: bool | None
    broken: AuditBreakOut | None
