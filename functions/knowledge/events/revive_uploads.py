"""Every minute: documents that should be on their way, and that nothing has touched for long, are looked at again.

So a message that is lost, or that became a dead letter, loses nothing; and a document that was announced but never
uploaded goes. Asking twice is harmless: whoever looks last decides.
"""

from __future__ import annotations

from typing import Any

from functions.knowledge.uploads.repository import UploadRepository
from shared.bootstrap import Container, container
from shared.observability import count, observed
from shared.settings import RevivalSettings

# Twice as long as the form that lets somebody upload: an upload that began in its last moment has ended by then.
AWAITED_SECONDS = 7200
MOST_AT_A_TIME = 200


def revive(own: Container) -> int:
    """Ask for what was forgotten, each document in a transaction of its tenant; return how many were asked for."""
    stall = own.settings(RevivalSettings).upload_stall_seconds
    with own.system_database.transaction(None) as work:
        found = UploadRepository(work).find_forgotten(stall, AWAITED_SECONDS, MOST_AT_A_TIME)
    asked = 0
    for document in found:
        with own.database.transaction(document.tenant_id) as work:
            place = UploadRepository(work).touch(document)
            if place is not None:
                work.announce("document_changed", place)
                asked += 1
    return asked


@observed("knowledge.revive_uploads")
def handler(event: Any, context: Any) -> dict[str, int]:
    """Ask for what was forgotten."""
    del event, context
    asked = revive(container())
    if asked:
        count("RevivedDocuments", asked)
    return {"asked": asked}
