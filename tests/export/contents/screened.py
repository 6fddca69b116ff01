"""A synthetic review half-way through screening, with searches, for tests of tables."""

from __future__ import annotations

from review.citations.models import Search
from review.db import Database
from review.history.actions import writing
from review.screening.retrieval import note_retrieval
from review.screening.vocabulary import RetrievalOutcome, Stage, Verdict
from tests.conftest import NOW
from tests.screening.builders import (
    attributed,
    import_records,
    link_duplicates,
    make_review,
    say,
    the_review,
)

IN, OUT, MAYBE = Verdict.INCLUDE, Verdict.EXCLUDE, Verdict.MAYBE


def screen(database: Database) -> list[int]:
    """Ten records of three files; two of five full texts are excluded; one reviewer doubts once."""
    make_review(database)
    first = import_records(database, [f"Synthetic title {i}" for i in range(7)])
    second = import_records(database, ["Synthetic title 7", "Synthetic title 0"], source="PsycINFO")
    third = import_records(database, ["Synthetic title 8"], source="hand", kind=None)
    link_duplicates(database, [(first[0], second[1])])
    with writing(database, attributed()) as session:
        search = session.get_one(Search, 1)
        search.platform, search.hits = "Ovid", 1234
        search.strategy = "1 exp Psychotherapy/\n2 video*.ti,ab.\n3 1 and 2"
        search.limits = "English"
    say(database, "anna", IN, *first[:5])
    say(database, "ben", IN, *first[:4])
    say(database, "ben", MAYBE, first[4])
    for who in ("anna", "ben"):
        say(database, who, OUT, first[5])
    say(database, "anna", OUT, first[6])
    say(database, "ben", IN, first[6])
    say(database, "anna", OUT, third[0])
    with writing(database, attributed("anna")) as session:
        note_retrieval(
            session, the_review(session), first[:4], outcome=RetrievalOutcome.RETRIEVED,
            handle="anna", now=NOW,
        )  # fmt: skip
    for who in ("anna", "ben"):
        say(database, who, IN, *first[:2], stage=Stage.FULL_TEXT)
        say(database, who, OUT, first[2], stage=Stage.FULL_TEXT, reason="2")
        say(database, who, OUT, first[3], stage=Stage.FULL_TEXT, reason="1")
    return first
