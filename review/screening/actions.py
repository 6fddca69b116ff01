"""Writing decisions, adjudications and what belongs to them. Actions never commit."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from review.errors import FileError, InvalidDataError, NotFoundError, Problem
from review.people.actions import join_review, person_called
from review.people.models import Membership, Person, Role
from review.protocol.models import Review
from review.screening import queries
from review.screening.ledger import Ledger
from review.screening.models import (
    Adjudication,
    Decision,
    ExclusionReason,
)
from review.screening.rules import Ballot, newest
from review.screening.vocabulary import Stage, State, Verdict

SCREENERS: Final = frozenset({Role.OWNER, Role.REVIEWER, Role.ADJUDICATOR})
"""Who may decide; a reviewer who leaves becomes a viewer, and their decisions stay."""


class NotAllowedError(InvalidDataError):
    """A person's role, or an earlier part of theirs, forbids it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person says of one record; `line` is where a file says it."""

    record: int
    verdict: Verdict
    reason: str | None = None
    note: str | None = None
    line: int | None = None
    request: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of some choices."""

    decided: tuple[int, ...]
    """Records on which a person decided for the first time."""
    changed: tuple[int, ...]
    """Records on which they changed their decision."""
    unchanged: tuple[int, ...]
    """Records on which they said what they had said."""


def screener(session: Session, review: Review, handle: str) -> Person:
    """Return a person who may decide; a new one joins as reviewer.

    Raises NotAllowedError for viewers, statisticians and those who left.
    """
    person = person_called(session, handle)
    membership = session.scalar(
        sa.select(Membership).where(
            Membership.review_id == review.id, Membership.person_id == person.id
        )
    )
    if membership is None:
        join_review(session, review_id=review.id, person=person, role=Role.REVIEWER)
    elif membership.role not in SCREENERS:
        raise NotAllowedError(
            f"{handle} is {membership.role.value} in {review.slug} and does not screen; "
            f"change that with: review screen join {handle}"
        )
    return person


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
            f"({known or 'none yet: review screen reasons add'})"
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
        ranking = None
        if any(not self.ledger.cast(self.stage, record) for record in self.ledger.records):
            ranking = queries.newest_ranking(self.session, self.review, self.stage)
        self.ranking = ranking
        self.rank = (
            {record: (i, chance) for i, (record, _, chance) in enumerate(ranking.places, start=1)}
            if ranking
            else {}
        )

    def problem(self, choice: Choice) -> str | None:
        """Return why a choice cannot be taken."""
        refusal = self.ledger.refusal(self.stage, choice.record, self.person.id)
        if refusal is not None:
            return refusal
        key = f"{choice.verdict}:{choice.reason or ''}"
        if key not in self.reasons:
            try:
                self.reasons[key] = _reason(
                    self.session, self.review, self.stage, choice.verdict, choice.reason
                )
            except (InvalidDataError, NotFoundError) as error:
                return str(error)
        return None

    def row(self, choice: Choice, ballots: Sequence[Ballot]) -> Decision:
        """Return the decision of a choice."""
        reason = self.reasons[f"{choice.verdict}:{choice.reason or ''}"]
        pilot = self.ledger.pilot(self.stage, choice.record)
        place = None if ballots else self.rank.get(choice.record)
        decision = Decision(
            record_id=choice.record,
            stage=self.stage,
            person_id=self.person.id,
            verdict=choice.verdict,
            reason_id=reason.id if reason else None,
            note=choice.note or None,
            decided_at=self.now,
            pilot_id=pilot.id if pilot and pilot.is_open else None,
            ranking_id=self.ranking.id if self.ranking and place else None,
            rank=place[0] if place else None,
            at_random=bool(place[1]) if place else None,
            request=choice.request,
            nonce=secrets.token_hex(16),
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
    source: str | None = None,
) -> Decided:
    """Keep a person's decisions on some records at a stage, all or none.

    Saying again what one said last changes nothing, so a request may be sent twice; `request`
    names one for good, whatever was said since. A changed decision is a new one.

    Raises
    ------
    FileError
        With every problem by line, where `source` names the file that the choices come from.
    InvalidDataError
        With the first problem otherwise: records that are duplicates or removed, adjudicated, or
        decided by all required reviewers; an exclusion at full text without a reason.
    NotAllowedError
        For a person whose role does not screen.
    """
    person = screener(session, review, handle)
    numbers = [choice.record for choice in choices]
    ledger = queries.ledger(session, review, only=numbers)
    known = _newest_of(session, stage, person, numbers)
    seen = _requests_seen(session, person, choices)
    deciding = _Deciding(session, review, stage, person, now, ledger)
    decided: list[int] = []
    changed: list[int] = []
    unchanged: list[int] = []
    rows: list[Decision] = []
    problems = list(_repeated(choices))
    for choice in choices:
        if choice.request in seen or _says_again(choice, known):
            unchanged.append(choice.record)
            continue
        problem = deciding.problem(choice)
        if problem is not None:
            problems.append(Problem(choice.line, None, problem))
            continue
        (changed if choice.record in known else decided).append(choice.record)
        rows.append(deciding.row(choice, ledger.cast(stage, choice.record)))
    if problems:
        if source is not None:
            raise FileError(source, problems)
        raise InvalidDataError(problems[0].reason)
    session.add_all(rows)
    session.flush()
    return Decided(tuple(decided), tuple(changed), tuple(unchanged))


def _requests_seen(session: Session, person: Person, choices: Sequence[Choice]) -> set[str | None]:
    asked = [choice.request for choice in choices if choice.request is not None]
    seen: set[str | None] = set()
    for start in range(0, len(asked), queries.FEW):
        seen |= set(
            session.scalars(
                sa.select(Decision.request).where(
                    Decision.person_id == person.id,
                    Decision.request.in_(asked[start : start + queries.FEW]),
                )
            )
        )
    return seen


def _repeated(choices: Iterable[Choice]) -> Iterable[Problem]:
    lines: dict[int, int | None] = {}
    for choice in choices:
        if choice.record in lines:
            first = lines[choice.record]
            where = f" (line {first})" if first is not None else ""
            yield Problem(choice.line, None, f"record {choice.record} is named twice{where}")
        lines[choice.record] = choice.line


def _newest_of(
    session: Session, stage: Stage, person: Person, numbers: Sequence[int]
) -> dict[int, Decision]:
    found: dict[int, Decision] = {}
    for start in range(0, len(numbers), queries.FEW):
        for decision in session.scalars(
            sa.select(Decision)
            .where(
                Decision.record_id.in_(numbers[start : start + queries.FEW]),
                Decision.stage == stage,
                Decision.person_id == person.id,
            )
            .options(joinedload(Decision.reason))
            .order_by(Decision.id)
        ):
            found[decision.record_id] = decision
    return found


def _says_again(choice: Choice, known: dict[int, Decision]) -> bool:
    decision = known.get(choice.record)
    if decision is None or decision.verdict is not choice.verdict:
        return False
    if (decision.note or "") != (choice.note or ""):
        return False
    reason = decision.reason
    if reason is None or not choice.reason:
        return reason is None and not choice.reason
    return choice.reason.strip().casefold() in (reason.label.casefold(), str(reason.place))


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
    if given and (given[-1].person_id, given[-1].verdict, given[-1].reason_id) == (
        person.id,
        choice.verdict,
        reason_id,
    ):
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
    session.flush()
    return True
