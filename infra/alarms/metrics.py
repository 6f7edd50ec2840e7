"""The metrics that alarms and the dashboard read: AWS's by service, and our own."""

from infra.alarms.model import Metric

NAMESPACE = "RoboAgency"
"""Ours, in `shared.observability`."""


def own(stage: str, name: str, statistic: str = "Sum") -> Metric:
    """A metric that our functions emit; `service` is how `shared.observability` signs them on AWS."""
    return Metric(NAMESPACE, name, (("service", f"robo-{stage}"),), statistic)


def api(stage: str, name: str, statistic: str = "Sum") -> Metric:
    """A metric of the REST API."""
    return Metric("AWS/ApiGateway", name, (("ApiName", f"robo-{stage}"), ("Stage", stage)), statistic)


def function(deployed: str, name: str) -> Metric:
    """A metric of one function, by its deployed name; all its versions and aliases."""
    return Metric("AWS/Lambda", name, (("FunctionName", deployed),))


def functions(name: str, statistic: str = "Sum") -> Metric:
    """A metric of all functions of the account in the region, other stages' included."""
    return Metric("AWS/Lambda", name, (), statistic)


def executions(deployed: str, name: str) -> Metric:
    """A metric of one workflow's executions, by its deployed name."""
    arn = f"arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:stateMachine:{deployed}"
    return Metric("AWS/States", name, (("StateMachineArn", arn),))


def queue(deployed: str, name: str) -> Metric:
    """A gauge of one queue, by its deployed name."""
    return Metric("AWS/SQS", name, (("QueueName", deployed),), "Maximum")


def database(stage: str, name: str, statistic: str = "Average") -> Metric:
    """A metric of the database's instance."""
    return Metric("AWS/RDS", name, (("DBInstanceIdentifier", f"robo-{stage}"),), statistic)


def vectors(stage: str, name: str, statistic: str = "Average") -> Metric:
    """A metric that ECS gives free of charge about the service of the vector engine; its tasks emit it."""
    where = (("ClusterName", f"robo-{stage}"), ("ServiceName", f"robo-{stage}-vectors"))
    return Metric("AWS/ECS", name, where, statistic)


def mail(name: str) -> Metric:
    """The account's reputation with SES, a share from 0 to 1."""
    return Metric("AWS/SES", f"Reputation.{name}", (), "Average")
