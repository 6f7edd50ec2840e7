"""The REST API: the catalog's routes, each a proxy to its function."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.assembly.stage import Stage
from infra.catalog import Access, Route
from infra.catalog.gateway import THROTTLES
from infra.constructs.api_answers import access_log_format, add_problems
from infra.constructs.lint import accept
from infra.constructs.log_group import retention
from infra.openapi.bodies import with_required_body

# Any JSON. Whether it is the object that the operation wants is for its function to say, with a pointer to each bad
# field; what is no JSON at all is refused here, as the function would refuse it.
_JSON_SCHEMA = apigateway.JsonSchema(schema=apigateway.JsonSchemaVersion.DRAFT4, title="Json")


class CatalogApi(Construct):
    """A regional REST API. Paths carry their version; the stage of the gateway is the stage of the deployment.

    It answers no CORS preflight: no page in a browser calls it from another origin.
    """

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
        self.api = self._rest_api(stage, routes)
        self._keep_execution_logs(stage)
        accept(
            self.api.node.find_child("CloudWatchRole"),
            "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
            "the role is the setting of the account's gateway for all APIs, only the gateway takes it on, and AWS's "
            "policy for it lets it write logs and nothing else",
        )
        add_problems(self.api)
        self._bodies = with_required_body()
        self._json = self.api.add_model("Json", content_type="application/json", schema=_JSON_SCHEMA)
        self._validator = self.api.add_request_validator(
            "Validator", validate_request_body=True, validate_request_parameters=True
        )
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
        # A body that may be left out is not looked at here: it is not documented whether an empty one would pass.
        kinds = self._bodies.get(route.operation, ())
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
            request_validator=self._validator if kinds else None,
            request_models=dict.fromkeys(kinds, self._json) if kinds else None,
        )
        resource: apigateway.CfnMethod = method.node.default_child  # type: ignore[assignment]  # L1 of this L2
        resource.add_metadata("robo:permission", route.permission)
        resource.add_metadata("robo:access", route.access.value)
        _answer_for(method, route)

    def _rest_api(self, stage: Stage, routes: tuple[Route, ...]) -> apigateway.RestApi:
        access_log = logs.LogGroup(
            self,
            "AccessLog",
            log_group_name=f"/aws/apigateway/robo-{stage.name}",
            retention=retention(),
            removal_policy=RemovalPolicy.DESTROY,
        )
        return apigateway.RestApi(
            self,
            "Rest",
            rest_api_name=f"robo-{stage.name}",
            description="An idea goes in; a launch kit comes out",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            # With a name of its own the API has one address, and the firewall's rules one form of it.
            disable_execute_api_endpoint=bool(stage.api_domain),
            # Logs need a role in the settings of the account's gateway; a deleted stack leaves it to others.
            cloud_watch_role=True,
            cloud_watch_role_removal_policy=RemovalPolicy.RETAIN,
            deploy_options=apigateway.StageOptions(
                stage_name=stage.name,
                tracing_enabled=True,
                metrics_enabled=True,
                # Errors only, and never bodies: what people wrote is in no log.
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                data_trace_enabled=False,
                throttling_rate_limit=stage.api_requests_per_second,
                throttling_burst_limit=stage.api_burst,
                method_options=_lower_limits(stage, routes),
                access_log_destination=apigateway.LogGroupLogDestination(access_log),
                access_log_format=apigateway.AccessLogFormat.custom(access_log_format()),
            ),
        )

    def _keep_execution_logs(self, stage: Stage) -> None:
        """Make the group of the gateway's own log before the gateway does, which would keep it for ever."""
        group = logs.LogGroup(
            self,
            "ExecutionLog",
            log_group_name=Fn.join(
                "", ["API-Gateway-Execution-Logs_", self.api.rest_api_id, f"/{stage.name}"]
            ),
            retention=retention(),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.api.deployment_stage.node.add_dependency(group)


def _lower_limits(stage: Stage, routes: tuple[Route, ...]) -> dict[str, apigateway.MethodDeploymentOptions]:
    """The limits of operations that anybody may call. A method's settings stand for the stage's whole, so they repeat
    the rest of it.
    """
    found = {}
    for route in routes:
        if route.operation not in THROTTLES:
            continue
        throttle = THROTTLES[route.operation].scaled(stage.concurrency_factor)
        found[f"{route.path}/{route.method}"] = apigateway.MethodDeploymentOptions(
            metrics_enabled=True,
            logging_level=apigateway.MethodLoggingLevel.ERROR,
            data_trace_enabled=False,
            throttling_rate_limit=throttle.per_second,
            throttling_burst_limit=throttle.burst,
        )
    return found


def _answer_for(method: apigateway.Method, route: Route) -> None:
    """Answer for what cdk-nag finds on every API without Cognito."""
    if route.access is Access.PUBLIC:
        accept(
            method,
            "APIG4",
            f"{route.operation} is for anybody: whoever calls it has no credentials yet or needs none. It reads and "
            "changes nothing of a tenant without a secret in its body, is counted by address and throttled",
        )
        instead = "it is for anybody, so no user pool could say who calls"
    else:
        instead = (
            "our own authorizer checks the access token, API key or project token and the permission at every "
            "request; Cognito knows neither API keys nor project tokens, and could not revoke at once"
        )
    accept(method, "COG4", f"{route.operation}: {instead}")
