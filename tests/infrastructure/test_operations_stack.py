"""What wakes somebody: each alarm of the table stands in the template, tells somebody, and names a page to open."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.alarms import RUNBOOKS, Alarm, Area, Comparison, Metric, Missing, Severity, alarms_of
from infra.alarms_page import PAGE, page
from infra.assembly.stage import Stage, read_context
from infra.assembly.templates import Templates, read_templates
from infra.catalog import CATALOG

CONTEXT = read_context()
STAGES = sorted(CONTEXT["stages"])
MOST_DASHBOARD_METRICS = 50

Resource = dict[str, Any]
stages = pytest.mark.parametrize("name", STAGES)


def stage_of(name: str, **changes: object) -> Stage:
    return Stage.from_context(name, CONTEXT).model_copy(update=changes)


def described(name: str) -> dict[str, Alarm]:
    return {alarm.deployed_name(name): alarm for alarm in alarms_of(CATALOG, stage_of(name))}


@pytest.fixture
def operations(assembly_of: Callable[[str], Path]) -> Callable[[str], dict[str, Resource]]:
    """The resources of a stage's stack."""

    def read(name: str) -> dict[str, Resource]:
        found: dict[str, Resource] = read_templates(assembly_of(name))[f"robo-{name}-operations"]["Resources"]
        return found

    return read


def of_type(resources: dict[str, Resource], type_: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for logical_id, resource in resources.items():
        if resource["Type"] == type_:
            yield logical_id, resource["Properties"]


def topics(resources: dict[str, Resource]) -> dict[str, str]:
    """Logical id → name."""
    return {id_: made["TopicName"] for id_, made in of_type(resources, "AWS::SNS::Topic")}


# The table itself.


@stages
def test_names_and_words_fit_what_cloudwatch_takes(name: str) -> None:
    alarms = alarms_of(CATALOG, stage_of(name))

    assert len({alarm.name for alarm in alarms}) == len(alarms)
    for alarm in alarms:
        assert re.fullmatch(r"[a-z0-9-]+", alarm.name), alarm.name
        assert len(alarm.description) <= 1024
        assert alarm.means.endswith("."), alarm.name
        assert alarm.first.endswith((".", "?")), alarm.name
        assert alarm.page in {f"docs/runbooks/{runbook}" for runbook in RUNBOOKS}


@stages
def test_whatever_can_stop_has_an_alarm(name: str) -> None:
    names = {alarm.name for alarm in alarms_of(CATALOG, stage_of(name))}

    for queue in CATALOG.queues:
        assert f"dead-letters-{queue.name}" in names
    for workflow in CATALOG.workflows:
        assert f"failing-{workflow.name.replace('_', '-')}" in names
    for schedule in CATALOG.schedules:
        assert f"not-running-{schedule.name}" in names
    assert {"api-errors", "database-full", "restore-lag", "vectors-down", "audit-log-broken"} <= names
    assert {"outbox-old", "runs-stalled", "model-spend-hour", "model-spend-day"} <= names


def test_a_stage_with_details_has_an_alarm_for_each_function_and_others_one_for_all() -> None:
    detailed = {alarm.name for alarm in alarms_of(CATALOG, stage_of("dev", detailed_alarms=True))}
    plain = {alarm.name for alarm in alarms_of(CATALOG, stage_of("dev", detailed_alarms=False))}
    of_functions = {f"failing-{f.name.replace('.', '-').replace('_', '-')}" for f in CATALOG.functions}

    assert of_functions <= detailed
    assert "functions-failing" in plain - detailed
    assert not {name for name in plain if name.startswith("waiting-")}
    # One that runs once a day would be lost among the others.
    assert "failing-identity-verify-audit-log" in plain
    assert "failing-identity-relay-outbox" not in plain


def test_what_a_stage_is_decides_its_thresholds() -> None:
    def threshold(stage: Stage, name: str) -> float:
        (found,) = (alarm.threshold for alarm in alarms_of(CATALOG, stage) if alarm.name == name)
        return found

    small, large = stage_of("dev", database_class="t4g.micro"), stage_of("dev", database_class="m8g.xlarge")
    assert threshold(small, "database-connections") < threshold(large, "database-connections")
    assert "database-credits" not in {alarm.name for alarm in alarms_of(CATALOG, large)}
    assert threshold(stage_of("dev", monthly_budget_usd=300), "model-spend-day") == 20_000_000
    assert threshold(stage_of("dev", monthly_budget_usd=300), "model-spend-hour") == 15_000_000
    assert threshold(stage_of("dev", database_gib=20), "database-full") == 2**30
    assert threshold(stage_of("dev", database_gib=200), "database-full") == 10 * 2**30


def alarm(**changes: Any) -> Alarm:
    facts: dict[str, Any] = {
        "name": "probe",
        "area": Area.API,
        "severity": Severity.TELL,
        "measure": Metric("RoboAgency", "Probes"),
        "comparison": Comparison.ABOVE,
        "threshold": 0,
        "period": 60,
        "periods": 3,
        "bad": 2,
        "missing": Missing.GOOD,
        "means": "It broke.",
        "first": "look.",
        "runbook": "deploy.md",
    }
    return Alarm(**facts | changes)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"runbook": "pray.md"}, "no runbook pray.md"),
        ({"bad": 4}, "4 of 3 periods"),
        ({"bad": 0}, "0 of 3 periods"),
        ({"period": 90}, "whole minutes"),
        ({"period": 172_800, "periods": 3}, "a day at most"),
        ({"period": 1800, "periods": 49}, "look back that far"),
        ({"period": 86_400, "periods": 8}, "look back that far"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_an_alarm_that_cloudwatch_would_refuse_is_refused_here(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        alarm(**wrong)


def test_the_page_in_the_repository_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m infra.alarms_page`"


# What the templates make of it.


def measured(made: dict[str, Any]) -> set[tuple[Any, ...]]:
    """Namespace, name, dimensions and statistic of each metric that an alarm reads."""
    if "MetricName" in made:
        dimensions = {each["Name"]: json.dumps(each["Value"]) for each in made.get("Dimensions", ())}
        statistic = made.get("Statistic") or made.get("ExtendedStatistic")
        return {(made["Namespace"], made["MetricName"], tuple(sorted(dimensions.items())), statistic)}
    found = set()
    for query in made["Metrics"]:
        if "MetricStat" in query:
            metric = query["MetricStat"]["Metric"]
            found |= measured({**metric, "Statistic": query["MetricStat"]["Stat"]})
    return found


def wanted(alarm: Alarm) -> set[tuple[Any, ...]]:
    found = set()
    for metric in alarm.measure.metrics:
        dimensions = {
            name: json.dumps({"Fn::Sub": value} if "${" in value else value)
            for name, value in metric.dimensions
        }
        found.add((metric.namespace, metric.name, tuple(sorted(dimensions.items())), metric.statistic))
    return found


@stages
def test_the_template_holds_the_alarms_of_the_table_and_no_others(
    operations: Callable[[str], dict[str, Resource]], name: str
) -> None:
    made = {facts["AlarmName"]: facts for _, facts in of_type(operations(name), "AWS::CloudWatch::Alarm")}
    table = described(name)

    assert made.keys() == table.keys()
    for deployed, alarm in table.items():
        facts = made[deployed]
        assert measured(facts) == wanted(alarm), deployed
        assert facts["ComparisonOperator"] == alarm.comparison.value
        assert facts["Threshold"] == pytest.approx(alarm.threshold)
        assert (facts["EvaluationPeriods"], facts["DatapointsToAlarm"]) == (alarm.periods, alarm.bad)
        assert facts["TreatMissingData"] == alarm.missing.value
        assert facts["AlarmDescription"] == alarm.description
        assert facts.get("Period", alarm.period) == alarm.period
        assert all(
            q["MetricStat"]["Period"] == alarm.period for q in facts.get("Metrics", ()) if "MetricStat" in q
        )


# Where a template says the name that a dimension of AWS's metrics has.
NAMED_BY = {
    "FunctionName": ("AWS::Lambda::Function", "FunctionName"),
    "QueueName": ("AWS::SQS::Queue", "QueueName"),
    "DBInstanceIdentifier": ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
    "ApiName": ("AWS::ApiGateway::RestApi", "Name"),
    "Stage": ("AWS::ApiGateway::Stage", "StageName"),
    "ClusterName": ("AWS::ECS::Cluster", "ClusterName"),
    "ServiceName": ("AWS::ECS::Service", "ServiceName"),
}


@stages
def test_what_an_alarm_watches_is_there(assembly_of: Callable[[str], Path], name: str) -> None:
    templates = read_templates(assembly_of(name))
    resources = [made for template in templates.values() for made in template["Resources"].values()]
    machines = {
        made["Properties"]["StateMachineName"]
        for made in resources
        if made["Type"] == "AWS::StepFunctions::StateMachine"
    }

    for alarm in described(name).values():
        for metric in alarm.measure.metrics:
            for dimension, value in metric.dimensions:
                if dimension == "StateMachineArn":
                    assert value.rpartition(":")[2] in machines, alarm.name
                elif dimension == "service":
                    signed = {
                        made["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
                        for made in resources
                        if "POWERTOOLS_SERVICE_NAME" in json.dumps(made)
                    }
                    assert signed == {value}
                else:
                    type_, property_ = NAMED_BY[dimension]
                    names = {made["Properties"].get(property_) for made in resources if made["Type"] == type_}
                    assert value in names, alarm.name


@stages
def test_every_alarm_tells_the_topic_of_its_severity(
    operations: Callable[[str], dict[str, Resource]], name: str
) -> None:
    resources = operations(name)
    names, table = topics(resources), described(name)

    for _, facts in of_type(resources, "AWS::CloudWatch::Alarm"):
        severity = table[facts["AlarmName"]].severity
        assert [names[action["Ref"]] for action in facts["AlarmActions"]] == [f"robo-{name}-{severity.value}"]
        assert ("OKActions" in facts) == (severity is Severity.PAGE)
        assert facts.get("ActionsEnabled", True)


@stages
def test_topics_are_encrypted_and_take_messages_from_this_account_alone(
    operations: Callable[[str], dict[str, Resource]], name: str
) -> None:
    resources = operations(name)

    assert set(topics(resources).values()) == {f"robo-{name}-page", f"robo-{name}-tell"}
    for _, facts in of_type(resources, "AWS::SNS::Topic"):
        assert "KmsMasterKeyId" in facts
    policies = list(of_type(resources, "AWS::SNS::TopicPolicy"))
    assert len(policies) == 2
    for _, facts in policies:
        allowed = [s for s in facts["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
        denied = [s for s in facts["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert [s["Condition"] for s in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
        (statement,) = allowed
        assert statement["Action"] == "sns:Publish"
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        assert set(statement["Principal"]["Service"]) == PUBLISHERS


PUBLISHERS = {"cloudwatch.amazonaws.com", "budgets.amazonaws.com", "events.rds.amazonaws.com"}


def test_whoever_publishes_may_use_the_key(templates: Templates) -> None:
    (key,) = (
        made
        for _, made in of_type(templates["robo-dev-storage"]["Resources"], "AWS::KMS::Key")
        if "AlarmsAreTold" in json.dumps(made)
    )
    (statement,) = (s for s in key["KeyPolicy"]["Statement"] if s.get("Sid") == "AlarmsAreTold")

    assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    assert set(statement["Principal"]["Service"]) == PUBLISHERS
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@stages
def test_the_budget_is_the_stages_own(operations: Callable[[str], dict[str, Resource]], name: str) -> None:
    resources = operations(name)
    ((_, facts),) = of_type(resources, "AWS::Budgets::Budget")

    assert facts["Budget"]["BudgetLimit"] == {"Amount": stage_of(name).monthly_budget_usd, "Unit": "USD"}
    assert facts["Budget"]["CostFilters"] == {"TagKeyValue": [f"user:stage${name}"]}
    told = [
        (each["Notification"]["NotificationType"], each["Notification"]["Threshold"])
        for each in facts["NotificationsWithSubscribers"]
    ]
    assert told == [("ACTUAL", 50), ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    for each in facts["NotificationsWithSubscribers"]:
        ((subscriber),) = each["Subscribers"]
        assert subscriber["SubscriptionType"] == "SNS"
        assert topics(resources)[subscriber["Address"]["Ref"]] == f"robo-{name}-tell"


@stages
def test_the_dashboard_is_free_and_shows_every_alarm(
    operations: Callable[[str], dict[str, Resource]], name: str
) -> None:
    resources = operations(name)
    ((_, facts),) = of_type(resources, "AWS::CloudWatch::Dashboard")
    body = facts["DashboardBody"]
    # What CloudFormation fills in is no more than text here.
    parts = body["Fn::Join"][1] if isinstance(body, dict) else [body]
    page = json.loads(
        "".join(part if isinstance(part, str) else json.dumps(part).replace('"', "'") for part in parts)
    )
    widgets = page["widgets"]

    drawn = sum(len(widget["properties"]["metrics"]) for widget in widgets if widget["type"] == "metric")
    assert 0 < drawn <= MOST_DASHBOARD_METRICS
    shown = sum(len(widget["properties"]["alarms"]) for widget in widgets if widget["type"] == "alarm")
    assert shown == len(described(name))
    headings = [w["properties"]["markdown"] for w in widgets if w["type"] == "text"]
    assert [text.removeprefix("## ") for text in headings[1:]] == [area.value for area in Area]
    assert all(f"docs/runbooks/{runbook}" in headings[0] for runbook in RUNBOOKS)


def test_somebody_is_told_when_the_stage_names_them(tmp_path: Path) -> None:
    resources = synthesise_alone("dev", tmp_path, alarm_email="night@example.com")

    subscribed = [facts for _, facts in of_type(resources, "AWS::SNS::Subscription")]
    assert {topics(resources)[facts["TopicArn"]["Ref"]] for facts in subscribed} == {
        "robo-dev-page",
        "robo-dev-tell",
    }
    assert {(facts["Protocol"], facts["Endpoint"]) for facts in subscribed} == {
        ("email", "night@example.com")
    }
    nobody = synthesise_alone("dev", tmp_path / "nobody")
    assert not list(of_type(nobody, "AWS::SNS::Subscription"))


def synthesise_alone(name: str, folder: Path, **changes: object) -> dict[str, Resource]:
    """The stack of a changed stage, with a key of its own beside it."""
    from infra.assembly.node import use_bundled_node

    use_bundled_node()
    from aws_cdk import App, Stack
    from aws_cdk import aws_kms as kms

    from infra.stacks.operations import OperationsStack

    app = App(analytics_reporting=False, outdir=str(folder))
    key = kms.Key(Stack(app, "keys"), "Key")
    OperationsStack(
        app, "operations", stage=stage_of(name, **changes), catalog=CATALOG, key=key, instance=name
    )
    found: dict[str, Resource] = read_templates(Path(app.synth().directory))["operations"]["Resources"]
    return found


def test_what_rds_says_itself_is_told(templates: Templates) -> None:
    resources = templates["robo-dev-operations"]["Resources"]
    ((_, facts),) = of_type(resources, "AWS::RDS::EventSubscription")

    assert facts["SourceType"] == "db-instance"
    assert topics(resources)[facts["SnsTopicArn"]["Ref"]] == "robo-dev-tell"
    assert {"failover", "failure", "low storage"} <= set(facts["EventCategories"])
