"""The demonstration has something to show at every step, and its numbers are those of its data."""

from __future__ import annotations

import pytest

from review.citations.duplicates import dedupe_stats
from review.citations.queries import records
from review.db import Database
from review.demonstration import delivery, invented
from review.extraction import queries
from review.extraction.appraisal.queries import standings
from review.extraction.appraisal.vocabulary import State as Appraised
from review.extraction.consensus import comparable, sides
from review.extraction.queries import studies
from review.extraction.seeds import seed_called
from review.history.queries import events, verify
from review.living.releases.releases import releases
from review.living.reports.changes import compare
from review.living.runs.queries import newest_of_each, runs, snapshot_of
from review.protocol.queries import review_called
from review.screening import queries as screening
from review.screening.agreeing import agreement_of
from review.screening.vocabulary import Stage, State


def test_multimedia_moved_when_the_later_trials_came_and_any_cbt_has_four_dated_runs(
    demonstration: Database,
) -> None:
    with demonstration.reading() as session:
        review = review_called(session, delivery.NAME)
        multimedia = [
            snapshot_of(r)[1].pooled.estimate for r in runs(session, review, "multimedia")
        ]
        four = runs(session, review, "any-cbt")
        days = [run.created.date() for run in four]
        noted = {e.at.date() for e in events(session, viewer=None, entity="run")}
        last = compare(snapshot_of(four[2]), snapshot_of(four[3]))
    assert set(days) <= noted  # the history says the same days
    assert "With a changed plan (70 trials)" in last.sentence
    assert multimedia == pytest.approx([0.58, 0.80], abs=0.005)  # as metafor has them
    assert len(set(days)) == 4


def test_the_planted_slip_is_put_right(demonstration: Database) -> None:
    label, arm = delivery._SLIP
    rows = seed_called(delivery.NAME).rows
    (row,) = [r.row for r in rows if (r.row.study, r.row.arm) == (label, arm)]
    with demonstration.reading() as session:
        review = review_called(session, delivery.NAME)
        ids = [s.id for s in studies(session, review) if s.label == label]
        (entered,) = queries.entered(session, queries.entries(session, ids))
    stored = [
        result.values["estimate"] for key, result in entered.results.items() if key.arm == arm
    ]
    assert stored == [row.numbers.estimate]


def test_something_waits_at_every_step_of_the_invented_review(demonstration: Database) -> None:
    with demonstration.reading() as session:
        review = review_called(session, invented.NAME)
        ledger = screening.ledger(session, review)
        states = {
            stage: {ledger.standing(stage, record).state for record in ledger.to_judge(stage)}
            for stage in Stage
        }
        assert dedupe_stats(session, review).open > 0
        assert {State.CONFLICT, State.INCLUDED} <= states[Stage.TITLE_ABSTRACT]
        assert {State.CONFLICT, State.INCLUDED} <= states[Stage.FULL_TEXT]
        compared = [sides(session, review, label) for label in comparable(session, review)]
        assert {s.agreed for s in compared} == {True, False}
        assert any(s.decided and s.open for s in compared)  # a consensus half done
        appraised = {s.state for s in standings(session, review, None)}
        assert {Appraised.AWAITING, Appraised.CONFLICT, Appraised.CONSENSUS} <= appraised
        assert [r.version for r in releases(session, review)] == ["1.0"]
        assert len(newest_of_each(session, review)) == 2
        assert verify(session).intact


def test_a_pilot_round_shows_its_agreement_at_the_end(demonstration: Database) -> None:
    with demonstration.reading() as session:
        review = review_called(session, invented.NAME)
        (pilot,) = screening.pilots(session, review)
        found = agreement_of(session, review, stage=Stage.TITLE_ABSTRACT, pilot=pilot.number)
    assert pilot.closed_at is not None
    assert (found.records, found.incomplete) == (len(pilot.record_ids), 0)
    assert found.lines[0].raw == "90.0 %"  # on one of ten they differ


def test_everything_invented_says_so(demonstration: Database) -> None:
    with demonstration.reading() as session:
        review = review_called(session, invented.NAME)
        said = [review.title, *(study.label for study in studies(session, review))]
        said += [str(record.title) for record in records(session, review)]
    assert [text for text in said if "synthetic" not in text.casefold()] == []
