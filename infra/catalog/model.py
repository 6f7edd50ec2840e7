"""The words in which the system is described. Pure data: no `aws_cdk`, no `boto3`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from infra.catalog.buckets import Bucket

ACCOUNT_BUS = "default"
"""The event bus that every account has: S3 tells there what happens in buckets that announce it."""

S3_SOURCE = "aws.s3"
"""Who such an event says that it is from. Nobody else can: EventBridge takes no `aws.…` from those who put events."""

LIVE = "live"
"""The alias of every function: whoever calls a function calls the version that its alias points at."""


EXPRESS_SECONDS = 300
"""How long Step Functions lets an express workflow run."""


class Zone(StrEnum):
    """Where a function runs.

    `data`: isolated subnets, database and cache, no way out but the event bus. `edge`: outside the VPC, the
    internet, no database.
    """

    DATA = "data"
    EDGE = "edge"


class Access(StrEnum):
    """Whether the authorizer stands before a route: `public` ones let anybody in, and say so."""

    PUBLIC = "public"
    AUTHORISED = "authorised"


@dataclass(frozen=True)
class Use:
    """A right: `action` on `resource`. The only source of a function's policy.

    resource: `database`, `instance:database`, `cache`, `vectors`, `bucket:<name>`, `queue:<name>`, `bus:<name>`,
    `workflow:<name>`, `secret:<name>`, `embeddings`, `mail`.
    action: `connect`, `read`, `write`, `delete`, `put`, `start`, `run` (start and wait), `stop`, `answer`,
    `invoke`, `send`, `describe`.
    """

    resource: str
    action: str


@dataclass(frozen=True)
class Function:
    """A Lambda function. `name` is `<context>.<operation>`; every other name derives from it.

    settings: names of classes in `shared.settings`. layers: folders of `layers/`.
    memory in MiB, timeout in seconds, concurrency as reserved executions of a stage of factor 1. scales: a larger
    stage has that many times more of them; not so where one at a time is meant.
    """

    name: str
    handler: str
    zone: Zone
    purpose: str
    settings: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    layers: tuple[str, ...] = ("core",)
    memory: int = 512
    timeout: int = 29
    concurrency: int = 1
    scales: bool = True

    only_on_aws: str = ""
    """Why one machine has no such function; empty for one that runs on both targets."""

    @property
    def operation(self) -> str:
        """`agency.create_intake` → `create_intake`."""
        return self.name.split(".", 1)[1]

    @property
    def construct_id(self) -> str:
        """`agency.create_intake` → `AgencyCreateIntake`; also its placeholder in a workflow's definition."""
        return "".join(word.capitalize() for word in self.name.replace(".", "_").split("_"))

    def deployed_name(self, stage: str) -> str:
        """`agency.create_intake` → `robo-<stage>-agency-create-intake`; at most 64 characters."""
        return f"robo-{stage}-{self.name.replace('.', '-').replace('_', '-')}"

    def reserved(self, factor: int) -> int:
        """How many executions are reserved for it where `concurrency` is multiplied by `factor`."""
        return self.concurrency * factor if self.scales else self.concurrency


@dataclass(frozen=True)
class Route:
    """An HTTPS operation of a function, and the permission it needs.

    operation: its name in the handler's `Resource`, unique in the catalog. permission: `<resource>:<act>`, what the
    policies in `functions/identity/access/roles.cedar` allow or not; ValueError without one.
    """

    method: str
    path: str
    function: str
    operation: str
    permission: str
    access: Access = Access.AUTHORISED

    def __post_init__(self) -> None:
        parts = self.permission.split(":")
        if len(parts) != 2 or not all(part.isidentifier() and part.islower() for part in parts):
            raise ValueError(f"{self.method} {self.path} names no permission: {self.permission!r}")


@dataclass(frozen=True)
class Queue:
    """An SQS queue with a dead-letter queue `<name>-dlq`, and the function that consumes it.

    visibility in seconds, at least six times the consumer's timeout as AWS advises.
    """

    name: str
    consumer: str
    visibility: int
    max_receives: int
    batch_size: int
    max_concurrency: int

    @property
    def dead_letter(self) -> str:
        """The name of the queue that takes what failed `max_receives` times."""
        return f"{self.name}-dlq"

    def deployed_name(self, stage: str) -> str:
        """`high` → `robo-<stage>-high`."""
        return f"robo-{stage}-{self.name}"

    def deployed_dead_letter(self, stage: str) -> str:
        """`high` → `robo-<stage>-high-dlq`."""
        return f"robo-{stage}-{self.dead_letter}"


@dataclass(frozen=True)
class Bus:
    """An EventBridge bus with an archive of `archive_days`."""

    name: str
    archive_days: int

    def deployed_name(self, stage: str) -> str:
        """`agent-analytics` → `robo-<stage>-agent-analytics`, also its archive; at most 48 characters."""
        return f"robo-{stage}-{self.name}"


@dataclass(frozen=True)
class Rule:
    """Events of `detail_types` (and of `priorities`, when given) on `bus` go to `queue`.

    bus: one of ours, or `ACCOUNT_BUS`, where S3 tells what happens in buckets that announce it. buckets: only what
    happens in these; whoever listens to S3 names them, and nobody else does.
    """

    name: str
    bus: str
    detail_types: tuple[str, ...]
    queue: str
    priorities: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.bus == ACCOUNT_BUS) != bool(self.buckets):
            raise ValueError(
                f"rule {self.name}: the account's own bus is listened to for buckets that are named"
            )

    def deployed_name(self, stage: str) -> str:
        """`start-runs` → `robo-<stage>-start-runs`."""
        return f"robo-{stage}-{self.name}"


@dataclass(frozen=True)
class Schedule:
    """`function` runs every `minutes`."""

    name: str
    minutes: int
    function: str

    def deployed_name(self, stage: str) -> str:
        """`relay-outbox` → `robo-<stage>-relay-outbox`."""
        return f"robo-{stage}-{self.name}"


@dataclass(frozen=True)
class Workflow:
    """A Step Functions state machine. `definition` is an `.asl.json` file with `${…}` gaps that hold functions'
    construct ids. timeout in seconds. express: at least once and at most five minutes, and whoever starts it may
    wait for its end; otherwise a standard one: exactly once, for up to a year, and it survives everything. lists:
    buckets whose keys it goes through by a distributed map; the definition has a gap for each one's name.
    """

    name: str
    definition: str
    functions: tuple[str, ...]
    timeout: int
    express: bool = False
    lists: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.express and self.timeout > EXPRESS_SECONDS:
            raise ValueError(f"workflow {self.name}: an express workflow ends after {EXPRESS_SECONDS} s")
        if self.express and self.lists:
            raise ValueError(f"workflow {self.name}: an express workflow has no distributed map")

    @property
    def construct_id(self) -> str:
        """`proto_v1` → `ProtoV1`."""
        return "".join(word.capitalize() for word in self.name.split("_"))

    def deployed_name(self, stage: str) -> str:
        """`proto_v1` → `robo-<stage>-proto-v1`."""
        return f"robo-{stage}-{self.name.replace('_', '-')}"


@dataclass(frozen=True)
class Secret:
    """A Secrets Manager secret. `generated`: made by the target; otherwise `writer` sets it."""

    name: str
    generated: bool
    purpose: str
    writer: str = "an operator"

    def deployed_name(self, stage: str) -> str:
        """`capability-key` → `robo/<stage>/capability-key`."""
        return f"robo/{stage}/{self.name}"


@dataclass(frozen=True)
class Catalog:
    """Everything that exists."""

    functions: tuple[Function, ...]
    routes: tuple[Route, ...]
    queues: tuple[Queue, ...]
    buckets: tuple[Bucket, ...]
    buses: tuple[Bus, ...]
    rules: tuple[Rule, ...]
    schedules: tuple[Schedule, ...]
    workflows: tuple[Workflow, ...]
    secrets: tuple[Secret, ...]
    authorizer: str
    """The function that says who sends a request and whether the route is theirs to call."""

    def on_one_machine(self) -> Catalog:
        """Return what one machine realises: without functions that exist on AWS only, and without their schedules."""
        functions = tuple(function for function in self.functions if not function.only_on_aws)
        names = {function.name for function in functions}
        schedules = tuple(schedule for schedule in self.schedules if schedule.function in names)
        return replace(self, functions=functions, schedules=schedules)

    def function(self, name: str) -> Function:
        """Return the function of that name; KeyError when there is none."""
        for function in self.functions:
            if function.name == name:
                return function
        raise KeyError(name)
