"""Logs, metrics and traces: Powertools, made when first needed.

Every line is JSON and carries the request, the run and the tenant. No personal data: ids, never what people wrote.
"""

from __future__ import annotations

import functools
import logging
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO, TypeVar

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

from shared.settings import ObservabilitySettings

NAMESPACE = "RoboAgency"
H = TypeVar("H", bound=Callable[..., Any])

_stream: TextIO | None = None


def log_to(stream: TextIO) -> None:
    """Send log lines and metrics to `stream` from now on (default: standard output, as Lambda reads it)."""
    global _stream
    _stream = stream
    # Powertools sets a logger up once for a process: a second one of the name keeps the first one's stream.
    handler = logger().registered_handler
    if isinstance(handler, logging.StreamHandler):
        handler.stream = stream  # not setStream: that would flush the old one, which may be closed by now


def service() -> str:
    """What log lines, traces and metrics say they come from: `robo-<stage>` on AWS, where stages share an account."""
    return ObservabilitySettings.load().powertools_service_name


@functools.cache
def logger() -> Logger:
    """The product's logger."""
    return Logger(service=service(), stream=_stream or sys.stdout)


@functools.cache
def tracer() -> Tracer:
    """The product's tracer; off where X-Ray is not there (POWERTOOLS_TRACE_DISABLED)."""
    return Tracer(service=service())


def count(name: str, value: float = 1) -> None:
    """Record that something happened, `value` times."""
    measure(name, value, MetricUnit.Count)


def measure(name: str, value: float, unit: MetricUnit) -> None:
    """Record one metric at once, in embedded metric format; safe from any thread.

    Its one dimension is `service`: each value of another would be a metric that is paid for and that an alarm names.
    """
    single = Metrics(namespace=NAMESPACE, service=service())
    single.add_metric(name=name, unit=unit, value=value)
    print(_as_json(single.serialize_metric_set()), file=_stream or sys.stdout)
    single.clear_metrics()


def _as_json(value: Any) -> str:
    import json

    return json.dumps(value, separators=(",", ":"))


def observed(operation: str) -> Callable[[H], H]:
    """Wrap a handler: its log lines carry the operation, the request and what `event` says of run and tenant.

    One line when it ends, with milliseconds and the name of the error if it failed. Errors go on unchanged.
    """

    def wrap(handler: H) -> H:
        @functools.wraps(handler)
        def run(event: Any, context: Any) -> Any:
            log = logger()
            log.thread_safe_clear_keys()
            log.thread_safe_append_keys(
                operation=operation, function_request_id=getattr(context, "aws_request_id", None)
            )
            if isinstance(event, dict):
                named = {key: event[key] for key in ("run_id", "tenant_id", "step") if key in event}
                log.thread_safe_append_keys(**named)
            started = time.perf_counter()
            failure: str | None = None
            try:
                with tracer().provider.in_subsegment(f"## {operation}"):
                    return handler(event, context)
            except Exception as error:
                failure = type(error).__name__
                raise
            finally:
                elapsed = round((time.perf_counter() - started) * 1000, 1)
                if failure is None:
                    log.info("done", milliseconds=elapsed)
                else:
                    log.warning("failed", milliseconds=elapsed, error=failure)

        return run  # type: ignore[return-value]

    return wrap
