"""What a person says of records, and what is wrong with it before it is a decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.models import Record
from review.db import in_parts
from review.errors import Problem
from review.people.models import Person, identity
from review.protocol.models import Review
from review.screening.models import Decision
from review.screening.vocabulary import Verdict


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person says of one record; `line` is where a file says it."""

    record: int
    verdict: Verdict
    reason: str | None = None
    note: str | None = None
    line: int | None = None
    request: str | None = None
    title: str | None = None
    """The record's title where a file repeats it: rows whose columns were sorted apart show."""


def requests_seen(session: Session, person: Person, choices: Sequence[Choice]) -> set[str | None]:
    """Return the requests of choices that were taken before."""
    asked = [choice.request for choice in choices if choice.request is not None]
    seen: set[str | None] = set()
    for some in in_parts(asked):
        seen |= set(
            session.scalars(
                sa.select(Decision.request)
                .join(Decision.person)
                .where(
                    identity == person.id,
                    Decision.request.in_(some),
                )
            )
        )
    return seen


def named_twice(choices: Sequence[Choice]) -> dict[int, Problem]:
    """Return what is wrong with choices on a record that is named more than once, by place."""
    places: dict[int, list[int]] = defaultdict(list)
    for at, choice in enumerate(choices):
        places[choice.record].append(at)
    found = {}
    for record, named in places.items():
        lines = [str(choices[at].line) for at in named if choices[at].line is not None]
        where = f" (lines {', '.join(lines)}); keep one" if lines else ""
        for at in named if len(named) > 1 else ():
            reason = f"record {record} is named {len(named)} times{where}"
            found[at] = Problem(choices[at].line, None, reason)
    return found


def titles_of(session: Session, review: Review, choices: Sequence[Choice]) -> dict[int, str | None]:
    """Return the titles of the records of choices that name one."""
    asked = [choice.record for choice in choices if choice.title]
    found: dict[int, str | None] = {}
    for some in in_parts(asked):
        rows = session.execute(
            sa.select(Record.id, Record.title).where(
                Record.review_id == review.id, Record.id.in_(some)
            )
        )
        found |= {row.id: row.title for row in rows}
    return found


def another_title(choice: Choice, titles: Mapping[int, str | None]) -> str | None:
    """Return what is wrong where a file gives a record another record's title."""
    known = titles.get(choice.record)
    if not choice.title or not known or _letters(known) == _letters(choice.title):
        return None
    return (
        f"record {choice.record} is {known!r}, not {choice.title!r}; were columns sorted apart? "
        "Decide on what the title says, or empty the cell"
    )


def _letters(title: str) -> str:
    return "".join(filter(str.isalnum, title.casefold()))


def says_again(choice: Choice, known: dict[int, Decision]) -> bool:
    """Whether a choice says what this person's newest decision says."""
    decision = known.get(choice.record)
    if decision is None or decision.verdict is not choice.verdict:
        return False
    if (decision.note or "") != (choice.note or ""):
        return False
    reason = decision.reason
    if reason is None or not choice.reason:
        return reason is None and not choice.reason
    return choice.reason.strip().casefold() in (reason.label.casefold(), str(reason.place))
