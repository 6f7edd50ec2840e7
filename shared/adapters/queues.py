"""Messages that come too early: back into their queue, hidden until they are due."""

from __future__ import annotations

from typing import Any, Protocol

from shared.adapters.aws_errors import translated


class Queues(Protocol):
    """The queues that a function's messages come from."""

    def hide(self, record: dict[str, Any], seconds: int) -> None:
        """Have a message that Lambda was given come again after `seconds`; its function must report it as failed.

        Raises DependencyUnavailable, AppError.
        """
        ...


class SqsQueues:
    """Amazon SQS. client: boto3's `sqs`."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._urls: dict[str, str] = {}

    def hide(self, record: dict[str, Any], seconds: int) -> None:
        """Set the visibility timeout of a message. Raises DependencyUnavailable, AppError."""
        with translated("SQS"):
            self._client.change_message_visibility(
                QueueUrl=self._url(record["eventSourceARN"]),
                ReceiptHandle=record["receiptHandle"],
                VisibilityTimeout=seconds,
            )

    def _url(self, arn: str) -> str:
        if arn not in self._urls:
            account, name = arn.split(":")[-2:]
            answer = self._client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
            self._urls[arn] = str(answer["QueueUrl"])
        return self._urls[arn]


class FakeQueues:
    """Queues that remember which message was hidden for how long, by its id."""

    def __init__(self) -> None:
        self.hidden: list[tuple[str, int]] = []

    def hide(self, record: dict[str, Any], seconds: int) -> None:
        """Remember."""
        self.hidden.append((record["messageId"], seconds))
