"""Agent definitions and model calls."""

from shared.db.migrations.runner import run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_sql("0004_agents_up")


def downgrade() -> None:
    """Take back."""
    run_sql("0004_agents_down")
