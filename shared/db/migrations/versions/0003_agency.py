"""Leads, projects, runs, assets."""

from shared.db.migrations.runner import run_sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_sql("0003_agency_up")


def downgrade() -> None:
    """Take back."""
    run_sql("0003_agency_down")
