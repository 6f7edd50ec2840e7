"""The vector engine: Qdrant on one machine of ECS (docs/adr/0010).

From documentation only, as nothing was deployed: how ECS, Auto Scaling and the machine play together at boot and at
the end. Proven here: what the templates say, what the boot script does in a shell, and TLS and keys against a server.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infra.assembly.stage import Stage
from infra.constructs.lint import accept
from infra.constructs.vector_host import VectorHost
from infra.constructs.vector_service import PORT, VectorService
from infra.constructs.vector_snapshots import VectorSnapshots
from infra.stacks.images import QDRANT_TAG
from infra.stacks.network import NetworkStack


class VectorsStack(Stack):
    """Cluster, host, volume, engine and snapshots. url: where functions find the engine."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        network: NetworkStack,
        repository: ecr.IRepository,
        secret_arns: Mapping[str, str],
    ) -> None:
        """repository: holds the image of `QDRANT_TAG`. secret_arns: by their names in the catalog."""
        super().__init__(scope, id_, description="RoboAgency: the vector engine")
        engine_name = VectorService.engine_name(stage)
        self.url = f"https://{engine_name}:{PORT}"
        self.cluster = self._cluster(stage)
        self.host = VectorHost(
            self,
            "Host",
            stage=stage,
            network=network.vectors,
            cluster=self.cluster,
            certificate_secret_arn=secret_arns["vectors-certificate"],
            engine_name=engine_name,
        )
        associations = ecs.CfnClusterCapacityProviderAssociations(
            self,
            "Capacity",
            cluster=self.cluster.ref,
            capacity_providers=[self.host.capacity.ref],
            default_capacity_provider_strategy=[],
        )
        self.engine = VectorService(
            self,
            "Engine",
            stage=stage,
            network=network.vectors,
            group=network.vectors_group,
            cluster=self.cluster,
            repository=repository,
            tag=QDRANT_TAG,
            key_secret_arn=secret_arns["vectors-key"],
            read_key_secret_arn=secret_arns["vectors-read-key"],
        )
        # The service goes first when the stack does: then nothing runs on the host that is let go.
        self.engine.service.add_resource_dependency(associations)
        self.snapshots = VectorSnapshots(self, "Snapshots", stage=stage, volume=self.host.volume)

    def _cluster(self, stage: Stage) -> ecs.CfnCluster:
        cluster = ecs.CfnCluster(
            self,
            "Cluster",
            cluster_name=f"robo-{stage.name}",
            cluster_settings=[
                ecs.CfnCluster.ClusterSettingsProperty(
                    name="containerInsights", value="enabled" if stage.detailed_alarms else "disabled"
                )
            ],
        )
        if not stage.detailed_alarms:
            accept(
                cluster,
                "ECS4",
                "one task on one host: ECS counts its processor and memory without Container Insights, which would "
                f"cost {stage.name} more than the host; stages with detailed alarms have it",
            )
        return cluster
