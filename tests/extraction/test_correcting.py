"""Importing again: what a file does not say stays, and what it says twice must agree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from review.db import Database
from review.errors import FileError
from review.extraction.files import read_extraction
from review.extraction.imported import ImportReport
from review.extraction.intake import import_extraction
from review.extraction.queries import entries, results, studies
from review.history.actions import Attribution, writing
from review.protocol.actions import add_instrument, add_outcome, new_review
from review.protocol.queries import review_called
from review.protocol.specs import InstrumentSpec, OutcomeSpec, ReviewSpec

Import = Callable[[str], ImportReport]

FIRST = (
    "study,year,citation,arm,instrument,n,mean,sd,page\n"
    "A,2001,A first paper,x,wai,20,5.5,1.5,p. 3\n"
)


@pytest.fixture
def take(database: Database, by: Attribution, tmp_path: Path) -> Import:
    with writing(database, by) as session:
        review = new_review(session, ReviewSpec(slug="made-up", title="Made up"), owner="tester")
        add_outcome(session, review, OutcomeSpec(slug="alliance", name="Alliance"))
        spec = InstrumentSpec(slug="wai", name="WAI", outcome="alliance", higher_is_better=True)
        add_instrument(session, review, spec)

    def run(content: str) -> ImportReport:
        path = tmp_path / "trials.csv"
        path.write_text(content)
        with writing(database, by) as session:
            review = review_called(session, None)
            rows = read_extraction(path)
            return import_extraction(session, review, rows, file=str(path), person="ada")

    return run


def stored(database: Database) -> dict[str, object]:
    with database.reading() as session:
        found = studies(session, review_called(session, None))
        (result,) = results(session, entries(session, [study.id for study in found]))
        names = ("n", "mean", "sd", "page")
        return {name: getattr(result, name) for name in names}


def test_a_column_that_is_not_there_leaves_and_an_empty_cell_empties(
    database: Database, take: Import
) -> None:
    take(FIRST)
    report = take("study,arm,instrument,mean\nA,x,wai,5.6\n")
    assert [(c.field, c.old, c.new) for c in report.corrections] == [("mean", 5.5, 5.6)]
    assert stored(database) == {"n": 20, "mean": 5.6, "sd": 1.5, "page": "p. 3"}
    report = take("study,arm,instrument,mean,page\nA,x,wai,5.6,\n")
    assert [(c.field, c.old, c.new) for c in report.corrections] == [("page", "p. 3", None)]
    assert stored(database) == {"n": 20, "mean": 5.6, "sd": 1.5, "page": None}


@pytest.mark.parametrize(
    ("rows", "column", "words"),
    [
        ("A,2001,x,telephone,1\nA,2002,x,telephone,2", "year", "line 2 says 2001, this one 2002"),
        (
            "A,2001,x,telephone,1\nA,2001,x,text,2",
            "delivery_mode",
            "line 2 says telephone, this one text",
        ),
    ],
)
def test_rows_that_contradict_each_other_are_named(
    take: Import, rows: str, column: str, words: str
) -> None:
    table = "study,year,arm,delivery_mode,n,instrument,timepoint\n" + "\n".join(
        f"{row},wai,{time}" for row, time in zip(rows.split("\n"), ("post", "later"), strict=True)
    )
    with pytest.raises(FileError) as caught:
        take(table)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.reason) == (3, column, words)


def test_arms_and_reports_of_known_studies_are_counted(take: Import) -> None:
    take(FIRST)
    again = take(FIRST)
    assert again.nothing_new
    report = take("study,citation,arm\nA,A second paper,x\nA,,y\n")
    assert not report.nothing_new
    assert (report.arms_added, report.reports_added, report.studies_added) == (1, 1, [])


def test_what_was_added_to_known_studies_is_said(
    take: Import, cli: Callable[..., Result], tmp_path: Path
) -> None:
    take(FIRST)
    path = tmp_path / "more.csv"
    path.write_text("study,citation,arm\nA,A second paper,x\nA,,y\n")
    assert "Known studies have 1 arm and 1 report more." in cli("extract", "import", path).output


@pytest.mark.usefixtures("take")
def test_one_is_said_in_the_singular(cli: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "first.csv"
    path.write_text(FIRST)
    told = cli("extract", "import", path).output
    assert "1 row; 1 study and 1 result added, 0 results unchanged, 0 values corrected." in told
    assert "1 study is entered once" in told
    assert "nothing new in 1 row." in cli("extract", "import", path).output
