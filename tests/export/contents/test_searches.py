"""Search strategies and excluded reports, against the database itself."""

from __future__ import annotations

from review.db import Database
from review.export.flow.prisma import flow_of
from review.extraction.actions import exclude_study
from review.extraction.linking.actions import link_report
from review.history.actions import writing
from tests.conftest import NOW
from tests.export.contents.screened import screen
from tests.export.contents.synthetic import asked, records, tables
from tests.screening.builders import attributed, the_review


def test_searches_bring_all_records_there_are(database: Database) -> None:
    screen(database)
    rows = records(tables(database, "search_strategies", review="alliance")[1]["search_strategies"])
    assert [(sum(r["imported"] for r in rows), 10)] == [
        (n, n) for (n,) in asked(database, "SELECT count(*) FROM record")
    ]
    assert sum(r["duplicates"] for r in rows) == 1
    assert sum(r["rejected"] for r in rows) == 3
    assert [(r["source"], r["imported"], r["duplicates"]) for r in rows] == [
        ("PubMed", 7, 0), ("PsycINFO", 2, 1), ("source unstated: hand.ris", 1, 0),
    ]  # fmt: skip


def test_a_search_is_told_in_full_and_what_is_silent_is_said(database: Database) -> None:
    screen(database)
    printed = tables(database, "search_strategies", review="alliance")[0]["search_strategies"]
    first, second, _ = records(printed)
    assert (first["source"], first["hits"], first["limits"]) == (
        "PubMed (Ovid)",
        "1,234",
        "English",
    )
    assert first["strategy"] == "1 exp Psychotherapy/\n2 video*.ti,ab.\n3 1 and 2"
    assert (second["strategy"], second["hits"], second["ran_on"]) == ("NR", "NR", "2026-11-20")
    assert printed.general[0].endswith("NR: not reported.")


def test_excluded_reports_are_those_of_the_flow_with_their_reasons(database: Database) -> None:
    first = screen(database)
    with writing(database, attributed("anna")) as session:
        for record, study in ((first[0], "Kept"), (first[1], "Gone")):
            link_report(
                session, the_review(session), record, study, handle="anna", now=NOW, new=True
            )
        exclude_study(session, the_review(session), label="Gone", reason="synthetic retraction")
    printed, data = tables(database, "excluded_studies", review="alliance")
    rows = records(data["excluded_studies"])
    with database.reading() as session:
        flow = flow_of(session, the_review(session))
        assert {r["record"] for r in rows if r["record"]} == set(flow.boxes["reports_excluded"].ids)
    assert [(r["record"], r["study"], r["reason"], r["stage"]) for r in rows] == [
        (first[3], None, "wrong population", "full text"),
        (first[2], None, "wrong comparator", "full text"),
        (None, "Gone", "synthetic retraction", "after inclusion"),
    ]
    shown = records(printed["excluded_studies"])
    assert shown[0]["what"] == "Authore 2020"
    assert shown[0]["reference"] == "Authore, A. (2020). Synthetic title 3"
    assert [r["what"] for r in shown[2:]] == ["Gone"]
