"""The door: the REST API before the functions."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.assembly.stage import Stage
from infra.catalog import Catalog
from infra.constructs.api import CatalogApi


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
        self.api = CatalogApi(
            self,
            "Api",
            stage=stage,
            routes=catalog.routes,
            functions=functions,
            authorizer=catalog.authorizer,
        )
