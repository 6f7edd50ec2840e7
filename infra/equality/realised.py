"""Reads CloudFormation templates back into the words of the catalog."""

from __future__ import annotations

import json
import re

from infra.catalog import ACCOUNT_BUS
from infra.equality.buckets import read_buckets
from infra.equality.inventory import Inventory
from infra.equality.templates import Resource, Templates

# Functions of the CDK's own, which run while stacks are deployed.
_PROVIDERS = ("AWSCDKTriggerCustomResourceProvider", "CustomVpcRestrictDefaultSGCustomResourceProvider")
_MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}


def realised(templates: Templates) -> Inventory:
    """Everything the templates hold of the kinds that the catalog describes."""
    found = Inventory()
    _functions(templates, found)
    _routes(templates, found)
    _queues(templates, found)
    _events(templates, found)
    _stored(templates, found)
    _workflows(templates, found)
    return found


def _functions(templates: Templates, found: Inventory) -> None:
    aliased = _aliased(templates)
    for made in templates.of_type("AWS::Lambda::Function"):
        if made.logical_id.startswith(_PROVIDERS):
            continue
        properties = made.properties
        log_group = templates.referred(
            properties.get("LoggingConfig", {}).get("LogGroup"), made.stack, "AWS::Logs::LogGroup"
        )
        layers = [
            templates.referred(layer, made.stack, "AWS::Lambda::LayerVersion")
            for layer in properties.get("Layers", [])
        ]
        found.add(
            "function",
            templates.name(made, "FunctionName"),
            handler=properties["Handler"],
            memory=properties.get("MemorySize"),
            timeout=properties.get("Timeout"),
            zone="data" if "VpcConfig" in properties else "edge",
            concurrency=properties.get("ReservedConcurrentExecutions"),
            variables=frozenset(properties.get("Environment", {}).get("Variables", {})),
            layers=tuple(templates.name(layer, "LayerName") for layer in layers),
            runtime=properties.get("Runtime"),
            architectures=tuple(properties.get("Architectures", ())),
            traced=properties.get("TracingConfig", {}).get("Mode") == "Active",
            log_days=log_group.properties.get("RetentionInDays") if log_group else None,
            aliases=tuple(sorted(aliased.pop(made.id, ()))),
        )
    for id_ in aliased:
        found.add("alias", id_)
    for trigger in templates.of_type("Custom::Trigger"):
        version = templates.referred(trigger.properties["HandlerArn"], trigger.stack, "AWS::Lambda::Version")
        called = version.properties["FunctionName"] if version else None
        found.add("deployment call", templates.function_name(called, trigger.stack))


def _aliased(templates: Templates) -> dict[str, list[str]]:
    """Names of aliases by the id of their function; one that does not point at a version of it is by its own id."""
    found: dict[str, list[str]] = {}
    for alias in templates.of_type("AWS::Lambda::Alias"):
        own = templates.referred(alias.properties.get("FunctionName"), alias.stack, "AWS::Lambda::Function")
        version = templates.referred(
            alias.properties.get("FunctionVersion"), alias.stack, "AWS::Lambda::Version"
        )
        behind = version and templates.referred(
            version.properties["FunctionName"], version.stack, "AWS::Lambda::Function"
        )
        fits = own is not None and own == behind
        found.setdefault(own.id if own and fits else alias.id, []).append(alias.properties["Name"])
    return found


def _path(templates: Templates, method: Resource) -> str:
    parts: list[str] = []
    current = templates.referred(method.properties["ResourceId"], method.stack, "AWS::ApiGateway::Resource")
    while current is not None:
        parts.insert(0, current.properties["PathPart"])
        parent = current.properties["ParentId"]
        current = templates.referred(parent, current.stack, "AWS::ApiGateway::Resource")
    return "/" + "/".join(parts)


def _routes(templates: Templates, found: Inventory) -> None:
    for method in templates.of_type("AWS::ApiGateway::Method"):
        integration = method.properties["Integration"]
        guard = templates.referred(
            method.properties.get("AuthorizerId"), method.stack, "AWS::ApiGateway::Authorizer"
        )
        found.add(
            "route",
            f"{method.properties['HttpMethod']} {_path(templates, method)}",
            function=templates.called(integration.get("Uri"), method.stack),
            proxy=integration.get("Type") == "AWS_PROXY",
            permission=method.metadata.get("robo:permission"),
            access=method.metadata.get("robo:access"),
            operation=method.properties.get("OperationName"),
            authorizer=templates.called(guard.properties["AuthorizerUri"], guard.stack) if guard else None,
        )


def _queues(templates: Templates, found: Inventory) -> None:
    consumers: dict[str, Resource] = {}
    for mapping in templates.of_type("AWS::Lambda::EventSourceMapping"):
        queue = templates.referred(mapping.properties["EventSourceArn"], mapping.stack, "AWS::SQS::Queue")
        consumers[queue.id if queue else mapping.id] = mapping
    for queue in templates.of_type("AWS::SQS::Queue"):
        name = templates.name(queue, "QueueName")
        redrive = queue.properties.get("RedrivePolicy")
        if redrive is None:
            found.add("dead-letter queue", name)
            continue
        target = templates.referred(redrive["deadLetterTargetArn"], queue.stack, "AWS::SQS::Queue")
        consumer = consumers.pop(queue.id, None)
        consumed = consumer.properties if consumer else {}
        found.add(
            "queue",
            name,
            dead_letter=templates.name(target, "QueueName"),
            visibility=queue.properties.get("VisibilityTimeout"),
            max_receives=redrive["maxReceiveCount"],
            consumer=templates.called(consumed.get("FunctionName"), consumer.stack if consumer else ""),
            batch_size=consumed.get("BatchSize"),
            max_concurrency=consumed.get("ScalingConfig", {}).get("MaximumConcurrency"),
            partial_failures=consumed.get("FunctionResponseTypes") == ["ReportBatchItemFailures"],
        )
    for id_ in consumers:
        found.add("event source", id_)


def _events(templates: Templates, found: Inventory) -> None:
    archives: dict[str, int] = {}
    for archive in templates.of_type("AWS::Events::Archive"):
        source = templates.referred(archive.properties["SourceArn"], archive.stack, "AWS::Events::EventBus")
        archives[source.id if source else archive.id] = archive.properties["RetentionDays"]
    for bus in templates.of_type("AWS::Events::EventBus"):
        found.add("bus", templates.name(bus, "Name"), archive_days=archives.pop(bus.id, None))
    for id_ in archives:
        found.add("archive", id_)
    for rule in templates.of_type("AWS::Events::Rule"):
        pattern = rule.properties.get("EventPattern", {})
        on = templates.referred(rule.properties.get("EventBusName"), rule.stack, "AWS::Events::EventBus")
        targets = [
            templates.name(templates.referred(target["Arn"], rule.stack, "AWS::SQS::Queue"), "QueueName")
            for target in rule.properties.get("Targets", [])
        ]
        found.add(
            "rule",
            templates.name(rule, "Name"),
            bus=templates.name(on, "Name") if "EventBusName" in rule.properties else ACCOUNT_BUS,
            sources=tuple(pattern.get("source", ())),
            detail_types=tuple(pattern.get("detail-type", ())),
            priorities=tuple(pattern.get("detail", {}).get("priority", ())),
            buckets=tuple(
                templates.text(name, rule.logical_id)
                for name in pattern.get("detail", {}).get("bucket", {}).get("name", ())
            ),
            queues=tuple(targets),
        )
    for schedule in templates.of_type("AWS::Scheduler::Schedule"):
        rate = re.fullmatch(
            r"rate\((\d+) (minute|hour|day)s?\)", str(schedule.properties.get("ScheduleExpression"))
        )
        found.add(
            "schedule",
            templates.name(schedule, "Name"),
            minutes=int(rate[1]) * _MINUTES[rate[2]] if rate else None,
            function=templates.called(schedule.properties["Target"]["Arn"], schedule.stack),
            enabled=schedule.properties.get("State", "ENABLED") == "ENABLED",
        )


def _stored(templates: Templates, found: Inventory) -> None:
    read_buckets(templates, found)
    for secret in templates.of_type("AWS::SecretsManager::Secret"):
        found.add(
            "secret",
            str(secret.properties.get("Name")),
            generated="GenerateSecretString" in secret.properties,
            purpose=secret.properties.get("Description"),
        )


def _workflows(templates: Templates, found: Inventory) -> None:
    for machine in templates.of_type("AWS::StepFunctions::StateMachine"):
        filled = machine.properties.get("DefinitionSubstitutions", {})
        listed = {
            gap: templates.name(bucket, "BucketName")
            for gap, value in filled.items()
            if (bucket := templates.referred(value, machine.stack, "AWS::S3::Bucket"))
        }
        gaps = {gap: value for gap, value in filled.items() if gap not in listed}
        logging = machine.properties.get("LoggingConfiguration", {})
        definition = json.loads(machine.properties["DefinitionString"])
        found.add(
            "workflow",
            templates.name(machine, "StateMachineName"),
            functions=frozenset((gap, templates.called(arn, machine.stack)) for gap, arn in gaps.items()),
            lists=frozenset(listed.items()),
            timeout=definition.get("TimeoutSeconds"),
            type=machine.properties.get("StateMachineType"),
            traced=machine.properties.get("TracingConfiguration", {}).get("Enabled"),
            logged=logging.get("Level") if logging.get("Destinations") else None,
            logs_data=logging.get("IncludeExecutionData", False),
        )
