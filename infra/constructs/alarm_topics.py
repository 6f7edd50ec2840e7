"""Where alarms, the budget and events of the database are told: one topic to be woken by, one to be read."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.alarms import Severity
from infra.assembly.stage import Stage

ALARMS = "cloudwatch.amazonaws.com"
BUDGETS = "budgets.amazonaws.com"
DATABASE_EVENTS = "events.rds.amazonaws.com"
_PUBLISHERS = (ALARMS, BUDGETS, DATABASE_EVENTS)


class AlarmTopics(Construct):
    """A topic for each severity, encrypted with the stage's key, over TLS only; `.by_severity`.

    The services that publish are named in the topics' policies and in the key's: AWS's own key for SNS lets none of
    them in, and enforcing TLS replaces the policy that a topic has by default.
    """

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, key: kms.IKey) -> None:
        super().__init__(scope, id_)
        self.by_severity: Mapping[Severity, sns.Topic] = {
            severity: self._topic(severity, stage, key) for severity in Severity
        }
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsAreTold",
                principals=[iam.ServicePrincipal(service) for service in _PUBLISHERS],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions=_of_this_account(),
            )
        )

    def _topic(self, severity: Severity, stage: Stage, key: kms.IKey) -> sns.Topic:
        made = sns.Topic(
            self,
            severity.value.capitalize(),
            topic_name=f"robo-{stage.name}-{severity.value}",
            display_name=f"RoboAgency {stage.name}: {severity.value}",
            master_key=key,
            enforce_ssl=True,
        )
        made.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AwsTellsOfThisAccount",
                principals=[iam.ServicePrincipal(service) for service in _PUBLISHERS],
                actions=["sns:Publish"],
                resources=[made.topic_arn],
                conditions=_of_this_account(),
            )
        )
        if stage.alarm_email:
            made.add_subscription(subscriptions.EmailSubscription(stage.alarm_email))
        return made


def _of_this_account() -> dict[str, dict[str, str]]:
    return {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
