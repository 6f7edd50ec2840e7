"""moto made fit to run for days: what it keeps for its own tests is forgotten, its interpreter reuses its clients,
and its S3 notifications go through our parts.

What reaches into moto stands here, in `vault`, `queues` and `executions`.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import boto3
from botocore.config import Config
from moto import backends as moto_backends
from moto import settings as moto_settings
from moto.core import config as moto_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3 import notifications
from moto.s3.models import FakeDeleteMarker, FakeKey, S3Backend, s3_backends
from moto.sqs.models import Message, SQSBackend, sqs_backends
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_events,
    state_task_service_sfn,
    state_task_service_sqs,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends

from infra.local.aws.names import ACCESS_KEY, ACCOUNT, REGION

_CALLERS = (
    lambda_eval_utils,
    state_task_service_events,
    state_task_service_sfn,
    state_task_service_sqs,
)
_clients: dict[tuple[str, str, str], Any] = {}
_clients_lock = threading.Lock()


class _Forgetful(list[Any]):
    """moto lists every object it ever made, to close it in its own tests; here that would be a leak."""

    def append(self, item: Any) -> None:
        """Keep nothing."""


def prepare(port: int) -> None:
    """Set moto up to call back on `port`, and forget what an earlier server of this process held."""
    os.environ["MOTO_PORT"] = str(port)
    moto_config.default_user_config["stepfunctions"] = {"execute_state_machine": True}
    moto_settings.S3_IGNORE_SUBDOMAIN_BUCKETNAME = True
    for kind in (FakeKey, FakeDeleteMarker, Message):
        _replace(kind, "instances_tracked", _Forgetful())
    _replace(FakeKey, "__del__", FakeKey.dispose)
    for name in ("set_error", "set_timed_out"):
        _replace(Environment, name, _unless_stopped(getattr(Environment, name)))
    for module in _CALLERS:
        _replace(module, "boto_client_for", _client_for)
    # Asked for with every request, and each time moto looks through its folders.
    modules = frozenset(moto_backends.list_of_moto_modules())
    _replace(moto_backends, "list_of_moto_modules", lambda: modules)
    for backends in (s3_backends, sqs_backends, stepfunctions_parser_backends):
        backends.reset()
    _fresh_executions()


def application() -> Callable[..., Iterable[bytes]]:
    """moto's WSGI application."""
    app: Callable[..., Iterable[bytes]] = DomainDispatcherApplication(create_backend_app)
    return app


def s3() -> S3Backend:
    """The buckets of this machine."""
    return s3_backends[ACCOUNT]["aws"]


def sqs() -> SQSBackend:
    """The queues of this machine."""
    return sqs_backends[ACCOUNT][REGION]


def states() -> StepFunctionsParserBackend:
    """The state machines of this machine."""
    return stepfunctions_parser_backends[ACCOUNT][REGION]


def on_object_event(send: Callable[[str, Any, Any], None]) -> None:
    """Give every S3 notification to `send(event name, bucket, version)` instead of to moto's own services."""

    def send_event(_account: str, event_name: Any, bucket: Any, key: Any) -> None:
        if bucket.notification_configuration is not None and key is not None:
            send(str(event_name.value), bucket, key)

    _replace(notifications, "send_event", send_event)


def _replace(owner: Any, name: str, value: Any) -> None:
    setattr(owner, name, value)


def _unless_stopped(method: Callable[..., None]) -> Callable[..., None]:
    """A stopped execution stays stopped, whatever its last task still reports."""
    if hasattr(method, "__wrapped__"):
        return method

    @functools.wraps(method)
    def wrapped(environment: Any, *arguments: Any, **named: Any) -> None:
        if not isinstance(environment.program_state(), ProgramStopped):
            method(environment, *arguments, **named)

    return wrapped


def _fresh_executions() -> None:
    """What an earlier server ran belongs to it: its threads end with the process."""
    states().state_machines.clear()


def _client_for(region: str, service: str, **_credentials: Any) -> Any:
    """A client of the interpreter. moto makes a new one for each task: ten milliseconds, and from several threads
    at once, which boto3's shared session does not allow.
    """
    key = (moto_settings.moto_server_port(), region, service)
    with _clients_lock:
        if key not in _clients:
            _clients[key] = boto3.session.Session().client(
                service,
                region_name=region,
                aws_access_key_id=ACCESS_KEY,
                aws_secret_access_key=ACCESS_KEY,
                # IPv4 by number: "localhost" tries IPv6 first, where nobody listens.
                endpoint_url=f"http://127.0.0.1:{key[0]}",
                config=Config(
                    parameter_validation=False,
                    retries={"total_max_attempts": 1},
                    connect_timeout=5,
                    read_timeout=1000,
                    max_pool_connections=64,
                ),
            )
        return _clients[key]
