"""The audit log."""

from shared.db.migrations.runner import run_sql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_sql("0008_audit_log_up")


def downgrade() -> None:
    """Take back."""
    run_sql("0008_audit_log_down")
