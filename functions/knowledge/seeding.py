"""Documents that come with the product: the house uploads them for everybody, and they are indexed like anybody's.

They are templates of PRDs, letters and components, and patterns of code (reference 000, "Seed vector database with
templates"). The market comparables are no documents; see `service.seed_market_comps`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from uuid import UUID

from functions.knowledge.address import SHARED, address_of, encode_attributes
from shared.adapters.objects import ObjectStore
from shared.models.base import WireModel
from shared.models.knowledge import ATTRIBUTES

_FOLDER = Path(__file__).parent / "seed"
_CONTENT_TYPES = {".md": "text/markdown; charset=utf-8", ".js": "text/javascript", ".py": "text/x-python"}


@dataclass(frozen=True)
class SeedDocument:
    """A document of the house: where it goes, what is said of it, its bytes."""

    collection: str
    name: str
    attributes: WireModel
    content: bytes

    @property
    def content_type(self) -> str:
        """What S3 is told that it is."""
        return _CONTENT_TYPES[PurePosixPath(self.name).suffix]


@cache
def seed_documents() -> tuple[SeedDocument, ...]:
    """Return the documents that come with the product, their attributes checked. Raises ValidationError."""
    listed = json.loads((_FOLDER / "documents.json").read_text(encoding="utf-8"))
    return tuple(
        SeedDocument(
            item["collection"],
            f"{SHARED}{item['name']}",
            ATTRIBUTES[item["collection"]].model_validate(item["attributes"]),
            (_FOLDER / "documents" / item["collection"] / item["name"]).read_bytes(),
        )
        for item in listed
    )


def upload_seeds(objects: ObjectStore, bucket: str, house_tenant_id: UUID) -> int:
    """Put the documents that are missing or have changed into the bucket; return how many."""
    uploaded = 0
    for document in seed_documents():
        key = address_of(house_tenant_id, document.collection, document.name).key
        metadata = encode_attributes(document.attributes)
        there = objects.head(bucket, key)
        digest = hashlib.sha256(document.content).hexdigest()
        if there is None or (there.sha256, there.metadata) != (digest, metadata):
            objects.put(bucket, key, document.content, document.content_type, metadata)
            uploaded += 1
    return uploaded
