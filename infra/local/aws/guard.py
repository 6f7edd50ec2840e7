"""Lets each function do on one machine what its policy on AWS allows, and nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from infra.catalog import Catalog, Function
from infra.local.aws import names
from infra.local.aws.arns import LocalNames
from infra.local.aws.recognition import recognise
from infra.local.aws.wsgi import Answer, Environ, json_answer
from infra.rights.calls import Call, Need, Place, UnknownCall, needs
from infra.rights.evaluate import Decision, Policy
from infra.rights.statements import statements

Record = Callable[[dict[str, Any]], None]

_BY_TOKEN = ("SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat")
# Services of the JSON protocols that answer 403 when access is denied, not 400.
_FORBIDDEN = ("lambda", "sqs", "ses", "bedrock")


class Guard:
    """Answers for AWS when a function asks for what it may not. Compiled once; safe for threads.

    trail: hears of every permission that a function used or lacked, as CloudTrail does. machine_of: the ARN of the
    state machine that waits for a task token, empty when none does.
    """

    def __init__(self, catalog: Catalog, trail: Record, machine_of: Callable[[str], str]) -> None:
        arns = LocalNames(catalog)
        self._functions = {
            function.deployed_name(names.STAGE): (function, Policy.of(statements(function, arns)))
            for function in catalog.functions
        }
        keys = {names.bucket_name(bucket): arns.data_key_arn() for bucket in catalog.buckets}
        self._place = Place(names.REGION, names.ACCOUNT, keys=keys)
        self._trail = trail
        self._machine_of = machine_of

    def check(self, environ: Environ, service: str) -> Answer | None:
        """The refusal of a request, or None when it may go on. Operators may do everything."""
        found = self._functions.get(_access_key(environ))
        if found is None:
            return None
        function, policy = found
        try:
            call = self._completed(recognise(environ, service))
            wanted = needs(call, self._place) if call is not None else ()
        except UnknownCall as error:
            self._note(function, Need(f"unknown:{error}", "*"), "unknown")
            return _refusal(environ, service, function, Need(f"an unknown call ({error})", "*"))
        context = {"lambda:SourceFunctionArn": names.function_arn(function)}
        for need in wanted:
            decision = policy.decide(need.action, need.resource, {**context, **need.context})
            self._note(function, need, decision)
            if decision is not Decision.ALLOWED:
                return _refusal(environ, service, function, need)
        return None

    def _completed(self, call: Call) -> Call | None:
        """A call with what AWS knows by itself. A token that nobody waits for is left to Step Functions to refuse."""
        if call.service != "stepfunctions" or call.operation not in _BY_TOKEN:
            return call
        machine = self._machine_of(str(call.parameters.get("taskToken", "")))
        return Call(call.service, call.operation, {"stateMachineArn": machine}) if machine else None

    def _note(self, function: Function, need: Need, decision: str) -> None:
        self._trail(
            {
                "level": "INFO" if decision == Decision.ALLOWED else "ERROR",
                "type": "platform.access",
                "function": function.name,
                "action": need.action,
                "resource": need.resource,
                "decision": str(decision),
            }
        )


def _access_key(environ: Environ) -> str:
    """Who signed: by the header, else by the query of a presigned URL."""
    header = str(environ.get("HTTP_AUTHORIZATION", ""))
    if "Credential=" in header:
        return header.partition("Credential=")[2].partition("/")[0]
    query = str(environ.get("QUERY_STRING", ""))
    if "X-Amz-Credential=" in query:
        return parse_qs(query).get("X-Amz-Credential", [""])[-1].partition("/")[0]
    return ""


def _refusal(environ: Environ, service: str, function: Function, need: Need) -> Answer:
    """AccessDenied in the form of the service."""
    name, request_id = function.deployed_name(names.STAGE), str(uuid.uuid4())
    message = (
        f"User: arn:aws:sts::{names.ACCOUNT}:assumed-role/{name}/{name} is not authorized to perform: {need.action} "
        f"on resource: {need.resource} because no identity-based policy allows it"
    )
    error = f"<Code>AccessDenied</Code><Message>{escape(message)}</Message>"
    if service == "s3":
        body = f"<Error>{error}<RequestId>{request_id}</RequestId></Error>"
        headers = [("Content-Type", "application/xml"), ("x-amz-request-id", request_id)]
        return Answer(403, headers, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode())
    if str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded"):
        body = f"<Error><Type>Sender</Type>{error}</Error><RequestId>{request_id}</RequestId>"
        return Answer(403, [("Content-Type", "text/xml")], f"<ErrorResponse>{body}</ErrorResponse>".encode())
    return json_answer(
        403 if service in _FORBIDDEN else 400,
        {"__type": "AccessDeniedException", "message": message, "Message": message},
        "application/x-amz-json-1.1",
        x_amzn_ErrorType="AccessDeniedException",
        x_amzn_RequestId=request_id,
    )
