"""The functions of `index_document` as the state machine calls them, with the process that really reads."""

from __future__ import annotations

import io
import zipfile
from types import ModuleType
from typing import Any

import pytest

from functions.knowledge.events import revive_uploads
from functions.knowledge.extraction.readable import REASONS, Unreadable
from functions.knowledge.steps import look_at_object, read_document, refuse_document, store_document
from functions.knowledge.uploads.storing import refusal_of
from shared.db.unit_of_work import Database
from shared.errors import Invalid
from tests.integration.database.conftest import HOUSE
from tests.integration.knowledge.uploading import Uploads

_MODULES: tuple[ModuleType, ...] = (
    look_at_object,
    read_document,
    store_document,
    refuse_document,
    revive_uploads,
)


@pytest.fixture
def uploads(app: Database, system: Database, monkeypatch: pytest.MonkeyPatch) -> Uploads:
    made = Uploads(app, system)
    for module in _MODULES:
        monkeypatch.setattr(module, "container", lambda: made)
    return made


def settled(key: str) -> str:
    """Run the handlers one after another, as the definition says."""
    state: Any = look_at_object.handler({"key": key}, None)
    if state["next"] == "read":
        try:
            state = read_document.handler(state, None)
        except Unreadable as error:
            cause = f'{{"errorMessage": "{error}", "errorType": "Unreadable"}}'
            state = {**state, "error": {"Error": "Unreadable", "Cause": cause}, "next": "refuse"}
    if state["next"] == "store":
        state = store_document.handler(state, None)
    elif state["next"] == "refuse":
        state = refuse_document.handler(state, None)
    return str(state["outcome"])


def _zip() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.txt", "no document")
    return held.getvalue()


def test_what_is_uploaded_is_read_cut_stored_and_found(uploads: Uploads) -> None:
    text = "# Returns\n\nThirty days.\n\n## Refunds\n\nThey take a week.\n"
    key = uploads.upload(HOUSE, "guides/returns.md", text).key

    assert settled(key) == "indexed"

    row = uploads.rows(HOUSE)["guides/returns.md"]
    assert (row["status"], row["title"], row["media_type"]) == ("indexed", "Returns", "text/markdown")
    assert row["chunk_count"] == len(row["chunks"]) == len(uploads.indexed(HOUSE)) > 0
    assert "They take a week." in uploads.found(HOUSE, "refunds")[0][1]
    assert settled(key) == "unchanged"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.docx", _zip()),
        ("a.pdf", b"%PDF-1.7\n1 0 obj\n<<"),
        ("a.json", b'{"a": '),
        ("a.exe", b"MZ\x00\x01"),
    ],
    ids=["zip-as-docx", "truncated-pdf", "half-json", "program"],
)
def test_what_nobody_can_read_has_a_code_and_a_reason(uploads: Uploads, name: str, body: bytes) -> None:
    key = uploads.upload(HOUSE, name, body).key

    assert settled(key) == "quarantined"

    row = uploads.rows(HOUSE)[name]
    assert row["reason_code"] in REASONS
    assert row["reason"].endswith(".")
    assert [each["key"] for each in uploads.quarantine(HOUSE)] == [key]
    assert uploads.indexed(HOUSE) == []


def test_what_nothing_works_on_is_counted(uploads: Uploads) -> None:
    key = uploads.upload(HOUSE, "a.md", "text").key
    look_at_object.handler({"key": key}, None)

    assert revive_uploads.handler({}, None) == {"asked": 1}


@pytest.mark.parametrize("module", _MODULES[:4], ids=lambda module: module.__name__.rpartition(".")[2])
def test_what_is_no_state_is_refused(uploads: Uploads, module: ModuleType) -> None:
    with pytest.raises(Invalid, match="index_document"):
        module.handler({"again": "perhaps"}, None)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"Error": "Unreadable", "Cause": '{"errorMessage": "encrypted: It has a password."}'}, "encrypted"),
        ({"Error": "Unreadable", "Cause": '{"errorMessage": "nonsense"}'}, "damaged"),
        ({"Error": "Unreadable", "Cause": "too_slow: It took too long."}, "too_slow"),
        ({"Error": "Unreadable", "Cause": "[1]"}, "damaged"),
        ({"Error": "Unreadable"}, "damaged"),
        (None, "damaged"),
    ],
    ids=str,
)
def test_a_caught_error_says_why(error: Any, code: str) -> None:
    assert refusal_of(error).code == code
    assert refusal_of(error).reason
