"""Generated projects, campaigns, indexed documents."""

from shared.db.migrations.runner import run_sql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_sql("0006_studio_marketing_knowledge_up")


def downgrade() -> None:
    """Take back."""
    run_sql("0006_studio_marketing_knowledge_down")
