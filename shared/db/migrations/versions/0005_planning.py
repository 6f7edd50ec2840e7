"""Epics, stories, validations, estimates."""

from shared.db.migrations.runner import run_sql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_sql("0005_planning_up")


def downgrade() -> None:
    """Take back."""
    run_sql("0005_planning_down")
