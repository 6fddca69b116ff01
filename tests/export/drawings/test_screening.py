"""Screening over time, replayed."""

from __future__ import annotations

from datetime import timedelta

from review.db import Database
from review.export.drawings.screening import FINEST, _thinned, screening_course
from review.figures.screening import screening_plot
from review.history.actions import writing
from review.screening.actions import adjudicate, decide
from review.screening.choices import Choice
from review.screening.vocabulary import Stage, Verdict
from tests.conftest import NOW
from tests.joining import joined
from tests.screening.builders import attributed, import_records, make_review, the_review


def test_counts_grow_with_decisions_and_a_conflict_lasts_until_its_adjudication(
    database: Database,
) -> None:
    make_review(database)
    records = import_records(database, ["One", "Two"])
    steps = (
        (0, "anna", records[0], Verdict.INCLUDE),
        (1, "ben", records[0], Verdict.EXCLUDE),  # a conflict
        (2, "anna", records[1], Verdict.INCLUDE),
        (3, "anna", records[1], Verdict.EXCLUDE),  # changes her mind: still one record judged
    )
    for hour, who, record, verdict in steps:
        at = NOW + timedelta(hours=hour)
        with writing(database, attributed(who, at)) as session:
            joined(session, the_review(session), who)
            decide(
                session, the_review(session), stage=Stage.TITLE_ABSTRACT, handle=who,
                choices=[Choice(record, verdict)], now=at,
            )  # fmt: skip
    at = NOW + timedelta(hours=4)
    with writing(database, attributed("cleo", at)) as session:
        joined(session, the_review(session), "cleo")
        adjudicate(
            session, the_review(session), Choice(records[0], Verdict.INCLUDE),
            stage=Stage.TITLE_ABSTRACT, handle="cleo", now=at,
        )  # fmt: skip
    with database.reading() as session:
        course = screening_course(session, the_review(session))
    (stage,) = course.stages
    assert (stage.name, stage.records) == ("Titles and abstracts", 2)
    assert stage.conflicts.times == tuple(NOW + timedelta(hours=h) for h in range(5))
    assert stage.conflicts.counts == (0, 1, 1, 1, 0)
    assert [(p.label, p.counts) for p in stage.persons] == [
        ("reviewer 1", (1, 1, 2, 2, 2)),
        ("reviewer 2", (0, 1, 1, 1, 1)),
    ]
    assert str(screening_plot(course).get_label()).endswith("Titles and abstracts")


def test_long_courses_are_thinned_but_keep_their_ends() -> None:
    assert _thinned(3) == [0, 1, 2]
    kept = _thinned(5000)
    assert len(kept) <= FINEST
    assert (kept[0], kept[-1]) == (0, 4999)
