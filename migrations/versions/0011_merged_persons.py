"""One person known by two names; SQLite copies the table, for it adds no named foreign key."""

import sqlalchemy as sa
from alembic import op

revision = "0011_merged_persons"
down_revision = "0010_models_of_reports"


def upgrade() -> None:
    with op.batch_alter_table("person") as person:
        person.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        person.create_foreign_key(
            "fk_person_merged_into_id", "person", ["merged_into_id"], ["id"], ondelete="RESTRICT"
        )
        person.create_check_constraint("merged", "merged_into_id <> id")


def downgrade() -> None:
    with op.batch_alter_table("person") as person:
        person.drop_constraint(op.f("ck_person_merged"), type_="check")
        person.drop_constraint("fk_person_merged_into_id", type_="foreignkey")
        person.drop_column("merged_into_id")
