"""Double entry, custom fields and plausibility."""

revision = "0004_double_entry"
down_revision = "0003_screening"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
