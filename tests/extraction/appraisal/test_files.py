"""Forms as CSV: what is written is read back, and every problem is named."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from review.errors import FileError, InvalidDataError
from review.extraction.appraisal.catalogue import SHIPPED, shipped_tool
from review.extraction.appraisal.files import (
    COLUMNS,
    blank_form,
    consensus_form,
    filled_form,
    read_forms,
    read_robvis,
    robvis_table,
)
from review.extraction.appraisal.form import Answered, Form, Stated, Target
from review.extraction.appraisal.rules import Cast, complete, judgements_of
from review.extraction.appraisal.vocabulary import Answer, Kind
from tests.extraction.appraisal.samples import ALLIANCE, form

TOOL = shipped_tool("rob2-parallel")
SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "rob"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "form.csv"
    path.write_text(text, encoding="utf-8")
    return path


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("slug", SHIPPED)
def test_an_empty_form_asks_every_question_and_judgement(slug: str, tmp_path: Path) -> None:
    tool = shipped_tool(slug)
    text = blank_form(tool, [ALLIANCE])
    rows = rows_of(text)
    questions = [q.number for d in tool.domains for q in d.questions]
    assert len(rows) == len(questions) + len(tool.domains) + 1
    assert tuple(rows[0]) == COLUMNS
    assert list(read_forms(written(tmp_path, text), tool)) == [Form(ALLIANCE)]


def test_what_is_exported_is_read_back_the_same(tmp_path: Path) -> None:
    first = form(
        domains={"D4": Stated("high", "=cmd|' /C calc'!A0")},
        overall=Stated("high", "as D4\nsays"),
    )
    late = form(Target("Day (2002)", "alliance", "wai", "-3 weeks"), q1_2="NI")
    kept = []
    for given in (first, late):
        appraisal, problems = complete(TOOL, given)
        assert appraisal is not None, problems
        kept.append(appraisal)
    text = filled_form([(TOOL, a) for a in kept])
    assert "'=cmd" in text, "a spreadsheet must not take it for a formula"
    again = [complete(TOOL, f)[0] for f in read_forms(written(tmp_path, text), TOOL)]
    assert again == kept


@pytest.mark.parametrize(
    ("lines", "column", "words"),
    [
        ("Day,alliance,D9,1.1,Y", "domain", "has no domain 'D9'"),
        ("Day,alliance,D1,9.9,Y", "item", "has no question '9.9'"),
        ("Day,alliance,D1,1.1,maybe", "answer", "is none of Y, PY"),
        ("Day,alliance,D1,judgement,awful", "answer", "is not on the scale"),
        ("Day,alliance,D1,1.1,Y\nDay,alliance,D1,1.1,N", "item", "appears twice"),
        ("Day,alliance,D1,judgement,Low\nDay,alliance,D1,judgement,Low", "item", "appears twice"),
        (",alliance,D1,1.1,Y", "study", "which study"),
        ("Day,alliance,D1,1.1,Y,more", None, "more cells"),
    ],
)
def test_problems_of_a_form_are_named_by_line_and_column(
    tmp_path: Path, lines: str, column: str | None, words: str
) -> None:
    text = f"study,outcome,domain,item,answer\n{lines}\n"
    with pytest.raises(FileError) as caught:
        read_forms(written(tmp_path, text), TOOL)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (1 + len(lines.splitlines()), column)
    assert words in problem.reason


def test_problems_of_the_header_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        read_forms(written(tmp_path, "study,domain,item,answers\nDay,D1,1.1,Y\n"), TOOL)
    assert {p.column for p in caught.value.problems} == {"answers", "answer"}
    with pytest.raises(FileError, match="holds no rows"):
        read_forms(written(tmp_path, "study,domain,item,answer\n"), TOOL)


def test_an_answer_may_be_in_small_letters_and_a_support_needs_one(tmp_path: Path) -> None:
    header = "study,outcome,domain,item,answer,support\n"
    (read,) = read_forms(written(tmp_path, f"{header}Day,alliance,D1,1.1,py,p. 3\n"), TOOL)
    assert read.answers == {"1.1": Answered(Answer.PROBABLY_YES, "p. 3")}
    with pytest.raises(FileError, match="has a support and no answer"):
        read_forms(written(tmp_path, f"{header}Day,alliance,D1,1.1,,p. 3\n"), TOOL)


def test_the_consensus_form_carries_over_what_is_equal_and_leaves_the_rest(
    tmp_path: Path,
) -> None:
    cast: list[Cast] = []
    for person, given in (("ada", form(q1_3="Y")), ("ben", form(q1_1="NI"))):
        appraisal, _ = complete(TOOL, given)
        assert appraisal is not None
        cast.append(Cast(len(cast) + 1, person, Kind.ASSESSOR, appraisal))
    rows = {(r["domain"], r["item"]): r for r in rows_of(consensus_form(TOOL, cast))}
    assert (rows["D1", "1.2"]["answer"], rows["D1", "1.2"]["assessors"]) == ("PY", "")
    assert (rows["D1", "1.1"]["answer"], rows["D1", "1.1"]["assessors"]) == ("", "ada Y; ben NI")
    assert rows["D1", "judgement"]["assessors"] == "ada Some concerns; ben Low"
    assert rows["D5", "judgement"]["assessors"] == ""
    (read,) = read_forms(written(tmp_path, consensus_form(TOOL, cast)), TOOL)
    _, problems = complete(TOOL, read)
    assert [(flaw.cell, read.line_of(flaw.cell)) for flaw in problems] == [("1.1", 2), ("1.3", 4)]


ROBVIS = "Study,D1,D2,D3,D4,D5,Overall,Weight\nDay,Low,high,Some concerns,Low,Low,HIGH,12.5\n"


def test_robvis_tables_go_in_and_out(tmp_path: Path) -> None:
    (read,) = read_robvis(written(tmp_path, ROBVIS), TOOL, outcome="alliance")
    assert read.target == Target("Day", "alliance")
    appraisal, problems = complete(TOOL, read)
    assert problems == []
    assert appraisal is not None
    assert appraisal.overall.support == "taken over from form.csv"
    assert robvis_table([(TOOL, appraisal)]) == (
        "Study,D1,D2,D3,D4,D5,Overall\nDay,Low,High,Some concerns,Low,Low,High\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Overall", "Total", "expected the columns Study, D1, D2, D3, D4, D5, Overall"),
        ("Some concerns", "Unclear", "'Unclear' is not on the scale"),
        ("Day,", ",", "which study"),
        ("12.5\n", "12.5\nDay,Low,Low,Low,Low,Low,Low,1\n", "'Day' appears twice"),
    ],
)
def test_problems_of_a_robvis_table_are_named(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    path = written(tmp_path, ROBVIS.replace(old, new))
    with pytest.raises(FileError, match=words):
        read_robvis(path, TOOL, outcome="alliance")


def test_a_robvis_table_holds_one_tool_and_tells_results_of_a_study_apart() -> None:
    forms = [form(), form(Target("Day (2002)", "symptoms"), q1_2="N")]
    kept = [appraisal for f in forms if (appraisal := complete(TOOL, f)[0]) is not None]
    table = robvis_table([(TOOL, a) for a in kept]).splitlines()
    assert [line.split(",")[0] for line in table[1:]] == [
        "Day (2002) (alliance)",
        "Day (2002) (symptoms)",
    ]
    with pytest.raises(InvalidDataError, match="one tool at a time"):
        robvis_table([(TOOL, kept[0]), (shipped_tool("rob2-cluster"), kept[0])])


@pytest.mark.parametrize(
    ("name", "slug", "rows"),
    [("robvis_rob2.csv", "rob2-parallel", 9), ("robvis_robins_i.csv", "robins-i", 10)],
)
def test_robvis_own_examples_come_back_as_they_were(name: str, slug: str, rows: int) -> None:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    tool = shipped_tool(slug)
    forms = read_robvis(path, tool, outcome="alliance")
    made = [complete(tool, f) for f in forms]
    assert [problems for _, problems in made if problems] == []
    kept = [appraisal for appraisal, _ in made if appraisal is not None]
    source = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    written_again = list(csv.reader(robvis_table([(tool, a) for a in kept]).splitlines()))
    assert written_again == source
    assert len(kept) == rows
    for line, appraisal in zip(source[1:], kept, strict=True):
        labels = [tool.judgement(v).label for v in judgements_of(appraisal).values()]
        assert labels == line[1:]
