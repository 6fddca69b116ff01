"""Whether a run still stands on what the review holds."""

from __future__ import annotations

from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.extraction.evidence_queries import evidence
from review.living.inputs.select import select
from review.living.runs import queries
from review.living.runs.contents import RunInputs
from review.protocol.models import Review
from review.protocol.queries import plan_of, versions


def outdated(session: Session, review: Review, analysis: str | None = None) -> dict[str, int]:
    """Return the analyses whose plan or trials changed since their newest run, with its number.

    Parameters
    ----------
    session, review
        The review.
    analysis
        One of its analyses; all by default. An analysis without a run is not named.

    Notes
    -----
    What only sensitivity variants select is not looked at; `review repool` looks at that too.
    """
    newest = [
        run
        for run in queries.newest_of_each(session, review)
        if analysis in (None, run.version.analysis.slug)
    ]
    plans = {
        (slug := run.version.analysis.slug): plan_of(versions(session, review, slug)[0])
        for run in newest
    }
    names = {name for plan in plans.values() for name in plan.names}
    read = evidence(session, [review.id], names=names) if newest else ()
    items = [item for _, item in read]
    found = {}
    for run in newest:
        slug = run.version.analysis.slug
        plan = plans[slug]
        try:
            now = _primary(select(plan, items))
        except InvalidDataError:
            now = None
        if now != _primary(queries.snapshot_of(run)[0]):
            found[slug] = run.number
    return found


def _primary(inputs: RunInputs) -> str:
    return inputs.by_study.model_copy(update={"alternatives": ()}).fingerprint
