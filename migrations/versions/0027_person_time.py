"""Events in person-time: the years at risk of an arm, in which a person may have several events."""

import sqlalchemy as sa
from alembic import op
from idioms import copied, is_sqlite

revision = "0027_person_time"
down_revision = "0026_added_abstracts"

OF_PERSONS = "events >= 0 AND events <= n"
OF_TIME = "events >= 0 AND (events <= n OR person_years IS NOT NULL)"


def limit(old: str, new: str) -> None:
    """Put one rule of events in the place of another."""
    if is_sqlite():
        passage = old.replace("(", r"\(").replace(")", r"\)")
        copied("result", rf"CHECK \({passage}\)", f"CHECK ({new})")
        return
    op.execute("ALTER TABLE result DROP CONSTRAINT ck_result_events")
    op.execute(f"ALTER TABLE result ADD CONSTRAINT ck_result_events CHECK ({new})")


def upgrade() -> None:
    """Add the column, beside which events may be more than persons."""
    kind = sa.Double().compile(dialect=op.get_bind().dialect)
    op.execute(
        f"ALTER TABLE result ADD COLUMN person_years {kind} "
        "CONSTRAINT ck_result_person_years CHECK (person_years > 0)"
    )
    limit(OF_PERSONS, OF_TIME)


def downgrade() -> None:
    """Take the column away again; refused by the database where events are more than persons."""
    limit(OF_TIME, OF_PERSONS)
    op.execute("ALTER TABLE result DROP COLUMN person_years")
