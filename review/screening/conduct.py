"""How a review is screened: reasons, reviewers a stage, pilot rounds, who leaves.

Nothing here commits.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import AlreadyExistsError, InvalidDataError, NotFoundError, Remedy
from review.protocol.models import Review
from review.screening import queries
from review.screening.models import ExclusionReason, Pilot, PreviousVersion, StageSetting
from review.screening.vocabulary import Stage


def add_reason(session: Session, review: Review, label: str) -> ExclusionReason:
    """Add a reason for exclusion at the end of the list; raise AlreadyExistsError."""
    label = " ".join(label.split())
    if not label:
        raise InvalidDataError("an exclusion reason needs words")
    if label.isdecimal():
        raise InvalidDataError("an exclusion reason needs words; a number names its place")
    known = queries.reasons(session, review)
    if label.casefold() in {reason.label.casefold() for reason in known}:
        raise AlreadyExistsError(f"review {review.slug} already has the reason {label!r}")
    reason = ExclusionReason(review_id=review.id, place=len(known) + 1, label=label)
    session.add(reason)
    session.flush()
    return reason


def set_stage(
    session: Session, review: Review, stage: Stage, *, required: int, blind: bool
) -> None:
    """Say how many reviewers a stage needs, and whether they are blind to one another."""
    if not 1 <= required <= 20:
        raise InvalidDataError(f"a stage needs 1 to 20 reviewers, not {required}")
    setting = session.scalar(
        sa.select(StageSetting).where(
            StageSetting.review_id == review.id, StageSetting.stage == stage
        )
    )
    if setting is None:
        setting = StageSetting(review_id=review.id, stage=stage, required=required, blind=blind)
        session.add(setting)
    setting.required, setting.blind = required, blind
    session.flush()


def open_pilot(
    session: Session,
    review: Review,
    *,
    stage: Stage,
    size: int,
    reviewers: int,
    seed: int,
    now: datetime,
) -> Pilot:
    """Draw a pilot round of untouched records that `reviewers` people screen before all others.

    Raises InvalidDataError while another round of the stage is open, or for too few records.
    """
    earlier = [pilot for pilot in queries.pilots(session, review) if pilot.stage is stage]
    if any(pilot.closed_at is None for pilot in earlier):
        raise InvalidDataError(
            f"a pilot round of {stage.value} is open",
            remedy=Remedy("close it with", "review screen pilot close"),
        )
    if not 2 <= reviewers <= 20:
        raise InvalidDataError(f"a pilot round needs 2 to 20 reviewers, not {reviewers}")
    ledger = queries.ledger(session, review)
    untouched = [r for r in ledger.to_judge(stage) if not ledger.cast(stage, r)]
    if not 1 <= size <= len(untouched):
        raise InvalidDataError(
            f"a pilot round of {size} records cannot be drawn from {len(untouched)} untouched ones"
        )
    import numpy as np  # its generator draws the same round again from the seed

    drawn = np.random.default_rng(seed).choice(untouched, size=size, replace=False)
    pilot = Pilot(
        review_id=review.id,
        stage=stage,
        number=len(earlier) + 1,
        reviewers=reviewers,
        seed=seed,
        record_ids=sorted(int(record) for record in drawn),
        opened_at=now,
    )
    session.add(pilot)
    session.flush()
    return pilot


def close_pilot(session: Session, review: Review, *, stage: Stage, now: datetime) -> Pilot:
    """Close the open pilot round of a stage; its decisions stay and count. Raises NotFoundError."""
    for pilot in queries.pilots(session, review):
        if pilot.stage is stage and pilot.closed_at is None:
            pilot.closed_at = now
            session.flush()
            return pilot
    raise NotFoundError(f"no pilot round of {stage.value.replace('_', ' ')} is open")


def note_previous_version(
    session: Session, review: Review, *, citation: str, studies: int, reports: int, now: datetime
) -> PreviousVersion:
    """State what a previous version, whose screening is not in this ledger, had included."""
    if studies < 0 or reports < studies:
        raise InvalidDataError("each study of a previous version has one report at least")
    stated = PreviousVersion(
        review_id=review.id, citation=citation, studies=studies, reports=reports, noted_at=now
    )
    session.add(stated)
    session.flush()
    return stated
