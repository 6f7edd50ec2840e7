"""Tenants, idempotency, outbox, webhooks."""

from shared.db.migrations.runner import run_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_sql("0002_identity_up")


def downgrade() -> None:
    """Take back."""
    run_sql("0002_identity_down")
