"""What functions stand on: the values and ARNs that other stacks made, by their names in the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr

from aws_cdk import Aws

from infra.assembly.stage import Stage
from infra.catalog import Function, Workflow
from infra.rights.names import APPLICATION_ROLE, EMBEDDING_MODEL, SYSTEM_ROLE


@dataclass(frozen=True)
class Proxy:
    """RDS Proxy: where it is, and what policies call it."""

    host: str
    resource_id: str


@dataclass(frozen=True)
class Database:
    """What others need to know of the database: how to reach it and how to name it in a policy.

    host, resource_id: the instance itself. proxy: what functions that serve requests and steps reach instead.
    """

    host: str
    port: int
    name: str
    instance: str
    resource_id: str
    administrator_secret_arn: str
    proxy: Proxy | None = None

    @property
    def serving(self) -> Proxy:
        """Where the logins of requests and steps lead: the proxy, or without one the instance."""
        return self.proxy or Proxy(self.host, self.resource_id)


@dataclass(frozen=True)
class Surroundings:
    """Each mapping is keyed by the name in the catalog; its values are CloudFormation references.

    They are the `Names` (`infra.rights.names`) of a deployed stage.
    """

    stage: Stage
    database: Database
    cache_url: str
    vectors_url: str
    previews_url: str
    bucket_names: Mapping[str, str]
    bucket_arns: Mapping[str, str]
    bus_names: Mapping[str, str]
    bus_arns: Mapping[str, str]
    queue_arns: Mapping[str, str]
    secret_arns: Mapping[str, str]
    key_arn: str
    workflows: Mapping[str, Workflow]

    def bucket_arn(self, name: str) -> str:
        """A bucket."""
        return self.bucket_arns[name]

    def data_key_arn(self) -> str:
        """The key that encrypts the buckets."""
        return self.key_arn

    def s3_service(self) -> str:
        """S3 as KMS calls it."""
        return f"s3.{Aws.REGION}.amazonaws.com"

    def bus_arn(self, name: str) -> str:
        """An event bus."""
        return self.bus_arns[name]

    def queue_arn(self, name: str) -> str:
        """A queue, not its dead letters."""
        return self.queue_arns[name]

    def secret_arn(self, name: str) -> str:
        """A secret of the catalog."""
        return self.secret_arns[name]

    def administrator_secret_arn(self) -> str:
        """The secret that RDS keeps the administrator's password in."""
        return self.database.administrator_secret_arn

    def database_instance_arn(self) -> str:
        """The instance of RDS that holds the database."""
        return self._arn("rds", f"db:{self.database.instance}")

    def database_login_arn(self, user: str) -> str:
        """What `rds-db:connect` names: one login of one instance or of the proxy before it."""
        database = self.database
        through = user in (APPLICATION_ROLE, SYSTEM_ROLE)
        reached = database.serving.resource_id if through else database.resource_id
        return self._arn("rds-db", f"dbuser:{reached}/{user}")

    def embedding_model_arn(self) -> str:
        """The foundation model that embeds; foundation models belong to no account."""
        return f"arn:{Aws.PARTITION}:bedrock:{Aws.REGION}::foundation-model/{EMBEDDING_MODEL}"

    def sender_arns(self) -> list[str]:
        """Who may send mail in SES: the stage's address or its domain, whichever was verified there."""
        address = parseaddr(self.stage.mail_sender)[1]
        return [self._arn("ses", f"identity/{name}") for name in (address, address.rpartition("@")[2])]

    def function_arn(self, function: Function) -> str:
        """By its name, so that a function's own policy can speak of it."""
        return self._arn("lambda", f"function:{function.deployed_name(self.stage.name)}")

    def workflow_arn(self, name: str) -> str:
        """By its name: the function that starts a workflow need not wait for it, and it names functions itself."""
        return self._arn("states", f"stateMachine:{self._workflow_name(name)}")

    def executions_arn(self, name: str) -> str:
        """All executions of one workflow."""
        return self._arn("states", f"execution:{self._workflow_name(name)}:*")

    def _workflow_name(self, name: str) -> str:
        return self.workflows[name].deployed_name(self.stage.name)

    @staticmethod
    def _arn(service: str, resource: str) -> str:
        return f"arn:{Aws.PARTITION}:{service}:{Aws.REGION}:{Aws.ACCOUNT_ID}:{resource}"
