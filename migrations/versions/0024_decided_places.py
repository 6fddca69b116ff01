"""How many records a person decided is counted in the index of queues alone."""

from alembic import op

revision = "0024_decided_places"
down_revision = "0023_outbox"

QUEUE = ["review_id", "stage", "turn", "position", "record_id", "deciders"]


def upgrade() -> None:
    op.drop_index("ix_place_queue", "place")
    op.create_index("ix_place_queue", "place", [*QUEUE, "judged"])


def downgrade() -> None:
    op.drop_index("ix_place_queue", "place")
    op.create_index("ix_place_queue", "place", QUEUE)
