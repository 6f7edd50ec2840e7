"""How messages travel: buses with their archives, queues with their dead letters, and the rules between them.

What happens in a bucket comes by the bus that every account has: S3 tells it there, and nothing is made for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import ArnFormat, Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.assembly.stage import Stage
from infra.catalog import ACCOUNT_BUS, S3_SOURCE, Bucket, Bus, Catalog, Queue, Rule
from shared.periods import DEAD_LETTERS, QUEUED_MESSAGES


class MessagingStack(Stack):
    """Every bus, queue and rule of the catalog."""

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, catalog: Catalog) -> None:
        super().__init__(scope, id_, description="RoboAgency: buses, queues and rules")
        self._stage = stage
        self.buses: Mapping[str, events.EventBus] = {b.name: self._bus(b) for b in catalog.buses}
        self.dead_letters: Mapping[str, sqs.Queue] = {q.name: self._dead_letter(q) for q in catalog.queues}
        self.queues: Mapping[str, sqs.Queue] = {q.name: self._queue(q) for q in catalog.queues}
        buckets = {bucket.name: bucket for bucket in catalog.buckets}
        for rule in catalog.rules:
            self._rule(rule, [buckets[name] for name in rule.buckets])

    def _bus(self, bus: Bus) -> events.EventBus:
        id_ = bus.name.title().replace("-", "")
        name = bus.deployed_name(self._stage.name)
        made = events.EventBus(self, f"{id_}Bus", event_bus_name=name)
        made.archive(
            f"{id_}Archive",
            archive_name=name,
            description=f"Everything on {bus.name}, to be replayed",
            event_pattern=events.EventPattern(account=[self.account]),
            retention=Duration.days(bus.archive_days),
        )
        return made

    def _dead_letter(self, queue: Queue) -> sqs.Queue:
        """Takes the dead letters of its queue only, which it names by hand: the queue itself names this one."""
        id_ = f"{queue.name.title().replace('-', '')}DeadLetters"
        arn = self.format_arn(
            service="sqs",
            resource=queue.deployed_name(self._stage.name),
            arn_format=ArnFormat.NO_RESOURCE_NAME,
        )
        return self._sqs(
            id_,
            queue.deployed_dead_letter(self._stage.name),
            retention=Duration.days(DEAD_LETTERS.active.days),
            takes_from=sqs.RedriveAllowPolicy(
                source_queues=[sqs.Queue.from_queue_arn(self, f"{id_}Source", arn)]
            ),
        )

    def _queue(self, queue: Queue) -> sqs.Queue:
        return self._sqs(
            f"{queue.name.title().replace('-', '')}Queue",
            queue.deployed_name(self._stage.name),
            retention=Duration.days(QUEUED_MESSAGES.active.days),
            visibility=Duration.seconds(queue.visibility),
            dead_letter=sqs.DeadLetterQueue(
                queue=self.dead_letters[queue.name], max_receive_count=queue.max_receives
            ),
        )

    def _sqs(
        self,
        id_: str,
        name: str,
        *,
        retention: Duration,
        visibility: Duration | None = None,
        dead_letter: sqs.DeadLetterQueue | None = None,
        takes_from: sqs.RedriveAllowPolicy | None = None,
    ) -> sqs.Queue:
        return sqs.Queue(
            self,
            id_,
            queue_name=name,
            retention_period=retention,
            visibility_timeout=visibility,
            dead_letter_queue=dead_letter,
            redrive_allow_policy=takes_from,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.RETAIN if self._stage.keeps_data else RemovalPolicy.DESTROY,
        )

    def _rule(self, rule: Rule, buckets: Sequence[Bucket]) -> None:
        """An event that cannot be put on the queue joins the queue's own dead letters, in the same form."""
        events.Rule(
            self,
            f"{rule.name.title().replace('-', '')}Rule",
            rule_name=rule.deployed_name(self._stage.name),
            description=f"{', '.join(rule.detail_types)} to {rule.queue}",
            event_bus=None if rule.bus == ACCOUNT_BUS else self.buses[rule.bus],
            event_pattern=events.EventPattern(
                source=[S3_SOURCE] if rule.bus == ACCOUNT_BUS else None,
                detail_type=list(rule.detail_types),
                detail=self._detail(rule, buckets),
            ),
            targets=[
                targets.SqsQueue(self.queues[rule.queue], dead_letter_queue=self.dead_letters[rule.queue])
            ],
        )

    def _detail(self, rule: Rule, buckets: Sequence[Bucket]) -> dict[str, Any] | None:
        """What the rule asks of an event's detail; None when it asks nothing."""
        wanted: dict[str, Any] = {"priority": list(rule.priorities)} if rule.priorities else {}
        if buckets:
            names = [bucket.deployed_name(self._stage.name, Aws.ACCOUNT_ID) for bucket in buckets]
            wanted["bucket"] = {"name": names}
        return wanted or None
