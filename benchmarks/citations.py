"""How fast citation files are imported and duplicates found, on synthetic records.

Run ``python benchmarks/citations.py [RECORDS]`` (50,000 unless told). The records are made up
from a seed: random titles, names and abstracts, a fifth of them noised copies of others (DOI
left out of half, journal abbreviated, title with a slip, year one off, authors as initials).
They stand for the size of a search, not for its difficulty. The figures are printed as JSON,
with the largest memory of the process; processor time stands beside the clock's, for on a machine
that others use too only the former says what the code needs.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from review.citations.actions import import_batch
from review.citations.duplicates import compare_new_records, dedupe_stats, store_comparisons
from review.citations.files import open_citations
from review.citations.formats.entry import Entry
from review.citations.formats.reading import WRITERS, read_citations
from review.citations.models import DuplicatePair
from review.citations.queries import records_in_scope
from review.citations.vocabulary import Band, Format
from review.db import database_at
from review.history.actions import Attribution, writing
from review.protocol.models import Review
from review.schema import upgrade

SEED = 20261123
SYLLABLES = [first + last for first in "bcdfghklmnprstvwz" for last in "aeiou"]
ABSTRACT_WORDS = 230
"""About 1,500 characters, as PubMed's abstracts have."""


def _word(random_: random.Random) -> str:
    return "".join(random_.choices(SYLLABLES, k=random_.randint(2, 4)))


def synthetic(count: int) -> tuple[list[Entry], list[int]]:
    """Return records and, for each, the number of the work that it is a record of."""
    random_ = random.Random(SEED)
    words = [_word(random_) for _ in range(6_000)]
    names = [_word(random_).capitalize() for _ in range(3_000)]
    journals = [" ".join(_word(random_).capitalize() for _ in range(3)) for _ in range(400)]
    works: list[Entry] = []
    for number in range(count - count // 5):
        authors = tuple(
            f"{random_.choice(names)}, {random_.choice(names)} {random_.choice('ABCDEFGH')}"
            for _ in range(random_.randint(1, 6))
        )
        page = random_.randint(1, 900)
        works.append(
            Entry(
                line=0,
                raw="",
                kind="JOUR",
                title=" ".join(random_.choices(words, k=random_.randint(6, 14))).capitalize(),
                abstract=" ".join(random_.choices(words, k=ABSTRACT_WORDS)),
                authors=authors,
                year=random_.randint(1990, 2026),
                journal=random_.choice(journals),
                volume=str(random_.randint(1, 80)),
                issue=str(random_.randint(1, 12)),
                pages=f"{page}-{page + random_.randint(2, 15)}",
                doi=f"10.5555/{number:06d}" if random_.random() < 0.85 else None,
                keywords=tuple(random_.choices(words, k=8)),
            )
        )
    labelled = [(work, number) for number, work in enumerate(works)]
    copied = random_.sample(range(len(works)), count // 5)
    labelled.extend((_noised(works[number], random_), number) for number in copied)
    random_.shuffle(labelled)
    return [entry for entry, _ in labelled], [number for _, number in labelled]


def _noised(entry: Entry, random_: random.Random) -> Entry:
    values: dict[str, Any] = entry._asdict()
    if random_.random() < 0.5:
        values["doi"] = None
    if random_.random() < 0.3:
        values["journal"] = " ".join(word[:4] for word in (entry.journal or "").split())
    if random_.random() < 0.2:
        title = entry.title or ""
        place = random_.randrange(1, len(title))
        values["title"] = title[:place] + title[place + 1 :]
    if random_.random() < 0.15:
        values["year"] = (entry.year or 2000) + random_.choice((-1, 1))
    if random_.random() < 0.4:
        values["authors"] = tuple(f"{a.split(',')[0]} {a.split(' ')[1][0]}" for a in entry.authors)
    if random_.random() < 0.1:
        values["pages"] = None
    values["title"] = (values["title"] or "").upper() if random_.random() < 0.1 else values["title"]
    return Entry(**values)


def _quality(pairs: list[tuple[int, int]], work_of: list[int]) -> dict[str, float]:
    right = sum(work_of[one - 1] == work_of[other - 1] for one, other in pairs)
    copies = len(work_of) - len(set(work_of))
    return {"precision": right / max(1, len(pairs)), "recall": right / copies}


def main(count: int) -> None:
    """Time an import and a comparison of `count` records on SQLite."""
    entries, work_of = synthetic(count)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "synthetic.ris"
        path.write_text(WRITERS[Format.RIS](entries, ()), encoding="utf-8")
        size = path.stat().st_size
        database = database_at(f"sqlite:///{Path(folder) / 'review.db'}")
        upgrade(database)
        now = datetime(2026, 11, 23, tzinfo=UTC)
        by = Attribution("benchmark", "synthetic", at=now)
        with writing(database, by) as session:
            session.add(Review(slug="synthetic", title="Synthetic", question=""))
        before, cpu_before = time.perf_counter(), time.process_time()
        file = open_citations(path)
        reading = read_citations(file.data, file=file.name)
        parsed = time.perf_counter()
        with writing(database, by) as session:
            review = session.scalars(sa.select(Review)).one()
            import_batch(session, review, reading, file=file, search=None, now=now)
        stored, cpu_stored = time.perf_counter(), time.process_time()
        del reading, file, entries
        with database.reading() as session:
            found = compare_new_records(session, session.scalars(sa.select(Review)).one())
        with writing(database, by) as session:
            review = session.scalars(sa.select(Review)).one()
            store_comparisons(session, review, found, now=now)
        deduped, cpu_deduped = time.perf_counter(), time.process_time()
        with database.reading() as session:
            review = session.scalars(sa.select(Review)).one()
            stats = dedupe_stats(session, review)
            linked = [
                (one, other)
                for one, other in session.execute(
                    sa.select(DuplicatePair.earlier_id, DuplicatePair.later_id).where(
                        DuplicatePair.band == Band.CERTAIN
                    )
                )
            ]
            read_again = time.perf_counter()
            in_scope = len(records_in_scope(session, review))
            scoped = time.perf_counter()
        update = Path(folder) / "update.ris"
        update.write_text(WRITERS[Format.RIS](synthetic(count)[0][:2], ()), encoding="utf-8")
        file = open_citations(update)
        reading = read_citations(file.data, file=file.name)
        with writing(database, by) as session:
            review = session.scalars(sa.select(Review)).one()
            import_batch(session, review, reading, file=file, search=None, now=now)
        begun, cpu_begun = time.perf_counter(), time.process_time()
        with database.reading() as session:
            found = compare_new_records(session, session.scalars(sa.select(Review)).one())
        with writing(database, by) as session:
            review = session.scalars(sa.select(Review)).one()
            store_comparisons(session, review, found, now=now)
        updated, cpu_updated = time.perf_counter(), time.process_time()
        database.engine.dispose()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "data": "synthetic records from a seed, a fifth of them noised copies",
                "records": count,
                "file_megabytes": round(size / 1e6, 1),
                "parse_seconds": round(parsed - before, 2),
                "import_seconds": round(stored - before, 2),
                "records_imported_per_second": round(count / (stored - before)),
                "records_imported_per_cpu_second": round(count / (cpu_stored - cpu_before)),
                "dedupe_cpu_seconds": round(cpu_deduped - cpu_stored, 2),
                "dedupe_seconds": round(deduped - stored, 2),
                "two_new_records_seconds": round(updated - begun, 2),
                "two_new_records_cpu_seconds": round(cpu_updated - cpu_begun, 2),
                "two_new_records_linked": len(found.pairs),
                "linked_pairs": len(linked),
                "queued_pairs": stats.open,
                **{name: round(v, 4) for name, v in _quality(linked, work_of).items()},
                "records_in_scope": in_scope,
                "records_in_scope_seconds": round(scoped - read_again, 2),
                "peak_megabytes": round(peak),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
