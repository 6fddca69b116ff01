"""What a stage asks of single persons: who must be among the reviewers, who is offered how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.history.kept import kept
from review.people.models import Membership, Person, identity
from review.people.rules import Deed, roles_that_may
from review.protocol.models import Review
from review.screening.models import StageScreener
from review.screening.vocabulary import Stage


class AskedScreener(NamedTuple):
    """What a stage asks of a person who may screen."""

    stage: Stage
    person: int
    """The identity of the person."""
    handle: str
    is_core: bool
    share: float | None


@kept(StageScreener, Person, Membership)
def screeners_asked(session: Session, review: Review) -> Sequence[AskedScreener]:
    """Return what stages ask of single persons; who left is asked nothing, so nothing waits."""
    rows = session.execute(
        sa.select(
            StageScreener.stage, identity, Person.handle, StageScreener.is_core,
            StageScreener.share,
        )
        .join(StageScreener.person)
        .join(Membership, Membership.person_id == identity)
        .where(
            StageScreener.review_id == review.id,
            Membership.review_id == review.id,
            Membership.role.in_(roles_that_may(Deed.SCREEN)),
        )
        .order_by(StageScreener.stage, identity)
    )  # fmt: skip
    return [AskedScreener(*row) for row in rows]


def shares(session: Session, review: Review, stage: Stage) -> dict[int, float]:
    """Return the shares of a stage by person, for `rules.interval_of`."""
    return {
        one.person: one.share
        for one in screeners_asked(session, review)
        if one.stage is stage and one.share is not None
    }


def ask_of(
    session: Session,
    review: Review,
    person: Person,
    *,
    stage: Stage,
    is_core: bool = False,
    share: float | None = None,
) -> None:
    """Say that a person must be among the reviewers of a stage, and what share they are offered.

    Raises InvalidDataError for a share that is not above 0 and up to 1.
    """
    if share is not None and not 0 < share <= 1:
        raise InvalidDataError(f"a share of the records is above 0 and up to 1, not {share:g}")
    known = session.scalar(
        sa.select(StageScreener).where(
            StageScreener.review_id == review.id,
            StageScreener.stage == stage,
            StageScreener.person_id == person.id,
        )
    )
    if known is None:
        known = StageScreener(
            review_id=review.id, stage=stage, person_id=person.id, is_core=is_core, share=share
        )
        session.add(known)
    known.is_core, known.share = is_core, None if share == 1 else share
    session.flush()
