"""The door: the REST API before the functions."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.assembly.stage import Stage
from infra.catalog import Catalog
from infra.constructs.api import CatalogApi
from infra.constructs.api_domain import ApiDomain
from infra.constructs.api_firewall import ApiFirewall
from infra.constructs.lint import accept


class ApiStack(Stack):
    """Every route of the catalog and the authorizer before them; apart from functions, as a stack has 500 places."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        catalog: Catalog,
        functions: Mapping[str, lambda_.IFunction],
    ) -> None:
        """functions: by their names in the catalog."""
        super().__init__(scope, id_, description="RoboAgency: the API")
        made = CatalogApi(
            self,
            "Api",
            stage=stage,
            routes=catalog.routes,
            functions=functions,
            authorizer=catalog.authorizer,
        )
        self.api = made.api
        if stage.firewall:
            ApiFirewall(self, "Firewall", stage=stage, api=made.api, routes=catalog.routes)
        else:
            accept(
                made.api.deployment_stage,
                "APIG3",
                f"{stage.name} has no firewall by its setting: it holds no customers' data and is throttled as a "
                "whole; staging and prod have one",
            )
        url = made.api.url
        if stage.api_domain:
            domain = ApiDomain(self, "Domain", stage=stage, api=made.api)
            url = f"https://{stage.api_domain}/"
            CfnOutput(
                self,
                "ApiDomainTarget",
                value=domain.target,
                description="what the DNS record of the API's name points at",
            )
        CfnOutput(self, "ApiUrl", value=url, description="the API; its paths begin with v1/")
