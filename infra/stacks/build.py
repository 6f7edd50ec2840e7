"""The app: the stacks of one stage, by life cycle, and how they lean on each other."""

from __future__ import annotations

from aws_cdk import App, Aws, Stack, Tags

from infra.assembly.database_sizes import connections_for_functions
from infra.assembly.stage import Stage
from infra.catalog import CATALOG, Catalog
from infra.catalog.capacity import check_capacity, scaled
from infra.constructs.function import Assets
from infra.constructs.surroundings import Surroundings
from infra.stacks.api import ApiStack
from infra.stacks.compute import ComputeStack
from infra.stacks.copies import CopiesStack
from infra.stacks.data import DataStack
from infra.stacks.images import ImagesStack
from infra.stacks.messaging import MessagingStack
from infra.stacks.network import NetworkStack
from infra.stacks.operations import OperationsStack
from infra.stacks.previews import PreviewsStack
from infra.stacks.schema import SchemaStack
from infra.stacks.storage import StorageStack
from infra.stacks.vectors import VectorsStack

# CloudFormation knows no tags on them, though the CDK writes some.
_WITHOUT_TAGS = ("AWS::RDS::DBProxyTargetGroup",)


def gather(
    stage: Stage,
    catalog: Catalog,
    data: DataStack,
    storage: StorageStack,
    vectors: VectorsStack,
    messaging: MessagingStack,
    previews: PreviewsStack,
) -> Surroundings:
    """What the functions of `stage` stand on."""
    return Surroundings(
        stage=stage,
        database=data.database,
        cache_url=data.cache_url,
        vectors_url=vectors.url,
        previews_url=previews.url,
        bucket_names={name: bucket.bucket_name for name, bucket in storage.buckets.items()},
        # Written out, so that a review of policies says which bucket a wildcard is in.
        bucket_arns={
            bucket.name: f"arn:{Aws.PARTITION}:s3:::{bucket.deployed_name(stage.name, Aws.ACCOUNT_ID)}"
            for bucket in catalog.buckets
        },
        bus_names={name: bus.event_bus_name for name, bus in messaging.buses.items()},
        bus_arns={name: bus.event_bus_arn for name, bus in messaging.buses.items()},
        queue_arns={name: queue.queue_arn for name, queue in messaging.queues.items()},
        secret_arns=storage.secret_arns,
        key_arn=storage.key.key_arn,
        workflows={workflow.name: workflow for workflow in catalog.workflows},
    )


def add_stacks(app: App, stage: Stage, assets: Assets, *, catalog: Catalog = CATALOG) -> list[Stack]:
    """Add every stack of `stage` to `app` and return them, those that others lean on first.

    Raises ValueError when functions at the stage's factor could hold more than its database or an account has.
    """
    catalog = scaled(catalog, stage.concurrency_factor)
    check_capacity(catalog, connections_for_functions(stage.database_class), proxy=stage.database_proxy)

    def id_(part: str) -> str:
        return f"robo-{stage.name}-{part}"

    storage = StorageStack(app, id_("storage"), stage=stage, catalog=catalog)
    copies = [CopiesStack(app, id_("copies"), stage=stage, catalog=catalog)] if stage.copies_region else []
    for other_region in copies:
        storage.add_stack_dependency(other_region, "buckets are copied to buckets that are there")
    network = NetworkStack(app, id_("network"), stage=stage, catalog=catalog, logs=storage.logs)
    data = DataStack(app, id_("data"), stage=stage, network=network, key=storage.key)
    for other_region in copies:
        data.add_stack_dependency(other_region, "backups are encrypted there with its key")
    images = ImagesStack(app, id_("images"), stage=stage)
    vectors = VectorsStack(
        app,
        id_("vectors"),
        stage=stage,
        network=network,
        repository=images.qdrant,
        secret_arns=storage.secret_arns,
    )
    messaging = MessagingStack(app, id_("messaging"), stage=stage, catalog=catalog)
    previews = PreviewsStack(app, id_("previews"), stage=stage, catalog=catalog)
    surroundings = gather(stage, catalog, data, storage, vectors, messaging, previews)
    schema = SchemaStack(
        app, id_("schema"), catalog=catalog, assets=assets, surroundings=surroundings, network=network
    )
    compute = ComputeStack(
        app,
        id_("compute"),
        catalog=catalog,
        assets=assets,
        surroundings=surroundings,
        network=network,
        queues=messaging.queues,
    )
    compute.add_stack_dependency(schema, "tables come before the functions that use them")
    compute.add_stack_dependency(vectors, "its collections are seeded once the functions stand")
    api = ApiStack(
        app,
        id_("api"),
        stage=stage,
        catalog=catalog,
        functions={name: made.live for name, made in compute.functions.items()},
    )
    operations = OperationsStack(
        app,
        id_("operations"),
        stage=stage,
        catalog=catalog,
        key=storage.key,
        instance=data.database.instance,
    )
    for tag, value in (("application", "roboagency"), ("stage", stage.name)):
        Tags.of(app).add(tag, value, exclude_resource_types=list(_WITHOUT_TAGS))
    return [
        *copies,
        storage,
        network,
        data,
        images,
        vectors,
        messaging,
        previews,
        schema,
        compute,
        api,
        operations,
    ]
