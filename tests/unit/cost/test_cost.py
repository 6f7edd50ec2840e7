"""What a deployment costs is added up from its templates, and nothing in them goes unpriced."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.assembly.stage import Stage, read_context
from infra.cost import idle, usage
from infra.cost.documents import DOCUMENTS, per_thousand_documents
from infra.cost.idle import Line
from infra.cost.limits import limits, per_month
from infra.cost.prices import hours, measured, price
from infra.cost.report import MONTHS, Costs

PROD = Stage.from_context("prod", read_context())
MACHINE = """{"StartAt": "Both", "States": {
  "Both": {"Type": "Parallel", "Next": "Ready?", "Branches": [
    {"StartAt": "A", "States": {"A": {"Type": "Task", "Next": "B"}, "B": {"Type": "Task", "End": true}}},
    {"StartAt": "C", "States": {"C": {"Type": "Task", "End": true}}}]},
  "Ready?": {"Type": "Choice", "Choices": [{"Next": "Wait"}], "Default": "Done"},
  "Wait": {"Type": "Wait", "Next": "Ready?"}, "Done": {"Type": "Succeed"}}}"""


INDEXING = tuple(
    f"knowledge.{name}" for name in ("begin_indexing", "look_at_object", "read_document", "store_document")
)


def templates(*resources: tuple[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {f"R{number}": {"Type": kind, "Properties": own} for number, (kind, own) in enumerate(resources)}
    return {"stack": {"Resources": found}}


def function(name: str, memory: int = 512, reserved: int | None = None) -> tuple[str, dict[str, Any]]:
    own = {"FunctionName": f"robo-prod-{name.replace('.', '-').replace('_', '-')}", "MemorySize": memory}
    return "AWS::Lambda::Function", own | ({"ReservedConcurrentExecutions": reserved} if reserved else {})


def database(**more: object) -> tuple[str, dict[str, Any]]:
    return "AWS::RDS::DBInstance", {"DBInstanceClass": "db.t4g.micro", "AllocatedStorage": "20", **more}


def whole(reserved: int | None = None) -> dict[str, dict[str, Any]]:
    """Every function that a run calls, and the workflow."""
    names = {*measured().functions, "identity.authorize", "agency.runs", *INDEXING}
    machine = {"StateMachineName": "robo-prod-proto-v1", "DefinitionString": MACHINE}
    return templates(
        *(function(name, reserved=reserved if name == "agents.think" else None) for name in sorted(names)),
        ("AWS::StepFunctions::StateMachine", machine),
        database(),
    )


def test_a_second_zone_doubles_the_database() -> None:
    one, two = (idle.total(templates(database(MultiAZ=zones))) for zones in (False, True))

    assert one == pytest.approx(0.016 * 730 + 20 * 0.115)
    assert two == pytest.approx(2 * one)


def test_a_resource_of_which_nobody_said_what_it_costs_ends_the_sum() -> None:
    with pytest.raises(KeyError, match="nobody has said what AWS::EC2::NatGateway costs"):
        idle.total(templates(("AWS::EC2::NatGateway", {})))


def test_a_size_without_a_price_ends_the_sum() -> None:
    with pytest.raises(KeyError, match=r"no price for 'db\.x1\.huge'"):
        idle.total(templates(database(DBInstanceClass="db.x1.huge")))


def test_only_interface_endpoints_cost_and_each_zone_does() -> None:
    zones = {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b"]}
    gateway = {"VpcEndpointType": "Gateway"}

    (line,) = idle.lines(templates(("AWS::EC2::VPCEndpoint", zones), ("AWS::EC2::VPCEndpoint", gateway)))

    assert line == Line("interface endpoints (endpoint × zone)", 2, pytest.approx(2 * 0.01 * hours()))


def test_a_metric_of_ours_is_paid_for_once_however_many_alarms_watch_it() -> None:
    alarm = ("AWS::CloudWatch::Alarm", {"Namespace": "RoboAgency", "MetricName": "StalledRuns"})

    found = {line.what: line for line in idle.lines(templates(alarm, alarm))}

    assert found["alarms (by their metrics)"].count == 2
    assert found["metrics of our own"].count == 1


def test_an_alarm_that_reads_three_metrics_costs_three() -> None:
    stats = [{"MetricStat": {"Metric": {"Namespace": "AWS/Lambda", "MetricName": name}}} for name in "abc"]
    alarm = ("AWS::CloudWatch::Alarm", {"Metrics": [*stats, {"Expression": "a+b+c"}]})

    assert idle.total(templates(alarm)) == pytest.approx(3 * price("things", "alarm"))


def test_states_are_counted_along_the_way_without_waits() -> None:
    # Both, A, B, C, Ready?, Done
    assert usage.transitions(whole()) == 6


def test_less_memory_is_less_of_a_processor() -> None:
    deployed = usage.Deployed.of(templates(function("agency.intake", 512), function("agency.runs", 3538)))

    assert deployed.seconds("agency.runs", 1000) == 1
    assert deployed.seconds("agency.intake", 1000) == pytest.approx(1769 / 512)


def test_a_function_that_the_templates_do_not_have_is_named() -> None:
    with pytest.raises(KeyError, match=r"no function agency\.moon"):
        usage.Deployed.of(whole()).name("agency.moon")


def test_the_model_is_nearly_all_of_a_run() -> None:
    costs = Costs.of(PROD, whole())

    # Six steps ask Sonnet at $2 and $10 a million tokens, two Haiku: some 40 cents, and a twentieth for corrections.
    assert 0.25 < costs.model_dollars < 0.60
    assert costs.model_dollars > 10 * costs.aws_dollars > 0


COSTS = Costs.of(PROD, whole())


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_more_runs_never_cost_less(few: int, more: int) -> None:
    assert COSTS.month(few) <= COSTS.month(few + more)
    assert COSTS.month(0) == COSTS.idle_dollars


def test_reserved_concurrency_is_a_limit_and_more_of_it_a_later_one() -> None:
    def at(reserved: int) -> float:
        (found,) = (limit for limit in limits(PROD, whole(reserved)) if "agents.think" in limit.what)
        return found.runs_a_month

    assert at(40) == pytest.approx(2 * at(20))
    seconds = usage.function_seconds(usage.Deployed.of(whole()), measured())["agents.think"]
    assert at(20) == pytest.approx(per_month(20 / seconds))


def test_limits_come_worst_first_and_each_says_what_to_do() -> None:
    found = limits(PROD, whole())

    assert [one.runs_a_month for one in found] == sorted(one.runs_a_month for one in found)
    assert all(one.remedy for one in found)


def test_what_programs_get_adds_up() -> None:
    document = Costs.of(PROD, whole()).as_json()

    assert document["idle_usd_a_month"] == pytest.approx(sum(line["dollars"] for line in document["idle"]))
    assert len(document["thousand_documents"]) == len(per_thousand_documents(whole()))
    assert document["months"].keys() == {str(runs) for runs in MONTHS}
    assert document["usd_a_run"] == pytest.approx(sum(line["dollars"] for line in document["run"]))


def test_a_thousand_documents_are_mostly_embedding_and_nothing_is_forgotten() -> None:
    found = {line.what: line for line in per_thousand_documents(whole())}

    assert found["embeddings, tokens"].dollars == pytest.approx(12 * 1_000_000 / 4 / 1e6 * 0.12)
    assert found["Step Functions, express executions"].dollars == pytest.approx(0.001)
    assert found["events of S3 on the bus"].dollars == pytest.approx(0.001)
    assert found["queues, requests"].count == 3 * DOCUMENTS
    assert max(found.values(), key=lambda line: line.dollars).what == "embeddings, tokens"
    assert all(line.dollars > 0 for line in found.values())


def test_whoever_waits_for_an_execution_is_paid_for_as_long_as_it_runs() -> None:
    def gb_seconds(memory: int) -> float:
        made = [function(name, memory if "begin" in name else 1769) for name in INDEXING]
        (line,) = (
            one for one in per_thousand_documents(templates(*made)) if one.what == "Lambda, GB-seconds"
        )
        return line.count

    # 60 + 300 + 150 ms of a whole processor each.
    assert gb_seconds(1024) - gb_seconds(512) == pytest.approx(DOCUMENTS * 0.51 * 0.5)


def test_documents_without_what_indexes_them_cannot_be_priced() -> None:
    with pytest.raises(KeyError, match=r"no function knowledge\.look_at_object"):
        per_thousand_documents(templates(function("knowledge.begin_indexing")))
