"""The tenant of a transaction and the protection of tables."""

from shared.db.migrations.runner import run_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_sql("0001_kernel_up")


def downgrade() -> None:
    """Take back."""
    run_sql("0001_kernel_down")
