"""What runs: functions, workflows, consumers of queues, schedules and the steps of a deployment."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration, Stack, triggers
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.assembly.deployment import MIGRATION, SEEDING
from infra.catalog import Catalog, Function, Queue, Schedule
from infra.constructs.function import Assets, add_functions
from infra.constructs.lint import acknowledge_trigger_provider
from infra.constructs.surroundings import Surroundings
from infra.constructs.workflow import CatalogWorkflow, read_definition
from infra.stacks.network import NetworkStack


class ComputeStack(Stack):
    """Every function but the migration, and every workflow, schedule and event source of the catalog."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        catalog: Catalog,
        assets: Assets,
        surroundings: Surroundings,
        network: NetworkStack,
        queues: Mapping[str, sqs.IQueue],
    ) -> None:
        super().__init__(scope, id_, description="RoboAgency: functions and workflows")
        self._stage = surroundings.stage
        self.functions = add_functions(
            self,
            (function for function in catalog.functions if function.name != MIGRATION),
            surroundings=surroundings,
            assets=assets,
            vpc=network.vpc,
            security_group=network.functions_group,
        )
        lambdas = {name: made.function for name, made in self.functions.items()}
        for workflow in catalog.workflows:
            CatalogWorkflow(
                self,
                workflow,
                stage=self._stage.name,
                definition=read_definition(workflow, catalog, assets.root),
                functions={catalog.function(name).construct_id: lambdas[name] for name in workflow.functions},
            )
        for queue in catalog.queues:
            self._consume(queue, queues[queue.name], lambdas[queue.consumer])
        for schedule in catalog.schedules:
            self._schedule(schedule, lambdas[schedule.function])
        self._seed(catalog.function(SEEDING), lambdas[SEEDING])

    def _consume(self, queue: Queue, source: sqs.IQueue, consumer: lambda_.Function) -> None:
        consumer.add_event_source(
            event_sources.SqsEventSource(
                source,
                batch_size=queue.batch_size,
                max_concurrency=queue.max_concurrency,
                report_batch_item_failures=True,
            )
        )

    def _schedule(self, schedule: Schedule, function: lambda_.Function) -> None:
        """Run the function every so many minutes; a run that is missed is not made up for, the next one is near."""
        # Lambda keeps an event for six hours at most.
        age = Duration.minutes(min(schedule.minutes, 6 * 60))
        function.configure_async_invoke(retry_attempts=0, max_event_age=age)
        scheduler.Schedule(
            self,
            f"{schedule.name.title().replace('-', '')}Schedule",
            schedule_name=f"robo-{self._stage.name}-{schedule.name}",
            description=f"{schedule.function} every {schedule.minutes} min",
            schedule=scheduler.ScheduleExpression.rate(Duration.minutes(schedule.minutes)),
            target=scheduler_targets.LambdaInvoke(function, retry_attempts=0, max_event_age=age),
        )

    def _seed(self, described: Function, function: lambda_.Function) -> None:
        """Call the function once all others stand, on the first deployment and whenever its code changes."""
        triggers.Trigger(
            self,
            "Seeding",
            handler=function,
            timeout=Duration.seconds(described.timeout),
            invocation_type=triggers.InvocationType.REQUEST_RESPONSE,
            execute_after=[made for name, made in self.functions.items() if name != SEEDING],
        )
        acknowledge_trigger_provider(self)
