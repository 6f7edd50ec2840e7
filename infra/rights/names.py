"""How statements name what exists: each target has its own ARNs for the names of the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from infra.catalog import Function

# The logins of shared/db/roles.sql.
APPLICATION_ROLE = "robo_app"
OWNER_ROLE = "robo_owner"
SYSTEM_ROLE = "robo_system"
# Who RDS makes with the instance; it makes the others.
ADMINISTRATOR_ROLE = "robo_admin"

# Cohere Embed v4 gives 1,536 and, truncated and normalised again, 768 dimensions.
EMBEDDING_MODEL = "cohere.embed-v4:0"


class Names(Protocol):
    """ARNs by names of the catalog. Raises KeyError for what is not in the catalog."""

    def bucket_arn(self, name: str) -> str:
        """A bucket."""
        ...

    def data_key_arn(self) -> str:
        """The key that encrypts the buckets."""
        ...

    def s3_service(self) -> str:
        """S3 as KMS calls it (`kms:ViaService`): `s3.<region>.amazonaws.com`."""
        ...

    def bus_arn(self, name: str) -> str:
        """An event bus."""
        ...

    def queue_arn(self, name: str) -> str:
        """A queue that the catalog names; not its dead letters."""
        ...

    def secret_arn(self, name: str) -> str:
        """A secret of the catalog."""
        ...

    def administrator_secret_arn(self) -> str:
        """The secret that RDS keeps the password of the database's administrator in."""
        ...

    def workflow_arn(self, name: str) -> str:
        """A state machine."""
        ...

    def executions_arn(self, name: str) -> str:
        """All executions of one state machine: a pattern."""
        ...

    def function_arn(self, function: Function) -> str:
        """A function."""
        ...

    def database_instance_arn(self) -> str:
        """The instance of RDS that holds the database."""
        ...

    def database_login_arn(self, user: str) -> str:
        """What `rds-db:connect` names: one login of one instance."""
        ...

    def embedding_model_arn(self) -> str:
        """The foundation model that embeds."""
        ...

    def sender_arns(self) -> Sequence[str]:
        """Who may send mail in SES."""
        ...
