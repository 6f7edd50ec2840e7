"""Every Lambda function."""

from infra.catalog.api import API_FUNCTIONS
from infra.catalog.documents import UPLOADS
from infra.catalog.model import Function, Use, Zone
from infra.catalog.operations import WATCHERS
from infra.catalog.people import PEOPLE
from infra.catalog.rebuild import REBUILD
from infra.catalog.steps import STEPS
from infra.catalog.uses import (
    CHANGE_VECTORS,
    DATABASE,
    PUBLISH,
    READ_ASSETS,
    READ_DOCUMENTS,
    READ_HANDOFF,
    SEARCH_VECTORS,
    WRITE_ASSETS,
    WRITE_DOCUMENTS,
    WRITE_HANDOFF,
)

# What drawing and filming cost: a film wants two vCPU, which Lambda gives from 1,769 MiB each.
_APPLY_MEMORY = {"design": 1024, "prototype": 1024, "demo": 3008, "launch": 1024}
_STEP_LAYERS = {"design": ("core", "media"), "demo": ("core", "media")}


def _prepare(step: str) -> Function:
    searches = step in ("research", "specify")
    return Function(
        f"agency.prepare_{step}",
        f"functions.agency.steps.{step}.step.prepare",
        Zone.DATA,
        f"Writes the request of step {step} and reserves its budget",
        settings=(
            "DatabaseSettings",
            "StorageSettings",
            "BusSettings",
            "RunSettings",
            *(("VectorSettings", "EmbeddingSettings") if searches else ()),
        ),
        uses=(DATABASE, PUBLISH, READ_HANDOFF, WRITE_HANDOFF, *(SEARCH_VECTORS if searches else ())),
        # One module holds both halves of a step, so both have its layers; only apply imports what draws.
        layers=("core", "vectors") if searches else _STEP_LAYERS.get(step, ("core",)),
        timeout=60,
    )


def _apply(step: str) -> Function:
    return Function(
        f"agency.apply_{step}",
        f"functions.agency.steps.{step}.step.apply",
        Zone.DATA,
        f"Writes the rows and artifacts of step {step}, counts its tokens and money",
        settings=(
            "DatabaseSettings",
            "StorageSettings",
            "BusSettings",
            "RunSettings",
        ),
        uses=(DATABASE, PUBLISH, READ_HANDOFF, READ_ASSETS, WRITE_ASSETS),
        layers=_STEP_LAYERS.get(step, ("core",)),
        memory=_APPLY_MEMORY.get(step, 512),
        timeout=300 if step == "demo" else 120,
    )


FUNCTIONS = (
    *API_FUNCTIONS,
    *PEOPLE,
    *WATCHERS,
    *(_prepare(step) for step in STEPS),
    *(_apply(step) for step in STEPS),
    Function(
        "agency.request_approval",
        "functions.agency.steps.approval.request_approval",
        Zone.DATA,
        "Keeps the task token of a run that waits for approval",
        settings=("DatabaseSettings", "BusSettings"),
        uses=(DATABASE, PUBLISH),
    ),
    Function(
        "agency.close_run",
        "functions.agency.steps.closing.close_run",
        Zone.DATA,
        "Records why a run stopped and packs what there is as a partial kit",
        settings=("DatabaseSettings", "StorageSettings", "BusSettings", "RunSettings"),
        uses=(DATABASE, PUBLISH, READ_HANDOFF, READ_ASSETS, WRITE_ASSETS),
        timeout=120,
    ),
    Function(
        "agency.revive_stalled_work",
        "functions.agency.events.revive_stalled_work.handler",
        Zone.DATA,
        "Finds runs and indexing that nothing is working on, and asks for them again",
        settings=("DatabaseSettings", "SystemDatabaseSettings", "BusSettings", "RunSettings"),
        uses=(DATABASE, PUBLISH),
        scales=False,
    ),
    Function(
        "agency.control_execution",
        "functions.agency.events.control_execution.handler",
        Zone.EDGE,
        "Starts, stops and releases executions of proto_v1",
        settings=("WorkflowSettings",),
        uses=(
            Use("workflow:proto_v1", "start"),
            Use("workflow:proto_v1", "read"),
            Use("workflow:proto_v1", "stop"),
            Use("workflow:proto_v1", "answer"),
        ),
        concurrency=17,
    ),
    Function(
        "agents.think",
        "functions.agents.think.handler",
        Zone.EDGE,
        "The model gateway: asks Claude for one structured answer, once",
        settings=("StorageSettings", "ModelSettings"),
        uses=(READ_HANDOFF, WRITE_HANDOFF, Use("secret:model-key", "read")),
        layers=("core", "model"),
        memory=1024,
        timeout=600,
        # Each costs money for as long as it runs: what may be spent at a time.
        concurrency=10,
    ),
    Function(
        "identity.relay_outbox",
        "functions.identity.events.relay_outbox.handler",
        Zone.DATA,
        "Puts committed events on the bus, in order, at least once",
        settings=("SystemDatabaseSettings", "BusSettings"),
        uses=(DATABASE, PUBLISH),
        timeout=60,
        scales=False,
    ),
    Function(
        "identity.deliver_webhook",
        "functions.identity.events.deliver_webhook.handler",
        Zone.EDGE,
        "Posts a signed webhook and reports what came back",
        settings=("BusSettings", "WebhookSettings"),
        uses=(Use("secret:webhook-key", "read"), PUBLISH),
        concurrency=5,
    ),
    Function(
        "identity.record_delivery",
        "functions.identity.events.record_delivery.handler",
        Zone.DATA,
        "Writes down what came of a webhook, and asks for a retry that is near",
        settings=("DatabaseSettings", "BusSettings"),
        uses=(DATABASE, PUBLISH),
        concurrency=2,
    ),
    Function(
        "identity.request_due_webhooks",
        "functions.identity.events.request_due_webhooks.handler",
        Zone.DATA,
        "Asks, once, for every webhook whose next attempt is due soon or was lost",
        settings=("SystemDatabaseSettings", "BusSettings", "WebhookDispatchSettings"),
        uses=(DATABASE, PUBLISH),
        timeout=60,
        scales=False,
    ),
    Function(
        "identity.verify_audit_log",
        "functions.identity.events.verify_audit_log.handler",
        Zone.DATA,
        "Verifies every tenant's audit log and names the first link that does not hold",
        settings=("SystemDatabaseSettings",),
        uses=(DATABASE,),
        timeout=900,
        scales=False,
    ),
    Function(
        "knowledge.index_kit",
        "functions.knowledge.events.index_kit.handler",
        Zone.DATA,
        "Indexes the documents and the code of a kit",
        settings=(
            "DatabaseSettings",
            "StorageSettings",
            "BusSettings",
            "VectorSettings",
            "EmbeddingSettings",
        ),
        uses=(DATABASE, PUBLISH, READ_ASSETS, *CHANGE_VECTORS),
        layers=("core", "reading", "vectors"),
        memory=1024,
        timeout=120,
        concurrency=2,
    ),
    Function(
        "knowledge.seed_collections",
        "functions.knowledge.events.seed_collections.handler",
        Zone.DATA,
        "Makes the vector collections, indexes the market comparables, uploads the house's documents; runs at each "
        "deployment",
        settings=("VectorSettings", "EmbeddingSettings", "StorageSettings", "SeedSettings"),
        uses=(*CHANGE_VECTORS, READ_DOCUMENTS, WRITE_DOCUMENTS),
        layers=("core", "vectors"),
        memory=1024,
        timeout=300,
        scales=False,
    ),
    *UPLOADS,
    *REBUILD,
    Function(
        "stewardship.migrate_database",
        "functions.stewardship.events.migrate_database.handler",
        Zone.DATA,
        "Makes the logins, brings the database to the newest migration; runs at each deployment, before the others",
        settings=("MigrationSettings",),
        uses=(DATABASE,),
        layers=("core", "migrations"),
        timeout=300,
        scales=False,
    ),
    Function(
        "stewardship.maintain_partitions",
        "functions.stewardship.events.maintain_partitions.handler",
        Zone.DATA,
        "Makes the monthly partitions of the months to come",
        settings=("OwnerDatabaseSettings",),
        uses=(DATABASE,),
        timeout=60,
        scales=False,
    ),
)
