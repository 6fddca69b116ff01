"""Two instruments that are one: the results of the one move to the other."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import InvalidDataError, Remedy
from review.extraction import queries
from review.extraction.appraisal.models import AppraisalRow
from review.extraction.mending.absorbing import absorb_results, absorb_values
from review.extraction.mending.acts import (
    Becoming,
    Mended,
    keep_step,
    needs_reason,
    plans_naming,
    which_counts,
)
from review.extraction.mending.unseen import nothing_unseen
from review.protocol.models import Instrument, Review
from review.protocol.queries import instrument_called
from review.wording import counted


def merge_instruments(
    session: Session,
    review: Review,
    *,
    goes: str,
    stays: str,
    reason: str,
    person: str,
    keep: str | None = None,
) -> Mended:
    """Merge an instrument that was defined under two names; raise as `merge_studies`."""
    why = needs_reason(reason)
    gone = instrument_called(session, review, goes)
    kept = instrument_called(session, review, stays)
    if gone is kept:
        raise InvalidDataError(f"{stays} is one instrument already")
    _same_scale(gone, kept)
    nothing_unseen(session, queries.studies(session, review), person)
    planned = plans_naming(session, review, goes)
    if planned:
        raise InvalidDataError(
            f"the plan of {', '.join(planned)} selects {goes}, and would find nothing; revise it "
            f"first so that it names {stays}",
            remedy=Remedy("revise it with", "review analysis revise"),
        )
    judged = session.scalar(
        sa.select(sa.func.count(AppraisalRow.id)).where(AppraisalRow.instrument_id == gone.id)
    )
    if judged:
        raise InvalidDataError(
            f"{counted(judged, 'judgement')} of risk of bias are about {goes} and sealed; merge "
            f"the other way round, {stays} into {goes}, and rename it then"
        )
    becoming = Becoming(stays, goes, which_counts(keep, stays=stays, goes=goes))
    becoming.facts(f"instrument {stays}", kept, gone, ("lowest", "highest", "step"))
    ids = [study.id for study in queries.studies(session, review)]
    every = list(queries.results(session, queries.entries(session, ids)))
    mine = [r for r in every if gone.id in (r.instrument_id, r.with_instrument_id)]
    moves = {
        r.id: {
            name: kept.id if getattr(r, name) == gone.id else getattr(r, name)
            for name in ("instrument_id", "with_instrument_id")
        }
        for r in mine
    }
    others = [r for r in every if r not in mine]
    held = absorb_results(session, mine, others, moves, becoming, why)
    absorb_values(session, {}, {}, held, becoming, why)
    becoming.settle()
    gone.withdrawn_because = f"merged into {stays}: {why}"
    details = (f"moved to {stays}: {counted(len(mine), 'result')}", *becoming.details)
    return keep_step(
        session,
        "merge",
        entity="instrument",
        entity_id=kept.id,
        mended=Mended(f"instrument {goes} was merged into {stays}", details),
    )


def _same_scale(gone: Instrument, kept: Instrument) -> None:
    if gone.outcome_id != kept.outcome_id:
        raise InvalidDataError(
            f"{gone.slug} measures {gone.outcome.slug} and {kept.slug} {kept.outcome.slug}; change "
            "the outcome of one first",
            remedy=Remedy("for instance with", f"review instrument edit {gone.slug} --outcome …"),
        )
    ways = {gone.higher_is_better, kept.higher_is_better}
    if len(ways - {None}) == 2:
        raise InvalidDataError(
            f"{gone.slug} and {kept.slug} differ in which way is better; numbers of one would be "
            "turned. Correct the wrong one first",
            remedy=Remedy("correct it with", f"review instrument edit {gone.slug} …"),
        )
    if kept.higher_is_better is None:
        kept.higher_is_better = gone.higher_is_better
