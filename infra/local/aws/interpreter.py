"""moto's Step Functions interpreter: loaded without what it never uses here, and made to reuse its clients.

Its support for AWS Batch imports moto's tables of every EC2 region and instance type: 1.3 of the 2 seconds that all
of moto takes.
"""

from __future__ import annotations

import functools
import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from types import ModuleType
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from moto import settings as moto_settings

from infra.local.aws import distributed
from infra.local.aws.names import ACCESS_KEY, ACCOUNT, REGION

if TYPE_CHECKING:
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

_PARSER = "moto.stepfunctions.parser"
_TASK = f"{_PARSER}.asl.component.state.exec.state_task"
_CALLERS = (
    f"{_TASK}.lambda_eval_utils",
    f"{_TASK}.service.state_task_service_events",
    f"{_TASK}.service.state_task_service_sfn",
    f"{_TASK}.service.state_task_service_sqs",
    distributed.READER,
)
_clients: dict[tuple[str, str, str], Any] = {}
_clients_lock = threading.Lock()


class _JobStatus(StrEnum):
    """The two names that the interpreter takes from Batch when it is imported."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


def load() -> None:
    """Import the interpreter and adapt it. Again changes nothing."""
    with _without_batch():
        callers = [importlib.import_module(name) for name in _CALLERS]
        environment = importlib.import_module(f"{_PARSER}.asl.eval.environment").Environment
        stopped = importlib.import_module(f"{_PARSER}.asl.eval.program_state").ProgramStopped
        importlib.import_module(f"{_PARSER}.models")
    for caller in callers:
        setattr(caller, "boto_client_for", _client_for)  # noqa: B010  # mypy knows no such attribute
    for name in ("set_error", "set_timed_out"):
        setattr(environment, name, _unless_stopped(getattr(environment, name), stopped))
    distributed.adapt()


def backend() -> StepFunctionsParserBackend:
    """The state machines of this machine; call `load` before."""
    models = importlib.import_module(f"{_PARSER}.models")
    found: StepFunctionsParserBackend = models.stepfunctions_parser_backends[ACCOUNT][REGION]
    return found


@contextmanager
def _without_batch() -> Iterator[None]:
    if "moto.batch" in sys.modules:
        yield
        return
    package, utils = ModuleType("moto.batch"), ModuleType("moto.batch.utils")
    utils.JobStatus = _JobStatus  # type: ignore[attr-defined]
    sys.modules |= {"moto.batch": package, "moto.batch.utils": utils}
    try:
        yield
    finally:  # whoever asks for Batch later gets the real one
        del sys.modules["moto.batch"], sys.modules["moto.batch.utils"]


def _unless_stopped(method: Callable[..., None], stopped: type) -> Callable[..., None]:
    """A stopped execution stays stopped, whatever its last task still reports."""
    if hasattr(method, "__wrapped__"):
        return method

    @functools.wraps(method)
    def wrapped(environment: Any, *arguments: Any, **named: Any) -> None:
        if not isinstance(environment.program_state(), stopped):
            method(environment, *arguments, **named)

    return wrapped


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
                    proxies={},
                    retries={"total_max_attempts": 1},
                    connect_timeout=5,
                    read_timeout=1000,
                    max_pool_connections=64,
                ),
            )
        return _clients[key]
