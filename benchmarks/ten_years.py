"""A database of ten simulated years, and how long it takes to check, read and keep it.

Simulated: 100,000 records, 450,000 decisions that two reviewers made twice, and their events.
Usage: python benchmarks/ten_years.py FOLDER [EVENTS]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from review.canonical import canonical_json, sha256_of_text, utc_text
from review.db import Database, database_at
from review.history.actions import Attribution, record_step, rows_told, writing
from review.history.models import Event
from review.history.queries import head
from review.independent.seals import nonce, seal
from review.people.actions import person_called
from review.protocol.actions import new_review
from review.protocol.specs import ReviewSpec
from review.schema import upgrade
from review.tables import every_table

RECORDS = 100_000
BEGIN = datetime(2016, 1, 1, tzinfo=UTC)


def made(folder: Path, wanted: int) -> Database:
    """Return the database, made where it is not there."""
    database = database_at(f"sqlite:///{folder / 'ten-years.db'}")
    if database.file.exists():
        return database
    upgrade(database)
    tables = every_table().tables
    by = Attribution(actor="simulation", review="simulated", reason="simulated", at=BEGIN)
    with writing(database, by) as session:
        review = new_review(session, ReviewSpec(slug="simulated", title="Simulated"), owner="lead")
        for name in ("anna", "ben"):
            person_called(session, name)
        session.flush()
        batch = tables["batch"].insert().values(
            review_id=review.id, file="simulated.ris", sha256="0" * 64, format="ris",
            encoding="utf-8", columns={}, read=RECORDS, stored=RECORDS, rejected=0,
            imported_at=BEGIN,
        )  # fmt: skip
        session.connection().execute(batch)
        record_step(
            session, "insert", entity="batch", entity_id=1, id=1, review_id=review.id,
            file="simulated.ris", sha256="0" * 64, format="ris", encoding="utf-8", columns={},
            read=RECORDS, stored=RECORDS, rejected=0, imported_at=utc_text(BEGIN),
        )  # fmt: skip
        rows = [_record(number, review.id) for number in range(1, RECORDS + 1)]
        session.connection().execute(tables["record"].insert(), rows)
        told = rows_told(session, record=tables["record"].c.batch_id == 1)
        record_step(session, "import", entity="batch", entity_id=1, **told)
    with writing(database, by) as session:
        _decide(session, wanted - head(session)[0])
    return database


def _record(number: int, review: int) -> dict[str, Any]:
    title = f"Simulated trial {number} of a simulated treatment for simulated complaints"
    return {
        "review_id": review, "batch_id": 1, "position": number, "line": number * 12,
        "title": title, "abstract": f"{title}. " * 12, "authors": ["Simulated, A."],
        "keywords": [], "remarks": [], "notices": [], "labels": [], "year": 2016,
        "raw": f"TY  - JOUR\nTI  - {title}\nER  -\n",
    }  # fmt: skip


def _decide(session: Any, count: int) -> None:
    from review import __version__

    seq, previous = head(session)

    connection = session.connection()
    decisions, events = [], []
    for number in range(1, count + 1):
        record, person = number % RECORDS + 1, 2 + number % 2
        stage = ("title_abstract", "full_text")[number % 4 > 1]
        at = utc_text(BEGIN + timedelta(seconds=number * 300))
        one = nonce()
        bears = seal(record, stage, person, "include", "", "", one)
        decisions.append((number, record, stage, person, "include", None, None, at, one, bears))
        new = canonical_json(
            {"id": number, "record_id": record, "stage": stage, "person_id": person,
             "decided_at": at, "seal": bears}
        )  # fmt: skip
        seq += 1
        text = (
            f'{{"action":"insert","actor":"anna","at":"{at}","entity":"decision",'
            f'"entity_id":{number},"new":{new},"old":null,"previous":"{previous}","reason":null,'
            f'"review":"simulated","role":"reviewer","seq":{seq},"software":"{__version__}"}}'
        )
        hash_ = sha256_of_text(text)
        events.append(
            (seq, at, "anna", "insert", "decision", number, "simulated", None, new, None,
             __version__, "reviewer", None, previous, hash_)
        )  # fmt: skip
        previous = hash_
        if len(events) == 20_000 or number == count:
            connection.exec_driver_sql(
                "INSERT INTO decision (id, record_id, stage, person_id, verdict, reason_id, note, "
                "decided_at, nonce, seal) VALUES (?,?,?,?,?,?,?,?,?,?)",
                decisions,
            )
            names = [column.name for column in Event.__table__.columns]
            marks = ",".join("?" * len(names))
            connection.exec_driver_sql(
                f"INSERT INTO event ({', '.join(names)}) VALUES ({marks})", events
            )
            decisions, events = [], []


def main() -> None:
    """Make it, and time what is done with it."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    database = made(folder, wanted)
    database.close()
    print(f"{database.file.stat().st_size / 2**20:,.0f} MiB")
    for words in (("verify",), ("verify", "--since", str(wanted - 1_000)), ("history", "-n", "20")):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "review", *words],
            env={"REVIEW_DATABASE_URL": f"sqlite:///{database.file}", "REVIEW_ACTOR": "lead",
                 **{k: v for k, v in os.environ.items() if k == "PYTHONPATH"}},
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        print(f"review {' '.join(words)}: {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
