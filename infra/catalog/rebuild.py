"""The rebuild of the vector engine: a state machine and its functions. An operator starts it."""

from infra.catalog.model import Function, Workflow, Zone
from infra.catalog.uses import CHANGE_VECTORS, DATABASE

_VECTORS = ("VectorSettings", "EmbeddingSettings")


REBUILD = (
    Function(
        "knowledge.prepare_rebuild",
        "functions.knowledge.steps.prepare_rebuild.handler",
        Zone.DATA,
        "Makes or empties the vector collections and indexes the market comparables",
        settings=_VECTORS,
        uses=CHANGE_VECTORS,
        layers=("core", "vectors"),
        memory=1024,
        timeout=300,
    ),
    Function(
        "knowledge.plan_rebuild",
        "functions.knowledge.steps.plan_rebuild.handler",
        Zone.DATA,
        "Lists the next page of what every tenant has indexed, in batches",
        settings=("DatabaseSettings", "SystemDatabaseSettings"),
        uses=(DATABASE,),
        timeout=60,
    ),
    Function(
        "knowledge.index_batch",
        "functions.knowledge.steps.index_batch.handler",
        Zone.DATA,
        "Indexes a batch of documents again, from their rows",
        settings=("DatabaseSettings", *_VECTORS),
        uses=(DATABASE, *CHANGE_VECTORS),
        layers=("core", "vectors"),
        memory=1024,
        timeout=600,
        concurrency=2,
    ),
    Function(
        "knowledge.compare_vectors",
        "functions.knowledge.steps.compare_vectors.handler",
        Zone.DATA,
        "Compares the vector engine with the rows, mends what changed meanwhile, says what differs",
        settings=("DatabaseSettings", "SystemDatabaseSettings", *_VECTORS),
        uses=(DATABASE, *CHANGE_VECTORS),
        layers=("core", "vectors"),
        memory=1024,
        timeout=900,
    ),
)

REBUILD_VECTORS = Workflow(
    name="rebuild_vectors",
    definition="functions/knowledge/workflows/rebuild_vectors.asl.json",
    functions=tuple(function.name for function in REBUILD),
    timeout=24 * 3600,
)
