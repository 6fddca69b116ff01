"""Files, forms and a consensus write through one door, which says all that is wrong at once."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import sqlalchemy as sa

import review
from review.db import Database
from review.errors import FileError
from review.extraction import actions, queries
from review.extraction.files import read_extraction
from review.extraction.models import Result, Study
from review.extraction.rules import built
from review.history.actions import Attribution, writing
from tests.extraction.test_consensus import made, review_of

__all__ = ["made"]

TABLE = """\
study,arm,versus_arm,instrument,n,versus_n,mean,sd,estimate,metric,ci_low,ci_high,events
A,Video,,bdi,ten,,5,1,,,2,1,
B,Video,,nowhere,10,,5,-1,,,,,
C,Video,In person,bdi,10,11,,,0.3,mean diff,,3,
C,Video,Video,bdi,10,11,,,0.3,MD,,,
D,Video,,bdi,10,,5,1,,,,,30
E,Video,,bdi,10,,5,1,,,,,
"""


def imported(made: Database, by: Attribution, file: Path) -> None:
    rows = read_extraction(file, refuse=False)
    with writing(made, by) as session:
        actions.import_extraction(
            session, review_of(session), rows, file="t.csv", problems=rows.problems, person="anna"
        )


def test_cells_rows_and_what_the_review_knows_are_told_together(
    made: Database, by: Attribution, tmp_path: Path
) -> None:
    file = tmp_path / "t.csv"
    file.write_text(TABLE, encoding="utf-8")
    with pytest.raises(FileError) as caught:
        imported(made, by, file)
    found = {(p.line, p.column or ""): p.reason for p in caught.value.problems}
    assert set(found) == {
        (2, "n"), (2, "ci_low, ci_high"), (3, "instrument"), (3, "sd"), (4, "metric"),
        (4, "ci_low, ci_high"), (5, "arm, versus_arm"), (6, "n, events"),
    }  # fmt: skip
    assert "is it MD?" in found[4, "metric"]
    assert "has no instrument 'nowhere'" in found[3, "instrument"]
    with made.reading() as session:
        assert session.scalars(sa.select(sa.func.count(Study.id))).one() == 0
        assert session.scalars(sa.select(sa.func.count(Result.id))).one() == 0
        assert queries.studies(session, review_of(session)) == []


def test_the_cells_of_a_form_are_built_as_those_of_a_file() -> None:
    row, problems = built(
        {"study": "A", "arm": "x", "instrument": "wai", "p": "0.3", "p_below": "0.5", "q1": "7",
         "median": "6", "sd": "much", "df1": "2"}
    )  # fmt: skip
    assert [p.fields for p in problems] == [
        ("sd",), ("p", "p_below"), ("df1", "f", "estimate"), ("q1", "median"),
    ]  # fmt: skip
    assert (row.study, row.numbers.q1, row.numbers.sd) == ("A", 7.0, None)


def test_results_are_made_in_as_few_places_as_there_are_ways_in() -> None:
    """A row of an entry is made by the one writer; a release of another format by its merge."""
    root = Path(review.__file__).parent
    makers = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        and node.func.id == "Result" and any(k.arg == "entry_id" for k in node.keywords)
    }  # fmt: skip
    assert makers == {"extraction/writer.py", "extraction/formats/known.py"}
