"""What watches the system itself."""

from infra.catalog.model import Function, Schedule, Use, Zone

WATCHERS = (
    Function(
        "stewardship.measure_restorable_lag",
        "functions.stewardship.events.measure_restorable_lag.handler",
        Zone.EDGE,
        "Measures how far behind now the latest moment is that the database can be restored to",
        settings=("DatabaseInstanceSettings",),
        uses=(Use("instance:database", "describe"),),
        scales=False,
        only_on_aws="RDS says it of an instance of its own; PostgreSQL on one machine keeps no such copy",
    ),
)

WATCHING = (Schedule("measure-restorable-lag", 5, "stewardship.measure_restorable_lag"),)
