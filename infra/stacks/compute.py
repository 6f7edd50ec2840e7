"""What runs: functions, workflows, consumers of queues, schedules and the steps of a deployment."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Aws, Duration, RemovalPolicy, Stack, triggers
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.assembly.deployment import MIGRATION, SEEDING
from infra.assembly.release import release_name
from infra.catalog import Catalog, Function, Queue, Schedule
from infra.constructs.function import Assets, add_functions
from infra.constructs.lint import acknowledge_trigger_provider
from infra.constructs.surroundings import Surroundings
from infra.constructs.workflow import CatalogWorkflow, Listed, read_definition
from infra.stacks.network import NetworkStack

# Minutes between two runs from which a failed one is not left to the next.
_WORTH_A_RETRY = 60


class ComputeStack(Stack):
    """Every function but the migration, and every workflow, schedule and event source of the catalog.

    Everything calls aliases. Only the seeding is called by its version, for it is called again when that changes.
    """

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
            release=release_name(assets.code, assets.layers, catalog, self._stage),
            vpc=network.vpc,
            security_group=network.functions_group,
        )
        aliases = {name: made.live for name, made in self.functions.items()}
        for workflow in catalog.workflows:
            CatalogWorkflow(
                self,
                workflow,
                stage=self._stage.name,
                definition=read_definition(workflow, catalog, assets.root),
                functions={catalog.function(name).construct_id: aliases[name] for name in workflow.functions},
                listed={
                    bucket.construct_id: Listed(
                        surroundings.bucket_names[bucket.name], surroundings.bucket_arn(bucket.name)
                    )
                    for bucket in catalog.buckets
                    if bucket.name in workflow.lists
                },
            )
        for queue in catalog.queues:
            self._consume(queue, queues[queue.name], aliases[queue.consumer])
        self._add_schedules(catalog.schedules, aliases)
        self._seed(catalog.function(SEEDING), self.functions[SEEDING].function)

    def _consume(self, queue: Queue, source: sqs.IQueue, consumer: lambda_.Alias) -> None:
        consumer.add_event_source(
            event_sources.SqsEventSource(
                source,
                batch_size=queue.batch_size,
                max_concurrency=queue.max_concurrency,
                report_batch_item_failures=True,
            )
        )

    def _add_schedules(self, schedules: tuple[Schedule, ...], aliases: Mapping[str, lambda_.Alias]) -> None:
        """A group of schedules, and the role in which EventBridge calls their functions and no others."""
        group = scheduler.ScheduleGroup(self, "Schedules", schedule_group_name=f"robo-{self._stage.name}")
        group.apply_removal_policy(RemovalPolicy.DESTROY)
        role = iam.Role(
            self,
            "SchedulesRole",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={
                    "StringEquals": {
                        "aws:SourceAccount": Aws.ACCOUNT_ID,
                        "aws:SourceArn": group.schedule_group_arn,
                    }
                },
            ),
            description="Calls the functions that run by the clock",
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"],
                resources=[
                    aliases[name].function_arn
                    for name in sorted({schedule.function for schedule in schedules})
                ],
            )
        )
        for schedule in schedules:
            self._schedule(schedule, aliases[schedule.function], group, role)

    def _schedule(
        self,
        schedule: Schedule,
        alias: lambda_.Alias,
        group: scheduler.IScheduleGroup,
        role: iam.Role,
    ) -> None:
        """Run the function every so many minutes.

        A run that fails is tried twice more, unless the next one is minutes away. It has no dead-letter queue: what
        the clock starts carries nothing but the time and is started again, so there is nothing to keep; failures show
        in the function's errors and in its log.
        """
        again = 0 if schedule.minutes < _WORTH_A_RETRY else 2
        # Lambda keeps an event for six hours at most.
        age = Duration.minutes(min(schedule.minutes, 6 * 60))
        alias.configure_async_invoke(retry_attempts=again, max_event_age=age)
        made = scheduler.Schedule(
            self,
            f"{schedule.name.title().replace('-', '')}Schedule",
            schedule_name=schedule.deployed_name(self._stage.name),
            schedule_group=group,
            description=f"{schedule.function} every {schedule.minutes} min",
            schedule=scheduler.ScheduleExpression.rate(Duration.minutes(schedule.minutes)),
            time_window=scheduler.TimeWindow.off(),
            target=scheduler_targets.LambdaInvoke(
                alias, role=role.without_policy_updates(), retry_attempts=again, max_event_age=age
            ),
        )
        # It names its group, and CloudFormation does not see that.
        made.node.add_dependency(group)

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
