"""A resource: operations that one function serves, each a request in, a model out, errors as problem details."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from shared.bootstrap import container
from shared.errors import AppError, NotFound, Retryable
from shared.http import problem
from shared.http.call import Call
from shared.http.etag import etag_of, unchanged
from shared.http.idempotency import key_of, transact
from shared.http.limits import admit_caller
from shared.http.operation import Operation, Response
from shared.http.request import Request
from shared.models.base import QueryModel, WireModel
from shared.models.caller import Caller
from shared.observability import count, logger, observed

F = TypeVar("F", bound=Callable[[Call[Any]], Any])

SECURITY_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}


class Resource:
    """The operations of a function of the catalog. `handler` is what Lambda calls."""

    def __init__(self, name: str) -> None:
        """name: of the function in the catalog, `identity.teams`."""
        self.name = name
        self.operations: dict[str, Operation] = {}
        self.handler: Callable[[dict[str, Any], Any], dict[str, Any]] = observed(name)(self._handle)

    def operation(
        self,
        *,
        body: type[WireModel] | None = None,
        query: type[QueryModel] | None = None,
        answer: type[BaseModel] | None = None,
        status: int = 200,
        public: bool = False,
        location: str | None = None,
        repeats: bool | None = None,
        present: Callable[[Call[Any], dict[str, Any]], BaseModel] | None = None,
        conflicts: bool = False,
        example: dict[str, Any] | None = None,
        problems: tuple[type[AppError], ...] = (),
        transaction: bool = True,
        choices: Mapping[str, Sequence[str]] | None = None,
    ) -> Callable[[F], F]:
        """Make an operation of a function; it is called by the function's name. See `Operation`.

        repeats: by default of every operation that is not public and answers 201 or 202.
        """

        def declare(function: F) -> F:
            repeated = (not public and status in (201, 202)) if repeats is None else repeats
            self.operations[function.__name__] = Operation(
                function.__name__,
                function,
                body,
                query,
                answer,
                status,
                public,
                location,
                repeated,
                present,
                conflicts,
                example,
                problems,
                transaction,
                choices or {},
            )
            return function

        return declare

    def _handle(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        del context
        request = Request(event)
        logger().thread_safe_append_keys(request_id=request.request_id, run_id=request.path_text("run_id"))
        told: dict[str, str] = {}
        try:
            return self._serve(request, told)
        except AppError as error:
            failure = error
            if failure.status >= 500 and not isinstance(failure, Retryable):
                logger().exception("unexpected")
        except Exception:
            logger().exception("unexpected")
            failure = AppError("Something went wrong on our side; the request id helps us find it.")
        return _answer_failure(failure, request, told)

    def _serve(self, request: Request, told: dict[str, str]) -> dict[str, Any]:
        """Serve a request. `told`: headers that stand on every answer, also on a refusal further on."""
        own = container()
        operation = self.operations.get(request.operation)
        if operation is None:
            raise NotFound("There is nothing at this path.")
        caller = None
        if not operation.public:
            caller = Caller.from_context(request.authorizer)
            logger().thread_safe_append_keys(
                tenant_id=str(caller.tenant_id), principal=caller.principal, operation=operation.name
            )
            told |= admit_caller(own, caller, operation.name)
        body = None
        if operation.body is not None:
            body = request.body(operation.body)
        else:
            request.refuse_body()
        query = request.query_model(operation.query)
        key_of(request)
        call: Call[Any] = Call(operation, request, own, body, query, caller)
        if operation.public or not operation.transaction:
            return _answer(call, operation.function(call), told)
        return _answer(call, _transacted(call), told)


def _transacted(call: Call[Any]) -> Any:
    """Do the operation in one transaction of the caller's tenant, once for an Idempotency-Key if it repeats."""
    operation = call.operation
    if not operation.repeats:
        with call.own.database.transaction(call.caller.tenant_id) as work:
            call.the_work = work
            made = operation.function(call)
        call.committed()
        return made
    more: list[Response] = []

    def do(work: Any) -> dict[str, Any]:
        call.the_work = work
        found = operation.function(call)
        if isinstance(found, Response):
            more.append(found)
            found = found.body
        kept: dict[str, Any] = (
            json.loads(found.model_dump_json()) if isinstance(found, BaseModel) else dict(found)
        )
        return kept

    kept = transact(
        call.request,
        call.own.database,
        call.caller.tenant_id,
        operation.name,
        do,
        principal=call.caller.principal,
        body=None if call.body is None else json.loads(call.body.model_dump_json()),
        status_code=operation.status,
    )
    call.committed()
    body = operation.present(call, kept) if operation.present else kept
    return Response(body, headers=more[0].headers if more else ())


def _text(body: BaseModel | dict[str, Any] | None) -> str:
    if isinstance(body, BaseModel):
        return body.model_dump_json()
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _answer(call: Call[Any], found: Any, told: Mapping[str, str]) -> dict[str, Any]:
    operation = call.operation
    response = found if isinstance(found, Response) else Response(found)
    headers = {**told, **dict(response.headers)}
    status = response.status or operation.status
    if response.body is None:
        return _proxy(204 if status == 200 else status, "", None, call.request.request_id, headers)
    text = _text(response.body)
    if operation.location is not None:
        headers["location"] = _filled(operation.location, json.loads(text))
    if status == 200 or (status == 201 and operation.present is None):
        headers["etag"] = etag_of(text)
        if call.request.method == "GET" and unchanged(call.request.header("if-none-match"), headers["etag"]):
            return _proxy(304, "", None, call.request.request_id, headers)
    return _proxy(status, text, "application/json", call.request.request_id, headers)


def _filled(template: str, body: dict[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda gap: str(body[gap[1]]), template)


def _proxy(
    status: int, body: str, kind: str | None, request_id: str, more: Mapping[str, str]
) -> dict[str, Any]:
    headers = {"x-request-id": request_id, **SECURITY_HEADERS, **more}
    if kind is not None:
        headers["content-type"] = kind
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def _answer_failure(error: AppError, request: Request, told: Mapping[str, str]) -> dict[str, Any]:
    count("Problems")
    more = {**told, **error.headers}
    if error.retry_after is not None:
        more["retry-after"] = str(error.retry_after)
    elif isinstance(error, Retryable):
        more["retry-after"] = "1"
    if error.status == 401:
        more["www-authenticate"] = "Bearer"
    # Escapes keep lone surrogates of a bad request out of the encoder.
    text = json.dumps(problem.body_of(error, request.path, request.request_id))
    return _proxy(error.status, text, problem.CONTENT_TYPE, request.request_id, more)
