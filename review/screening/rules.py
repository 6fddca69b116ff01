"""What decisions amount to: pure rules on plain values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from review.independent.judgement import Outcome, newest, outcome
from review.screening.vocabulary import Box, RemovalCause, RetrievalOutcome, Stage, State, Verdict

REQUIRED: Final = 2
"""Reviewers a stage when nothing else is set: independent double screening, as the Cochrane
Handbook (version 6.5, section 4.6.4) asks of decisions on full texts."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """One decision, as the rules see it; ids grow in the order decisions were made."""

    id: int
    person: int
    verdict: Verdict
    reason: int | None = None
    """Place of the exclusion reason in the protocol's ordered list."""
    withdrawn: int | None = None
    """Id of the newest decision of all when this one was taken back, None while it stands."""

    @property
    def stands(self) -> bool:
        """Whether it was not taken back."""
        return self.withdrawn is None


@dataclass(frozen=True, slots=True)
class Ruling:
    """An adjudication, as the rules see it."""

    verdict: Verdict
    reason: int | None = None
    at: datetime | None = None
    """When it was made, where that matters: a copy found later is news to it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a record's decisions amount to at a stage, and why it was excluded if it was."""

    state: State
    reason: int | None = None


def _first(reasons: Collection[int | None]) -> int | None:
    return min((reason for reason in reasons if reason is not None), default=None)


def standing(
    stage: Stage, ballots: Sequence[Ballot], *, required: int, ruling: Ruling | None = None
) -> Standing:
    """Return what a record's decisions amount to at a stage.

    Parameters
    ----------
    stage : Stage
        On titles and abstracts *maybe* carries a record forward, as *include* does: what cannot be
        excluded there is judged on its full text. On full texts *maybe* is a question to settle.
    ballots : sequence of Ballot
        All decisions on the record at the stage, reversed ones too; each reviewer's newest counts.
    required : int
        How many reviewers must have decided, 1 or more.
    ruling : Ruling, optional
        The newest adjudication; it settles the record whatever the ballots say.

    Returns
    -------
    Standing
        With the reason for excluding it. Where reviewers gave different reasons the one that stands
        first in the protocol's list counts, which is what an ordered list is for.

    Examples
    --------
    >>> one, other = Ballot(1, 7, Verdict.INCLUDE), Ballot(2, 8, Verdict.EXCLUDE)
    >>> standing(Stage.TITLE_ABSTRACT, [one, other], required=2).state
    <State.CONFLICT: 'conflict'>
    """
    if ruling is not None:
        excluded = ruling.verdict is Verdict.EXCLUDE
        return Standing(State.EXCLUDED if excluded else State.INCLUDED, ruling.reason)
    counting = list(newest(ballots).values())
    if stage is Stage.TITLE_ABSTRACT:
        found = outcome(counting, required=required, by=lambda b: b.verdict is Verdict.EXCLUDE)
    else:
        found = outcome(counting, required=required, by=lambda b: b.verdict)
    if found is Outcome.AWAITING:
        return Standing(State.AWAITING)
    if found is Outcome.CONFLICT:
        return Standing(State.CONFLICT)
    if counting[0].verdict is Verdict.EXCLUDE:
        return Standing(State.EXCLUDED, _first([ballot.reason for ballot in counting]))
    doubted = stage is Stage.FULL_TEXT and counting[0].verdict is Verdict.MAYBE
    return Standing(State.CONFLICT if doubted else State.INCLUDED)


def with_copies(own: Standing, copies: Sequence[tuple[Standing, Sequence[Ballot]]]) -> Standing:
    """Return what a record amounts to once copies, decided on before they were known to be, count.

    Parameters
    ----------
    own : Standing
        Of the record that represents them.
    copies : sequence of (Standing, sequence of Ballot)
        What each copy's own decisions amount to, with the decisions.

    Returns
    -------
    Standing
        A conflict where the record is settled and a copy was settled otherwise, or where it is
        excluded and anybody would have carried a copy forward: a link that is found late hides no
        inclusion. Otherwise its own.
    """
    if own.state not in (State.INCLUDED, State.EXCLUDED):
        return own
    otherwise = State.EXCLUDED if own.state is State.INCLUDED else State.INCLUDED
    for copy, ballots in copies:
        carried = any(b.verdict is not Verdict.EXCLUDE for b in newest(ballots).values())
        if copy.state in (otherwise, State.CONFLICT) or (
            own.state is State.EXCLUDED and carried and copy.state is State.AWAITING
        ):
            return Standing(State.CONFLICT)
    return own


def independent(ballots: Sequence[Ballot], *, required: int) -> dict[int, Ballot]:
    """Return each reviewer's newest decision made before the record was complete, by reviewer.

    A decision changed after that was made in the knowledge of the others', so it says nothing about
    agreement; one taken back before that does not count. Empty while fewer than `required`
    reviewers have decided.
    """
    blind: dict[int, Ballot] = {}
    for ballot in sorted(ballots, key=lambda b: b.id):
        if len(blind) >= required:
            break
        for person, earlier in list(blind.items()):
            if earlier.withdrawn is not None and earlier.withdrawn < ballot.id:
                del blind[person]
        blind[ballot.person] = ballot
    if len(blind) < required or len(newest(ballots)) < required:
        return {}
    return blind


def is_kept(
    core: Collection[int], deciders: Collection[int], person: int | None, *, required: int
) -> bool:
    """Whether the one decision that a record still wants is kept from a person.

    Parameters
    ----------
    core
        Persons of whom one must be among the reviewers of each record; none where anybody may.
    deciders
        Who decided so far.
    person, required
        Who asks; how many must decide.

    Examples
    --------
    >>> is_kept({1}, {7}, 8, required=2), is_kept({1}, {7}, 1, required=2)
    (True, False)
    """
    if not core or person in core or person in deciders or any(one in core for one in deciders):
        return False
    return len(deciders) >= required - 1


SCATTER: Final = 40503
"""Odd, near 65536 times the golden section: multiples of it modulo 65536 spread evenly (Knuth, The
Art of Computer Programming 3, section 6.4), so that any run of records is shared out alike."""

CIRCLE: Final = 65536
"""Places of the circle on which records and shares lie."""


def interval_of(shares: Mapping[int, float], person: int | None) -> tuple[int, int]:
    """Return which records a person is offered, as an interval of a circle of `CIRCLE` places.

    Shares lie on the circle one after the other, each from where the last one ends, so that every
    record is offered to as many persons as whole shares are given, or one more: with 1, 0.5 and 0.5
    everybody's second reviewer is one of the last two. Persons without a share are offered
    everything.

    Parameters
    ----------
    shares
        Of all records, above 0 and up to 1, by person.

    Returns
    -------
    tuple of int
        Where it begins, and how long it is; ``(0, CIRCLE)`` is everything.

    Examples
    --------
    >>> interval_of({4: 0.5, 9: 0.5}, 9)
    (32768, 32768)
    """
    begins = 0.0
    for one, share in sorted(shares.items()):
        if one == person:
            first = round(begins * CIRCLE)
            return first % CIRCLE, round((begins + share) * CIRCLE) - first
        begins += share
    return 0, CIRCLE


def is_offered(record: int, interval: tuple[int, int]) -> bool:
    """Whether a record lies in an interval of `interval_of`."""
    begins, places = interval
    return (record * SCATTER - begins) % CIRCLE < places


@dataclass(frozen=True, slots=True)
class Facts:
    """All that decides where one record stands."""

    duplicate: bool = False
    removal: RemovalCause | None = None
    title_abstract: Standing = Standing(State.AWAITING)
    retrieval: RetrievalOutcome | None = None
    full_text: Standing = Standing(State.AWAITING)


_UNSETTLED: Final = frozenset({State.AWAITING, State.CONFLICT})


def box_of(facts: Facts) -> Box:
    """Return the one place where a record stands; conflicts await, as undecided records do."""
    if facts.duplicate:
        return Box.DUPLICATE
    if facts.removal is RemovalCause.AUTOMATION_TOOL:
        return Box.AUTOMATION
    if facts.removal is RemovalCause.OTHER:
        return Box.OTHER
    if facts.title_abstract.state in _UNSETTLED:
        return Box.AWAITING_SCREENING
    if facts.title_abstract.state is State.EXCLUDED:
        return Box.EXCLUDED
    if facts.retrieval is None:
        return Box.AWAITING_RETRIEVAL
    if facts.retrieval is RetrievalOutcome.NOT_RETRIEVED:
        return Box.NOT_RETRIEVED
    if facts.full_text.state in _UNSETTLED:
        return Box.AWAITING_ASSESSMENT
    if facts.full_text.state is State.EXCLUDED:
        return Box.REPORT_EXCLUDED
    return Box.INCLUDED
