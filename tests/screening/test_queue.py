"""Several reviewers in one queue at once: nothing lost, nothing twice, hardly a record in vain.

`benchmarks/screening.py queue` does this with sixteen processes and 5,000 decisions.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import sqlalchemy as sa

from review.db import Database, database_at
from review.history.actions import writing
from review.people.queries import person_known
from review.screening import serving
from review.screening.actions import decide
from review.screening.choices import Choice
from review.screening.models import Decision
from review.screening.vocabulary import Stage, Verdict
from tests.joining import joined
from tests.screening.builders import attributed, import_records, make_review, the_review

PEOPLE = tuple(f"r{number}" for number in range(1, 7))
ABSTRACT = Stage.TITLE_ABSTRACT


def _screen(url: str, who: str) -> Counter[str]:
    database = database_at(url)
    told: Counter[str] = Counter()
    while True:
        with writing(database, attributed(who, datetime.now(UTC))) as session:
            person = person_known(session, who)
            assert person is not None
            now = datetime.now(UTC)
            served = serving.serve(session, the_review(session), person, stage=ABSTRACT, now=now)
        if not served.left:
            break
        if not served.records:
            time.sleep(0.01)
            continue
        told["read"] += 1
        with writing(database, attributed(who, datetime.now(UTC))) as session:
            choice = Choice(served.records[0], Verdict.EXCLUDE)
            done = decide(
                session, the_review(session), [choice], stage=ABSTRACT, handle=who,
                now=datetime.now(UTC), each_alone=True,
            )  # fmt: skip
        told["decided"] += len(done.decided)
        told["in vain"] += len(done.late) + len(done.refused)
    database.close()
    return told


def test_reviewers_in_one_queue(database: Database) -> None:
    make_review(database)
    with writing(database, attributed()) as session:
        for who in PEOPLE:
            joined(session, the_review(session), who)
    records = import_records(database, [f"Title {i}" for i in range(15)])
    url = database.url.render_as_string(hide_password=False)
    with ThreadPoolExecutor(len(PEOPLE)) as pool:
        told = sum(pool.map(_screen, [url] * len(PEOPLE), PEOPLE), Counter[str]())
    with database.reading() as session:
        rows = session.execute(sa.select(Decision.record_id, Decision.person_id)).all()
    assert len(rows) == told["decided"] == 2 * len(records)
    assert len(set(rows)) == len(rows)
    assert set(Counter(row.record_id for row in rows).values()) == {2}
    assert told["in vain"] == 0
