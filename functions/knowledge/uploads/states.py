"""What `index_document` hands from state to state. All of it is plain JSON, far below the 256 KB of a state."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from functions.knowledge.address import Address
from functions.knowledge.chunk import Chunk
from shared.errors import Invalid

S = TypeVar("S", bound="State")

Next = Literal["read", "store", "refuse", "done"]
Outcome = Literal["unchanged", "removed", "superseded", "indexed", "quarantined"]


class State(BaseModel):
    """The base: what a state machine adds to the input of a state, such as a caught error, is left aside."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    @classmethod
    def parse(cls: type[S], given: Any) -> S:
        """Return what a function was given. Raises Invalid that names the first thing that is wrong."""
        try:
            return cls.model_validate_json(json.dumps(given))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "input"
            raise Invalid(
                f"The input of a state of index_document is not valid: {where}: {first['msg']}."
            ) from error

    def dumped(self) -> dict[str, Any]:
        """Return the state as JSON."""
        plain: dict[str, Any] = self.model_dump(mode="json")
        return plain


class Hint(State):
    """The input of an execution: look at this key. again: somebody may have died while at it, so look closer."""

    key: str
    again: bool = False


class Refusal(State):
    """Why an object is not indexed: a code, a sentence for the one who uploaded it."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,59}$")]
    reason: Annotated[str, Field(max_length=1000)]


class Finished(State):
    """The end of an execution."""

    key: str
    outcome: Outcome
    next: Next = "done"


class Work(State):
    """A version of an object that somebody claimed, and what is to be done with it.

    content_hash: SHA-256 of the bytes that the rows of the document come from, where they are complete and say what
    this version's attributes say, so that the same bytes need not be read again. reading: the key in the hand-over
    bucket of what was read; None: the rows are right already. changed_at: when the version was written.
    """

    key: str
    tenant_id: UUID
    collection: str
    name: str
    claim: UUID
    version: str | None
    size_bytes: int
    changed_at: str
    attributes: dict[str, JsonValue] = Field(default_factory=dict)
    content_hash: str | None = None
    reading: str | None = None
    refusal: Refusal | None = None
    error: dict[str, JsonValue] | None = None
    next: Next = "read"

    @property
    def address(self) -> Address:
        """The place of the document."""
        return Address(self.tenant_id, self.collection, self.name)

    def finished(self, outcome: Outcome) -> dict[str, Any]:
        """Return the end of an execution."""
        return Finished(key=self.key, outcome=outcome).dumped()


class ReadChunk(State):
    """A chunk on its way."""

    text: str
    heading: str = ""
    payload: dict[str, JsonValue] = Field(default_factory=dict)

    def chunk(self) -> Chunk:
        """Return it as the rows take it."""
        return Chunk(self.text, self.heading, self.payload)


class Reading(State):
    """What was read in a version of an object. content_hash: SHA-256 of its bytes."""

    media_type: str
    title: str
    content_hash: str
    chunks: list[ReadChunk]
