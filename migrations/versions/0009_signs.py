"""What a positive estimate means, and how the signs of a release were read."""

import sqlalchemy as sa
from alembic import op

revision = "0009_signs"
down_revision = "0008_withdrawal"

RULE = "CONSTRAINT ck_result_positive CHECK (positive IN ('higher', 'better'))"


def upgrade() -> None:
    op.execute(f"ALTER TABLE result ADD COLUMN positive VARCHAR(40) {RULE}")
    op.add_column("imported_release", sa.Column("reading", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("imported_release", "reading")
    op.execute("ALTER TABLE result DROP COLUMN positive")
