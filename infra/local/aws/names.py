"""Names and ARNs of what the catalog describes, as they are on one machine."""

from __future__ import annotations

from infra.catalog import Bucket, Bus, Function, Queue, Rule, Schedule, Secret, Workflow

STAGE = "local"
REGION = "us-east-1"
ACCOUNT = "123456789012"
ACCESS_KEY = "robo-local"


def function_arn(function: Function) -> str:
    """The ARN of a function."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function.deployed_name(STAGE)}"


def queue_name(queue: Queue) -> str:
    """The name of a queue in SQS."""
    return queue.deployed_name(STAGE)


def dead_letter_name(queue: Queue) -> str:
    """The name of the dead-letter queue of a queue in SQS."""
    return f"robo-{STAGE}-{queue.dead_letter}"


def queue_arn(name: str) -> str:
    """The ARN of the queue that SQS knows under `name`."""
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def bucket_name(bucket: Bucket) -> str:
    """The global name of a bucket."""
    return bucket.deployed_name(STAGE, ACCOUNT)


def bucket_named(name: str) -> str:
    """The global name of the bucket that the catalog calls `name`."""
    return bucket_name(Bucket(name, versioned=False))


def workflow_arn(workflow: Workflow) -> str:
    """The ARN of a state machine."""
    return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{workflow.deployed_name(STAGE)}"


def bus_arn(bus: Bus) -> str:
    """The ARN of an event bus."""
    return f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{bus.name}"


def rule_arn(rule: Rule) -> str:
    """The ARN of a rule."""
    return f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule.bus}/{rule.name}"


def schedule_arn(schedule: Schedule) -> str:
    """The ARN of a schedule."""
    return f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{schedule.name}"


def secret_name(secret: Secret) -> str:
    """The name of a secret in Secrets Manager."""
    return secret.deployed_name(STAGE)
