"""moto made fit to run for days: what it keeps for its own tests is forgotten, and its S3 notifications go through
our parts.

What reaches into moto stands here, in `interpreter`, `vault`, `queues` and `executions`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from moto import backends as moto_backends
from moto import settings as moto_settings
from moto.core import config as moto_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3 import notifications
from moto.s3.models import FakeDeleteMarker, FakeKey, S3Backend, s3_backends
from moto.sqs.models import Message, SQSBackend, sqs_backends

from infra.local.aws import interpreter
from infra.local.aws.names import ACCOUNT, REGION

if TYPE_CHECKING:
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend


class _Forgetful(list[Any]):
    """moto lists every object it ever made, to close it in its own tests; here that would be a leak."""

    def append(self, item: Any) -> None:
        """Keep nothing."""


def prepare(port: int) -> None:
    """Set moto up to call back on `port`, and forget what an earlier server of this process held."""
    os.environ["MOTO_PORT"] = str(port)
    moto_config.default_user_config["stepfunctions"] = {"execute_state_machine": True}
    moto_settings.S3_IGNORE_SUBDOMAIN_BUCKETNAME = True
    # A state that fails is told by the history; the interpreter would print its whole program for each.
    logging.getLogger("moto.stepfunctions.parser.asl").setLevel(logging.CRITICAL)
    for kind in (FakeKey, FakeDeleteMarker, Message):
        _replace(kind, "instances_tracked", _Forgetful())
    _replace(FakeKey, "__del__", FakeKey.dispose)
    # Asked for with every request, and each time moto looks through its folders.
    modules = frozenset(moto_backends.list_of_moto_modules())
    _replace(moto_backends, "list_of_moto_modules", lambda: modules)
    interpreter.load()
    for backends in (s3_backends, sqs_backends):
        backends.reset()
    states().state_machines.clear()


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
    return interpreter.backend()


def announces(bucket_name: str) -> bool:
    """Whether a bucket tells EventBridge what happens in it."""
    bucket = s3().buckets.get(bucket_name)
    asked = bucket.notification_configuration if bucket is not None else None
    return asked is not None and asked.event_bridge is not None


def on_object_event(send: Callable[[str, Any, Any], None]) -> None:
    """Give every S3 notification to `send(event name, bucket, version)` instead of to moto's own services."""

    def send_event(_account: str, event_name: Any, bucket: Any, key: Any) -> None:
        if bucket.notification_configuration is not None and key is not None:
            send(str(event_name.value), bucket, key)

    _replace(notifications, "send_event", send_event)


def _replace(owner: Any, name: str, value: Any) -> None:
    setattr(owner, name, value)
