"""Characteristics of included studies, against the database itself."""

from __future__ import annotations

from dataclasses import replace

from review.db import Database
from review.export.contents.columns import as_reported, decimals_of, said_once
from review.extraction.actions import define_field, exclude_study, import_extraction
from review.extraction.fields import FieldKind, FieldLevel, FieldSpec
from review.history.actions import Attribution, writing
from tests.conftest import NOW
from tests.export.contents.synthetic import (
    arm,
    asked,
    begin,
    records,
    row,
    tables,
    the_review,
)


def test_every_included_study_has_its_facts_and_all_its_arms(
    database: Database, by: Attribution
) -> None:
    begin(database, by)
    _, data = tables(database, "characteristics")
    rows = records(data["characteristics"])
    counted = asked(
        database,
        "SELECT count(*), count(DISTINCT study.id), sum(arm.n_randomised) FROM arm "
        "JOIN study ON study.id = arm.study_id WHERE study.excluded_because IS NULL",
    )
    assert counted == [(len(rows), len({r["study"] for r in rows}), 72)]
    assert sum(r["n_randomised"] or 0 for r in rows) == 72
    (waiting,) = (r for r in rows if r["arm"] == "Waiting")
    assert (waiting["cluster_size"], waiting["icc"], waiting["randomised"]) == (
        8.5,
        0.02,
        "cluster",
    )
    assert waiting["reports"] == "Synthetic 9 main report"
    assert all(r["study"] != "Synthetic 8" for r in rows)


def test_print_says_the_study_once_and_what_is_not_reported(
    database: Database, by: Attribution
) -> None:
    begin(database, by)
    printed, _ = tables(database, "characteristics")
    table = printed["characteristics"]
    rows = records(table)
    at = next(i for i, r in enumerate(rows) if r["study"] == "Synthetic 9")
    full, other = rows[at], rows[at + 1]
    assert full["design"] == (
        "RCT, two arms; clusters randomised; clusters of 8.5 on average, ICC 0.02; "
        "therapists crossed with arms"
    )
    assert (full["participants"], full["setting"]) == ("adults; depression", "Norway; clinic")
    assert full["outcomes"] == "Alliance: Working Alliance Inventory"
    assert (other["study"], other["design"], other["outcomes"]) == (None, None, None)
    video = next(r for r in rows[at : at + 3] if r["arm"] == "Video")
    assert (video["sessions"], video["n_randomised"], video["role"]) == (
        "8.5",
        "52",
        "intervention",
    )
    (first,) = (r for r in rows if r["study"] == "Synthetic 1")
    assert (first["setting"], first["n_randomised"]) == ("NR", "NR")
    assert first["outcomes"] == "Mood: Beck Depression Inventory (client)"
    assert "NR: not reported." in table.general


def test_columns_that_no_study_fills_are_named_below(database: Database, by: Attribution) -> None:
    begin(database, by)
    with writing(database, by) as session:
        exclude_study(session, the_review(session), label="Synthetic 9", reason="synthetic")
    printed, _ = tables(database, "characteristics")
    table = printed["characteristics"]
    assert "setting" not in table.keys
    assert table.general[-1] == (
        "Reported of no study so far: design; country, setting; participants, diagnosis; funding; "
        "registration; role; sessions; therapist training; n randomised."
    )


def test_custom_fields_of_studies_and_arms_are_columns(database: Database, by: Attribution) -> None:
    begin(database, by)
    with writing(database, by) as session:
        review = the_review(session)
        for slug, level, kind in (
            ("blinding", FieldLevel.STUDY, FieldKind.TEXT),
            ("drop-out", FieldLevel.ARM, FieldKind.NUMBER),
            ("page-of-mean", FieldLevel.RESULT, FieldKind.NUMBER),
        ):
            spec = FieldSpec(slug=slug, level=level, label=slug.capitalize(), kind=kind)
            define_field(session, review, spec, now=NOW)
        given = row(2, study="Synthetic 1", instrument="bdi", rater="client", analysis_set="itt",
                    n=40, mean=12.5, sd=8.0, page="p. 3", **arm("v"))  # fmt: skip
        given = replace(given, custom={"blinding": "assessors", "drop-out": 4.5})
        import_extraction(session, review, [given], file="synthetic", person="ada")
    printed, data = tables(database, "characteristics")
    (video,) = (
        r for r in records(data["characteristics"])
        if (r["study"], r["arm"]) == ("Synthetic 1", "Video")
    )  # fmt: skip
    assert (video["field_blinding"], video["field_drop-out"]) == ("assessors", "4.5")
    table = printed["characteristics"]
    assert "field_page-of-mean" not in table.keys
    assert table.columns[table.keys.index("field_drop-out")].header == "Drop-out"
    assert {r["field_blinding"] for r in records(table)} == {"assessors", "NR", None}


def test_numbers_in_words_keep_every_digit() -> None:
    assert [as_reported(x) for x in (-0.214, 49.0, 0.1 + 0.2)] == [
        "−0.214", "49", "0.30000000000000004",
    ]  # fmt: skip
    assert decimals_of([14.0, None, 3.5]) == 1
    assert decimals_of([1.23456]) == 4
    assert decimals_of([]) == 0


def test_a_leading_cell_is_said_again_where_one_before_it_changed() -> None:
    rows = (("a", "x", 1), ("a", "x", 2), ("b", "x", 3))
    assert said_once(rows, 2) == (("a", "x", 1), (None, None, 2), ("b", "x", 3))
