"""The schema of the database: the function that migrates it, and its run at each deployment.

A stack of its own, deployed before the functions: when a migration fails, the deployment ends here and the functions
stay as they were. Migrations must therefore suit the functions of the release before, too.
"""

from __future__ import annotations

from aws_cdk import Duration, Stack, triggers
from constructs import Construct

from infra.assembly.deployment import MIGRATION
from infra.assembly.release import release_name
from infra.catalog import Catalog
from infra.constructs.function import Assets, add_functions
from infra.constructs.lint import acknowledge_trigger_provider
from infra.constructs.surroundings import Surroundings
from infra.stacks.network import NetworkStack


class SchemaStack(Stack):
    """The migration, called with every release.

    The trigger calls the version that was just published, not the alias: the alias has the same ARN for ever, and
    CloudFormation only calls again what changed.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        catalog: Catalog,
        assets: Assets,
        surroundings: Surroundings,
        network: NetworkStack,
    ) -> None:
        super().__init__(scope, id_, description="RoboAgency: database migrations")
        described = catalog.function(MIGRATION)
        made = add_functions(
            self,
            [described],
            surroundings=surroundings,
            assets=assets,
            release=release_name(assets.code, assets.layers, catalog, surroundings.stage),
            vpc=network.vpc,
            security_group=network.functions_group,
        )
        triggers.Trigger(
            self,
            "Migration",
            handler=made[MIGRATION].function,
            timeout=Duration.seconds(described.timeout),
            invocation_type=triggers.InvocationType.REQUEST_RESPONSE,
        )
        acknowledge_trigger_provider(self)
