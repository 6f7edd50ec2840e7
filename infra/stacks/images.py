"""The container images that AWS runs for us: repositories of the account, which an operator fills before the rest.

    docker buildx imagetools create --tag <repository>:<tag> docker.io/qdrant/qdrant:<tag>

copies every architecture of the image without running it.
"""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_ecr as ecr
from constructs import Construct

from infra.assembly.stage import Stage

QDRANT_TAG = "v1.20.0-unprivileged"
"""Of docker.io/qdrant/qdrant: the minor version of our client, running as a user who is not root."""


class ImagesStack(Stack):
    """A repository whose tags are never moved, and whose images are scanned when they arrive."""

    def __init__(self, scope: Construct, id_: str, *, stage: Stage) -> None:
        super().__init__(scope, id_, description="RoboAgency: container images")
        self.qdrant = ecr.Repository(
            self,
            "Qdrant",
            repository_name=f"robo-{stage.name}-qdrant",
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            image_scan_on_push=True,
            encryption=ecr.RepositoryEncryption.AES_256,
            lifecycle_rules=[
                ecr.LifecycleRule(
                    rule_priority=1,
                    description="What an interrupted push left",
                    tag_status=ecr.TagStatus.UNTAGGED,
                    max_image_age=Duration.days(14),
                ),
                ecr.LifecycleRule(
                    rule_priority=2, description="Versions one may go back to", max_image_count=30
                ),
            ],
            empty_on_delete=not stage.keeps_data,
            removal_policy=RemovalPolicy.RETAIN if stage.keeps_data else RemovalPolicy.DESTROY,
        )
        CfnOutput(
            self,
            "QdrantImage",
            value=self.qdrant.repository_uri_for_tag(QDRANT_TAG),
            description="Push docker.io/qdrant/qdrant of this tag here before the vectors stack",
        )
