"""Searches, batches, records, rejects and duplicates."""

import sqlalchemy as sa
from alembic import op
from idioms import choice, forbid_changes, forget_frozen, refers

revision = "0002_citations"
down_revision = "0001_foundation"

FROZEN = ("batch", "record", "reject", "dedupe_run", "duplicate_pair", "duplicate_decision")
"""Tables whose rows are written once."""


def upgrade() -> None:
    op.create_table(
        "search",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            choice(
                "sourcekind",
                "database",
                "register",
                "website",
                "organisation",
                "citation_searching",
                "other",
            ),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=True),
        sa.Column("database", sa.Text(), nullable=True),
        sa.Column("strategy", sa.Text(), nullable=True),
        sa.Column("ran_on", sa.String(10), nullable=False),
        sa.Column("limits", sa.Text(), nullable=True),
        sa.Column("hits", sa.Integer(), nullable=True),
        sa.Column("searched_by", sa.Text(), nullable=False),
        sa.CheckConstraint("hits >= 0", name="hits"),
        refers("search", "review_id", "review"),
        sa.PrimaryKeyConstraint("id", name="pk_search"),
    )
    op.create_index("ix_search_review_id", "search", ["review_id"], unique=False)
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("search_id", sa.Integer(), nullable=True),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column(
            "format",
            choice(
                "format",
                "ris",
                "nbib",
                "pubmed_xml",
                "endnote_xml",
                "refer",
                "refworks",
                "ciw",
                "bibtex",
                "csl_json",
                "csv",
            ),
            nullable=False,
        ),
        sa.Column("encoding", sa.Text(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.String(27), nullable=False),
        sa.CheckConstraint("read = stored + rejected", name="closes"),
        sa.CheckConstraint("stored > 0 AND rejected >= 0", name="counts"),
        refers("batch", "review_id", "review"),
        refers("batch", "search_id", "search"),
        sa.PrimaryKeyConstraint("id", name="pk_batch"),
        sa.UniqueConstraint("review_id", "sha256", name="uq_batch_review_id_sha256"),
    )
    op.create_index("ix_batch_search_id", "batch", ["search_id"], unique=False)
    op.create_table(
        "record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("abstract", sa.Text(), nullable=True),
        sa.Column("authors", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("journal", sa.Text(), nullable=True),
        sa.Column("volume", sa.Text(), nullable=True),
        sa.Column("issue", sa.Text(), nullable=True),
        sa.Column("pages", sa.Text(), nullable=True),
        sa.Column("doi", sa.Text(), nullable=True),
        sa.Column("pmid", sa.Text(), nullable=True),
        sa.Column("accession", sa.Text(), nullable=True),
        sa.Column("issn", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("keywords", sa.Text(), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.CheckConstraint("year BETWEEN 1000 AND 2999", name="year"),
        sa.CheckConstraint("position >= 1", name="position"),
        refers("record", "review_id", "review"),
        refers("record", "batch_id", "batch"),
        sa.PrimaryKeyConstraint("id", name="pk_record"),
        sa.UniqueConstraint("batch_id", "position", name="uq_record_batch_id_position"),
    )
    op.create_index("ix_record_review_id", "record", ["review_id"], unique=False)
    op.create_table(
        "reject",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        refers("reject", "batch_id", "batch"),
        sa.PrimaryKeyConstraint("id", name="pk_reject"),
        sa.UniqueConstraint("batch_id", "position", name="uq_reject_batch_id_position"),
    )
    op.create_table(
        "dedupe_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("compared_from", sa.Integer(), nullable=False),
        sa.Column("compared_to", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("ran_at", sa.String(27), nullable=False),
        sa.CheckConstraint("compared_to >= compared_from", name="compared"),
        refers("dedupe_run", "review_id", "review"),
        sa.PrimaryKeyConstraint("id", name="pk_dedupe_run"),
    )
    op.create_index("ix_dedupe_run_review_id", "dedupe_run", ["review_id"], unique=False)
    op.create_table(
        "duplicate_pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("earlier_id", sa.Integer(), nullable=False),
        sa.Column("later_id", sa.Integer(), nullable=False),
        sa.Column("band", choice("band", "certain", "possible", "manual"), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.CheckConstraint("earlier_id < later_id", name="order"),
        sa.CheckConstraint("score >= 0 AND score <= 1", name="score"),
        refers("duplicate_pair", "review_id", "review"),
        refers("duplicate_pair", "run_id", "dedupe_run"),
        refers("duplicate_pair", "earlier_id", "record"),
        refers("duplicate_pair", "later_id", "record"),
        sa.PrimaryKeyConstraint("id", name="pk_duplicate_pair"),
        sa.UniqueConstraint("earlier_id", "later_id", name="uq_duplicate_pair_earlier_id_later_id"),
    )
    op.create_index("ix_duplicate_pair_review_id", "duplicate_pair", ["review_id"], unique=False)
    op.create_index("ix_duplicate_pair_run_id", "duplicate_pair", ["run_id"], unique=False)
    op.create_index("ix_duplicate_pair_later_id", "duplicate_pair", ["later_id"], unique=False)
    op.create_table(
        "duplicate_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pair_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "verdict", choice("verdict", "duplicate", "different", "undecided"), nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.String(27), nullable=False),
        refers("duplicate_decision", "pair_id", "duplicate_pair"),
        refers("duplicate_decision", "person_id", "person"),
        sa.PrimaryKeyConstraint("id", name="pk_duplicate_decision"),
    )
    op.create_index(
        "ix_duplicate_decision_pair_id", "duplicate_decision", ["pair_id"], unique=False
    )
    forbid_changes(*FROZEN)


def downgrade() -> None:
    for table in ("duplicate_decision", "duplicate_pair", "dedupe_run", "reject", "record"):
        op.drop_table(table)
    op.drop_table("batch")
    op.drop_table("search")
    forget_frozen(*FROZEN)
