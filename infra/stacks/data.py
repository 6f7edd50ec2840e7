"""The stores that live inside the network: PostgreSQL and the cache."""

from __future__ import annotations

from aws_cdk import Duration, Fn, RemovalPolicy, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from constructs import Construct

from infra.assembly.stage import Stage
from infra.constructs.surroundings import Database
from infra.stacks.network import CACHE_PORTS, POSTGRES_PORT, NetworkStack

DATABASE_NAME = "roboagency"
ADMINISTRATOR = "robo_admin"


def _instance_name(stage: Stage) -> str:
    return f"robo-{stage.name}"


class DataStack(Stack):
    """RDS PostgreSQL 18 with IAM logins, and Valkey Serverless."""

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, network: NetworkStack) -> None:
        super().__init__(scope, id_, description="RoboAgency: PostgreSQL and cache")
        logged = logs.LogGroup(
            self,
            "DatabaseLogs",
            # Where RDS writes; a group that it made itself would keep everything for ever.
            log_group_name=f"/aws/rds/instance/{_instance_name(stage)}/postgresql",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.instance = self._database(stage, network)
        self.instance.node.add_dependency(logged)
        resource: rds.CfnDBInstance = self.instance.node.default_child  # type: ignore[assignment]  # L1 of this L2
        self.database = Database(
            host=self.instance.db_instance_endpoint_address,
            port=POSTGRES_PORT,
            name=DATABASE_NAME,
            instance=self.instance.instance_identifier,
            resource_id=resource.attr_dbi_resource_id,
            administrator_secret_arn=Token.as_string(resource.get_att("MasterUserSecret.SecretArn")),
        )
        cache = self._cache(stage, network)
        self.cache_url = Fn.join("", ["rediss://", cache.attr_endpoint_address, f":{CACHE_PORTS[0]}"])

    def _database(self, stage: Stage, network: NetworkStack) -> rds.DatabaseInstance:
        engine = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_18_3)
        family, size = stage.database_class.split(".")
        return rds.DatabaseInstance(
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
            credentials=rds.Credentials.from_username(ADMINISTRATOR),
            manage_master_user_password=True,
            iam_authentication=True,
            storage_encrypted=True,
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
            parameter_group=rds.ParameterGroup(
                self,
                "Parameters",
                engine=engine,
                description="TLS only; statements over a second are logged",
                parameters={
                    "rds.force_ssl": "1",
                    "log_min_duration_statement": "1000",
                    # A function that Lambda froze inside a transaction must not hold its locks.
                    "idle_in_transaction_session_timeout": "60000",
                },
            ),
        )

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
