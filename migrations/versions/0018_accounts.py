"""Accounts, sessions, tokens, invitations and tasks; the owner of a review is its lead.

Events say from now on in which role and by which request something was changed; the hashes of older
events, which do not say it, stay as they are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018_accounts"
down_revision = "0017_flow_from_places"

LATER = ("reviewer", "adjudicator", "statistician", "viewer")


def one_of(column: str, *names: str) -> str:
    """Return the condition of a closed list."""
    listed = ", ".join(f"'{name}'" for name in names)
    return f"{column} IN ({listed})"


def rename_role(before: str, after: str) -> None:
    """Call a role something else; the list of roles is closed, so it is opened for it."""
    with op.batch_alter_table("membership") as table:
        table.drop_constraint(op.f("ck_membership_role"), type_="check")
    op.execute(f"UPDATE membership SET role = '{after}' WHERE role = '{before}'")
    with op.batch_alter_table("membership") as table:
        table.create_check_constraint(op.f("ck_membership_role"), one_of("role", after, *LATER))


def key(table: str, column: str, target: str = "person") -> sa.ForeignKeyConstraint:
    """Return a foreign key to the id of a table."""
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=f"fk_{table}_{column}", ondelete="RESTRICT"
    )


def upgrade() -> None:
    rename_role("owner", "lead")
    op.add_column("person", sa.Column("display_name", sa.Text(), nullable=True))
    op.add_column("person", sa.Column("orcid", sa.String(19), nullable=True))
    op.add_column("person", sa.Column("disabled_because", sa.Text(), nullable=True))
    op.add_column("event", sa.Column("role", sa.Text(), nullable=True))
    op.add_column("event", sa.Column("request", sa.Text(), nullable=True))
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(40), nullable=True),
        sa.Column("for_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.String(27), nullable=False),
        sa.Column("ends_at", sa.String(27), nullable=False),
        sa.Column("used_at", sa.String(27), nullable=True),
        sa.Column("used_by_id", sa.Integer(), nullable=True),
        sa.Column("withdrawn_at", sa.String(27), nullable=True),
        sa.CheckConstraint(
            "(review_id IS NULL) = (role IS NULL) AND (review_id IS NULL) <> (for_id IS NULL)",
            name=op.f("ck_invitation_to_a_review_or_for_a_person"),
        ),
        sa.CheckConstraint(one_of("role", "lead", *LATER), name=op.f("ck_invitation_role")),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("secret_hash", name="uq_invitation_secret_hash"),
        key("invitation", "review_id", "review"),
        key("invitation", "for_id"),
        key("invitation", "used_by_id"),
    )
    op.create_index("ix_invitation_review_id", "invitation", ["review_id"])
    op.create_table(
        "credential",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.String(27), nullable=False),
        sa.Column("code_secret", sa.String(64), nullable=True),
        sa.Column("code_since", sa.String(27), nullable=True),
        sa.Column("code_step", sa.Integer(), nullable=True),
        sa.Column("spare_codes", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("person_id", name="pk_credential"),
        key("credential", "person_id"),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("form_token", sa.String(64), nullable=False),
        sa.Column("made_at", sa.String(27), nullable=False),
        sa.Column("seen_at", sa.String(27), nullable=False),
        sa.Column("ends_at", sa.String(27), nullable=False),
        sa.Column("idle_seconds", sa.Integer(), nullable=True),
        sa.Column("waits_for_code", sa.Boolean(), nullable=False),
        sa.Column("renew", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.String(27), nullable=True),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in"),
        sa.UniqueConstraint("secret_hash", name="uq_sign_in_secret_hash"),
        key("sign_in", "person_id"),
    )
    op.create_index("ix_sign_in_person_id", "sign_in", ["person_id"])
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.String(40), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("made_at", sa.String(27), nullable=False),
        sa.Column("ends_at", sa.String(27), nullable=True),
        sa.Column("seen_at", sa.String(27), nullable=True),
        sa.Column("ended_at", sa.String(27), nullable=True),
        sa.CheckConstraint(one_of("scope", "read", "write"), name=op.f("ck_api_token_scope")),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
        sa.UniqueConstraint("secret_hash", name="uq_api_token_secret_hash"),
        key("api_token", "person_id"),
    )
    op.create_index("ix_api_token_person_id", "api_token", ["person_id"])
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_attempt"),
    )
    op.create_index("ix_sign_in_attempt_subject", "sign_in_attempt", ["subject", "at"])
    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.String(27), nullable=False),
        sa.Column("started_at", sa.String(27), nullable=True),
        sa.Column("seen_at", sa.String(27), nullable=True),
        sa.Column("finished_at", sa.String(27), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("goes_at", sa.String(27), nullable=True),
        sa.CheckConstraint(
            one_of("outcome", "done", "failed", "stopped"), name=op.f("ck_task_outcome")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
        key("task", "review_id", "review"),
        key("task", "person_id"),
    )
    op.create_index("ix_task_review_id", "task", ["review_id"])


def downgrade() -> None:
    for table in ("task", "sign_in_attempt", "api_token", "sign_in", "credential", "invitation"):
        op.drop_table(table)
    told = "SELECT count(*) FROM event WHERE role IS NOT NULL OR request IS NOT NULL"
    if op.get_bind().exec_driver_sql(told).scalar_one():
        raise RuntimeError("events say a role, which software of that version could not verify")
    for column in ("request", "role"):
        op.drop_column("event", column)
    for column in ("disabled_because", "orcid", "display_name"):
        op.drop_column("person", column)
    rename_role("lead", "owner")
