"""Batches, records and duplicates in the database, on both kinds."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from review.citations import pair_queries, queries
from review.citations.actions import Imported, SearchSpec, add_search, import_batch
from review.citations.duplicates import (
    compare_new_records,
    decide_pair,
    dedupe_stats,
    link_records,
    store_comparisons,
    undo_pair,
)
from review.citations.files import CitationFile
from review.citations.formats.reading import read_citations
from review.citations.formats.spool import Spool
from review.citations.models import Record
from review.citations.rereading import read_otherwise
from review.citations.rules import UNSTATED, PairState
from review.citations.vocabulary import Band, SourceKind, Verdict
from review.db import Database
from review.errors import BusyError, InvalidDataError, NotFoundError
from review.history.actions import Attribution, writing
from review.history.queries import events, verify
from review.protocol.actions import new_review
from review.protocol.queries import review_called
from review.protocol.specs import ReviewSpec
from tests.conftest import NOW

TITLES = (
    "Talking at a distance: a randomised trial of therapy by video",
    "Keyboards of typists in Iceland and how often they are cleaned",
    "A survey of the rooms in which therapists sit when they call",
)


def ris(*titles: str, doi: str | None = None, year: int = 2019) -> bytes:
    lines = "".join(
        f"TY  - JOUR\nTI  - {title}\nAU  - Doe, Jane\nPY  - {year}\nJF  - Journal of Distance\n"
        f"VL  - 3\nSP  - {11 + place}\n{f'DO  - {doi}' if doi else ''}\nER  - \n\n"
        for place, title in enumerate(titles)
    )
    return lines.encode()


def take(
    database: Database,
    by: Attribution,
    data: bytes,
    *,
    name: str = "x.ris",
    search: int | None = None,
) -> Imported:
    reading = read_citations(data, file=name)
    file = CitationFile(name, data, hashlib.sha256(data).hexdigest())
    with writing(database, by) as session:
        review = review_called(session, "synthetic")
        found = queries.search_numbered(session, review, search) if search else None
        done = import_batch(session, review, reading, file=file, search=found, now=NOW)
        session.expunge_all()
        return done


def dedupe(database: Database, by: Attribution) -> None:
    with database.reading() as session:
        found = compare_new_records(session, review_called(session, "synthetic"))
    with writing(database, by) as session:
        store_comparisons(session, review_called(session, "synthetic"), found, now=NOW)


def in_scope(database: Database) -> list[int]:
    with database.reading() as session:
        review = review_called(session, "synthetic")
        return [record.id for record in queries.records_in_scope(session, review)]


def decide(database: Database, by: Attribution, pair: int, verdict: Verdict) -> None:
    with writing(database, by) as session:
        review = review_called(session, "synthetic")
        decide_pair(session, review, pair=pair, verdict=verdict, person="ada", now=NOW)


@pytest.fixture
def reviewed(database: Database, by: Attribution) -> Database:
    with writing(database, by) as session:
        new_review(session, ReviewSpec(slug="synthetic", title="Synthetic"), owner="tester")
    return database


def test_a_batch_keeps_every_entry_with_its_line_and_text(
    reviewed: Database, by: Attribution
) -> None:
    data = ris(*TITLES) + b"TI  - No type\nER  - \n"
    done = take(reviewed, by, data)
    assert (done.batch.read, done.batch.stored, done.batch.rejected) == (4, 3, 1)
    text = data.decode()
    with reviewed.reading() as session:
        review = review_called(session, "synthetic")
        lines = text.split("\n")
        for record in queries.records(session, review):
            assert lines[record.line - 1] == "TY  - JOUR"
            assert record.raw in text
        (reject,) = queries.rejects(session, done.batch)
        assert lines[reject.line - 1] == "TI  - No type"
        assert (reject.position, reject.reason) == (4, "fields without a TY line before them")


def test_the_same_file_twice_adds_nothing_whatever_its_name(
    reviewed: Database, by: Attribution
) -> None:
    first = take(reviewed, by, ris(*TITLES))
    again = take(reviewed, by, ris(*TITLES), name="y.ris")
    assert again.already_imported
    assert again.batch.id == first.batch.id
    assert len(in_scope(reviewed)) == 3


def test_an_import_is_one_event_whatever_its_size(reviewed: Database, by: Attribution) -> None:
    take(reviewed, by, ris(*(f"{TITLES[0]} {number}" for number in range(500))))
    with reviewed.reading() as session:
        (step,) = [event for event in events(session, viewer=None) if event.action == "import"]
        assert step.new is not None
        assert step.new["records"] == 500
        assert len(events(session, viewer=None)) < 10
        assert verify(session).intact


@pytest.mark.parametrize("table", ["record", "batch"])
def test_what_was_imported_is_never_changed(
    reviewed: Database, by: Attribution, table: str
) -> None:
    take(reviewed, by, ris(*TITLES))
    for verb in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        with (
            pytest.raises(sa.exc.DBAPIError, match=f"rows of {table} are never changed"),
            reviewed.transaction() as session,
        ):
            session.execute(sa.text(verb))


def test_a_search_is_kept_as_it_was_run(reviewed: Database, by: Attribution) -> None:
    spec = SearchSpec(
        source="PsycINFO",
        platform="Ovid",
        ran_on="2026-11-20",
        searched_by="ada",
        strategy="1 exp Telemedicine/\n2 therap*.ti,ab.\n",
        hits=3,
    )
    with writing(reviewed, by) as session:
        review = review_called(session, "synthetic")
        number = add_search(session, review, spec, now=NOW).id
    take(reviewed, by, ris(*TITLES), search=number)
    take(reviewed, by, ris(TITLES[0], doi="10.5555/a"))
    dedupe(reviewed, by)
    with reviewed.reading() as session:
        review = review_called(session, "synthetic")
        counts = queries.identified(session, review)
        sources = [(batch.kind, batch.source, batch.identified) for batch in counts.batches]
        assert sources == [(SourceKind.DATABASE, "PsycINFO", 3), (None, UNSTATED, 1)]
        assert (counts.identified, counts.duplicates, counts.in_scope) == (4, 1, 3)
        assert [batch.duplicates for batch in counts.batches] == [0, 1]
        with pytest.raises(NotFoundError, match="PsycINFO"):
            queries.search_numbered(session, review, 99)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ran_on": "20.11.2026"}, "not a date"),
        ({"ran_on": "2026-02-30"}, "no day"),
        ({"ran_on": "2027-01-01"}, "future"),
        ({"source": " "}, "name of its source"),
    ],
)
def test_a_search_that_cannot_be_right_is_refused(
    reviewed: Database, by: Attribution, change: dict[str, str], reason: str
) -> None:
    values: dict[str, Any] = {
        "source": "PsycINFO",
        "ran_on": "2026-11-20",
        "searched_by": "ada",
        **change,
    }
    with pytest.raises(InvalidDataError, match=reason), writing(reviewed, by) as session:
        add_search(session, review_called(session, "synthetic"), SearchSpec(**values), now=NOW)


def test_a_later_batch_never_touches_an_earlier_link_or_verdict(
    reviewed: Database, by: Attribution
) -> None:
    take(reviewed, by, ris(*TITLES))
    take(reviewed, by, ris(TITLES[0].upper(), TITLES[1].upper()))
    dedupe(reviewed, by)
    assert in_scope(reviewed) == [1, 2, 3]
    with writing(reviewed, by) as session:
        review = review_called(session, "synthetic")
        pair = next(p for p in pair_queries.judged_pairs(session, review) if p.earlier_id == 2)
        undo_pair(session, review, pair=pair.id, person="ada", now=NOW, reason="two surveys")
    assert in_scope(reviewed) == [1, 2, 3, 5]
    with reviewed.reading() as session:
        before = pair_queries.judged_pairs(session, review_called(session, "synthetic"))
    take(reviewed, by, ris(TITLES[0] + ".", TITLES[1] + "."))
    dedupe(reviewed, by)
    with reviewed.reading() as session:
        after = pair_queries.judged_pairs(session, review_called(session, "synthetic"))
    assert after[: len(before)] == before
    assert in_scope(reviewed) == [1, 2, 3, 5]
    dedupe(reviewed, by)
    with reviewed.reading() as session:
        assert pair_queries.judged_pairs(session, review_called(session, "synthetic")) == after


def test_a_person_decides_and_takes_it_back(reviewed: Database, by: Attribution) -> None:
    take(reviewed, by, ris(TITLES[0], doi="10.5555/a"))
    take(reviewed, by, ris(TITLES[0], doi="10.5555/b"))
    dedupe(reviewed, by)
    assert in_scope(reviewed) == [1, 2]
    with reviewed.reading() as session:
        review = review_called(session, "synthetic")
        (waiting,) = pair_queries.open_pairs(session, review)
        number = waiting.pair.id
        assert waiting.pair.band is Band.POSSIBLE
        assert "DOIs differ" in waiting.rule
    decide(reviewed, by, number, Verdict.DUPLICATE)
    assert in_scope(reviewed) == [1]
    with pytest.raises(InvalidDataError, match="already"):
        decide(reviewed, by, number, Verdict.DUPLICATE)
    with writing(reviewed, by) as session:
        review = review_called(session, "synthetic")
        undo_pair(session, review, pair=number, person="bob", now=NOW)
    assert in_scope(reviewed) == [1, 2]
    with reviewed.reading() as session:
        review = review_called(session, "synthetic")
        pair = pair_queries.pair_numbered(session, review, number)
        said = [decision.verdict for decision in pair_queries.decisions(session, pair)]
        assert said == [Verdict.DUPLICATE, Verdict.UNDECIDED]
        assert [p.state for p in pair_queries.judged_pairs(session, review)] == [PairState.OPEN]
        assert verify(session).intact


def test_clusters_as_they_were_at_a_time(reviewed: Database, by: Attribution) -> None:
    take(reviewed, by, ris(TITLES[0], doi="10.5555/a"))
    take(reviewed, by, ris(TITLES[0], doi="10.5555/b"))
    dedupe(reviewed, by)
    with writing(reviewed, by) as session:
        review = review_called(session, "synthetic")
        later = NOW + timedelta(days=2)
        decide_pair(session, review, pair=1, verdict=Verdict.DUPLICATE, person="ada", now=later)
    with reviewed.reading() as session:
        review = review_called(session, "synthetic")
        assert pair_queries.clusters(session, review).all() == [(1, 2)]
        then = NOW + timedelta(days=1)
        assert pair_queries.clusters(session, review, at=then).all() == []
        assert pair_queries.judged_pairs(session, review, at=NOW - timedelta(days=1)) == []


def test_records_that_were_called_different_are_not_joined_through_a_third(
    reviewed: Database, by: Attribution
) -> None:
    take(reviewed, by, ris(*TITLES))
    with writing(reviewed, by) as session:
        review = review_called(session, "synthetic")
        first = link_records(session, review, records=(2, 1), person="ada", now=NOW).id
        undo_pair(session, review, pair=first, person="ada", now=NOW)
        decide_pair(session, review, pair=first, verdict=Verdict.DIFFERENT, person="ada", now=NOW)
        link_records(session, review, records=(2, 3), person="ada", now=NOW)
    assert in_scope(reviewed) == [1, 2]
    with writing(reviewed, by) as session:
        review = review_called(session, "synthetic")
        with pytest.raises(InvalidDataError, match="called different"):
            link_records(session, review, records=(1, 3), person="ada", now=NOW)
    assert in_scope(reviewed) == [1, 2]


def test_two_runs_at_once_store_one(reviewed: Database, by: Attribution) -> None:
    take(reviewed, by, ris(*TITLES))
    with reviewed.reading() as session:
        found = compare_new_records(session, review_called(session, "synthetic"))
    dedupe(reviewed, by)
    with pytest.raises(BusyError, match="run it again"), writing(reviewed, by) as session:
        store_comparisons(session, review_called(session, "synthetic"), found, now=NOW)


def test_stats_add_up(reviewed: Database, by: Attribution) -> None:
    take(reviewed, by, ris(*TITLES))
    take(reviewed, by, ris(TITLES[0], year=2020))
    dedupe(reviewed, by)
    take(reviewed, by, ris("Something that came after the comparison was run last"))
    with reviewed.reading() as session:
        stats = dedupe_stats(session, review_called(session, "synthetic"))
    assert (stats.records, stats.not_compared) == (5, 1)
    assert stats.records - stats.removed == stats.in_scope == 4
    assert (stats.linked, stats.open, stats.different, stats.clusters) == (1, 0, 0, 1)
    assert sum(stats.rules.values()) == 1


def test_signs_of_all_scripts_are_stored_alike(reviewed: Database, by: Attribution) -> None:
    title = "Cafe\u0301 \u4e2d\u6587 \u03b1 \U0001f600 ﬁ"
    take(reviewed, by, f"TY  - JOUR\nTI  - {title}\nER  - \n".encode())
    with reviewed.reading() as session:
        assert (
            session.scalar(sa.select(Record.title)) == "Caf\u00e9 \u4e2d\u6587 \u03b1 \U0001f600 ﬁ"
        )


def test_what_an_older_version_understood_otherwise_is_said(
    reviewed: Database, by: Attribution
) -> None:
    whole = "10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2"
    data = ris(TITLES[0], doi=whole)
    reading = read_citations(data, file="x.ris")
    cut = Spool()
    for entry in reading.entries:
        cut.add(entry._replace(doi=whole.partition("<")[0]))
    file = CitationFile("x.ris", data, hashlib.sha256(data).hexdigest())
    with writing(reviewed, by) as session:
        review = review_called(session, None)
        older = replace(reading, items=cut)
        import_batch(session, review, older, file=file, search=None, now=NOW)
    take(reviewed, by, ris(TITLES[1], doi="10.5555/a"), name="y.ris")
    take(reviewed, by, b"title,authors,year\nA title,Doe J,2019\n", name="z.csv")
    with reviewed.reading() as session:
        said = [read_otherwise(record) for record in session.scalars(sa.select(Record))]
    assert said == [{"doi": whole}, {}, {}]
