"""Uploaded documents: what looks at the objects of the bucket `knowledge` and has them indexed."""

from infra.catalog.model import ACCOUNT_BUS, Function, Queue, Rule, Schedule, Use, Workflow, Zone
from infra.catalog.uses import (
    CHANGE_VECTORS,
    DATABASE,
    PUBLISH,
    READ_DOCUMENTS,
    READ_HANDOFF,
    WRITE_HANDOFF,
)

_VECTORS = ("VectorSettings", "EmbeddingSettings")
# Documents at a time: what the embedding model and the database bear while others are served.
_AT_ONCE = 2

_STEPS = (
    Function(
        "knowledge.look_at_object",
        "functions.knowledge.steps.look_at_object.handler",
        Zone.DATA,
        "Claims the document of a key, looks at its object and decides what is to be done",
        settings=("DatabaseSettings", "StorageSettings", *_VECTORS),
        uses=(DATABASE, READ_DOCUMENTS, *CHANGE_VECTORS),
        layers=("core", "vectors"),
        timeout=30,
        concurrency=_AT_ONCE,
    ),
    Function(
        "knowledge.read_document",
        "functions.knowledge.steps.read_document.handler",
        # No way out: what a hostile file might have learned to do, it cannot tell anybody.
        Zone.DATA,
        "Reads an object and cuts it into chunks, in a process of its own that is bounded",
        settings=("StorageSettings",),
        uses=(READ_DOCUMENTS, WRITE_HANDOFF),
        layers=("core", "reading"),
        memory=1769,
        timeout=90,
        concurrency=_AT_ONCE,
    ),
    Function(
        "knowledge.store_document",
        "functions.knowledge.steps.store_document.handler",
        Zone.DATA,
        "Writes the rows of a document, then its points, then that it is indexed",
        settings=("DatabaseSettings", "StorageSettings", *_VECTORS),
        uses=(DATABASE, READ_HANDOFF, *CHANGE_VECTORS),
        layers=("core", "vectors"),
        memory=1024,
        timeout=150,
        concurrency=_AT_ONCE,
    ),
    Function(
        "knowledge.refuse_document",
        "functions.knowledge.steps.refuse_document.handler",
        Zone.DATA,
        "Puts what cannot be read into quarantine, and removes what the version before said",
        settings=("DatabaseSettings", "StorageSettings", *_VECTORS),
        uses=(DATABASE, *CHANGE_VECTORS),
        layers=("core", "vectors"),
        timeout=60,
    ),
)

UPLOADS = (
    Function(
        "knowledge.begin_indexing",
        "functions.knowledge.events.begin_indexing.handler",
        Zone.EDGE,
        "Has the object of each event looked at and waits for it; what fails comes again later",
        settings=("IndexingSettings",),
        uses=(Use("workflow:index_document", "run"),),
        timeout=310,
        concurrency=_AT_ONCE,
    ),
    *_STEPS,
    Function(
        "knowledge.revive_uploads",
        "functions.knowledge.events.revive_uploads.handler",
        Zone.DATA,
        "Finds documents that nothing is working on, and asks for them again",
        settings=("DatabaseSettings", "SystemDatabaseSettings", "BusSettings", "RevivalSettings"),
        uses=(DATABASE, PUBLISH),
        scales=False,
    ),
)

INDEX_DOCUMENT = Workflow(
    name="index_document",
    definition="functions/knowledge/workflows/index_document.asl.json",
    functions=tuple(function.name for function in _STEPS),
    timeout=300,
    express=True,
)

# An operator starts it, with a prefix of keys.
INDEX_FOLDER = Workflow(
    name="index_folder",
    definition="functions/knowledge/workflows/index_folder.asl.json",
    functions=INDEX_DOCUMENT.functions,
    timeout=24 * 3600,
    lists=("knowledge",),
)

# A day of pauses of a quarter of an hour: that long an engine may be away before anybody has to look.
UPLOAD_QUEUES = (Queue("uploads", "knowledge.begin_indexing", 1860, 100, 1, _AT_ONCE),)

UPLOAD_RULES = (
    Rule(
        "index-uploads",
        ACCOUNT_BUS,
        ("Object Created", "Object Deleted"),
        "uploads",
        buckets=("knowledge",),
    ),
    Rule("index-changed-documents", "agent-analytics", ("document_changed",), "uploads"),
)

UPLOAD_SCHEDULES = (Schedule("revive-uploads", 1, "knowledge.revive_uploads"),)
