"""The multiverse of an analysis, worked out once for a run and kept."""

from __future__ import annotations

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from review.db import Database
from review.extraction.evidence_queries import evidence_for
from review.living.estimates.multiverse import Multiverse, multiverse
from review.living.runs import kept
from review.living.runs.queries import run_numbered
from review.protocol.queries import review_called

WHAT = "multiverse"

_ADAPTER = TypeAdapter(Multiverse)


def multiverse_kept(session: Session, run_id: int) -> Multiverse | None:
    """Return the multiverse that was worked out while a run was the newest; None where none was."""
    found = kept.contents(session, [run_id], WHAT).get(run_id)
    return None if found is None else _ADAPTER.validate_json(found)


def work_out_multiverse(database: Database, review: str, analysis: str) -> Multiverse:
    """Return the multiverse of an analysis' newest run, and keep it where nobody had.

    It is of the data as they are; a run that is out of date is not the one that it is kept with.
    """
    with database.reading() as session:
        of = review_called(session, review)
        run_id = run_numbered(session, of, analysis, None).id
        known = multiverse_kept(session, run_id)
        if known is not None:
            return known
        plan, evidence = evidence_for(session, of, analysis)
    found = multiverse(plan, evidence)
    with database.transaction() as session:
        kept.keep(session, WHAT, {run_id: _ADAPTER.dump_python(found, mode="json")})
    return found
