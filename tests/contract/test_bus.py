"""What every event bus promises, and how ours keeps the limits of PutEvents."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.bus import MAX_BYTES, MAX_ENTRIES, BusEvent, EventBridgeBus, EventBus, FakeBus, size_of


def _event(number: int, **detail: Any) -> BusEvent:
    return BusEvent("roboagency", "run_requested", {"number": number, **detail}, f"event-{number}")


@dataclass
class Subject:
    """A bus and what arrived on it: the details, in order."""

    bus: EventBus
    arrived: Callable[[], list[dict[str, Any]]]


def _eventbridge() -> Subject:
    import boto3

    events, queues = boto3.client("events"), boto3.client("sqs")
    events.create_event_bus(Name="agent-analytics")
    queue = queues.create_queue(QueueName="seen")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(
        Name="all", EventBusName="agent-analytics", EventPattern='{"detail-type": ["run_requested"]}'
    )
    events.put_targets(Rule="all", EventBusName="agent-analytics", Targets=[{"Id": "queue", "Arn": arn}])

    def arrived() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while messages := queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            found += [json.loads(message["Body"]) for message in messages]
        assert all(each["source"] == "roboagency" for each in found)
        return [each["detail"] for each in found]

    return Subject(EventBridgeBus(events, "agent-analytics"), arrived)


@pytest.fixture(params=["fake", "aws"])
def subject(request: pytest.FixtureRequest) -> Subject:
    if request.param == "aws":
        request.getfixturevalue("aws")
        return _eventbridge()
    bus = FakeBus()
    return Subject(bus, lambda: [event.detail for event in bus.published])


def test_events_arrive_as_they_were(subject: Subject) -> None:
    event = _event(1, name="Ünïcode 港", nested={"list": [1, None, True]})

    assert subject.bus.publish([event]) == []
    assert subject.arrived() == [event.detail]


def test_more_events_than_fit_a_call_all_arrive(subject: Subject) -> None:
    events = [_event(number) for number in range(2 * MAX_ENTRIES + 3)]

    assert subject.bus.publish(events) == []
    arrived = subject.arrived()
    assert sorted(detail["number"] for detail in arrived) == list(range(23))


def test_nothing_is_published_when_there_is_nothing(subject: Subject) -> None:
    assert subject.bus.publish([]) == []
    assert subject.arrived() == []


def test_an_event_too_large_fails_alone(subject: Subject) -> None:
    large = _event(2, text="x" * MAX_BYTES)

    assert subject.bus.publish([_event(1), large, _event(3)]) == ["event-2"]
    assert sorted(detail["number"] for detail in subject.arrived()) == [1, 3]


def test_a_fake_bus_refuses_what_it_is_told_to() -> None:
    bus = FakeBus()
    bus.refuse = {"event-2"}

    assert bus.publish([_event(1), _event(2)]) == ["event-2"]
    assert bus.published == [_event(1)]


class Recorder:
    """Stands in for boto3's client: keeps the calls, refuses entries by number, fails from a call on."""

    def __init__(self, refuse: frozenset[int] = frozenset(), fails_from: int | None = None) -> None:
        self.calls: list[list[dict[str, str]]] = []
        self._refuse = refuse
        self._fails_from = fails_from

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:
        from botocore.exceptions import EndpointConnectionError

        if self._fails_from is not None and len(self.calls) >= self._fails_from:
            raise EndpointConnectionError(endpoint_url="https://events.invalid")
        self.calls.append(Entries)
        numbers = [json.loads(entry["Detail"])["number"] for entry in Entries]
        return {
            "Entries": [
                {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
                if number in self._refuse
                else {"EventId": f"aws-{number}"}
                for number in numbers
            ]
        }


def test_entries_that_aws_refuses_are_named() -> None:
    bus = EventBridgeBus(Recorder(refuse=frozenset({0, 11})), "bus")

    assert bus.publish([_event(number) for number in range(15)]) == ["event-0", "event-11"]


def test_what_was_not_sent_when_the_bus_fell_silent_fails_and_what_was_sent_does_not() -> None:
    client = Recorder(fails_from=1)

    failed = EventBridgeBus(client, "bus").publish([_event(number) for number in range(25)])

    assert failed == [f"event-{number}" for number in range(10, 25)]
    assert len(client.calls) == 1, "a silent bus is not asked again"


@given(st.lists(st.integers(0, 120_000), max_size=30))
def test_no_call_passes_the_limits_and_the_order_is_kept(sizes: list[int]) -> None:
    client = Recorder()
    events = [_event(number, text="é" * (size // 2)) for number, size in enumerate(sizes)]

    assert EventBridgeBus(client, "bus").publish(events) == []

    assert all(len(call) <= MAX_ENTRIES for call in client.calls)
    assert all(sum(size_of(entry) for entry in call) <= MAX_BYTES for call in client.calls)
    sent = [json.loads(entry["Detail"])["number"] for call in client.calls for entry in call]
    assert sent == list(range(len(sizes)))
