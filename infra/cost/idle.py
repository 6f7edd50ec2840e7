"""What a deployment costs when nobody uses it: a price for each resource of its templates."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.cost.prices import free_types, hours, price

Properties = Mapping[str, Any]
Templates = Mapping[str, Mapping[str, Any]]
"""By the names of stacks."""

# Lambda polls a queue with five readers that each wait up to twenty seconds.
_READS_A_MINUTE = 5 * 60 / 20
_METRICS = "RoboAgency"


@dataclass(frozen=True)
class Line:
    """US dollars a month for `count` things of one kind."""

    what: str
    count: float
    dollars: float


def _database(properties: Properties) -> Line:
    zones = 2 if properties.get("MultiAZ") else 1
    instance = price("database", properties["DBInstanceClass"]) * hours()
    storage = price("database", "gib") * float(properties["AllocatedStorage"])
    kind = f"PostgreSQL {properties['DBInstanceClass']}, {properties['AllocatedStorage']} GiB"
    return Line(f"{kind}{', two zones' if zones == 2 else ''}", 1, zones * (instance + storage))


def _proxy(_: Properties) -> Line:
    return Line("RDS Proxy, two vCPU", 1, 2 * price("database", "proxy_vcpu") * hours())


def _cache(_: Properties) -> Line:
    return Line(
        "Valkey Serverless, empty", 1, price("cache", "gb_hour") * price("cache", "least_gb") * hours()
    )


def _host(properties: Properties) -> Line:
    data = properties["LaunchTemplateData"]
    kind = data["InstanceType"]
    interfaces = data.get("NetworkInterfaces", [])
    addressed = any(interface.get("AssociatePublicIpAddress") for interface in interfaces)
    hourly = price("compute", kind) + (price("compute", "address") if addressed else 0)
    disks = [mapping.get("Ebs", {}).get("VolumeSize", 0) for mapping in data.get("BlockDeviceMappings", [])]
    boot = sum(disks) or 30
    return Line(
        f"EC2 {kind}, {boot} GiB{' and an address' if addressed else ''}",
        1,
        hourly * hours() + boot * price("compute", "volume_gib"),
    )


def _volume(properties: Properties) -> Line:
    gib = float(properties["Size"])
    # Snapshots hold what changed; a volume that is half full and hardly changes is about half of it.
    return Line(
        f"EBS {gib:.0f} GiB and its snapshots",
        1,
        gib * price("compute", "volume_gib") + gib / 2 * price("compute", "snapshot_gib"),
    )


def _endpoint(properties: Properties) -> Line | None:
    if properties.get("VpcEndpointType") != "Interface":
        return None
    zones = len(properties["SubnetIds"])
    return Line(
        "interface endpoints (endpoint × zone)", zones, zones * price("network", "endpoint") * hours()
    )


def _queue(properties: Properties) -> Line | None:
    if "RedrivePolicy" not in properties:
        return None
    reads = _READS_A_MINUTE * 60 * hours() / 1e6
    return Line("queues that Lambda polls", 1, reads * price("requests", "queue"))


def _firewall(properties: Properties) -> Line:
    rules = len(properties.get("Rules", []))
    return Line(
        f"firewall with {rules} rules",
        1,
        price("things", "firewall") + rules * price("things", "firewall_rule"),
    )


def _alarm(properties: Properties) -> Line:
    metrics = max(1, sum("MetricStat" in one for one in properties.get("Metrics", [])))
    return Line("alarms (by their metrics)", metrics, metrics * price("things", "alarm"))


def _thing(what: str, name: str) -> Callable[[Properties], Line]:
    def one(_: Properties) -> Line:
        return Line(what, 1, price("things", name))

    return one


def _image(_: Properties) -> Line:
    return Line("ECR, one image of 0.1 GiB", 1, 0.1 * price("compute", "image_gib"))


def _schedule(properties: Properties) -> Line:
    amount, unit = properties["ScheduleExpression"].removeprefix("rate(").removesuffix(")").split()
    minutes = float(amount) * {"minute": 1, "hour": 60, "day": 1440}[unit.rstrip("s")]
    calls = 60 * hours() / minutes / 1e6
    # A call that finds nothing to do takes a tenth of a second of 512 MiB.
    dollars = price("requests", "scheduler") + price("requests", "lambda")
    dollars += 0.1 * 0.5 * price("lambda", "gb_second") * 1e6
    return Line("schedules and the functions they call", 1, calls * dollars)


PRICED: Mapping[str, Callable[[Properties], Line | None]] = {
    "AWS::RDS::DBInstance": _database,
    "AWS::RDS::DBProxy": _proxy,
    "AWS::ElastiCache::ServerlessCache": _cache,
    "AWS::EC2::LaunchTemplate": _host,
    "AWS::EC2::Volume": _volume,
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::SQS::Queue": _queue,
    "AWS::WAFv2::WebACL": _firewall,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::Dashboard": _thing("dashboards (three are free)", "dashboard"),
    "AWS::SecretsManager::Secret": _thing("secrets", "secret"),
    "AWS::KMS::Key": _thing("encryption keys", "key"),
    "AWS::KMS::ReplicaKey": _thing("encryption keys", "key"),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": _thing("private DNS zone", "private_zone"),
    "AWS::Budgets::Budget": _thing("budgets (two are free)", "budget"),
    "AWS::ECR::Repository": _image,
    "AWS::Scheduler::Schedule": _schedule,
}
"""Resources that cost something for being there; those of `free` in `prices.toml` cost by use alone, or nothing."""


def lines(templates: Templates) -> list[Line]:
    """What each kind of thing costs a month, dearest first.

    Raises KeyError for a kind of resource of which nobody has said whether it costs, or a size without a price.
    """
    sums: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for line in (*_resource_lines(templates), *_metric_lines(templates)):
        count, dollars = sums[line.what]
        sums[line.what] = (count + line.count, dollars + line.dollars)
    found = [Line(what, count, dollars) for what, (count, dollars) in sums.items()]
    return sorted(found, key=lambda line: (-line.dollars, line.what))


def total(templates: Templates) -> float:
    """US dollars a month."""
    return sum(line.dollars for line in lines(templates))


def _resource_lines(templates: Templates) -> Iterator[Line]:
    free = free_types()
    for template in templates.values():
        for resource in template["Resources"].values():
            type_ = resource["Type"]
            if type_ in free or type_.startswith(("Custom::", "AWS::CloudFormation::")):
                continue
            if type_ not in PRICED:
                raise KeyError(
                    f"nobody has said what {type_} costs: add it to PRICED or to [free] of prices.toml"
                )
            line = PRICED[type_](resource.get("Properties", {}))
            if line is not None:
                yield line


def _metric_lines(templates: Templates) -> Iterator[Line]:
    """The metrics of our own that alarms and dashboards watch; each costs as long as it is written."""
    names = set()
    for template in templates.values():
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::CloudWatch::Alarm":
                names |= set(_own_metrics(resource["Properties"]))
    if names:
        yield Line("metrics of our own", len(names), len(names) * price("things", "metric"))


def _own_metrics(properties: Properties) -> Iterator[str]:
    stats = [one["MetricStat"]["Metric"] for one in properties.get("Metrics", []) if "MetricStat" in one]
    for metric in (properties, *stats):
        if metric.get("Namespace") == _METRICS:
            yield json.dumps([metric["MetricName"], metric.get("Dimensions", [])], sort_keys=True)
