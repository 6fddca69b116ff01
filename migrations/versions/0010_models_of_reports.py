"""What a report's model did: F's degrees of freedom, sides of p, SD after adjustment, R².

Effects of adjusted differences and of cluster trials analysed as such are computed by other
formulas from now on, so the next job looks at every analysis again and not only at changed ones.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010_models_of_reports"
down_revision = "0009_signs"

COLUMNS = (
    ("df1", sa.Integer(), "df1 >= 1"),
    ("p_sides", sa.Integer(), "p_sides >= 1 AND p_sides <= 2"),
    ("residual_sd", sa.Double(), "residual_sd >= 0"),
    ("r_squared", sa.Double(), "r_squared >= 0 AND r_squared < 1"),
)


def upgrade() -> None:
    """Add the columns with their rules, and let the next job look at everything."""
    dialect = op.get_bind().dialect
    for name, kind, rule in COLUMNS:
        op.execute(
            f"ALTER TABLE result ADD COLUMN {name} {kind.compile(dialect=dialect)} "
            f"CONSTRAINT ck_result_{name} CHECK ({rule})"
        )
    op.execute("UPDATE job SET watermark = NULL WHERE watermark IS NOT NULL")


def downgrade() -> None:
    """Take the columns away again."""
    for name, _, _ in reversed(COLUMNS):
        op.execute(f"ALTER TABLE result DROP COLUMN {name}")
