"""Every alarm: what is measured, when somebody is woken or told, and which page to open then.

Pure data, made from the catalog and a stage's values: `infra.stacks.operations` realises it, docs/alarms.md prints
it.
"""

from __future__ import annotations

from infra.alarms.knowledge import of_express
from infra.alarms.model import (
    RUNBOOKS,
    Alarm,
    Area,
    Comparison,
    Metric,
    Missing,
    Severity,
    Share,
)
from infra.alarms.stores import of_the_cache, of_the_database, of_the_vector_engine
from infra.alarms.trust import of_money, of_trust, of_what_leaves
from infra.alarms.work import (
    of_functions,
    of_queue,
    of_runs,
    of_schedule,
    of_the_api,
    of_workflow,
)
from infra.assembly.stage import Stage
from infra.catalog.model import Catalog

__all__ = [
    "RUNBOOKS",
    "Alarm",
    "Area",
    "Comparison",
    "Metric",
    "Missing",
    "Severity",
    "Share",
    "alarms_of",
]


def alarms_of(catalog: Catalog, stage: Stage) -> tuple[Alarm, ...]:
    """The alarms of a stage, by area in the order of `Area`; those that page somebody come first in each."""
    name, detailed = stage.name, stage.detailed_alarms
    found = (
        *of_the_api(name),
        *of_runs(name),
        *(
            alarm
            for workflow in catalog.workflows
            for alarm in (of_express if workflow.express else of_workflow)(workflow, name)
        ),
        *of_functions(catalog, name, detailed=detailed),
        *(alarm for schedule in catalog.schedules for alarm in of_schedule(schedule, catalog, name)),
        *(alarm for queue in catalog.queues for alarm in of_queue(queue, name)),
        *of_the_database(name, stage.database_class, stage.database_gib),
        *of_the_vector_engine(name),
        *of_the_cache(name),
        *of_trust(name),
        *of_what_leaves(name),
        *of_money(name, stage.monthly_budget_usd),
    )
    areas, severities = list(Area), list(Severity)
    return tuple(
        sorted(
            (alarm for alarm in found if detailed or not alarm.detail),
            key=lambda alarm: (areas.index(alarm.area), severities.index(alarm.severity)),
        )
    )
