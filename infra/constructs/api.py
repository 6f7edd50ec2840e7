"""The REST API: the catalog's routes, each a proxy to its function."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.assembly.stage import Stage
from infra.catalog import Access, Route

PROBLEM_JSON = "application/problem+json"

# What the gateway answers by itself, before or instead of a function: type of response, status, title, detail.
# An unknown path is "missing authentication token" to the gateway and 404 to everybody else.
GATEWAY_PROBLEMS: tuple[tuple[str, int, str, str], ...] = (
    ("DEFAULT_4XX", 400, "Bad request", "The request could not be read."),
    ("BAD_REQUEST_BODY", 400, "Bad request", "The body could not be read."),
    ("BAD_REQUEST_PARAMETERS", 400, "Bad request", "A parameter could not be read."),
    ("UNAUTHORIZED", 401, "Unauthorized", "The request carries no valid credentials."),
    ("ACCESS_DENIED", 403, "Forbidden", "$context.authorizer.detail"),
    ("AUTHORIZER_FAILURE", 503, "Service unavailable", "Nobody can say just now whether this is allowed."),
    ("AUTHORIZER_CONFIGURATION_ERROR", 500, "Internal error", "Something went wrong."),
    ("INVALID_SIGNATURE", 403, "Forbidden", "The signature does not fit the request."),
    ("EXPIRED_TOKEN", 403, "Forbidden", "The token has expired."),
    ("WAF_FILTERED", 403, "Forbidden", "The request was refused by the firewall."),
    ("MISSING_AUTHENTICATION_TOKEN", 404, "Not found", "There is nothing at this address."),
    ("RESOURCE_NOT_FOUND", 404, "Not found", "There is nothing at this address."),
    ("REQUEST_TOO_LARGE", 413, "Content too large", "The request is larger than is accepted."),
    ("UNSUPPORTED_MEDIA_TYPE", 415, "Unsupported media type", "The body is of a type that is not accepted."),
    ("THROTTLED", 429, "Too many requests", "Too many requests; try again in a moment."),
    ("QUOTA_EXCEEDED", 429, "Too many requests", "The quota is used up."),
    ("DEFAULT_5XX", 500, "Internal error", "Something went wrong."),
    ("INTEGRATION_FAILURE", 502, "Bad gateway", "Something went wrong."),
    ("INTEGRATION_TIMEOUT", 504, "Gateway timeout", "The answer took too long; the work may have been done."),
)
RETRY_AFTER_SECONDS = 1


def problem_template(status: int, title: str, detail: str) -> str:
    """An RFC 9457 body; `$context.requestId` is filled by the gateway."""
    request = "$context.requestId"
    return json.dumps(
        {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": detail,
            "instance": f"urn:request:{request}",
            "request_id": request,
        }
    )


def access_log_format() -> str:
    """One JSON line a request. No bodies, headers or query strings: they hold what people wrote."""
    return json.dumps(
        {
            "request_id": "$context.requestId",
            "ip": "$context.identity.sourceIp",
            "time": "$context.requestTimeEpoch",
            "method": "$context.httpMethod",
            "path": "$context.resourcePath",
            "status": "$context.status",
            "bytes": "$context.responseLength",
            "latency_ms": "$context.responseLatency",
            "function_latency_ms": "$context.integrationLatency",
            "trace": "$context.xrayTraceId",
            "problem": "$context.error.responseType",
        }
    )


class CatalogApi(Construct):
    """A regional REST API. Paths carry their version; the stage of the gateway is the stage of the deployment."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        routes: tuple[Route, ...],
        functions: Mapping[str, lambda_.IFunction],
        authorizer: str,
    ) -> None:
        """functions: by their names in the catalog; authorizer: the name of the one before routes that are not
        public.
        """
        super().__init__(scope, id_)
        self.api = self._rest_api(stage)
        self._add_gateway_responses()
        # The gateway calls functions in this role. Permissions on the functions, one a method, would double what the
        # stacks hold, and tie theirs to this one.
        invoker = iam.Role(
            self,
            "Invoker",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            description="Calls the functions behind the API",
        )
        guard = apigateway.RequestAuthorizer(
            self,
            "Authorizer",
            handler=functions[authorizer],
            assume_role=invoker,
            authorizer_name=f"robo-{stage.name}",
            # No cache: what was revoked a moment ago is refused now. A request without the header is refused unasked.
            results_cache_ttl=Duration.seconds(0),
            identity_sources=[apigateway.IdentitySource.header("Authorization")],
        )
        for name in sorted({route.function for route in routes}):
            functions[name].grant_invoke(invoker)
        for route in routes:
            self._add_method(route, functions[route.function], invoker, guard)

    def _add_method(
        self, route: Route, function: lambda_.IFunction, invoker: iam.Role, guard: apigateway.IAuthorizer
    ) -> None:
        stack = Stack.of(self)
        lambda_api = f"arn:{stack.partition}:apigateway:{stack.region}:lambda:path/2015-03-31/functions"
        guarded = route.access is not Access.PUBLIC
        method = self.api.root.resource_for_path(route.path).add_method(
            route.method,
            apigateway.Integration(
                type=apigateway.IntegrationType.AWS_PROXY,
                integration_http_method="POST",
                uri=f"{lambda_api}/{function.function_arn}/invocations",
                options=apigateway.IntegrationOptions(credentials_role=invoker),
            ),
            authorization_type=(
                apigateway.AuthorizationType.CUSTOM if guarded else apigateway.AuthorizationType.NONE
            ),
            authorizer=guard if guarded else None,
            operation_name=route.operation,
        )
        resource: apigateway.CfnMethod = method.node.default_child  # type: ignore[assignment]  # L1 of this L2
        resource.add_metadata("robo:permission", route.permission)
        resource.add_metadata("robo:access", route.access.value)

    def _rest_api(self, stage: Stage) -> apigateway.RestApi:
        access_log = logs.LogGroup(
            self,
            "AccessLog",
            log_group_name=f"/aws/apigateway/robo-{stage.name}",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.DESTROY,
        )
        return apigateway.RestApi(
            self,
            "Rest",
            rest_api_name=f"robo-{stage.name}",
            description="An idea goes in; a launch kit comes out",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            # Access logs need a role in the settings of the account's gateway; a deleted stack leaves it to others.
            cloud_watch_role=True,
            cloud_watch_role_removal_policy=RemovalPolicy.RETAIN,
            deploy_options=apigateway.StageOptions(
                stage_name=stage.name,
                tracing_enabled=True,
                metrics_enabled=True,
                data_trace_enabled=False,
                throttling_rate_limit=stage.api_requests_per_second,
                throttling_burst_limit=stage.api_burst,
                access_log_destination=apigateway.LogGroupLogDestination(access_log),
                access_log_format=apigateway.AccessLogFormat.custom(access_log_format()),
            ),
        )

    def _add_gateway_responses(self) -> None:
        for kind, status, title, detail in GATEWAY_PROBLEMS:
            headers = {
                "Content-Type": f"'{PROBLEM_JSON}'",
                "Cache-Control": "'no-store'",
                "X-Content-Type-Options": "'nosniff'",
                "Referrer-Policy": "'no-referrer'",
                "X-Request-Id": "context.requestId",
            }
            if status == 401:
                headers["WWW-Authenticate"] = "'Bearer'"
            if status in (429, 503):
                headers["Retry-After"] = f"'{RETRY_AFTER_SECONDS}'"
            self.api.add_gateway_response(
                f"{kind.title().replace('_', '')}Problem",
                type=apigateway.ResponseType.of(kind),
                status_code=str(status),
                response_headers=headers,
                # The gateway picks a template by the request's Accept and falls back on application/json.
                templates={"application/json": problem_template(status, title, detail)},
            )
