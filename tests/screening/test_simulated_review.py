"""A whole review: the flow closes at every step and nothing is lost.

Two reviewers, four batches with overlaps, one adjudicator, random reversals; the expected state is
kept by a few lines of the test's own, in plain dictionaries. Of 600 records; where everything is
tried of 6,000, which takes a minute on PostgreSQL.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import sqlalchemy as sa
from sklearn.metrics import cohen_kappa_score

from review.citations.vocabulary import SourceKind
from review.db import Database
from review.export.flow.model import Flow
from review.export.flow.prisma import flow_of
from review.extraction.linking.actions import link_report
from review.history.actions import writing
from review.history.models import Event
from review.history.queries import verify
from review.independent.judgement import newest
from review.people.queries import members
from review.screening import queries
from review.screening.actions import adjudicate, decide
from review.screening.choices import Choice
from review.screening.comparison import agreement_at
from review.screening.models import Adjudication, Decision
from review.screening.retrieval import note_retrieval
from review.screening.vocabulary import RetrievalOutcome, Stage, State, Verdict
from tests.conftest import NOW
from tests.joining import joined
from tests.screening.builders import (
    REASONS,
    attributed,
    import_records,
    link_duplicates,
    make_review,
    the_review,
)
from tests.tiers import MOSTLY_ON_SQLITE, WHOLE

RECORDS = 6000 if WHOLE else 600
BATCHES = (
    ("PubMed", SourceKind.DATABASE, RECORDS * 24 // 60),
    ("PsycINFO", SourceKind.DATABASE, RECORDS * 19 // 60),
    ("CENTRAL", SourceKind.REGISTER, RECORDS * 12 // 60),
    ("Citation chasing", SourceKind.CITATION_SEARCHING, RECORDS * 5 // 60),
)
"""A number of records that 60 divides makes the whole of them."""
OVERLAP = 0.18
STEP = RECORDS // 6
ABSTRACT, FULL = Stage.TITLE_ABSTRACT, Stage.FULL_TEXT


class Simulation:
    """The review, and beside it what it should hold."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.draw = random.Random(20261123)
        self.now = NOW
        self.kept: list[int] = []
        self.removed: set[int] = set()
        self.said: dict[tuple[Stage, int], list[tuple[str, Verdict]]] = {}
        self.written = 0
        self.adjudicated: dict[tuple[Stage, int], Verdict] = {}
        self.flows = 0

    def tick(self) -> None:
        self.now += timedelta(minutes=1)

    def flow(self) -> Flow:
        """Count, which checks every identity, and compare with what is known here."""
        self.flows += 1
        with self.database.reading() as session:
            flow = flow_of(session, the_review(session))
        both = Counter[str]()
        for key, box in flow.boxes.items():
            both[key.removeprefix("other_")] += box.n
        assert both["records_identified"] == len(self.kept) + len(self.removed)
        assert both["duplicates_removed"] == len(self.removed)
        decided = {r: self.outcome(ABSTRACT, r) for r in self.kept}
        assert both["records_screened"] == sum(v is not None for v in decided.values())
        assert both["records_excluded"] == sum(v is False for v in decided.values())
        return flow

    def outcome(self, stage: Stage, record: int) -> bool | None:
        """Whether a record goes on, None while open; a second, independent wording of the rule."""
        if (stage, record) in self.adjudicated:
            return self.adjudicated[stage, record] is Verdict.INCLUDE
        last = dict(self.said.get((stage, record), []))
        if len(last) < 2:
            return None
        no = [v is Verdict.EXCLUDE for v in last.values()]
        if stage is FULL and Verdict.MAYBE in last.values():
            return None
        return None if any(no) != all(no) else not all(no)

    def import_batch(self, name: str, kind: SourceKind, size: int) -> None:
        self.tick()
        new = import_records(
            self.database,
            [f"{name} {i}" for i in range(size)],
            source=name,
            kind=kind,
            at=self.now,
        )
        earlier = list(self.kept)
        again = [r for r in new if earlier and self.draw.random() < OVERLAP]
        if again:
            link_duplicates(
                self.database, [(self.draw.choice(earlier), r) for r in again], at=self.now
            )
        self.removed |= set(again)
        self.kept += [r for r in new if r not in self.removed]

    def choice(self, stage: Stage, record: int, *, truth: bool) -> Choice:
        right = self.draw.random() < 0.97
        verdict = Verdict.INCLUDE if truth == right else Verdict.EXCLUDE
        if self.draw.random() < 0.02:
            verdict = Verdict.MAYBE
        reason = None
        if stage is FULL and verdict is Verdict.EXCLUDE:
            reason = self.draw.choice(REASONS)
        return Choice(record, verdict, reason)

    def decide(self, stage: Stage, who: str, records: list[int]) -> None:
        self.tick()
        choices = [self.choice(stage, r, truth=r % 17 == 0) for r in records]
        with writing(self.database, attributed(who, self.now)) as session:
            review = the_review(session)
            joined(session, review, who)
            done = decide(session, review, choices, stage=stage, handle=who, now=self.now)
            retried = choices[:: self.draw.choice([2, 5])]  # the same request twice decides once
            again = decide(session, review, retried, stage=stage, handle=who, now=self.now)
        assert len(again.unchanged) == len(retried)
        self.written += len(done.decided) + len(done.changed)
        for choice in choices:
            if choice.record not in done.unchanged:
                self.said.setdefault((stage, choice.record), []).append((who, choice.verdict))

    def reverse(self, stage: Stage, records: list[int]) -> None:
        """Let reviewers change their minds on some records that are not adjudicated."""
        for who in ("anna", "ben"):
            mine = [
                r
                for r in records
                if (stage, r) not in self.adjudicated and who in dict(self.said.get((stage, r), []))
            ]
            self.decide(stage, who, self.draw.sample(mine, k=len(mine) // 20))

    def adjudicate(self, stage: Stage) -> None:
        self.tick()
        with writing(self.database, attributed("cleo", self.now)) as session:
            review = the_review(session)
            joined(session, review, "cleo")
            ledger = queries.ledger(session, review)
            for record in list(ledger.to_judge(stage)):
                if ledger.standing(stage, record).state is not State.CONFLICT:
                    continue
                verdict = Verdict.INCLUDE if record % 17 == 0 else Verdict.EXCLUDE
                reason = REASONS[0] if stage is FULL and verdict is Verdict.EXCLUDE else None
                choice = Choice(record, verdict, reason)
                adjudicate(session, review, choice, stage=stage, handle="cleo", now=self.now)
                self.adjudicated[stage, record] = verdict

    def screen(self, stage: Stage, records: list[int]) -> None:
        for start in range(0, len(records), STEP):
            part = records[start : start + STEP]
            self.decide(stage, "anna", part)
            self.reverse(stage, part)
            self.decide(stage, "ben", part)
            self.reverse(stage, part)
            self.flow()
        self.adjudicate(stage)
        self.flow()

    def retrieve(self, records: list[int]) -> list[int]:
        self.tick()
        missing = {r for r in records if r % 13 == 0}
        with writing(self.database, attributed("anna", self.now)) as session:
            review = the_review(session)
            for outcome, some, reason in (
                (RetrievalOutcome.NOT_RETRIEVED, missing, "not in any library"),
                (RetrievalOutcome.RETRIEVED, set(records) - missing, None),
            ):
                note_retrieval(
                    session, review, sorted(some), outcome=outcome, reason=reason, handle="anna",
                    now=self.now,
                )  # fmt: skip
        return [r for r in records if r not in missing]

    def link(self, records: list[int]) -> int:
        """Link three reports to each study."""
        self.tick()
        with writing(self.database, attributed("anna", self.now)) as session:
            review = the_review(session)
            for place, record in enumerate(records):
                link_report(
                    session, review, record, f"Study {place // 3}", new=place % 3 == 0,
                    handle="anna", now=self.now,
                )  # fmt: skip
        return -(-len(records) // 3)

    def independent(self, stage: Stage) -> tuple[list[str], list[str]]:
        """Return both reviewers' last decisions made before the other had decided too."""
        pairs = []
        for (at, record), said in sorted(self.said.items()):
            blind: dict[str, Verdict] = {}
            for who, verdict in said:
                if len(blind) < 2:
                    blind[who] = verdict
            if at is stage and len(blind) == 2 and record in self.kept:
                pairs.append((blind["anna"].value, blind["ben"].value))
        return [a for a, _ in pairs], [b for _, b in pairs]


@MOSTLY_ON_SQLITE
def test_a_review_closes_at_every_step_and_loses_nothing(
    database: Database,
) -> None:
    make_review(database)
    world = Simulation(database)
    done: list[int] = []
    for name, kind, size in BATCHES:
        world.import_batch(name, kind, size)
        world.flow()
        world.screen(ABSTRACT, [r for r in world.kept if r not in done])
        done = list(world.kept)
    sought = [r for r in world.kept if world.outcome(ABSTRACT, r)]
    read = world.retrieve(sought)
    world.flow()
    world.screen(FULL, read)
    included = [r for r in read if world.outcome(FULL, r)]
    studies = world.link(included)
    flow = world.flow()

    assert flow.other_methods
    total = Counter[str]()
    for key, box in flow.boxes.items():
        total[key.removeprefix("other_")] += box.n
    assert total["records_identified"] == RECORDS
    assert total["reports_sought"] == len(sought)
    assert total["reports_not_retrieved"] == len(sought) - len(read)
    assert total["reports_assessed"] == len(read)
    assert total["reports_included"] == total["included_reports"] == len(included)
    assert total["reports_excluded"] == len(read) - len(included)
    assert flow.n("included_studies") == studies
    waiting = ("awaiting_screening", "awaiting_retrieval", "awaiting_assessment")
    assert [total[key] for key in waiting] == [0, 0, 0]
    assert [flow.n("reports_not_linked"), world.flows > 15] == [0, True]

    with database.reading() as session:
        review = the_review(session)
        ledger = queries.ledger(session, review)
        names = {person.id: person.handle for person, _ in members(session, review.id)}
        for stage in Stage:
            (pair,) = agreement_at(ledger, names, stage).pairs
            anna, ben = world.independent(stage)
            assert pair.kappa.n == len(anna)
            assert abs(pair.kappa.kappa - cohen_kappa_score(anna, ben)) < 1e-12
        rows = session.execute(
            sa.select(Decision.stage, Decision.record_id, Decision.person_id, Decision.verdict)
            .order_by(Decision.id)
        )  # fmt: skip
        kept: dict[tuple[Stage, int], list[tuple[str, Verdict]]] = {}
        for at, record, person, verdict in rows:
            kept.setdefault((at, record), []).append((names[person], verdict))
        assert kept == world.said  # every decision, changed ones too, in order
        count = sa.select(sa.func.count()).select_from
        assert session.scalar(count(Decision)) == world.written
        assert session.scalar(count(Adjudication)) == len(world.adjudicated)
        assert sum(len(newest(b)) for b in ledger.ballots.values()) < world.written
        events = sa.select(sa.func.count()).where(Event.entity == "decision")
        assert session.scalar(events) == world.written
        assert queries.broken_seals(session, review) == []
        assert verify(session).intact
