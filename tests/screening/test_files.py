"""Screening in a spreadsheet: out, back, and every problem by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from review.errors import FileError, InvalidDataError
from review.screening.files import Purpose, read_decisions, render, stage_of
from review.screening.lists import Said
from review.screening.views import Card
from review.screening.vocabulary import Stage, Verdict


def card(**values: object) -> Card:
    given: dict[str, object] = {
        "record": 7, "stage": Stage.TITLE_ABSTRACT, "title": "Video, and \"face to face\"",
        "authors": ("Day, S.", "Schneider, P."), "year": 2002, "journal": None, "doi": None,
        "pmid": None, "abstract": "One\nTwo", "abstract_from": None, "keywords": (),
        "source": "PubMed", "file": "a.ris", "warning": None, "mine": None, **values,
    }  # fmt: skip
    return Card(**given)  # type: ignore[arg-type]


FOR_ANNA = Purpose("alliance", "title_abstract", "anna")


def rendered(cards: list[Card]) -> str:
    return render(cards, purpose=FOR_ANNA)


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "back.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_what_was_decided_comes_back_as_it_went(tmp_path: Path) -> None:
    said = Said("anna", Verdict.EXCLUDE, "wrong population", "-see page 3")
    text = rendered([card(mine=said), card(record=8)])
    sheet = read_decisions(write(tmp_path, text))
    assert sheet.purpose == FOR_ANNA
    (choice,) = sheet.choices
    assert (choice.record, choice.verdict, choice.reason, choice.note, choice.line) == (
        7, Verdict.EXCLUDE, "wrong population", "-see page 3", 2,
    )  # fmt: skip


def test_text_that_a_spreadsheet_would_run_is_guarded() -> None:
    text = rendered([card(title="=HYPERLINK(1)", abstract="+1", mine=None)])
    assert "'=HYPERLINK(1)" in text
    assert "'+1" in text


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_spreadsheets_of_all_countries(tmp_path: Path, separator: str, encoding: str) -> None:
    rows = [("Record", "Title", "Verdict"), ("3", "a", "I"), ("4", "b", ""), ("5", "c", "Maybe")]
    text = "\r\n".join(separator.join(row) for row in rows)
    found = read_decisions(write(tmp_path, text, encoding)).choices
    assert [(c.record, c.verdict) for c in found] == [(3, Verdict.INCLUDE), (5, Verdict.MAYBE)]


def test_every_problem_is_named_by_line(tmp_path: Path) -> None:
    text = "record,verdict,reason\n3,perhaps,\nx,include,\n4,,too old\n5,exclude,a,b\n6,i,\n"
    sheet = read_decisions(write(tmp_path, text))
    assert [choice.record for choice in sheet.choices] == [6]  # which the other lines do not stop
    assert [(p.line, p.reason) for p in sheet.problems] == [
        (2, "'perhaps' is no verdict; use include, exclude or maybe"),
        (3, "'x' is no record number"),
        (4, "there is a reason but no verdict"),
        (5, "more cells than the header has columns: 4 and 3"),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("title,verdict\n", "column record: the column is missing"),
        ("record,verdict,verdict\n", "column verdict: the column appears twice"),
        ("", "it is empty and holds no rows; review screen export writes such a file"),
    ],
)
def test_files_that_cannot_be_taken(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(FileError, match=problem):
        read_decisions(write(tmp_path, text))


def test_a_row_that_quotation_marks_swallow_is_named(tmp_path: Path) -> None:
    sheet = read_decisions(write(tmp_path, 'record,verdict\n1,i\n2,"include\n3,i\n'))
    assert [choice.record for choice in sheet.choices] == [1, 3]
    assert "quotation marks of the row that begins here" in sheet.problems[0].reason


def test_a_file_knows_what_it_is_for(tmp_path: Path) -> None:
    sheet = read_decisions(write(tmp_path, rendered([card()])))
    assert stage_of(sheet.purpose, "alliance", "anna", None) is Stage.TITLE_ABSTRACT
    for review, reviewer, stage in (
        ("other", "anna", None), ("alliance", "ben", None), ("alliance", "anna", Stage.FULL_TEXT),
    ):  # fmt: skip
        with pytest.raises(InvalidDataError, match="written for title and abstract of alliance"):
            stage_of(sheet.purpose, review, reviewer, stage)
    assert stage_of(None, "alliance", "anna", Stage.FULL_TEXT) is Stage.FULL_TEXT


def test_a_file_for_two_reviewers_is_refused(tmp_path: Path) -> None:
    other = render([card(record=8)], purpose=Purpose("alliance", "title_abstract", "ben"))
    text = rendered([card()]) + other.split("\n", 1)[1]
    with pytest.raises(FileError, match="this row is for title and abstract of alliance, for ben"):
        read_decisions(write(tmp_path, text))


def test_a_guess_at_the_encoding_is_said_with_a_remedy(tmp_path: Path) -> None:
    read = read_decisions(write(tmp_path, "record,verdict,note\n1,i,Müller", "latin-1"))
    assert read.choices[0].note == "Müller"
    assert "a guess" in read.remarks[0].reason
    assert "save it as CSV UTF-8" in read.remarks[0].reason
