"""Documents that people upload, what is known of each passage, and a quarantine."""

from shared.db.migrations.runner import run_sql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_sql("0010_documents_up")


def downgrade() -> None:
    """Take back."""
    run_sql("0010_documents_down")
