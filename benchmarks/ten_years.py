"""A database of ten simulated years, and how long it takes to check, read and keep it.

Simulated: 100,000 records, and decisions that two reviewers made of them, with their events. The
runs are the engine's own: a small review of 12 trials and 50 analyses, of which one number is
corrected and everything re-pooled, 200 times over the ten years.
Usage: python benchmarks/ten_years.py FOLDER [EVENTS [JOBS]]
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from review.canonical import canonical_json, sha256_of_text, utc_text
from review.db import Database, database_at
from review.extraction.files import read_rows
from review.extraction.intake import import_extraction
from review.extraction.models import Result
from review.history.actions import Attribution, record_step, rows_told, writing
from review.history.models import Event
from review.history.queries import head
from review.independent.seals import nonce, seal
from review.living.job.repool import repool
from review.people.actions import person_called
from review.protocol.actions import new_review, take_protocol
from review.protocol.specs import ProtocolFile, ReviewSpec
from review.schema import upgrade
from review.tables import every_table

RECORDS = 100_000
BEGIN = datetime(2016, 1, 1, tzinfo=UTC)
YEARS = timedelta(days=3652)
TRIALS, ANALYSES = 12, 50


def pooled(database: Database, jobs: int) -> None:
    """Make a small review, then correct a number and re-pool all its analyses, again and again."""
    methods = ("REML", "DL", "PM", "ML", "EB", "HS", "SJ", "HE")
    file = ProtocolFile.model_validate({
        "review": {"slug": "pooled", "title": "Simulated, pooled"},
        "outcomes": [{"slug": "symptoms", "name": "Symptoms"}],
        "instruments": [{
            "slug": "score", "name": "Simulated score", "outcome": "symptoms",
            "higher_is_better": False,
        }],
        "analyses": [
            {"slug": f"plan-{n}", "plan": {
                "title": f"Symptoms, plan {n}", "outcome": "symptoms",
                "intervention": {"label": "video", "delivery_mode": ["videoconference"]},
                "comparator": {"label": "in person", "delivery_mode": ["face_to_face"]},
                "method": methods[n % len(methods)], "margin": round(0.2 + n / 100, 2),
            }}
            for n in range(ANALYSES)
        ],
    })  # fmt: skip
    lines = ["study,year,arm,treatment,delivery_mode,instrument,timepoint,n,mean,sd"]
    for trial in range(TRIALS):
        lines += [
            f"Simulated {trial},20{trial:02d},{arm},CBT,{mode},score,post,{30 + trial},{mean},5"
            for arm, mode, mean in (
                ("Video", "videoconference", 20 + trial % 5),
                ("In person", "face_to_face", 20 + trial % 3),
            )
        ]
    table = read_rows("\n".join(lines).encode(), file="simulated.csv")
    by = Attribution(actor="simulation", review="pooled", reason="simulated", at=BEGIN)
    with writing(database, by) as session:
        review = take_protocol(session, file, owner="lead", now=BEGIN)
        import_extraction(
            session, review, table.items, file="simulated.csv", person="lead",
            problems=table.problems,
        )  # fmt: skip
    for job in range(jobs):
        at = BEGIN + job * (YEARS / jobs)
        with writing(
            database, Attribution("lead", "pooled", "simulated correction", at)
        ) as session:
            first = sa.select(Result).order_by(Result.id).offset(job % (2 * TRIALS)).limit(1)
            result: Any = session.scalars(first).one()
            result.mean = 20 + (job * 7 % 40) / 10
        repool(database, actor="lead", now=partial(_same, at))


def _same(at: datetime) -> datetime:
    return at


def made(folder: Path, wanted: int, jobs: int) -> Database:
    """Return the database, made where it is not there."""
    database = database_at(f"sqlite:///{folder / 'ten-years.db'}")
    if database.file.exists():
        return database
    upgrade(database)
    began = time.process_time()
    pooled(database, jobs)
    print(f"{jobs} jobs made in {time.process_time() - began:.0f} s of processor time", flush=True)
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


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(database: Database, *words: str) -> None:
    """Print what a command takes: seconds on the clock, and of the processor."""
    began, before = time.perf_counter(), _used()
    subprocess.run(
        [sys.executable, "-m", "review", *words],
        env={"REVIEW_DATABASE_URL": database.address, "REVIEW_ACTOR": "lead",
             **{k: v for k, v in os.environ.items() if k == "PYTHONPATH"}},
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    seconds, used = time.perf_counter() - began, _used() - before
    print(f"{seconds:7.1f} {used:7.1f}  review {' '.join(words)}", flush=True)


def main() -> None:
    """Make it, and time what is done with it."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    jobs = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    database = made(folder, wanted, jobs)
    with database.reading() as session:
        rows = {
            name: session.scalar(sa.select(sa.func.count()).select_from(sa.table(name)))
            for name in ("event", "record", "decision", "run", "job")
        }
    database.close()
    print(f"{json.dumps(rows)}, {database.file.stat().st_size / 2**20:,.0f} MiB")
    print("seconds    cpu")
    scope = ("--review", "pooled")
    timed(database, "doctor")
    timed(database, "history", "-n", "20")
    timed(database, "runs", "list", *scope)
    timed(database, "jobs")
    timed(database, "verify", "--since", str(wanted - 1_000))
    timed(database, "verify")
    timed(database, "repool")
    with writing(database, Attribution("lead", "pooled", "one more correction")) as session:
        result: Any = session.scalars(sa.select(Result).limit(1)).one()
        result.mean = (result.mean or 0.0) + 0.5
    database.close()
    timed(database, "repool")
    kept = folder / "backups"
    timed(database, "backup", "--to", str(kept))
    shutil.rmtree(kept)
    timed(database, "verify", "--runs")


if __name__ == "__main__":
    main()
