"""What exists: every function, route, queue, bucket, rule, schedule, workflow and secret.

Two targets realise it and nothing else does: `infra.stacks` on AWS, `infra.local` on one machine.
"""

from infra.catalog.api import AUTHORIZER, ROUTES
from infra.catalog.buckets import BUCKETS, Bucket, Lifecycle
from infra.catalog.functions import FUNCTIONS
from infra.catalog.model import (
    ACCOUNT_BUS,
    LIVE,
    S3_SOURCE,
    Access,
    Bus,
    Catalog,
    Function,
    Queue,
    Route,
    Rule,
    Schedule,
    Secret,
    Use,
    Workflow,
    Zone,
)
from infra.catalog.resources import BUSES, QUEUES, RULES, SCHEDULES, SECRETS
from infra.catalog.workflows import WORKFLOWS

CATALOG = Catalog(
    functions=FUNCTIONS,
    routes=ROUTES,
    queues=QUEUES,
    buckets=BUCKETS,
    buses=BUSES,
    rules=RULES,
    schedules=SCHEDULES,
    workflows=WORKFLOWS,
    secrets=SECRETS,
    authorizer=AUTHORIZER,
)

__all__ = [
    "ACCOUNT_BUS",
    "CATALOG",
    "LIVE",
    "S3_SOURCE",
    "Access",
    "Bucket",
    "Bus",
    "Catalog",
    "Function",
    "Lifecycle",
    "Queue",
    "Route",
    "Rule",
    "Schedule",
    "Secret",
    "Use",
    "Workflow",
    "Zone",
]
