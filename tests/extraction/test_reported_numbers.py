"""A reported number is listed once, and goes through every door."""

from __future__ import annotations

import ast
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result as CliResult

import review
from review.db import Base, Database
from review.extraction.models import Result
from review.extraction.numbers import NUMBER_FIELDS, bounds
from review.extraction.rules import COLUMNS, EXPLAINED, ExtractionRow
from review.history.actions import Attribution, writing
from tests.conftest import NOW
from tests.extraction.test_consensus import VIDEO, made, review_of, take

__all__ = ["made"]

Cli = Callable[..., CliResult]

DOCS = Path(__file__).parents[2] / "docs" / "extract-a-trial.md"


@pytest.mark.parametrize("name", NUMBER_FIELDS)
def test_a_number_has_its_column_its_words_and_its_place_in_the_documentation(name: str) -> None:
    assert name in Result.__table__.columns
    assert name in COLUMNS
    assert len(EXPLAINED[name]) >= 10
    assert f"`{name}`" in DOCS.read_text(encoding="utf-8")


MANY = len(NUMBER_FIELDS) // 2
"""As many of the names in one literal make it a list of its own; subsets are shorter."""


def lists_of_names(source: str) -> list[int]:
    """Return the lines of the literals, classes and calls that spell out the reported numbers."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict):
            parts: list[ast.expr | None] = [*node.keys]
        elif isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            parts = [e.args[0] if isinstance(e, ast.Call) and e.args else e for e in node.elts]
        elif isinstance(node, ast.Call):
            parts = [ast.Constant(keyword.arg) for keyword in node.keywords]
        elif isinstance(node, ast.ClassDef):
            fields = [x.target for x in node.body if isinstance(x, ast.AnnAssign)]
            named = [x.name for x in node.body if isinstance(x, ast.FunctionDef)]
            parts = [ast.Constant(name) for name in named]
            parts += [ast.Constant(x.id) for x in fields if isinstance(x, ast.Name)]
        else:
            continue
        names = {p.value for p in parts if isinstance(p, ast.Constant)}
        if len(names & set(NUMBER_FIELDS)) >= MANY:
            found.append(node.lineno)
    return found


def test_the_numbers_are_listed_once() -> None:
    root = Path(review.__file__).parent
    listed = {
        str(path.relative_to(root)): lines
        for path in root.rglob("*.py")
        if (lines := lists_of_names(path.read_text(encoding="utf-8")))
    }
    assert list(listed) == ["extraction/numbers.py"]
    assert len(listed["extraction/numbers.py"]) == 1


@pytest.mark.parametrize(
    "again",
    [
        "LIST = ({})".format("".join(f"{name!r}, " for name in NUMBER_FIELDS)),
        "WORDS = {{{}}}".format("".join(f"{name!r}: 'x', " for name in NUMBER_FIELDS[5:])),
        "COLUMNS = ({})".format("".join(f"Column({name!r}), " for name in NUMBER_FIELDS)),
        "class Again:\n" + "".join(f"    {name}: float\n" for name in NUMBER_FIELDS),
        "class Again(Protocol):\n"
        + "".join(f"    def {name}(self): ...\n" for name in NUMBER_FIELDS),
        "made(" + "".join(f"{name}=x.{name}, " for name in NUMBER_FIELDS) + ")",
    ],
)
def test_a_second_list_would_be_seen(again: str) -> None:
    assert lists_of_names(again)


@pytest.mark.parametrize("name", NUMBER_FIELDS)
def test_form_and_database_have_one_rule_for_a_number(name: str) -> None:
    """What a form refuses a CHECK refuses too, and both take the bound itself where it counts."""
    checks = {c.name: str(c.sqltext) for c in Base.metadata.tables["result"].constraints
              if isinstance(c, sa.CheckConstraint)}  # fmt: skip
    said = checks.get(f"ck_result_{name}", "")
    assert all(f"{name} {sign} {bound:g}" in said for sign, bound in bounds(name).items())
    assert (said == "") == (not bounds(name))


NEW = {"f": 4.4, "df1": 2, "p": 0.02, "p_sides": 1, "residual_sd": 6.1, "r_squared": 0.49}


def test_two_blind_entries_are_compared_on_it_and_the_consensus_keeps_it(
    made: Database, by: Attribution
) -> None:
    from review.extraction.consensus import reach_consensus, resolve, sides
    from review.extraction.queries import entered, entries, study_called
    from review.extraction.vocabulary import EntryKind, Taken

    row = {**VIDEO, "versus_arm": "In person", "versus_n": 49, "mean": None, "sd": None, **NEW}
    with writing(made, by) as session:
        take(session, [row], "anna", EntryKind.BLIND)
        take(session, [{**row, "r_squared": 0.94, "p_sides": 2}], "ben", EntryKind.BLIND)
    with writing(made, by) as session:
        review = review_of(session)
        found = sides(session, review, "A")
        (cell, sided) = found.open
        assert (cell.field, cell.first, cell.second) == ("p_sides", 1, 2)
        assert (sided.field, sided.first, sided.second) == ("r_squared", 0.49, 0.94)
        resolve(session, review, found, cell.id, taken=Taken.OTHER, value="1", reason="read again",
                person="cleo", now=NOW)  # fmt: skip
        resolve(session, review, found, sided.id, taken=Taken.FIRST, value=None, reason="again",
                person="cleo", now=NOW)  # fmt: skip
        reach_consensus(session, review, sides(session, review, "A"), person="cleo", now=NOW)
    with made.reading() as session:
        study = study_called(session, review_of(session), "A")
        kept = [e for e in entries(session, [study.id]) if e.kind is EntryKind.CONSENSUS]
        (consensus,) = entered(session, kept)
        (result,) = consensus.results.values()
        assert {name: result.values[name] for name in NEW} == NEW


def test_it_comes_back_from_an_export_and_stands_in_trace_and_table(
    cli: Cli, tmp_path: Path
) -> None:
    cli("new", "mine", "--title", "Synthetic")
    cli("outcome", "add", "mood", "--name", "Mood")
    cli("instrument", "add", "bdi", "--name", "BDI", "--outcome", "mood", "--lower-is-better")
    rows = {"study": "A", "arm": "Video", "treatment": "CBT", "versus_arm": "Clinic",
            "instrument": "bdi", "n": 50, "versus_n": 52, "adjusted": "yes", **NEW}  # fmt: skip
    out = io.StringIO()
    writer = csv.DictWriter(out, rows)
    writer.writeheader()
    writer.writerow(rows)
    table = tmp_path / "table.csv"
    table.write_text(out.getvalue())
    cli("extract", "import", table)
    exported = tmp_path / "out.csv"
    cli("extract", "export", "--out", exported)
    row = next(r for r in csv.DictReader(exported.read_text().splitlines()) if r["f"])
    assert {name: float(row[name]) for name in NEW} == NEW
    assert "nothing new" in cli("extract", "import", exported).output
    (traced,) = json.loads(cli("extract", "trace", "A", "--json").stdout)
    assert {name: traced["reported"][name] for name in NEW} == NEW
    assert "2 numerator degrees of freedom" in traced["lacks"]
    shown = cli("extract", "trace", "A").stdout
    assert "not standardized: " in shown
    template = cli("extract", "template").stdout.splitlines()[0].split(",")
    assert set(NEW) <= set(template)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"p_sides": 3, "p": 0.1}, "p_sides"),
        ({"p_sides": 1}, "give p or p_below"),
        ({"df1": 2}, "give f"),
        ({"r_squared": 1}, "r_squared"),
        ({"residual_sd": -1}, "residual_sd"),
        ({"ci_level": 40, "mean": 3, "ci_low": 1, "ci_high": 4}, "ci_level"),
    ],
)
def test_what_cannot_be_is_refused(cells: dict[str, object], words: str) -> None:
    row = {**VIDEO, **{name: str(value) for name, value in cells.items()}}
    with pytest.raises(ValueError, match=words):
        ExtractionRow.model_validate(row)


def test_the_level_of_an_interval_may_be_in_percent() -> None:
    for cell in ("0.9", "90"):
        row = ExtractionRow.model_validate(
            {**VIDEO, "ci_low": "1", "ci_high": "4", "ci_level": cell}
        )
        assert row.numbers.ci_level == 0.9
