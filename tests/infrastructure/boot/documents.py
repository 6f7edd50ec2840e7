"""What somebody does with documents in a system whose functions are booted: uploads, searches, deletes."""

from __future__ import annotations

from typing import Any

import requests

from infra.local.chaos.instance import await_value
from infra.local.run.client import ApiProblem, Client
from tests.e2e.system import PATIENCE

COLLECTION = "knowledge_base"
GUIDE = b"# Lamps\n\nTrim the wick before dusk.\n\n## Oil\n\nWhale oil smokes; take colza.\n"
BROKEN = b"%PDF-1.7\n1 0 obj << /Type /Catalog >>\n"


def use_documents(client: Client) -> dict[str, dict[str, Any]]:
    """Upload a guide twice and a PDF that is none, find the guide, delete it; what the API said of each."""
    guide = upload(client, "guides/lamps.md", GUIDE)
    indexed = until_settled(client, guide)
    asked = {"query": "which oil smokes", "collections": [COLLECTION]}
    found = client.call("POST", "/v1/search", asked)
    again = client.call("POST", "/v1/search", asked)
    assert again == found
    upload(client, "guides/lamps.md", GUIDE + b"\n## Glass\n\nWipe it with chalk.\n")
    await_value(
        lambda: _holds(client, {"query": "chalk", "collections": [COLLECTION]}, "Wipe"),
        PATIENCE,
        "no new version",
    )
    refused = until_settled(client, upload(client, "guides/broken.pdf", BROKEN))
    client.call("DELETE", f"/v1/documents/{guide}")
    return {"indexed": indexed, "found": found, "refused": refused}


def upload(client: Client, name: str, body: bytes) -> str:
    """Post a file by the form that the API signs; return the document's id."""
    made = client.call("POST", "/v1/documents", {"collection": COLLECTION, "name": name})
    form = made["upload"]
    answer = requests.post(form["url"], form["fields"], files={"file": (name, body)}, timeout=PATIENCE)
    assert answer.status_code == 204, answer.text
    return str(made["id"])


def until_settled(client: Client, document_id: str) -> dict[str, Any]:
    """Wait until a document is indexed or refused."""

    def settled() -> dict[str, Any] | None:
        found = client.call("GET", f"/v1/documents/{document_id}")
        return found if found["status"] in ("indexed", "quarantined") else None

    return await_value(settled, PATIENCE, f"{document_id} is not indexed")


def _holds(client: Client, asked: dict[str, Any], word: str) -> bool:
    try:
        found = client.call("POST", "/v1/search", asked)
    except ApiProblem:
        return False
    return any(word in passage["text"] for passage in found["data"])
