"""What a thousand uploaded documents cost, from the object to what search finds."""

from __future__ import annotations

from infra.cost.idle import Line, Templates
from infra.cost.prices import GB, MILLION, assumed, price
from infra.cost.usage import SAMPLED, Deployed

DOCUMENTS = 1_000
_STEPS = ("look_at_object", "read_document", "store_document")
# Waits until the execution has ended, and is paid for meanwhile.
_WAITING = "knowledge.begin_indexing"
# A queue's message is sent, received and deleted.
_QUEUED = 3
# What was read is handed over by an object, beside the document itself.
_WRITTEN = 2
# The document is looked at and read, what was read is read.
_READ = 3


def per_thousand_documents(templates: Templates) -> list[Line]:
    """What so many documents of the assumed size cost when they come one by one, dearest first.

    A folder of them by `index_folder` leaves out events, queue and the function that waits. Raises KeyError when the
    templates have no function that indexes.
    """
    deployed = Deployed.of(templates)
    seconds = {
        f"knowledge.{step}": deployed.seconds(
            f"knowledge.{step}", assumed("document", f"{step}_milliseconds")
        )
        for step in _STEPS
    }
    execution = sum(seconds.values())
    seconds[_WAITING] = execution
    gb_seconds = DOCUMENTS * sum(
        time * deployed.memory[deployed.name(name)] / 1024 for name, time in seconds.items()
    )
    calls = DOCUMENTS * len(seconds)
    waited = DOCUMENTS * execution * assumed("document", "execution_gb")
    passages = DOCUMENTS * assumed("document", "passages")
    tokens = passages * assumed("chunk", "characters") / assumed("model", "characters_per_token")
    log = DOCUMENTS * assumed("document", "log_bytes")
    found = [
        Line("Lambda, GB-seconds", gb_seconds, gb_seconds * price("lambda", "gb_second")),
        Line("Lambda, invocations", calls, _million("lambda", calls)),
        Line("Step Functions, express executions", DOCUMENTS, _million("express", DOCUMENTS)),
        Line("Step Functions, express GB-seconds", waited, waited * price("express", "gb_second")),
        Line("events of S3 on the bus", DOCUMENTS, _million("object_event", DOCUMENTS)),
        Line("queues, requests", _QUEUED * DOCUMENTS, _million("queue", _QUEUED * DOCUMENTS)),
        Line("S3, writes", _WRITTEN * DOCUMENTS, _million("put", _WRITTEN * DOCUMENTS)),
        Line("S3, reads", _READ * DOCUMENTS, _million("get", _READ * DOCUMENTS)),
        Line("embeddings, tokens", tokens, tokens / MILLION * price("embeddings", "million_tokens")),
        Line("logs, MB", log / 1e6, log / GB * price("storage", "logs_in")),
        Line("traces", calls, _million("trace", calls) * SAMPLED),
    ]
    return sorted(found, key=lambda line: (-line.dollars, line.what))


def _million(kind: str, count: float) -> float:
    return count / MILLION * price("requests", kind)
