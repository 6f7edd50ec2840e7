"""What the API names is what there is."""

from __future__ import annotations

from typing import get_args

from functions.knowledge.collections import COLLECTIONS
from shared.models.document import CollectionName, UploadCollection
from shared.models.knowledge import ATTRIBUTES


def test_every_collection_can_be_named() -> None:
    assert get_args(CollectionName) == tuple(COLLECTIONS)


def test_uploads_go_where_uploaders_may_say_something() -> None:
    assert get_args(UploadCollection) == tuple(ATTRIBUTES)
