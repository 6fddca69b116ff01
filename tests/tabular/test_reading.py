"""Dialects, headers and encodings: one table, whatever the file it came in."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.errors import FileError
from tests.tabular.making import COLUMNS, cells, read

PLAIN = "study,n,mean,note\nA 2001,20,9.5,first\nMüller 2002,31,8.25,second\n"
EXPECTED = [
    {"study": "A 2001", "n": "20", "mean": "9.5", "note": "first"},
    {"study": "Müller 2002", "n": "31", "mean": "8.25", "note": "second"},
]


def problems(data: bytes | str) -> list[tuple[int | None, str | None, str]]:
    with pytest.raises(FileError) as caught:
        read(data)
    return [(p.line, p.column, p.reason) for p in caught.value.problems]


def remarks(data: bytes | str) -> list[str]:
    return [str(remark) for remark in read(data).remarks]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_dialect_gives_the_same_table(delimiter: str, end: str, encoding: str) -> None:
    text = PLAIN.replace(",", delimiter).replace("\n", end)
    table = read(text.encode(encoding))
    assert cells(table) == EXPECTED
    assert [line.line for line in table.lines] == [2, 3]
    assert table.remarks == ()


def test_windows_text_is_a_guess_that_is_said_with_an_example() -> None:
    table = read(PLAIN.encode("cp1252"))
    assert cells(table) == EXPECTED
    (remark,) = table.remarks
    assert 'Windows-1252, a guess: is "Müller' in remark.reason


def test_a_line_in_another_encoding_is_a_guess_that_is_said_with_its_own_word() -> None:
    data = (PLAIN + "Åse 2003,1,1,\n").encode() + b"B\xf8e,1,1,\n"
    table = read(data)
    assert [c["study"] for c in cells(table)][2:] == ["Åse 2003", "Bøe"]
    assert 'in 1 line, cp1252, a guess: is "Bøe" right?' in table.remarks[0].reason


def test_damaged_bytes_are_refused_with_their_lines() -> None:
    text = ("study,note\n" + "Åse Müller,Bøe\n" * 9).encode()
    place = text.rindex("ü".encode())
    assert [
        (line, "no UTF-8" in why) for line, _, why in problems(text[:place] + text[place + 1 :])
    ] == [(10, True)]


def test_excels_line_that_names_the_separator_is_none_of_the_table() -> None:
    assert cells(read("sep=;\n" + PLAIN.replace(",", ";"))) == EXPECTED
    assert read("sep=;\n" + PLAIN.replace(",", ";")).lines[0].line == 3


def test_empty_columns_and_rows_at_the_end_are_nothing() -> None:
    text = "\n".join(f"{line},,," for line in PLAIN.splitlines()) + "\n,,,,,,\n\n,,,,,,\n"
    assert cells(read(text)) == EXPECTED


def test_columns_may_stand_in_any_order_and_in_any_case() -> None:
    text = 'Note;Mean;N;"Delivery\nMode";STUDY\nfirst;9.5;20;video;A 2001\n'
    table = read(text)
    assert cells(table) == [
        {"note": "first", "mean": "9.5", "n": "20", "delivery_mode": "video", "study": "A 2001"}
    ]
    assert table.lines[0].line == 3
    (remark,) = table.remarks
    assert '"Delivery Mode" as delivery_mode, "STUDY" as study' in remark.reason


def test_titles_above_the_header_are_skipped_with_a_remark() -> None:
    text = 'Extraction, Anna\n"of 2026, in May"\n\n' + PLAIN
    table = read(text)
    assert cells(table) == EXPECTED
    assert [line.line for line in table.lines] == [5, 6]
    assert [(r.line, "is skipped" in r.reason) for r in table.remarks] == [(1, True), (2, True)]


def test_decimal_commas_are_read_with_a_remark_for_each_column() -> None:
    text = "study;n;mean;sd\nA;20;9,5;1,234\nB;21;8,25;0,9\n"
    table = read(text)
    assert [(c["mean"], c["sd"]) for c in cells(table)] == [("9.5", "1.234"), ("8.25", "0.9")]
    assert [str(remark) for remark in table.remarks] == [
        'line 2, column mean: "9,5" is read as 9.5 (decimal comma), and so in line 3',
        'line 2, column sd: "1,234" is read as 1.234 (decimal comma), and so in line 3',
    ]


def test_a_group_of_thousands_or_thousandths_is_read_by_the_habit_or_refused() -> None:
    assert cells(read("study;mean;sd\nA;1,234;5\n"))[0]["mean"] == "1.234"
    assert "decimal comma" in remarks("study;mean;sd\nA;1,234;5\n")[0]
    assert problems('study,mean,sd\nA,"1,234",0.5\n') == [
        (2, "mean", '"1,234": is it 1234 or 1.234? Write it without the comma, or with 0s')
    ]
    assert "is it 1234 or 1.234?" in problems("study;mean\nA;1.234\nB;0,5\n")[0][2]
    assert "is it 1234 or 1.234?" in problems("study;mean\nA;1.234\n")[0][2]
    assert cells(read("study;mean\nA;1.234\nB;0.5\n"))[0]["mean"] == "1.234"
    assert cells(read('study,n,sd\nA,"1,041",0.5\n'))[0]["n"] == "1041"


def test_an_unquoted_decimal_comma_among_commas_is_suspected() -> None:
    ((line, _, why),) = problems("study,n,mean\nA,20,9,5\n")
    assert line == 2
    assert "does a number have a decimal comma?" in why


def test_a_bound_stays_a_bound_where_one_may_stand() -> None:
    table = read("study;p;n\nA;<0,001;2\nB;p < .05;2\nC;0,2;2\nD;>0,05;2\nE;0,000;2\n")
    assert [c["p"] for c in cells(table)] == ["<0.001", "<.05", "0.2", ">0.05", "0.000"]
    assert (
        '"<0,001" is read as <0.001 (decimal comma), and so in line 4, 5, 6'
        in remarks("study;p;n\nA;<0,001;2\nB;p < .05;2\nC;0,2;2\nD;>0,05;2\nE;0,000;2\n")[0]
    )
    assert "but a bound" in problems("study,sd\nA,<0.001\n")[0][2]


def test_every_problem_is_told_at_once_in_the_order_of_the_file() -> None:
    text = 'study,n,mean\nA,x,9.5 (5.2)\nB,1,"open\nC,1\nD,1,2,3\nE,ns,1\n'
    assert [(line, column) for line, column, _ in problems(text)] == [
        (2, "n"), (2, "mean"), (3, None), (4, None), (5, None), (6, "n"),
    ]  # fmt: skip


def test_every_problem_of_a_header_is_told_at_once() -> None:
    assert problems("trial,n,N,sd.,weight,mean,mean,\nA,1,1,1,1,1,1,x\n") == [
        (1, "trial", "unknown column; did you mean study?"),
        (1, "N", "unknown column; another column is n already"),
        (1, "sd.", "unknown column; did you mean sd?"),
        (1, "weight", "unknown column"),
        (1, None, 'column 8 has no name and holds cells, such as "x" in line 2'),
        (1, "mean", "the column appears twice"),
        (1, "study", 'the column is missing; did you mean it by "trial"?'),
    ]


def test_two_spellings_of_one_column_are_twice_the_column() -> None:
    ((_, column, why),) = problems("study,Delivery Mode,delivery-mode\nA,1,2\n")
    assert column == "delivery_mode"
    assert 'appears twice ("Delivery Mode", "delivery-mode")' in why


def test_numbers_of_rows_as_programs_write_them_are_left_with_a_remark() -> None:
    table = read('"","study","n"\n"1","A",20\n"2","B",21\n')
    assert table.columns == ("study", "n")
    assert "columns not read: the 1st, which has no name" in table.remarks[0].reason
    assert "has no name and holds cells" in problems(",study\n1,A\n3,B\n")[0][2]


def test_characters_that_were_lost_earlier_are_said() -> None:
    (remark,) = read("study,n\nM\ufffdller,20\n").remarks
    assert "characters were lost" in remark.reason


def test_a_file_of_something_else_is_told_so_in_one_sentence() -> None:
    ((_, _, why),) = problems("TY  - JOUR\nTI  - A title, with commas, and more\nER  - \n")
    assert "no column study, so it is not the form" in why


def test_a_cell_may_hold_more_than_python_takes_by_itself() -> None:
    long = "x" * 200_000
    (row,) = cells(read(f'study,n,note\nA,20,"{long},{long}"\n'))
    assert row["note"] == f"{long},{long}"


def test_quotation_marks_within_text_are_text() -> None:
    (row,) = cells(read('study,n,note\nA "the first",20,5" scale\n'))
    assert (row["study"], row["note"]) == ('A "the first"', '5" scale')


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7", "a PDF"),
        (b"<html><table><tr><td>study</td></tr></table></html>", "a web page (HTML)"),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE html>", "a web page (HTML)"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
         "Excel 2003"),
        (b"\xd0\xcf\x11\xe0" + "Workbook".encode("utf-16-le"), "an old Excel file (.xls)"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        (b"PK\x03\x04 mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "(.ods)"),
        (b"PK\x03\x04 xl/workbook.bin", "(.xlsb)"),
        (b"PK\x03\x04 word/document.xml", "a Word document"),
        (b"PK\x03\x04 Index/Document.iwa", "Apple Numbers"),
        (b"{\\rtf1 study}", "RTF"),
        (b"\x1f\x8b study", "gzip"),
        (b"", "it is empty"),
        (b"\n\n , , \n", "it is empty"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_as_what_it_is(data: bytes, words: str) -> None:
    ((_, _, why),) = problems(data)
    assert words in why


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), max_size=20)


@given(st.lists(st.tuples(TEXTS, st.floats(-1e6, 1e6), TEXTS), min_size=1, max_size=5))
def test_text_stays_as_it_was_typed(rows: list[tuple[str, float, str]]) -> None:
    import unicodedata

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["study", "mean", "note"])
    writer.writerows([f"x{study}", repr(mean), f"x{note}"] for study, mean, note in rows)
    table = read(out.getvalue())
    assert [(c["study"], float(c["mean"]), c["note"]) for c in cells(table)] == [
        (unicodedata.normalize("NFC", f"x{s}"), m, unicodedata.normalize("NFC", f"x{t}"))
        for s, m, t in rows
    ]


@given(st.binary(max_size=400))
def test_any_bytes_give_rows_or_problems(data: bytes) -> None:
    for whole in (data, b"study,n,mean\n" + data, b"\xff\xfe" + data):
        try:
            found = len(read(whole, columns=COLUMNS).lines)
        except FileError as error:
            found = len(error.problems)
        assert found > 0
