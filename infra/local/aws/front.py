"""The one port on which AWS is found: what we do better than moto is answered here, the rest goes to moto."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from infra.catalog import Catalog
from infra.local.aws import moto_setup
from infra.local.aws.announcements import Announcements
from infra.local.aws.bus import EventBus
from infra.local.aws.executions import Executions
from infra.local.aws.forms import Forms, is_form, posted
from infra.local.aws.guard import Guard, Record
from infra.local.aws.identity import keys
from infra.local.aws.kept import KeptMessages
from infra.local.aws.mail import PATH as MAIL_PATH
from infra.local.aws.mail import MailFolder
from infra.local.aws.names import bucket_name
from infra.local.aws.notifications import ObjectEvents
from infra.local.aws.objects import Objects
from infra.local.aws.queues import Queues
from infra.local.aws.runtime import LambdaError, Runtime
from infra.local.aws.signatures import Presigned, Refused, refusal
from infra.local.aws.vault import Vault
from infra.local.aws.wsgi import Answer, Environ, calling, json_answer, read_body
from infra.local.serving import Limits, PortInUse, Server, StartResponse

_FUNCTIONS = "/2015-03-31/functions/"
_LIMITS = Limits(body=512 * 1024 * 1024, idle=3600, head=30, upload=600, answer=600, connections=2048)
"""Generous: the only clients are the handlers and the interpreter of this process."""


class AwsFront:
    """AWS on `host:port`. Between `start()` and `stop()` it serves; objects are kept under `folder`.

    mail: where what is sent lands. `port` is a wish: when somebody else has it, a free one is taken. trail: hears of
    every permission that a function uses or lacks; `on_error` of what goes wrong in moto.
    """

    def __init__(
        self,
        catalog: Catalog,
        runtime: Runtime,
        folder: Path,
        secret_key: str,
        mail: MailFolder,
        *,
        port: int = 0,
        trail: Record = lambda _: None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:
        self._runtime = runtime
        self._mail = mail
        self._buckets = catalog.buckets
        try:
            self._server = Server(self._serve, port=port, limits=_LIMITS, on_error=on_error)
        except PortInUse:
            self._server = Server(self._serve, limits=_LIMITS, on_error=on_error)
        moto_setup.prepare(self._server.port)
        self._moto = calling(moto_setup.application())
        self.vault = Vault(folder, moto_setup.s3())
        self.queues = Queues(self._moto, moto_setup.sqs())
        self.executions = Executions(self._moto, moto_setup.states())
        self._bus = EventBus(catalog.buses, catalog.rules, catalog.queues, self.queues.send)
        kept = KeptMessages(folder.with_name(f"{folder.name}-messages"), self.queues)
        self.announcements = Announcements(moto_setup.announces, self._bus, kept)
        known = keys(catalog, secret_key)
        self._objects = Objects(self._moto, self.vault, Presigned(known), self.announcements)
        self._forms = Forms(known)
        self._guard = Guard(catalog, trail, self.executions.machine_of)
        moto_setup.on_object_event(ObjectEvents(runtime.invoke_later, self.queues.send).happened)

    @property
    def url(self) -> str:
        """The endpoint for every service."""
        return self._server.url

    @property
    def port(self) -> int:
        """The port in use."""
        return self._server.port

    def expire(self, now: datetime | None = None) -> None:
        """Delete what the lifecycles of the buckets say is too old."""
        moment = now or datetime.now(UTC)
        for bucket in self._buckets:
            for rule in bucket.lifecycles:
                self._objects.expire(bucket_name(bucket), moment - timedelta(days=rule.days), rule.prefix)
            if bucket.replaced is not None:
                before = moment - bucket.replaced.active.delta
                self._objects.expire_replaced(bucket_name(bucket), before)

    def start(self) -> None:
        """Serve."""
        self._server.start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.stop()

    def _serve(self, environ: Environ, start_response: StartResponse) -> Any:
        return self.answer(environ).send(start_response)

    def answer(self, environ: Environ) -> Answer:
        """Answer a request for any service."""
        service = _service(environ)
        if service == "s3" and is_form(environ):
            return self._post(environ)
        refused = self._guard.check(environ, service)
        if refused is not None:
            return refused
        path = str(environ.get("PATH_INFO", ""))
        target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
        if path.startswith(_FUNCTIONS) and path.endswith("/invocations"):
            return self._invoke(environ, unquote(path[len(_FUNCTIONS) : -len("/invocations")]))
        if target == "AWSEvents.PutEvents":
            return self._bus.answer(environ)
        if target.startswith("AWSStepFunctions."):
            return self.executions.answer(environ)
        if service == "ses" and path == MAIL_PATH:
            return self._mail.answer(environ)
        if target.startswith("AmazonSQS.") or service == "sqs":
            return self.queues.answer(environ)
        if service == "s3":
            return self._objects.answer(environ)
        return self._moto(environ)

    def _post(self, environ: Environ) -> Answer:
        try:
            written = self._forms.accept(environ)
        except Refused as refused:
            return refusal(refused)
        return posted(self.answer(written), written)

    def _invoke(self, environ: Environ, name: str) -> Answer:
        kind = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
        event = read_body(environ)
        request_id = str(uuid.uuid4())
        try:
            if kind == "DryRun":
                self._runtime.find(name)
                return Answer(204, [("x-amzn-RequestId", request_id)])
            if kind == "Event":
                self._runtime.invoke_later(name, event)
                return Answer(202, [("x-amzn-RequestId", request_id)])
            outcome = self._runtime.invoke(name, event)
        except LambdaError as error:
            return json_answer(
                error.status,
                {"Type": "User", "Message": str(error), "message": str(error)},
                x_amzn_ErrorType=error.code,
                x_amzn_RequestId=request_id,
            )
        headers = [
            ("Content-Type", "application/json"),
            ("x-amzn-RequestId", request_id),
            ("X-Amz-Executed-Version", "$LATEST"),
        ]
        if outcome.failed:
            headers.append(("X-Amz-Function-Error", "Unhandled"))
        return Answer(200, headers, outcome.payload)


def _service(environ: Environ) -> str:
    """The service a request is for: by its signature, else S3, the only one that is asked without a header."""
    scope = str(environ.get("HTTP_AUTHORIZATION", "")).partition("Credential=")[2].split(",")[0].split("/")
    if len(scope) == 5:
        return scope[3]
    return "moto" if environ.get("HTTP_X_AMZ_TARGET") else "s3"
