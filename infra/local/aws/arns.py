"""The ARNs of one machine, by names of the catalog: what its policies speak of."""

from __future__ import annotations

from collections.abc import Sequence

from infra.catalog import Catalog, Function
from infra.local.aws import names
from infra.rights.names import EMBEDDING_MODEL

_SHARED = {"vectors-read-key": "vectors-key"}
"""Functions share one environment here, so those that only search are given the key that changes vectors."""
_DATABASE = "local"
"""The id of the database as an instance of RDS."""


class LocalNames:
    """`infra.rights.names.Names` of one machine."""

    def __init__(self, catalog: Catalog) -> None:
        self._buckets = {bucket.name: bucket for bucket in catalog.buckets}
        self._buses = {bus.name: bus for bus in catalog.buses}
        self._queues = {queue.name: queue for queue in catalog.queues}
        self._secrets = {secret.name: secret for secret in catalog.secrets}
        self._workflows = {workflow.name: workflow for workflow in catalog.workflows}

    def bucket_arn(self, name: str) -> str:
        """A bucket."""
        return f"arn:aws:s3:::{names.bucket_name(self._buckets[name])}"

    def data_key_arn(self) -> str:
        """The key that the buckets would be encrypted with."""
        return _arn("kms", "key/data")

    def s3_service(self) -> str:
        """S3, as condition keys name it."""
        return f"s3.{names.REGION}.amazonaws.com"

    def bus_arn(self, name: str) -> str:
        """An event bus."""
        return names.bus_arn(self._buses[name])

    def queue_arn(self, name: str) -> str:
        """A queue, not its dead letters."""
        return names.queue_arn(names.queue_name(self._queues[name]))

    def secret_arn(self, name: str) -> str:
        """A secret, without the characters that Secrets Manager adds: here it is asked for by name."""
        return _arn("secretsmanager", f"secret:{names.secret_name(self._secrets[_SHARED.get(name, name)])}")

    def administrator_secret_arn(self) -> str:
        """Nobody has one here: PostgreSQL trusts who reaches it."""
        return _arn("secretsmanager", "secret:administrator")

    def workflow_arn(self, name: str) -> str:
        """A state machine."""
        return names.workflow_arn(self._workflows[name])

    def executions_arn(self, name: str) -> str:
        """All executions of one state machine."""
        return _arn("states", f"execution:{self._workflows[name].deployed_name(names.STAGE)}:*")

    def function_arn(self, function: Function) -> str:
        """A function."""
        return names.function_arn(function)

    def database_instance_arn(self) -> str:
        """The instance that the database would be."""
        return _arn("rds", f"db:{_DATABASE}")

    def database_login_arn(self, user: str) -> str:
        """One login of the database."""
        return _arn("rds-db", f"dbuser:{_DATABASE}/{user}")

    def embedding_model_arn(self) -> str:
        """The foundation model that embeds."""
        return f"arn:aws:bedrock:{names.REGION}::foundation-model/{EMBEDDING_MODEL}"

    def sender_arns(self) -> Sequence[str]:
        """Whoever sends: MAIL_SENDER may be set to anything here."""
        return [_arn("ses", "identity/*")]


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{names.REGION}:{names.ACCOUNT}:{resource}"
