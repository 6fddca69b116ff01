"""Results by study and arm, against the database itself."""

from __future__ import annotations

from typing import Any

from review.db import Database
from review.extraction.actions import import_extraction
from review.extraction.consensus import reach_consensus, sides
from review.extraction.vocabulary import EntryKind
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
from tests.joining import joined


def test_every_result_that_counts_is_there_with_all_its_digits(
    database: Database, by: Attribution
) -> None:
    begin(database, by)
    _, data = tables(database, "results")
    rows = records(data["results"])
    counted = asked(
        database,
        "SELECT count(*), sum(result.n), sum(result.events), sum(result.mean), sum(result.sd) "
        "FROM result JOIN entry ON entry.id = result.entry_id JOIN study ON study.id = "
        "entry.study_id WHERE study.excluded_because IS NULL",
    )
    (n_rows, n, events, mean, sd) = counted[0]
    assert n_rows == len(rows)
    assert sum(r["n"] or 0 for r in rows) == n
    assert sum(r["events"] or 0 for r in rows) == events
    assert abs(sum(r["mean"] or 0 for r in rows) - mean) < 1e-9
    assert abs(sum(r["sd"] or 0 for r in rows) - sd) < 1e-9
    (contrast,) = (r for r in rows if r["versus_arm"] is not None)
    assert (contrast["t"], contrast["p"], contrast["versus_n"]) == (-2.31, 0.023, 49)


def test_print_has_numbers_as_reported_and_says_what_is_missing(
    database: Database, by: Attribution
) -> None:
    begin(database, by)
    printed, _ = tables(database, "results")
    table = printed["results"]
    rows = records(table)
    at = next(i for i, r in enumerate(rows) if r["study"] == "Synthetic 9")
    said = {r["arm"]: r["other"] for r in rows[at:] if r["other"]}
    assert said["Video against In person"] == "n of the other arm 49, t −2.31, p 0.023"
    assert "no numbers reported" in [r["other"] for r in rows[at:]]
    assert table.columns[table.keys.index("mean")].places == 3
    assert rows[0]["source"] is None
    assert next(r for r in rows if r["study"] == "Synthetic 1")["source"] == "p. 3"
    assert next(r for r in rows if r["study"] == "Synthetic 1")["instrument"] == (
        "Beck Depression Inventory (client)"
    )


def test_a_study_entered_twice_shows_the_consensus_of_two_people(
    database: Database, by: Attribution
) -> None:
    begin(database, by)
    twice = [row(2, study="Synthetic 7", instrument="bdi", n=20, mean=3.5, sd=1, **arm("v"))]
    with writing(database, by) as session:
        for person in ("ada", "ben"):
            import_extraction(
                session, the_review(session), twice, file="synthetic",
                person=joined(session, the_review(session), person),
                kind=EntryKind.BLIND, finished=NOW,
            )  # fmt: skip
    assert _of(database, "Synthetic 7") == []
    with writing(database, by) as session:
        review = the_review(session)
        found = sides(session, review, "Synthetic 7")
        reach_consensus(session, review, found, person="ada", now=NOW)
    assert [(r["mean"], r["entered_by"]) for r in _of(database, "Synthetic 7")] == [(3.5, 2)]


def _of(database: Database, study: str) -> list[dict[str, Any]]:
    rows = records(tables(database, "results")[1]["results"])
    return [found for found in rows if found["study"] == study]
