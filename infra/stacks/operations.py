"""What somebody who is woken at night needs: alarms, the page they open, the budget. It watches all other stacks.

Documentation only, as nothing was deployed: that the three services may publish to an encrypted topic by the
policies written here, and that AWS counts costs by a tag only once it is activated as a cost allocation tag.
"""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from constructs import Construct

from infra.alarms import Severity, alarms_of
from infra.assembly.stage import Stage
from infra.catalog import Catalog
from infra.constructs.alarm_topics import AlarmTopics
from infra.constructs.alarms import add_alarm
from infra.constructs.dashboard import OperationsDashboard

# Per cent of the month's budget: what was spent, and what AWS foresees for the whole month.
SPENT = (50, 80, 100)
FORESEEN = (100,)
# The least that a woken person wants to be told by RDS itself; the rest is in its console.
DATABASE_EVENTS = ("failover", "failure", "low storage", "recovery")


class OperationsStack(Stack):
    """Every alarm of `infra.alarms`, one dashboard, the month's budget and the database's own events.

    key: encrypts the topics; its policy must be one that this stack may add to.
    """

    def __init__(
        self, scope: Construct, id_: str, *, stage: Stage, catalog: Catalog, key: kms.IKey, instance: str
    ) -> None:
        """instance: what RDS calls the database's instance."""
        super().__init__(scope, id_, description="RoboAgency: alarms, dashboard and budget")
        self.topics = AlarmTopics(self, "Told", stage=stage, key=key).by_severity
        described = alarms_of(catalog, stage)
        self.alarms = [
            (each, add_alarm(self, each, stage=stage.name, topics=self.topics)) for each in described
        ]
        OperationsDashboard(self, "Dashboard", catalog=catalog, stage=stage.name, alarms=self.alarms)
        self._budget(stage)
        rds.CfnEventSubscription(
            self,
            "DatabaseEvents",
            sns_topic_arn=self.topics[Severity.TELL].topic_arn,
            source_type="db-instance",
            source_ids=[instance],
            event_categories=list(DATABASE_EVENTS),
        )

    def _budget(self, stage: Stage) -> None:
        """What AWS bills for the stage; by its tag, since stages may share an account."""
        told = budgets.CfnBudget.SubscriberProperty(
            subscription_type="SNS", address=self.topics[Severity.TELL].topic_arn
        )
        kinds = [("ACTUAL", percent) for percent in SPENT] + [("FORECASTED", percent) for percent in FORESEEN]
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=f"robo-{stage.name}-monthly",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=stage.monthly_budget_usd, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:stage${stage.name}"]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[told],
                )
                for kind, percent in kinds
            ],
        )
