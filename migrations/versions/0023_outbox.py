"""Messages are kept until they arrive: what they say, how often they were tried, when next."""

import sqlalchemy as sa
from alembic import op

revision = "0023_outbox"
down_revision = "0022_drafts"

COLUMNS = {
    "message": sa.Column("message", sa.Text(), nullable=True),
    "attempts": sa.Column("attempts", sa.Integer(), nullable=False, server_default="1"),
    "next_at": sa.Column("next_at", sa.String(27), nullable=True),
    "sent_at": sa.Column("sent_at", sa.String(27), nullable=True),
}


def upgrade() -> None:
    for column in COLUMNS.values():
        op.add_column("notification", column)
    op.execute("UPDATE notification SET sent_at = at WHERE problem IS NULL")


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("notification", name)
