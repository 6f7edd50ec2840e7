"""Users, sessions, teams, API keys."""

from shared.db.migrations.runner import run_sql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_sql("0007_accounts_up")


def downgrade() -> None:
    """Take back."""
    run_sql("0007_accounts_down")
