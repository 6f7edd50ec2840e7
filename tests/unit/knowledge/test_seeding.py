"""The documents that come with the product: all of them are listed, sound, uploaded once, and cut into passages."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions.knowledge import seeding
from functions.knowledge.address import SHARED, decode_attributes, parse_key
from functions.knowledge.cutting import cut
from functions.knowledge.extraction.reading import read
from functions.knowledge.seeding import SeedDocument, seed_documents, upload_seeds
from shared.adapters.objects_memory import InMemoryObjectStore
from shared.models.base import SECTORS
from tests.integration.database.conftest import HOUSE

BUCKET = "knowledge"
FOLDER = Path(seeding.__file__).parent / "seed" / "documents"


def test_every_file_of_the_folder_is_listed_once() -> None:
    files = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.*") if "__pycache__" not in path.parts}
    listed = [f"{d.collection}/{d.name.removeprefix(SHARED)}" for d in seed_documents()]

    assert set(listed) == files
    assert len(listed) == len(files)


def test_there_is_a_template_of_requirements_for_every_sector() -> None:
    found = {
        document.attributes.model_dump()["sector"]
        for document in seed_documents()
        if document.attributes.model_dump().get("doc_type") == "prd_template"
    }

    assert found == set(SECTORS)


@pytest.mark.parametrize("document", seed_documents(), ids=lambda document: document.name)
def test_each_is_read_and_cut(document: SeedDocument) -> None:
    chunks = cut(read(document.content, document.name), document.collection)

    assert chunks
    assert all(chunk.text.strip() for chunk in chunks)


def test_they_are_uploaded_once_with_what_is_said_of_them() -> None:
    objects = InMemoryObjectStore({BUCKET: True})

    assert upload_seeds(objects, BUCKET, HOUSE) == len(seed_documents())
    assert upload_seeds(objects, BUCKET, HOUSE) == 0
    for document in seed_documents():
        key = f"documents/{HOUSE}/{document.collection}/{document.name}"
        facts = objects.head(BUCKET, key)
        assert facts is not None
        assert parse_key(key).name == document.name
        said = decode_attributes(document.collection, facts.metadata)
        assert said == document.attributes.model_dump(mode="json", exclude_none=True)


def test_one_that_somebody_changed_is_put_right_again() -> None:
    objects = InMemoryObjectStore({BUCKET: True})
    upload_seeds(objects, BUCKET, HOUSE)
    first = seed_documents()[0]
    key = f"documents/{HOUSE}/{first.collection}/{first.name}"
    objects.put(BUCKET, key, b"Something else.", "text/markdown")
    objects.delete(BUCKET, f"documents/{HOUSE}/{seed_documents()[1].collection}/{seed_documents()[1].name}")

    assert upload_seeds(objects, BUCKET, HOUSE) == 2
    assert objects.get(BUCKET, key) == first.content
