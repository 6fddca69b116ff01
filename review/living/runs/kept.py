"""Reading and writing what was worked out of a run once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import __version__
from review.db import in_parts
from review.living.runs.models import Kept

ENGINE: Final = __version__
"""What another version kept is worked out again."""


def contents(session: Session, run_ids: Sequence[int], what: str) -> dict[int, str]:
    """Return what this version of the software keeps of some runs, as JSON, by run."""
    found: dict[int, str] = {}
    for some in in_parts(run_ids):
        rows = session.execute(
            sa.select(Kept.run_id, sa.type_coerce(Kept.content, sa.Text)).where(
                Kept.run_id.in_(some), Kept.what == what, Kept.engine == ENGINE
            )
        )
        found.update((run_id, content) for run_id, content in rows)
    return found


def keep(session: Session, what: str, found: Mapping[int, object]) -> None:
    """Keep what was worked out of some runs, instead of what an older version had."""
    for some in in_parts(list(found)):
        session.execute(sa.delete(Kept).where(Kept.run_id.in_(some), Kept.what == what))
    rows = [
        {"run_id": run_id, "what": what, "engine": ENGINE, "content": content}
        for run_id, content in found.items()
    ]
    if rows:
        session.execute(sa.insert(Kept), rows)
