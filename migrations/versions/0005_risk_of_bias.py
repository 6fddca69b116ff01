"""Risk of bias and certainty of evidence."""

revision = "0005_risk_of_bias"
down_revision = "0004_double_entry"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
