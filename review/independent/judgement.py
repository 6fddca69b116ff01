"""Judgements that several persons make of one thing: which count, who may see them, what they say.

Decisions on a record, appraisals of a result and entries of a study follow the same rules, which
stand here alone (Cochrane Handbook 6.5, sections 4.6.4, 5.5.2 and 7.3.2: two persons,
independently, and a third view where they differ). Each stage says what a judgement is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeVar


class Judgement(Protocol):
    """What one person said of one thing."""

    @property
    def id(self) -> int:
        """Grows in the order in which judgements are made."""
        ...

    @property
    def person(self) -> Any:
        """Whose it is."""
        ...

    @property
    def stands(self) -> bool:
        """Whether it counts: it is finished, and was not taken back."""
        ...


JudgementT = TypeVar("JudgementT", bound=Judgement)


class Made(NamedTuple):
    """That somebody made a judgement, where it matters alone who did and whether it stands."""

    id: int
    person: Hashable
    stands: bool


def newest(judgements: Iterable[JudgementT]) -> dict[Any, JudgementT]:
    """Return each person's newest judgement that stands, by person, in order of their first."""
    counting: dict[Any, JudgementT] = {}
    for one in judgements:
        if one.stands and (one.person not in counting or counting[one.person].id < one.id):
            counting[one.person] = one
    return counting


def is_complete(judgements: Iterable[Judgement], *, required: int) -> bool:
    """Whether as many persons have judged as are required."""
    return len(newest(judgements)) >= required


def visible(
    judgements: Sequence[JudgementT],
    viewer: Hashable,
    *,
    required: int,
    blind: bool = True,
    settled: bool = False,
) -> list[JudgementT]:
    """Return the judgements that a person may see, in their order.

    Parameters
    ----------
    judgements
        All of one thing, withdrawn and unfinished ones too.
    viewer
        Who asks; None for somebody who judged nothing.
    required
        How many persons judge. Where judging is blind, nobody sees what another judged before all
        of these have; from then on nobody can judge independently any more.
    blind, settled
        Whether judging is blind; whether somebody settled the matter, having seen all.
    """
    shown = settled or shows_others(judgements, required=required, blind=blind)
    return [one for one in judgements if shown or one.person == viewer]


def shows_others(judgements: Iterable[Judgement], *, required: int, blind: bool = True) -> bool:
    """Whether what one person judged may be shown to another: the rule of `visible`."""
    return not blind or is_complete(judgements, required=required)


def is_wanted(judgements: Iterable[Judgement], person: Hashable, *, required: int) -> bool:
    """Whether a person's judgement is wanted: their own again, or one that is still missing."""
    counting = newest(judgements)
    return person in counting or len(counting) < required


class Outcome(StrEnum):
    """What the judgements of one thing amount to before anybody settles them."""

    AWAITING = "awaiting"
    AGREED = "agreed"
    CONFLICT = "conflict"


def outcome(
    counting: Collection[JudgementT], *, required: int, by: Callable[[JudgementT], Hashable]
) -> Outcome:
    """Return what judgements, one a person, amount to: two agree where `by` makes one of them."""
    if len(counting) < required:
        return Outcome.AWAITING
    return Outcome.AGREED if len({by(one) for one in counting}) == 1 else Outcome.CONFLICT
