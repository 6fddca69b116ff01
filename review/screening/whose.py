"""Whose queue it is, and what is asked of places for it; put together once for each person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.db import UtcDateTime
from review.history.withdrawal import prepared
from review.protocol.models import Review
from review.screening import queries
from review.screening.models import Hold, Place
from review.screening.places import BEGUN, UNTOUCHED
from review.screening.rules import CIRCLE, SCATTER, interval_of
from review.screening.screeners import screeners_asked
from review.screening.vocabulary import Stage

NOBODY: Final = -1

_QUEUES: Final = 500
"""Questions that are kept: some of each person at work."""


def undecided(review: int, stage: Stage, person: int | None) -> Sequence[sa.ColumnElement[bool]]:
    """Return the conditions of a place that a person has not decided on."""
    here = (Place.review_id == review, Place.stage == stage)
    return here if person is None else (*here, Place.deciders.not_like(f"%,{person},%"))


def _core_decided(core: frozenset[int]) -> sa.ColumnElement[bool]:
    return sa.or_(*(Place.deciders.like(f"%,{one},%") for one in sorted(core)))


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose queue it is: what a stage asks of a person, and of those who must be among them."""

    person: int | None
    core: frozenset[int]
    offered: tuple[int, int]
    """As `rules.interval_of` gives it."""
    in_pilot: bool
    """Whether a pilot round is open, which comes before all else."""

    def may_decide(self) -> Sequence[sa.ColumnElement[bool]]:
        """Conditions of a place whose last decision is not kept from the person."""
        if not self.core or self.person in self.core:
            return ()
        return (sa.or_(Place.missing > 1, _core_decided(self.core)),)

    def in_share(self) -> Sequence[sa.ColumnElement[bool]]:
        """Conditions of a place that is in the person's share of the records."""
        begins, places = self.offered
        if places >= CIRCLE:
            return ()
        place = (sa.cast(Place.record_id, sa.BigInteger) * SCATTER) % CIRCLE
        return ((place - begins + CIRCLE) % CIRCLE < places,)

    def not_held(self) -> Sequence[sa.ColumnElement[bool]]:
        """Conditions of a place that not as many others read as it still wants decisions of."""
        mine = NOBODY if self.person is None else self.person
        at = sa.bindparam("at", type_=UtcDateTime())

        def others(*more: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
            return (
                sa.select(sa.func.count())
                .where(
                    Hold.record_id == Place.record_id,
                    Hold.stage == Place.stage,
                    Hold.until > at,
                    Hold.person_id != mine,
                    *more,
                )
                .correlate(Place)
                .scalar_subquery()
            )

        conditions: list[sa.ColumnElement[bool]] = [Place.missing > others()]
        if self.core and self.person not in self.core:
            rest = others(Hold.person_id.not_in(sorted(self.core)))
            conditions.append(sa.or_(Place.missing - 1 > rest, _core_decided(self.core)))
        return conditions


def whose_queue(session: Session, review: Review, stage: Stage, person: int | None) -> Whose:
    """Return what a stage asks of a person, to be asked once for all that is read of a queue."""
    asked = [one for one in screeners_asked(session, review) if one.stage is stage]
    rounds = queries.pilot_rounds(session, review)
    return Whose(
        person,
        frozenset(one.person for one in asked if one.is_core),
        interval_of({one.person: one.share for one in asked if one.share is not None}, person),
        any(one.stage is stage and one.is_open for one in rounds),
    )


@lru_cache(_QUEUES)
def wanted_asked(
    review: int, stage: Stage, whose: Whose, *, held: bool, in_share: bool, piloted: bool,
    limited: bool,
) -> sa.Select[int]:  # fmt: skip
    """Ask for the records that want a person next, in order; `limit` of them, not held `at` a time.

    Of a pilot round only where it is `piloted`.
    """
    asked = sa.select(Place.record_id).where(
        *undecided(review, stage, whose.person),
        *whose.may_decide(),
        *(whose.in_share() if in_share else ()),
        *(whose.not_held() if held else ()),
        Place.turn >= BEGUN,
        *([Place.piloted] if piloted else []),
    )
    asked = asked.order_by(Place.turn, Place.position, Place.record_id)
    return prepared(asked.limit(sa.bindparam("limit", type_=sa.Integer)) if limited else asked)


@lru_cache(_QUEUES)
def counted_asked(
    review: int, stage: Stage, whose: Whose, *, in_share: bool
) -> sa.Select[*tuple[Any, ...]]:
    """Ask how many places want a person, and of an open pilot, and how many they decided on."""
    wants = (
        sa.select(sa.func.count())
        .select_from(Place)
        .where(
            *undecided(review, stage, whose.person),
            *whose.may_decide(),
            *(whose.in_share() if in_share else ()),
            Place.turn.in_((BEGUN, UNTOUCHED)),
        )
    )
    decided = (
        sa.select(sa.func.count())
        .select_from(Place)
        .where(
            Place.review_id == review,
            Place.stage == stage,
            Place.judged,
            Place.deciders.like(f"%,{whose.person},%"),
        )
    )
    asked = [wants, *([wants.where(Place.piloted)] if whose.in_pilot else []), decided]
    return prepared(sa.select(*(one.scalar_subquery() for one in asked)))
