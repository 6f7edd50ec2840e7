"""The files of a kit become rows and points. They are cut here, so this needs what parses source code."""

from __future__ import annotations

from uuid import UUID

from functions.knowledge.indexing import index_stored
from functions.knowledge.kits import kit_file
from functions.knowledge.repository import KnowledgeRepository
from shared.bootstrap import Container
from shared.models.asset import Asset


def index_kit(own: Container, tenant_id: UUID, assets: list[Asset]) -> int:
    """Index the documents and the code of a kit; return how many files. Doing it again changes nothing."""

    def read(asset: Asset) -> bytes:
        return own.objects.get(asset.bucket, asset.key, asset.version)

    files = [file for asset in assets if (file := kit_file(asset, read)) is not None]
    # Runs of one project write the same rows: in one order, so that none waits for another in a circle.
    files.sort(key=lambda file: file.place.name)
    with own.database.transaction(tenant_id) as work:
        repository = KnowledgeRepository(work)
        ids = [
            repository.put_kit_file(tenant_id, file, own.embedder_of(file.place.collection.dimension).model)
            for file in files
        ]
    index_stored(own, tenant_id, ids)
    return len(files)
