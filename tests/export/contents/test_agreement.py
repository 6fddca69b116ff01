"""Agreement of screening, entry and risk of bias, by hand."""

from __future__ import annotations

import pytest

from review.db import Database
from review.extraction.actions import import_extraction
from review.extraction.appraisal.actions import appraise
from review.extraction.vocabulary import EntryKind
from review.history.actions import Attribution, writing
from tests.conftest import NOW
from tests.export.contents.screened import screen
from tests.export.contents.synthetic import arm, begin, records, row, tables, the_review
from tests.extraction.appraisal.samples import a_review, form
from tests.extraction.appraisal.samples import the_review as appraised_review
from tests.joining import joined


def test_screening_by_stage_and_pair(database: Database) -> None:
    screen(database)
    printed, data = tables(database, "agreement", review="alliance")
    rows = records(data["agreement"])
    forward = next(r for r in rows if r["what"].startswith("include or maybe"))
    # Seven records: five forward for both, one out for both, one out for anna alone.
    expected = (5 / 7) * (6 / 7) + (2 / 7) * (1 / 7)
    assert (forward["task"], forward["n"]) == ("Screening, title and abstract", 7)
    assert forward["agreed"] == pytest.approx(100 * 6 / 7)
    assert forward["kappa"] == pytest.approx((6 / 7 - expected) / (1 - expected))
    full = next(r for r in rows if r["task"] == "Screening, full text")
    assert (full["n"], full["agreed"], full["kappa"]) == (4, 100.0, 1.0)
    assert {r["who"] for r in rows} == {"anna and ben"}
    assert [r["task"] for r in records(printed["agreement"])].count(None) == 1


def test_double_entry_by_field(database: Database, by: Attribution) -> None:
    begin(database, by)
    video = {"study": "Synthetic 7", "instrument": "bdi", "n": 20, **arm("v")}
    with writing(database, by) as session:
        for person, mean in (("ada", 3.5), ("ben", 3.0)):
            given = [
                row(2, **video, mean=mean, sd=1),
                row(3, **{**video, **arm("p")}, mean=4, sd=1),
            ]
            import_extraction(
                session, the_review(session), given, file="synthetic",
                person=joined(session, the_review(session), person),
                kind=EntryKind.BLIND, finished=NOW,
            )  # fmt: skip
    rows = {r["what"]: r for r in records(tables(database, "agreement")[1]["agreement"])}
    assert (rows["mean"]["n"], rows["mean"]["agreed"]) == (2, 50.0)
    assert (rows["SD"]["n"], rows["SD"]["agreed"]) == (2, 100.0)
    assert rows["mean"]["who"] == "ada and ben"


def test_risk_of_bias_by_domain(database: Database, by: Attribution) -> None:
    a_review(database, by)
    with writing(database, by) as session:
        for person, given in (("ada", form(q1_2="N")), ("ben", form())):
            appraise(
                session, appraised_review(session), "rob2-parallel", given, handle=person, now=NOW
            )
    rows = records(tables(database, "agreement", review="vcp")[1]["agreement"])
    assert {r["what"]: (r["n"], r["agreed"]) for r in rows}["Overall"] == (1, 0.0)
    assert sum(r["agreed"] == 100.0 for r in rows) == 4
    assert rows[0]["what"] == "Randomisation process"
