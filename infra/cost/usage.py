"""What use costs on top: a run, a million events, a million requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from functions.agents.models import price_of, resolve
from infra.cost.idle import Line, Templates
from infra.cost.prices import GB, MILLION, Measured, assumed, measured, price, step_tokens
from shared.periods import GENERATED_PROJECTS

_STEPS = Path(__file__).resolve().parents[2] / "functions" / "agency" / "steps"
# What Lambda gives a whole vCPU for; less memory is a share of one.
MIB_A_CPU = 1769
THINK = "agents.think"
MODEL = "the model"
KIT_MONTHS = (GENERATED_PROJECTS.active.days + GENERATED_PROJECTS.kept.days) / 30.4
CALLS_OF_A_LOOK = 2  # the authorizer and the function behind it
SAMPLED = 0.05  # by X-Ray's own rule: one request a second and five of a hundred


@dataclass(frozen=True)
class Deployed:
    """What the templates say of functions: memory in MiB and reserved concurrency, by deployed name."""

    memory: Mapping[str, int]
    concurrency: Mapping[str, int | None]

    @classmethod
    def of(cls, templates: Templates) -> Deployed:
        """Read every function of the templates that has a name of ours."""
        functions = [
            resource["Properties"]
            for template in templates.values()
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::Lambda::Function" and "FunctionName" in resource["Properties"]
        ]
        return cls(
            {one["FunctionName"]: int(one["MemorySize"]) for one in functions},
            {one["FunctionName"]: one.get("ReservedConcurrentExecutions") for one in functions},
        )

    def name(self, function: str) -> str:
        """The deployed name of a function of the catalog. Raises KeyError when the templates have none."""
        ending = "-" + function.replace(".", "-").replace("_", "-")
        for name in self.memory:
            if name.endswith(ending) and name.count("-") == ending.count("-") + 1:
                return name
        raise KeyError(f"the templates have no function {function}")

    def seconds(self, function: str, milliseconds: float) -> float:
        """How long Lambda takes for what takes one vCPU so long: its memory buys a share of one."""
        share = min(1.0, self.memory[self.name(function)] / MIB_A_CPU)
        return milliseconds / 1000 / share


def model_seconds(step: str) -> float:
    """How long the model takes to answer a step."""
    _, out = step_tokens()[step]
    return assumed("model", "first_token_seconds") + out / assumed("model", "output_tokens_per_second")


def answers() -> float:
    """Model answers for each that is used."""
    return 1 + assumed("model", "corrected_share")


def think_seconds() -> float:
    """How long `agents.think` runs for one run, all steps together."""
    return answers() * sum(model_seconds(step) for step in step_tokens())


def function_seconds(deployed: Deployed, run: Measured) -> dict[str, float]:
    """Seconds of each function for one run, looking included."""
    found = {name: deployed.seconds(name, one["milliseconds"]) for name, one in run.functions.items()}
    found[THINK] = found.get(THINK, 0.0) + think_seconds()
    looks = assumed("people", "looks_a_run") * assumed("load", "api_milliseconds")
    for name in ("identity.authorize", "agency.runs"):
        found[name] = deployed.seconds(name, looks)
    return found


def calls(run: Measured) -> float:
    """Invocations of functions for one run."""
    return sum(one["calls"] for one in run.functions.values()) + CALLS_OF_A_LOOK * assumed(
        "people", "looks_a_run"
    )


def model_dollars() -> float:
    """What the model costs for one run: each step with the model that its definition names."""
    dollars = 0.0
    for step, (taken, made) in step_tokens().items():
        definition = yaml.safe_load((_STEPS / step / "agent.yaml").read_text(encoding="utf-8"))
        dollars += price_of(resolve(definition["model"])).microusd(taken, made) / MILLION
    return answers() * dollars


def transitions(templates: Templates, workflow: str = "proto-v1") -> int:
    """State transitions of a run in which nothing goes wrong, walked through the synthesised definition."""
    for template in templates.values():
        for resource in template["Resources"].values():
            properties = resource.get("Properties", {})
            if str(properties.get("StateMachineName", "")).endswith(workflow):
                return _walk(_definition(properties["DefinitionString"]))
    raise KeyError(f"the templates have no workflow {workflow}")


def _definition(string: Any) -> dict[str, Any]:
    text = string if isinstance(string, str) else "".join(str(part) for part in string["Fn::Join"][1])
    found: dict[str, Any] = json.loads(text)
    return found


def _walk(machine: Mapping[str, Any]) -> int:
    """States entered when every choice takes its default: that is the way without skips, waits and approvals."""
    entered, name = 0, machine["StartAt"]
    while name is not None:
        state = machine["States"][name]
        entered += 1 + sum(_walk(branch) for branch in state.get("Branches", []))
        name = state["Default"] if state["Type"] == "Choice" else state.get("Next")
    return entered


def per_run(templates: Templates) -> list[Line]:
    """What one run costs on AWS and the model, dearest first."""
    deployed, run = Deployed.of(templates), measured()
    gb_seconds = sum(
        seconds * deployed.memory[deployed.name(name)] / 1024
        for name, seconds in function_seconds(deployed, run).items()
    )
    cold = calls(run) * assumed("load", "cold_share") * assumed("load", "cold_milliseconds") / 1000 * 0.5
    looks = 1 + assumed("people", "looks_a_run")
    steps = transitions(templates)
    kits = assumed("people", "kits_fetched_a_run") * run.assets_bytes / GB
    tokens = run.chunks * assumed("chunk", "characters") / assumed("model", "characters_per_token")
    reads = sum(run.aws_calls.get(f"s3.{one}", 0) for one in ("GetObject", "HeadObject"))
    # Each event of the outbox is one on the bus; those that a rule takes pass a queue: sent, received, deleted.
    queued = 3 * run.events
    found = [
        Line(MODEL, 1, model_dollars()),
        Line("Lambda, GB-seconds", gb_seconds + cold, (gb_seconds + cold) * price("lambda", "gb_second")),
        Line("Lambda, invocations", calls(run), _million("lambda", calls(run))),
        Line("Step Functions, transitions", steps, _million("transition", steps)),
        Line("REST API, requests", looks, _million("api", looks) + _million("firewall", looks)),
        Line("S3, writes", run.aws_calls["s3.PutObject"], _million("put", run.aws_calls["s3.PutObject"])),
        Line("S3, reads", reads, _million("get", reads)),
        Line("events on the bus", run.events, _million("bus", run.events)),
        Line("queues, requests", queued, _million("queue", queued)),
        Line("logs, MB", run.log_bytes / 1e6, run.log_bytes / GB * price("storage", "logs_in")),
        Line("traces", calls(run), _million("trace", calls(run)) * SAMPLED),
        Line("kits fetched, MB", kits * 1000, kits * price("network", "previews_gb")),
        Line("embeddings, tokens", tokens, tokens / MILLION * price("embeddings", "million_tokens")),
        Line(
            f"a kit kept for {KIT_MONTHS:.0f} months, MB",
            run.assets_bytes / 1e6,
            KIT_MONTHS * run.assets_bytes / GB * price("storage", "standard"),
        ),
    ]
    return sorted(found, key=lambda line: (-line.dollars, line.what))


def _million(kind: str, count: float) -> float:
    return count / MILLION * price("requests", kind)


def per_million_events(templates: Templates) -> list[Line]:
    """What a million events cost on their way: outbox, bus with its archive, rule, queue, consumer."""
    deployed = Deployed.of(templates)
    consumer = "agency.control_execution"
    one = measured().functions[consumer]
    seconds = deployed.seconds(consumer, one["milliseconds"] / one["calls"])
    memory = deployed.memory[deployed.name(consumer)] / 1024
    event_bytes = 1_000
    return [
        Line("on the bus", 1, price("requests", "bus")),
        Line(
            "kept in the archive of the bus for a month, GB",
            1,
            event_bytes * MILLION / GB * price("storage", "archive"),
        ),
        Line("through a queue: sent, received, deleted", 3, 3 * price("requests", "queue")),
        Line(
            "consumer, one event a call",
            1,
            price("requests", "lambda") + seconds * memory * price("lambda", "gb_second") * MILLION,
        ),
    ]


def per_million_requests(templates: Templates) -> list[Line]:
    """What a million authorised requests cost: gateway, firewall, authorizer, function."""
    deployed = Deployed.of(templates)
    seconds = {
        name: deployed.seconds(name, assumed("load", "api_milliseconds"))
        * deployed.memory[deployed.name(name)]
        / 1024
        for name in ("identity.authorize", "agency.runs")
    }
    return [
        Line("REST API", 1, price("requests", "api")),
        Line("firewall, where there is one", 1, price("requests", "firewall")),
        Line("two invocations", 2, 2 * price("requests", "lambda")),
        Line("authorizer and function", 2, sum(seconds.values()) * price("lambda", "gb_second") * MILLION),
    ]
