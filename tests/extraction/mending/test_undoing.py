"""An import of results is undone, one result withdrawn or moved, a value cleared, with history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review.db import Database
from review.errors import InvalidDataError
from review.extraction.actions import import_extraction
from review.extraction.mending.undoing import undo_import
from review.extraction.past_imports import past_imports
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.extraction.sheet import entry_rows
from review.history.actions import Attribution, writing
from review.living.runs.models import Run
from review.protocol.queries import review_called
from tests.extraction.mending.conftest import Cli, evidence_of, fingerprints, shown
from tests.faults import TABLES as DATA

ADAMS = "Synthetic Adams 2015"
TABLE = (
    "study,year,arm,treatment,n_randomised,instrument,rater,timepoint,analysis_set,n,mean,sd\n"
    f"{ADAMS},(clear),Video CBT,CBT,(Clear),wai-c,client,post,itt,55,190,30\n"
    "Synthetic New 2024,2024,Video CBT,CBT,50,wai-c,client,post,itt,45,190,30\n"
)


def rows_of(database: Database) -> list[dict[str, Any]]:
    """Return what the review holds in the form of an export, versions of rows apart."""
    with database.reading() as session:
        found = entry_rows(session, review_called(session, None), viewer="tester")
    return [{k: v for k, v in row.items() if not k.endswith("version")} for row in found]


def number_of(cli: Cli, file: str) -> int:
    return next(
        int(i["number"]) for i in shown(cli("extract", "imports", "--json")) if i["file"] == file
    )


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.csv"
    path.write_text(TABLE)
    return path


def test_an_undone_import_leaves_all_as_it_was(
    pooled: Cli, database: Database, table: Path
) -> None:
    before, rows, runs = evidence_of(database), rows_of(database), fingerprints(database)
    pooled("extract", "import", table)
    pooled("repool")
    number = number_of(pooled, "wrong.csv")
    looked = shown(pooled("extract", "undo", number, "--dry-run", "--json"))
    assert looked["done"] is False
    assert "withdrawn: 1 study, 1 arm, 1 entry, 1 result" in looked["details"]
    assert "--reason" in pooled("extract", "undo", number, status=2).stderr
    pooled("extract", "undo", number, "--reason", "another review's file")
    assert evidence_of(database) == before
    assert rows_of(database) == rows
    said = pooled("repool").stdout
    assert "the import of wrong.csv by tester was undone (another review's file)" in " ".join(
        said.split()
    )
    newest = {analysis: digest for analysis, _, digest in fingerprints(database)}
    assert newest == {analysis: digest for analysis, _, digest in runs}
    (undone,) = [i for i in shown(pooled("extract", "imports", "--json")) if i["undone"]]
    assert undone["undone"] == "another review's file"
    assert (
        "was undone before"
        in pooled("extract", "undo", number, "--reason", "again", status=1).stderr
    )
    done = shown(pooled("extract", "import", table, "--json"))
    assert (done["studies_added"], done["results_added"]) == (["Synthetic New 2024"], 1)
    pooled("verify")


def test_what_was_decided_since_is_named_and_nothing_is_undone(
    trials: Cli, database: Database, table: Path, tmp_path: Path
) -> None:
    trials("extract", "import", table)
    number = number_of(trials, "wrong.csv")
    more = tmp_path / "more.csv"
    more.write_text(
        "study,arm,instrument,rater,timepoint,analysis_set,n,mean,sd\n"
        "Synthetic New 2024,Video CBT,phq-9,self,post,itt,45,9,5\n"
        f"{ADAMS},Video CBT,wai-c,client,post,itt,55,191,30\n"
    )
    trials("extract", "import", more)
    before = evidence_of(database)
    said = trials("extract", "undo", number, "--reason", "x", status=1).stderr
    assert "1 result changed (mean)" in said
    assert "1 result of another import" in said
    assert evidence_of(database) == before
    trials("extract", "undo", number_of(trials, "more.csv"), "--reason", "x")
    trials("extract", "undo", number, "--reason", "x")


def test_a_cleared_value_is_known_no_more_and_the_history_has_it(trials: Cli, table: Path) -> None:
    done = shown(trials("extract", "import", table, "--json"))
    cleared = {(c["what"], c["field"], c["old"], c["new"]) for c in done["corrections"]}
    assert ("study", "year", 2015, None) in cleared
    assert ("arm Video CBT", "n_randomised", 60, None) in cleared
    (adams, *_) = [s for s in shown(trials("study", "list", "--json")) if s["study"] == ADAMS]
    assert adams["year"] is None
    assert '"year": 2015' in trials("history", "--entity", "study", "--json").stdout


def test_what_a_row_is_about_is_not_cleared(trials: Cli, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"study,arm,treatment\n{ADAMS},Video CBT,(clear)\n{ADAMS},(clear),CBT\n")
    said = trials("extract", "import", path, status=1).stderr
    assert "is not cleared" in said


def _first(cli: Cli, instrument: str) -> int:
    traced = shown(cli("extract", "trace", ADAMS, "--json"))
    return next(int(t["result_id"]) for t in traced if f"{instrument}, client, post" in t["place"])


def test_a_withdrawn_result_is_read_nowhere_and_can_come_back(
    pooled: Cli, database: Database
) -> None:
    before, number = evidence_of(database), _first(pooled, "wai-c")
    pooled("extract", "withdraw", number, "--reason", "of another table")
    assert number not in {item.result_id for item in evidence_of(database)}
    assert f'"result_id": {number},' not in pooled("extract", "trace", ADAMS, "--json").stdout
    (gone,) = shown(pooled("extract", "withdrawn", "--json"))
    assert (gone["result"], gone["by"], gone["because"]) == (number, "tester", "of another table")
    said = pooled("repool").stdout
    assert f"result {number} of {ADAMS}" in " ".join(said.split())
    pooled("extract", "reinstate", number, "--reason", "it was right")
    assert evidence_of(database) == before
    assert (
        "is not withdrawn"
        in pooled("extract", "reinstate", number, "--reason", "x", status=1).stderr
    )


def test_the_place_of_a_withdrawn_result_is_free(
    trials: Cli,
    tmp_path: Path,
) -> None:
    number = _first(trials, "wai-c")
    trials("extract", "withdraw", number, "--reason", "of another table")
    path = tmp_path / "right.csv"
    path.write_text(
        "study,arm,instrument,rater,timepoint,analysis_set,n,mean,sd\n"
        f"{ADAMS},Video CBT,wai-c,client,post,itt,55,201,30\n"
        f"{ADAMS},In person CBT,wai-c,client,post,itt,54,206,30\n"
    )
    trials("extract", "import", path)
    said = trials("extract", "reinstate", number, "--reason", "x", status=1).stderr
    assert "stands there already" in said


def test_what_a_person_withdrew_does_not_come_back_with_the_same_file(
    trials: Cli, database: Database
) -> None:
    number = _first(trials, "wai-c")
    trials("extract", "withdraw", number, "--reason", "of another table")
    before = evidence_of(database)
    said = trials("extract", "import", DATA / "truth.csv", status=1).stderr
    assert f"result {number}" in said
    assert "of another table" in said
    assert evidence_of(database) == before


def test_a_result_is_moved_with_its_numbers(trials: Cli, database: Database) -> None:
    number = _first(trials, "wai-c")
    said = trials(
        "extract", "rekey", number, "--timepoint", "mid", "--reason", "x", status=1
    ).stderr
    assert "stands there already" in said
    trials("extract", "rekey", number, "--timepoint", "One year", "--reason", "it was later")
    (item,) = [i for i in evidence_of(database) if i.result_id == number]
    assert item.timepoint == "One year"
    history = trials("history", "--entity", "result", "--id", number, "--json").stdout
    assert '"timepoint": "post"' in history
    assert "it was later" in history
    trials("extract", "rekey", number, "--timepoint", "post", "--reason", "no")
    trials("extract", "rekey", number, "--rater", "therapist", "--reason", "rated by therapists")


def test_a_direction_is_corrected_and_the_report_says_why(pooled: Cli) -> None:
    edit = ("instrument", "edit", "wai-c", "--lower-is-better")
    looked = shown(pooled(*edit, "--reason", "misread", "--dry-run", "--json"))
    assert looked["analyses"] == ["alliance"]
    pooled(*edit, "--reason", "the form was coded in reverse")
    assert "is like that already" in pooled(*edit, "--reason", "x", status=1).stderr
    said = " ".join(pooled("repool").stdout.split())
    assert (
        "instrument wai-c: higher is now worse (it was better) (the form was coded in reverse)"
        in said
    )
    assert "added" not in said.split("Before and after")[0].split("What was done")[0]


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Synthetic Adams 2015", "Synthetic Chen 2017", "New one 1999"]),
            st.sampled_from(["Video CBT", "In person CBT", "Third arm"]),
            st.sampled_from(["post", "mid", "later"]),
            st.integers(5, 90),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda row: row[:3],
    )
)
@pytest.mark.usefixtures("trials")
def test_importing_and_undoing_is_nothing(
    database: Database, by: Attribution, entries: list[tuple[str, str, str, int]]
) -> None:
    before, rows = evidence_of(database), rows_of(database)
    numbered = [
        NumberedRow(
            line,
            ExtractionRow.model_validate(
                {
                    "study": study, "arm": arm, "instrument": "wai-c", "rater": "client",
                    "timepoint": when, "analysis_set": "itt", "n": 40, "mean": mean, "sd": 7.5,
                    "n_randomised": 7, "population": "adults of all ages",
                }
            ),
        )
        for line, (study, arm, when, mean) in enumerate(entries, start=2)
        if not any(s == study and a == arm for s, a, *_ in entries[: line - 2])
    ]  # fmt: skip
    with writing(database, Attribution(actor="tester", review="vcp", at=by.at)) as session:
        review = review_called(session, None)
        try:
            import_extraction(session, review, numbered, file="x.csv", person="tester")
        except Exception:
            session.rollback()
            raise
    assert evidence_of(database) != before or rows_of(database) != rows
    with writing(database, Attribution(actor="tester", review="vcp", reason="r")) as session:
        review = review_called(session, None)
        number = next(i.number for i in past_imports(session, review) if i.undone is None)
        undo_import(session, review, number=number, person="tester", reason="a test")
    assert evidence_of(database) == before
    assert rows_of(database) == rows


def test_a_reason_is_wanted(trials: Cli, database: Database, by: Attribution) -> None:
    number = number_of(trials, "truth.csv")
    with writing(database, by) as session, pytest.raises(InvalidDataError, match="say why"):
        undo_import(
            session, review_called(session, None), number=number, person="tester", reason=" "
        )


def test_a_number_of_a_run_says_which_results_were_withdrawn_or_renamed_since(
    pooled: Cli, database: Database
) -> None:
    number = _first(pooled, "wai-c")
    with database.reading() as session:
        key = session.query(Run).order_by(Run.id).limit(1).one().key[:12]
    pooled("study", "rename", ADAMS, "Adams et al. 2015")
    at = f"{key}/effects/0/yi"
    traced = shown(pooled("trace", at, "--json"))
    assert traced["withdrawn"] == {}
    assert number in [result["result_id"] for result in traced["results"]]
    assert all(result["used_in"] for result in traced["results"])
    assert "used in alliance, run 1" in pooled("extract", "trace", "Adams et al. 2015").stdout
    pooled("extract", "withdraw", number, "--reason", "of another table")
    traced = shown(pooled("trace", at, "--json"))
    assert traced["withdrawn"] == {str(number): "of another table"}
    assert number not in [result["result_id"] for result in traced["results"]]
    said = pooled("trace", at).stdout
    assert f"Since this run, result {number} was withdrawn: of another table" in said
