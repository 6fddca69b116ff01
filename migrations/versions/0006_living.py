"""Variants, releases, schedules and notifications."""

revision = "0006_living"
down_revision = "0005_risk_of_bias"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
