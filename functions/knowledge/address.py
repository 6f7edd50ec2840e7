"""Where an uploaded document lies, and what its uploader says of it: both travel with the object.

A key is `documents/<tenant>/<collection>/<name>`; the attributes are the object's user metadata. So the bucket alone
says what every document is, and whoever copies an object copies what is known of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from shared import base64url
from shared.adapters.vectors import point_id
from shared.errors import FieldProblem, Invalid
from shared.models.base import WireModel
from shared.models.knowledge import ATTRIBUTES
from shared.paths import UnsafePath, check_path

PREFIX = "documents/"
"""What the keys of all documents begin with."""

SHARED = "shared/"
"""What the names of those documents of the house begin with that every tenant may read."""

METADATA = "attributes"
"""The name of the metadata that holds the attributes: `x-amz-meta-attributes`."""

MAX_ATTRIBUTES_BYTES = 1500
"""What the attributes may take as metadata. S3 gives an object 2 KB for all of its own."""

_KEY = re.compile(rf"{PREFIX}([^/]+)/([^/]+)/(.+)", re.DOTALL)
_PROJECT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/", re.IGNORECASE)


def document_id(tenant_id: UUID, collection: str, name: str) -> UUID:
    """Return the id of a document's row: UUIDv5 of (tenant, collection, name)."""
    return point_id(tenant_id, f"{collection}/{name}", 0)


@dataclass(frozen=True)
class Address:
    """The place of an uploaded document. name: a path by the rules of `shared.paths`, in NFC.

    Make one with `address_of` or `parse_key`, which check it.
    """

    tenant_id: UUID
    collection: str
    name: str

    @property
    def key(self) -> str:
        """The key of its object."""
        return f"{PREFIX}{self.tenant_id}/{self.collection}/{self.name}"

    @property
    def document_id(self) -> UUID:
        """The id of its row."""
        return document_id(self.tenant_id, self.collection, self.name)


def address_of(tenant_id: UUID, collection: str, name: str) -> Address:
    """Return the address of a document. Raises Invalid for a collection that takes no uploads or a bad name.

    A name whose first folder is a UUID is refused: such are the names of what the product writes for its projects.
    """
    if collection not in ATTRIBUTES:
        known = ", ".join(sorted(ATTRIBUTES))
        raise _invalid("/collection", f"Nothing is uploaded to {collection[:60]!a}, but to {known}.")
    try:
        safe = check_path(name)
    except UnsafePath as error:
        raise _invalid("/name", str(error)) from error
    if _PROJECT.match(safe):
        raise _invalid("/name", "The first folder of a name is not a UUID: those are of projects.")
    return Address(tenant_id, collection, safe)


def parse_key(key: str) -> Address:
    """Return the address that a key spells. Raises Invalid for a key that no address has.

    Each address has one key: another spelling of the tenant or of the name is refused.
    """
    found = _KEY.fullmatch(key)
    if found is None:
        raise Invalid("The key of a document is documents/<tenant>/<collection>/<name>.")
    tenant, collection, name = found.groups()
    try:
        tenant_id = UUID(tenant)
    except ValueError as error:
        raise Invalid("The key of a document begins with the id of a tenant.") from error
    address = address_of(tenant_id, collection, name)
    if address.key != key:
        raise Invalid("The key of a document spells its tenant or its name in another way than it should.")
    return address


def encode_attributes(attributes: WireModel) -> dict[str, str]:
    """Return the metadata that carries the attributes of a document. Raises Invalid when they are too long."""
    plain = attributes.model_dump(mode="json", exclude_defaults=True)
    if not plain:
        return {}
    value = base64url.encode(json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode())
    if len(value) > MAX_ATTRIBUTES_BYTES:
        raise _invalid("/attributes", "The attributes of a document are too long together.")
    return {METADATA: value}


def decode_attributes(collection: str, metadata: Mapping[str, str]) -> dict[str, Any]:
    """Return what an object's metadata says of it as payload, defaults filled in, without what is not said.

    Raises Invalid unless they are what `encode_attributes` writes for this collection.
    """
    try:
        given = base64url.decode(metadata[METADATA]) if METADATA in metadata else b"{}"
    except ValueError as error:
        raise Invalid("The attributes in the object's metadata are not base64url.") from error
    try:
        attributes = ATTRIBUTES[collection].model_validate_json(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "attributes"
        told = f"The attributes in the object's metadata are not valid: {where[:60]!a}: {first['msg']}."
        raise Invalid(told) from error
    said = attributes.model_dump(mode="json", exclude_none=True)
    # An empty list says nothing, and must not hide the tags that are found in the document.
    return {name: value for name, value in said.items() if value != []}


def _invalid(pointer: str, detail: str) -> Invalid:
    return Invalid(detail, (FieldProblem(pointer, detail),))
