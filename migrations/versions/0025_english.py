"""A review chooses its English once: the spelling of what is printed."""

import sqlalchemy as sa
from alembic import op

revision = "0025_english"
down_revision = "0024_decided_places"


def upgrade() -> None:
    op.add_column("review", sa.Column("english", sa.String(40), nullable=True))


def downgrade() -> None:
    op.drop_column("review", "english")
