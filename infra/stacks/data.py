"""The stores that live inside the network: PostgreSQL, the proxy before it where a stage wants one, and the cache."""

from __future__ import annotations

from aws_cdk import Duration, Fn, RemovalPolicy, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from constructs import Construct

from infra.assembly.database_sizes import database_connections
from infra.assembly.stage import Stage
from infra.constructs.database_proxy import add_proxy
from infra.constructs.lint import accept
from infra.constructs.log_group import retention
from infra.constructs.replication import copies_key_arn
from infra.constructs.surroundings import Database
from infra.rights.names import ADMINISTRATOR_ROLE
from infra.stacks.network import CACHE_PORTS, POSTGRES_PORT, NetworkStack

DATABASE_NAME = "roboagency"


def _instance_name(stage: Stage) -> str:
    return f"robo-{stage.name}"


class DataStack(Stack):
    """RDS PostgreSQL 18 with IAM logins, and Valkey Serverless.

    key: encrypts the database, its snapshots and its backups. The cache holds copies alone, for minutes: it keeps the
    encryption of ElastiCache and takes no snapshots.
    """

    def __init__(
        self, scope: Construct, id_: str, *, stage: Stage, network: NetworkStack, key: kms.IKey
    ) -> None:
        super().__init__(scope, id_, description="RoboAgency: PostgreSQL and cache")
        logged = logs.LogGroup(
            self,
            "DatabaseLogs",
            # Where RDS writes; a group that it made itself would keep everything for ever.
            log_group_name=f"/aws/rds/instance/{_instance_name(stage)}/postgresql",
            retention=retention(),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.instance = self._database(stage, network, key)
        self.instance.node.add_dependency(logged)
        resource: rds.CfnDBInstance = self.instance.node.default_child  # type: ignore[assignment]  # L1 of this L2
        self._copy_backups(resource, stage)
        # CloudFormation does not see that a restored instance took the name (docs/runbooks/restore.md).
        resource_id = stage.database_resource_id or resource.attr_dbi_resource_id
        proxy = add_proxy(self, stage, self.instance, resource_id, network) if stage.database_proxy else None
        self.database = Database(
            host=self.instance.db_instance_endpoint_address,
            port=POSTGRES_PORT,
            name=DATABASE_NAME,
            instance=self.instance.instance_identifier,
            resource_id=resource_id,
            administrator_secret_arn=stage.database_administrator_secret_arn
            or Token.as_string(resource.get_att("MasterUserSecret.SecretArn")),
            proxy=proxy,
        )
        cache = self._cache(stage, network)
        self.cache_url = Fn.join("", ["rediss://", cache.attr_endpoint_address, f":{CACHE_PORTS[0]}"])

    def _database(self, stage: Stage, network: NetworkStack, key: kms.IKey) -> rds.DatabaseInstance:
        engine = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_18_3)
        family, size = stage.database_class.split(".")
        instance = rds.DatabaseInstance(
            self,
            "Database",
            engine=engine,
            instance_identifier=_instance_name(stage),
            instance_type=ec2.InstanceType(f"{family}.{size}"),
            vpc=network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            security_groups=[network.database_group],
            publicly_accessible=False,
            port=POSTGRES_PORT,
            database_name=DATABASE_NAME,
            # RDS makes, keeps and rotates the administrator's password; functions log in with IAM tokens.
            credentials=rds.Credentials.from_username(ADMINISTRATOR_ROLE),
            manage_master_user_password=True,
            iam_authentication=True,
            storage_encrypted=True,
            storage_encryption_key=key,
            storage_type=rds.StorageType.GP3,
            allocated_storage=stage.database_gib,
            max_allocated_storage=stage.database_max_gib,
            multi_az=stage.database_multi_az,
            backup_retention=Duration.days(stage.backup_days),
            delete_automated_backups=not stage.keeps_data,
            copy_tags_to_snapshot=True,
            deletion_protection=stage.keeps_data,
            removal_policy=RemovalPolicy.SNAPSHOT if stage.keeps_data else RemovalPolicy.DESTROY,
            ca_certificate=rds.CaCertificate.RDS_CA_RSA2048_G1,
            cloudwatch_logs_exports=["postgresql"],
            auto_minor_version_upgrade=True,
            parameter_group=self._parameters(stage, engine),
        )
        _accept_findings(instance, stage)
        return instance

    def _parameters(self, stage: Stage, engine: rds.IInstanceEngine) -> rds.ParameterGroup:
        return rds.ParameterGroup(
            self,
            "Parameters",
            engine=engine,
            description="TLS only; statements over a second are logged",
            parameters={
                "rds.force_ssl": "1",
                "max_connections": str(database_connections(stage.database_class)),
                "log_min_duration_statement": "1000",
                # A function that Lambda froze inside a transaction must not hold its locks.
                "idle_in_transaction_session_timeout": "60000",
            },
        )

    def _copy_backups(self, resource: rds.CfnDBInstance, stage: Stage) -> None:
        """Copy automated backups, and with them point in time recovery, to the stage's other region."""
        if stage.copies_region:
            resource.automatic_backup_replication_region = stage.copies_region
            resource.automatic_backup_replication_kms_key_id = copies_key_arn(stage)
            resource.automatic_backup_replication_retention_period = stage.backup_days

    def _cache(self, stage: Stage, network: NetworkStack) -> elasticache.CfnServerlessCache:
        return elasticache.CfnServerlessCache(
            self,
            "Cache",
            engine="valkey",
            major_engine_version="8",
            serverless_cache_name=f"robo-{stage.name}",
            description="Copies and counters only: empty, the system is slower and never wrong",
            security_group_ids=[network.cache_group.security_group_id],
            subnet_ids=[subnet.subnet_id for subnet in network.vpc.isolated_subnets],
            cache_usage_limits=elasticache.CfnServerlessCache.CacheUsageLimitsProperty(
                data_storage=elasticache.CfnServerlessCache.DataStorageProperty(unit="GB", maximum=1),
                ecpu_per_second=elasticache.CfnServerlessCache.ECPUPerSecondProperty(maximum=5000),
            ),
        )


def _accept_findings(instance: rds.DatabaseInstance, stage: Stage) -> None:
    accept(
        instance,
        "RDS11",
        "another port hides nothing from who can already reach it: the instance has no public address, its subnets "
        "have no route in, and its group lets in the functions' group alone",
    )
    if not stage.database_multi_az:
        accept(
            instance,
            "RDS3",
            f"{stage.name} may be away while it is restored to a point in time: it promises recovery and no standby, "
            "which would double its price; prod is Multi-AZ",
        )
    if not stage.keeps_data:
        accept(
            instance,
            "RDS10",
            f"{stage.name} holds made-up data and is deleted and made anew; stages that keep data are protected",
        )
