"""Risk of bias and its support, against the ledger of appraisals."""

from __future__ import annotations

from review.db import Database
from review.extraction.actions import exclude_study
from review.extraction.appraisal.actions import appraise
from review.extraction.appraisal.form import Form, Stated, Target
from review.history.actions import Attribution, writing
from tests.conftest import NOW
from tests.export.contents.synthetic import records, tables
from tests.extraction.appraisal.samples import ALLIANCE, a_review, form, the_review

ERTELT, YUEN = Target("Ertelt (2010)", "alliance", "wai", "post"), Target("Yuen (2013)", "alliance")


def _said(database: Database, by: Attribution, *forms: tuple[str, Form]) -> None:
    with writing(database, by) as session:
        for person, given in forms:
            appraise(session, the_review(session), "rob2-parallel", given, handle=person, now=NOW)


def test_judgements_by_domain_and_what_is_not_settled(database: Database, by: Attribution) -> None:
    a_review(database, by)
    _said(
        database, by, ("ada", form()), ("ben", form()), ("ada", form(ERTELT, q1_2="N")),
        ("ben", form(ERTELT)), ("ada", form(YUEN)),
    )  # fmt: skip
    table = tables(database, "risk_of_bias", review="vcp")[1]["risk_of_bias_rob2"]
    day, ertelt, yuen = records(table)
    assert (day["study"], day["result"], day["overall"]) == ("Day (2002)", "alliance", "Low")
    assert [day[f"domain_{i}"] for i in range(1, 6)] == ["Low"] * 5
    assert day["settled"] == "assessors agreed"
    assert (ertelt["result"], ertelt["overall"]) == ("alliance, wai, post", None)
    assert (ertelt["settled"], yuen["settled"]) == ("awaiting a consensus", "awaiting an assessor")
    assert table.columns[2].header == "Randomisation process"


def test_support_holds_answers_and_words_of_what_counts(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    own = {"D1": Stated("high", "sequence guessed")}
    for person in ("ada", "ben"):
        _said(database, by, (person, form(domains=own, overall=Stated("high"))))
    printed, data = tables(database, "risk_of_bias", review="vcp")
    rows = records(data["risk_of_bias_rob2_support"])
    assert len(rows) == 6
    assert rows[0] == {
        "study": "Day (2002)", "result": "alliance", "domain": "Randomisation process",
        "judgement": "High", "proposed": "Low", "answers": "1.1 Y, 1.2 PY, 1.3 N",
        "support": "sequence guessed",
    }  # fmt: skip
    assert [r["study"] for r in records(printed["risk_of_bias_rob2_support"])].count(None) == 5


def test_a_study_taken_out_is_not_judged_in_print(database: Database, by: Attribution) -> None:
    a_review(database, by)
    _said(database, by, ("ada", form()), ("ben", form()))
    assert ALLIANCE.study == "Day (2002)"
    with writing(database, by) as session:
        exclude_study(session, the_review(session), label="Day (2002)", reason="synthetic")
    assert tables(database, "risk_of_bias", review="vcp")[1] == {}
