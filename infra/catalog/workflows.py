"""Every state machine."""

from infra.catalog.documents import INDEX_DOCUMENT, INDEX_FOLDER
from infra.catalog.model import Workflow
from infra.catalog.rebuild import REBUILD_VECTORS
from infra.catalog.steps import STEPS

PROTO_V1 = Workflow(
    name="proto_v1",
    definition="functions/agency/workflows/proto_v1.asl.json",
    functions=(
        *(f"agency.prepare_{step}" for step in STEPS),
        "agents.think",
        *(f"agency.apply_{step}" for step in STEPS),
        "agency.request_approval",
        "agency.close_run",
    ),
    timeout=24 * 3600,
)

WORKFLOWS = (PROTO_V1, REBUILD_VECTORS, INDEX_DOCUMENT, INDEX_FOLDER)
