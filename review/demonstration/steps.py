"""Steps of a demonstration: who did what, how many days ago, by the stages' own actions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from review.db import Database, Session
from review.history.actions import Attribution, in_role, writing
from review.living.job.repool import repool
from review.people.queries import role_of
from review.protocol.models import Review
from review.protocol.queries import review_called


@dataclass(frozen=True, slots=True)
class Step:
    """A transaction of somebody on a day; what it writes carries that day."""

    session: Session
    review: Review
    now: datetime
    person: str


@dataclass(frozen=True, slots=True)
class Story:
    """The steps of one review, told backwards from today."""

    database: Database
    review: str
    person: str
    """Whose database it is; lead of the review."""
    today: datetime

    def day(self, days: float) -> datetime:
        """Return the moment so many days ago."""
        return self.today - timedelta(days=days)

    @contextmanager
    def making(self, days: float, reason: str) -> Iterator[tuple[Session, datetime]]:
        """Yield a session before there is a review."""
        now = self.day(days)
        with writing(self.database, self._by(self.person, reason, now)) as session:
            yield session, now

    @contextmanager
    def step(
        self, days: float, reason: str | None = None, *, by: str | None = None
    ) -> Iterator[Step]:
        """Yield the session of a step of somebody, the lead where nobody is named."""
        person, now = by or self.person, self.day(days)
        with writing(self.database, self._by(person, reason, now)) as session:
            review = review_called(session, self.review)
            in_role(session, role_of(session, review.id, person))
            yield Step(session, review, now, person)

    def pool(self, days: float) -> None:
        """Compute what is out of date."""
        now = self.day(days)
        repool(self.database, actor=self.person, review=self.review, now=lambda: now)

    def _by(self, person: str, reason: str | None, at: datetime) -> Attribution:
        return Attribution(actor=person, review=self.review, reason=reason, at=at)
