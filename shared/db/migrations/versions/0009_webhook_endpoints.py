"""Outgoing webhooks: endpoints, events, deliveries, attempts."""

from shared.db.migrations.runner import run_sql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_sql("0009_webhook_endpoints_up")


def downgrade() -> None:
    """Take back."""
    run_sql("0009_webhook_endpoints_down")
