"""Writing decisions, adjudications and what belongs to them. Actions never commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import (
    InvalidDataError,
    NotAllowedError,
    NotFoundError,
    Problem,
    Remedy,
)
from review.independent.judgement import is_complete, newest
from review.independent.seals import nonce
from review.people.models import Person, identity
from review.people.queries import member_who_may
from review.people.rules import Deed
from review.protocol.models import Review
from review.screening import places, queries, serving
from review.screening.choices import (
    Choice,
    another_title,
    named_twice,
    requests_seen,
    says_again,
    titles_of,
)
from review.screening.ledger import Ledger
from review.screening.lists import own_decisions
from review.screening.models import (
    Adjudication,
    Decision,
    ExclusionReason,
    LateDecision,
    Withdrawal,
)
from review.screening.rules import Ballot
from review.screening.vocabulary import Stage, State, Verdict


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of some choices."""

    decided: tuple[int, ...]
    """Records on which a person decided for the first time."""
    changed: tuple[int, ...]
    """Records on which they changed their decision."""
    unchanged: tuple[int, ...]
    """Records on which they said what they had said."""
    refused: tuple[Problem, ...] = ()
    """What was not taken and why, where one refusal does not stop the rest."""
    late: tuple[int, ...] = ()
    """Records that were handed to the person, and that others decided while they read. What they
    say now is kept beside the decisions and counts in nothing: it is one more than the protocol
    asks for, and could turn a settled record into a conflict."""


def screener(session: Session, review: Review, handle: str) -> Person:
    """Return a person of the review who may decide.

    Raises NotAllowedError for somebody who did not join, for viewers, statisticians and those who
    left.
    """
    return member_who_may(session, review.id, handle, Deed.SCREEN)


def _reason(
    session: Session, review: Review, stage: Stage, verdict: Verdict, text: str | None
) -> ExclusionReason | None:
    if verdict is not Verdict.EXCLUDE:
        if text:
            raise InvalidDataError(f"a reason belongs to an exclusion, not to {verdict.value}")
        return None
    if text:
        return queries.reason_called(session, review, text)
    if stage is Stage.FULL_TEXT:
        known = "; ".join(f"{r.place} {r.label}" for r in queries.reasons(session, review))
        raise InvalidDataError(
            "an exclusion at full text needs one of the protocol's reasons "
            f"({known or 'none yet'})",
            remedy=None if known else Remedy("add them with", "review screen reasons add"),
        )
    return None


@dataclass
class _Deciding:
    """Choices of one person at one stage on their way into the ledger."""

    session: Session
    review: Review
    stage: Stage
    person: Person
    now: datetime
    ledger: Ledger

    def __post_init__(self) -> None:
        self.reasons: dict[str, ExclusionReason | None] = {}
        self.ranking = queries.newest_ranking(self.session, self.review, self.stage)

    def problem(self, choice: Choice) -> str | None:
        """Return why a choice cannot be taken."""
        refusal = self.ledger.refusal(self.stage, choice.record, self.person.id)
        return refusal if refusal is not None else self.reason_problem(choice)

    def reason_problem(self, choice: Choice) -> str | None:
        """Return what is wrong with the reason of a choice."""
        key = f"{choice.verdict}:{choice.reason or ''}"
        if key not in self.reasons:
            try:
                self.reasons[key] = _reason(
                    self.session, self.review, self.stage, choice.verdict, choice.reason
                )
            except (InvalidDataError, NotFoundError) as error:
                return error.told
        return None

    def late(self, choice: Choice) -> LateDecision:
        """Return what is kept of a choice that came after all that were wanted."""
        reason = self.reasons[f"{choice.verdict}:{choice.reason or ''}"]
        kept = LateDecision(
            record_id=choice.record, stage=self.stage, person_id=self.person.id,
            verdict=choice.verdict, reason_id=reason.id if reason else None,
            note=choice.note or None, decided_at=self.now, nonce=nonce(), seal="",
        )  # fmt: skip
        kept.seal = queries.seal_of(kept)
        return kept

    def row(self, choice: Choice, ballots: Sequence[Ballot]) -> Decision:
        """Return the decision of a choice."""
        reason = self.reasons[f"{choice.verdict}:{choice.reason or ''}"]
        pilot = self.ledger.pilot(self.stage, choice.record)
        ranked = None if ballots else self.ranking
        place = ranked.ranks.get(choice.record) if ranked else None
        ranked = None if place is None else ranked
        decision = Decision(
            record_id=choice.record,
            stage=self.stage,
            person_id=self.person.id,
            verdict=choice.verdict,
            reason_id=reason.id if reason else None,
            note=choice.note or None,
            decided_at=self.now,
            pilot_id=pilot.id if pilot and pilot.is_open else None,
            ranking_id=ranked.id if ranked else None,
            rank=place + 1 if place is not None else None,
            at_random=choice.record in ranked.by_chance if ranked else None,
            request=choice.request,
            nonce=nonce(),
            seal="",
        )
        decision.seal = queries.seal_of(decision)
        return decision


def decide(
    session: Session,
    review: Review,
    choices: Sequence[Choice],
    *,
    stage: Stage,
    handle: str,
    now: datetime,
    each_alone: bool = False,
) -> Decided:
    """Keep a person's decisions on some records at a stage.

    Saying again what one said last changes nothing, so a request may be sent twice; `request`
    names one for good, whatever was said since. A changed decision is a new one. With `each_alone`,
    as for the lines of a file, those that can be kept are, and the others are in `refused`.

    Raises
    ------
    InvalidDataError
        With the first problem, unless `each_alone`: records that are duplicates or removed,
        adjudicated, or decided by all required reviewers; an exclusion at full text without a
        reason.
    NotAllowedError
        For a person whose role does not screen.
    """
    person = screener(session, review, handle)
    numbers = [choice.record for choice in choices]
    ledger = queries.ledger(session, review, only=numbers)
    again = [r for r in numbers if person.id in newest(ledger.cast(stage, r))]
    known = own_decisions(session, review, stage=stage, person=person.id, only=again)
    seen = requests_seen(session, person, choices)
    deciding = _Deciding(session, review, stage, person, now, ledger)
    decided: list[int] = []
    changed: list[int] = []
    unchanged: list[int] = []
    rows: list[Decision] = []
    late: list[int] = []
    late_rows: list[LateDecision] = []
    twice = named_twice(choices)
    problems = list(twice.values())
    titles = titles_of(session, review, choices)
    for at, choice in enumerate(choices):
        if at in twice:
            continue
        if choice.request in seen or says_again(choice, known):
            unchanged.append(choice.record)
            continue
        if _comes_late(session, ledger, stage, person, choice.record):
            if deciding.reason_problem(choice) is None:
                late_rows.append(deciding.late(choice))
            late.append(choice.record)
            continue
        problem = another_title(choice, titles) or deciding.problem(choice)
        if problem is not None:
            problems.append(Problem(choice.line, None, problem))
            continue
        (changed if choice.record in known else decided).append(choice.record)
        rows.append(deciding.row(choice, ledger.cast(stage, choice.record)))
    if problems and not each_alone:
        raise InvalidDataError(problems[0].reason)
    session.add_all([*rows, *late_rows])
    session.flush()
    serving.release(session, person, now=now, records=numbers)
    said = {row.record_id: _ballot(row, person) for row in rows}
    places.catch_up(session, review, said=ledger.after(stage, said))
    return Decided(
        tuple(decided), tuple(changed), tuple(unchanged), tuple(problems), late=tuple(late)
    )


def _ballot(row: Decision, person: Person) -> Ballot:
    return Ballot(row.id, person.id, row.verdict, row.reason.place if row.reason else None)


def withdraw(
    session: Session, review: Review, record: int, *, stage: Stage, handle: str, now: datetime
) -> bool:
    """Take back what a person decided on a record at a stage; False where nothing stands.

    They are undecided from then on. What was decided stays as it was, and that it was taken back is
    a row of its own. Raises InvalidDataError once somebody adjudicated.
    """
    person = screener(session, review, handle)
    queries.records_numbered(session, review, [record])
    if queries.adjudications_on(session, record, stage):
        raise InvalidDataError(
            f"record {record} was adjudicated; only another adjudication changes it"
        )
    standing = session.scalars(
        sa.select(Decision)
        .join(Decision.person)
        .where(
            Decision.record_id == record,
            Decision.stage == stage,
            identity == person.id,
            queries.STANDS,
        )
        .order_by(Decision.id)
    ).all()
    newest_id = session.scalar(sa.select(sa.func.max(Decision.id))) or 0
    session.add_all(
        Withdrawal(decision_id=decision.id, record_id=record, after_id=newest_id, withdrawn_at=now)
        for decision in standing
    )
    places.catch_up(session, review)
    return bool(standing)


def _comes_late(
    session: Session, ledger: Ledger, stage: Stage, person: Person, record: int
) -> bool:
    """Whether a person was handed a record that has all its decisions from others since."""
    said, required = ledger.cast(stage, record), ledger.required(stage, record)
    return (
        (
            is_complete(said, required=required)
            or (stage, record) in ledger.rulings
            or ledger.is_kept_from(stage, record, person.id)
        )
        and person.id not in newest(said)
        and record in ledger.records
        and serving.was_handed(session, person, stage, record)
    )


def adjudicate(
    session: Session,
    review: Review,
    choice: Choice,
    *,
    stage: Stage,
    handle: str,
    now: datetime,
) -> bool:
    """Settle a conflict as a third person; return False where it was settled just so already.

    A later adjudication replaces an earlier one; neither is lost.

    Raises
    ------
    InvalidDataError
        Where there is no conflict, or the verdict is maybe.
    NotAllowedError
        For somebody who decided on the record at this stage, or whose role does not screen.
    """
    person = screener(session, review, handle)
    queries.records_numbered(session, review, [choice.record])
    ledger = queries.ledger(session, review, only=[choice.record])
    key = (stage, choice.record)
    if choice.record in ledger.duplicates:
        raise InvalidDataError(
            f"record {choice.record} is a duplicate of record {ledger.duplicates[choice.record]}"
        )
    if choice.verdict is Verdict.MAYBE:
        raise InvalidDataError("an adjudication settles the matter: include or exclude")
    if key not in ledger.rulings:
        state = ledger.standing(*key).state
        if state is not State.CONFLICT:
            raise InvalidDataError(
                f"record {choice.record} has no conflict at {stage.value.replace('_', ' ')}"
            )
    if person.id in newest(ledger.cast(*key)):
        raise NotAllowedError(
            f"{handle} decided on record {choice.record}; a conflict is settled by a third person"
        )
    reason = _reason(session, review, stage, choice.verdict, choice.reason)
    reason_id = reason.id if reason else None
    given = queries.adjudications_on(session, choice.record, stage)
    said = (person.id, choice.verdict, reason_id)
    same = given and (given[-1].person_id, given[-1].verdict, given[-1].reason_id) == said
    if same and ledger.standing(*key).state is not State.CONFLICT:
        return False
    session.add(
        Adjudication(
            record_id=choice.record,
            stage=stage,
            person_id=person.id,
            verdict=choice.verdict,
            reason_id=reason_id,
            note=choice.note or None,
            decided_at=now,
        )
    )
    places.catch_up(session, review)
    return True
