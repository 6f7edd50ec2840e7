"""Queues, buses, rules, schedules and secrets."""

from infra.catalog.documents import UPLOAD_QUEUES, UPLOAD_RULES, UPLOAD_SCHEDULES
from infra.catalog.model import Bus, Queue, Rule, Schedule, Secret
from infra.catalog.operations import WATCHING
from shared import periods

BUSES = (Bus("agent-analytics", archive_days=periods.BUS_ARCHIVE.active.days),)

QUEUES = (
    Queue("high", "agency.control_execution", 180, 5, 10, 5),
    Queue("default", "agency.control_execution", 180, 5, 10, 10),
    Queue("low", "agency.control_execution", 180, 5, 10, 2),
    Queue("webhooks", "identity.deliver_webhook", 180, 8, 1, 5),
    Queue("deliveries", "identity.record_delivery", 180, 8, 10, 2),
    Queue("mails", "identity.send_mail", 180, 8, 1, 5),
    Queue("resets", "identity.prepare_reset", 180, 8, 1, 2),
    Queue("indexing", "knowledge.index_kit", 720, 5, 1, 2),
    *UPLOAD_QUEUES,
)

RULES = (
    Rule("steer-runs", "agent-analytics", ("run_cancelled", "run_approved"), "high"),
    Rule("start-urgent-runs", "agent-analytics", ("run_requested",), "high", ("high",)),
    Rule("start-runs", "agent-analytics", ("run_requested",), "default", ("default",)),
    Rule("start-patient-runs", "agent-analytics", ("run_requested",), "low", ("low",)),
    Rule("send-webhooks", "agent-analytics", ("webhook_requested",), "webhooks"),
    Rule("record-webhooks", "agent-analytics", ("webhook_attempted",), "deliveries"),
    Rule("send-mails", "agent-analytics", ("mail_requested",), "mails"),
    Rule("prepare-resets", "agent-analytics", ("password_reset_requested",), "resets"),
    Rule("index-kits", "agent-analytics", ("kit_completed",), "indexing"),
    *UPLOAD_RULES,
)

SCHEDULES = (
    Schedule("relay-outbox", 1, "identity.relay_outbox"),
    Schedule("revive-stalled-work", 1, "agency.revive_stalled_work"),
    Schedule("request-due-webhooks", 1, "identity.request_due_webhooks"),
    Schedule("sweep-expired", 60, "identity.sweep_expired"),
    Schedule("verify-audit-log", 24 * 60, "identity.verify_audit_log"),
    Schedule("maintain-partitions", 24 * 60, "stewardship.maintain_partitions"),
    *UPLOAD_SCHEDULES,
    *WATCHING,
)

SECRETS = (
    Secret("capability-key", True, "signs the tokens that intake returns for a run"),
    Secret("token-key", True, "signs access and refresh tokens"),
    Secret(
        "mail-key", True, "signs the tokens that leave by mail: invitations, confirmations, new passwords"
    ),
    Secret("bootstrap-key", True, "lets whoever knows it make the first administrator"),
    Secret("webhook-key", True, "what the secrets of webhook endpoints are derived from"),
    Secret("model-key", False, "the key of the Claude API"),
    Secret("vectors-key", True, "the API key of the vector engine"),
    Secret("vectors-read-key", True, "the API key of the vector engine that changes nothing"),
    # Written by the engine's host at its first boot: what it holds is public, and changes with the host.
    Secret(
        "vectors-certificate",
        False,
        "the certificate that the vector engine shows",
        writer="the vector engine's host",
    ),
)
