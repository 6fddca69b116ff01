import io
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdf
import pytest
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn

from review.errors import InvalidDataError
from review.export import Column, NumberStyle, Table, render_docx, write_docx
from review.export.tables.writers.docx import add_table, document_bytes, new_document, portrait
from review.export.tables.writers.docx_origins import Marks, digest_of, docx_origins
from tests.export.tables.writers.samples import HOSTILE, NASTY, POOLED, UNWRITABLE, tall
from tests.office import converted, needs_office


def opened(*tables: Table, **options: Any) -> Any:
    named = {f"table-{i}": table for i, table in enumerate(tables)}
    return Document(io.BytesIO(render_docx(named, **options)))


def plain(text: str) -> str:
    """The text with spaces where a number is kept on its line by harder ones."""
    return text.replace("\u00a0", " ")


def test_cells_are_the_rounded_numbers() -> None:
    table = opened(POOLED).tables[0]
    rows = [[plain(cell.text) for cell in row.cells] for row in table.rows]
    assert rows[0][2:5] == ["Random effects"] * 3  # one merged cell, seen three times
    assert rows[1] == [
        "Analysis", "k", "Hedges ga", "95% CI", "p", "Prediction interval", "I²"
    ]  # fmt: skip
    assert rows[2] == [
        "Multimedia, up to 2008", "6", "0.58", "[−0.17, 1.33]", ".105", "[−1.20, 2.35]", "93.0%"
    ]  # fmt: skip
    assert rows[3][1:5] == ["17a", "0.80", "[0.50, 1.09]", "< .001"]
    assert rows[4][2:] == ["0.00", "[−∞, 1.80]b", "> .999", "", ""]
    assert len(rows) == 5
    cochrane = opened(POOLED, style=NumberStyle.COCHRANE).tables[0]
    assert plain(cochrane.rows[2].cells[3].text) == "−0.17 to 1.33"


def test_marks_are_raised_letters() -> None:
    run = opened(POOLED).tables[0].rows[3].cells[1].paragraphs[0].runs[1]
    assert (run.text, run.font.superscript) == ("a", True)


def test_captions_are_numbered_by_word_and_bookmarked() -> None:
    document = opened(POOLED, HOSTILE)
    captions = [p for p in document.paragraphs if p.style.name == "Caption"]
    xml = [p._p.xml for p in captions]
    assert len(captions) == 2
    assert all("SEQ Table" in x for x in xml)
    assert 'w:name="tab_table_0"' in xml[0]
    assert 'w:name="tab_table_1"' in xml[1]
    assert POOLED.title in captions[0].text
    assert captions[0].style.paragraph_format.keep_with_next
    assert captions[1].paragraph_format.page_break_before


def test_notes_stand_under_the_table_in_order() -> None:
    texts = [p.text for p in opened(POOLED).paragraphs][1:]
    assert texts == [
        "Note. Positive values favour CBT.",
        "a REML & Hartung-Knapp.",
        "b Lower limit not computed.",
        "Source. López-López et al. (2019).",
    ]


def test_headers_repeat_and_rows_stay_whole() -> None:
    rows = opened(POOLED).tables[0].rows
    repeats = [row._tr.find(qn("w:trPr")).find(qn("w:tblHeader")) is not None for row in rows]
    assert repeats == [True, True, False, False, False]
    assert all(row._tr.find(qn("w:trPr")).find(qn("w:cantSplit")) is not None for row in rows)


def test_the_arms_of_a_trial_stay_on_one_page_and_no_row_stands_alone() -> None:
    columns = (Column("study", "Study"), Column("arm", "Arm"))
    arms = [("A", "1"), ("B", "1"), (None, "2"), (None, "3"), ("C", "1"), ("D", "1"), ("E", "1")]
    many = [("F", "1"), *((None, str(n)) for n in range(2, 9)), ("G", "1")]
    found = opened(Table("Arms", columns, (*arms, *many))).tables[0].rows[1:]
    kept = [row._tr.find(f".//{qn('w:keepNext')}") is not None for row in found]
    # first, B with its arms, then eight arms that would not fit, and the last but one
    wanted = [True, True, True, False, False, False, False, True, *[False] * 6, True, False]
    assert kept == wanted


def test_only_a_wide_table_lies_on_its_side_and_none_leaves_the_page() -> None:
    document = opened(POOLED, tall(3, texts=7), tall(3), tall(2, texts=40))
    orientations = [section.orientation for section in document.sections]
    assert orientations == [
        WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE, WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE
    ]  # fmt: skip
    for section, table in zip(document.sections, document.tables, strict=True):
        room = section.page_width - section.left_margin - section.right_margin
        assert sum(column.width for column in table.columns) <= room * 1.001


def test_any_text_is_only_text() -> None:
    rows = opened(HOSTILE).tables[0].rows[1:]
    read = [row.cells[0].text for row in rows]
    assert read == [text.replace("\r", "\n") for text in NASTY]


@pytest.mark.parametrize("text", UNWRITABLE)
def test_what_no_document_can_hold_is_replaced(text: str) -> None:
    document = opened(Table(text, (Column("a", text),), ((text,),)))
    assert "\N{REPLACEMENT CHARACTER}" in document.tables[0].rows[1].cells[0].text


def test_a_table_without_rows_still_has_its_header() -> None:
    table = opened(Table("Nothing yet", (Column("a", "A"), Column("b", "B")), ())).tables[0]
    assert [cell.text for cell in table.rows[0].cells] == ["A", "B"]


def test_equal_tables_give_equal_bytes_without_author_or_date(tmp_path: Path) -> None:
    first = write_docx({"a": POOLED, "b": HOSTILE}, tmp_path / "a.docx").read_bytes()
    second = write_docx({"a": POOLED, "b": HOSTILE}, tmp_path / "b.docx").read_bytes()
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.testzip() is None
        core = archive.read("docProps/core.xml").decode()
    assert "1980-01-01T00:00:00Z" in core
    assert "python-docx" not in core
    assert "2013" not in core


def test_a_table_joins_a_document_and_text_goes_on_upright() -> None:
    document = new_document("Results")
    document.add_paragraph("Before.")
    assert add_table(document, "first", POOLED) == 1
    assert add_table(document, "second", tall(3, texts=7)) == 2
    portrait(document)
    document.add_paragraph("After.")
    portrait(document)
    read = Document(io.BytesIO(document_bytes(document)))
    assert [section.orientation for section in read.sections] == [
        WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE, WD_ORIENT.PORTRAIT
    ]  # fmt: skip
    assert read.core_properties.title == "Results"
    assert {table.style.name for table in read.tables if table.style} == {"Review Table"}
    styles = {paragraph.style.name for row in read.tables[0].rows for paragraph in
              (cell.paragraphs[0] for cell in row.cells)}  # fmt: skip
    assert styles == {"Table Text"}
    bookmarks = read.element.xpath(".//w:bookmarkStart/@w:id")
    assert len(bookmarks) == len(set(bookmarks))


ORIGINS = ("1f0c5a2b9e77/readings/0", "1f0c5a2b9e77/readings/1", None)
TRACED = replace(POOLED, origins=ORIGINS)
EXPECTED = [
    f"{row}/{key}" for row in ORIGINS[:2] for key in ("k", "estimate", "ci", "p", "pi", "i2")
]


def test_each_number_is_marked_by_a_hidden_bookmark() -> None:
    content = render_docx({"a": TRACED, "b": TRACED})
    assert docx_origins(content, "t.docx") == EXPECTED * 2
    names = Document(io.BytesIO(content)).element.xpath(".//w:bookmarkStart/@w:name")
    assert len(names) == len(set(names)) == len(EXPECTED) * 2 + 2
    assert all(len(name) <= 40 for name in names)


def test_a_number_in_a_sentence_is_marked_too() -> None:
    document = new_document()
    paragraph = document.add_paragraph("The effect was ")
    Marks(document).mark_number(paragraph.add_run("0.58"), "1f0c5a2b9e77/pooled/estimate")
    add_table(document, "t", TRACED)
    found = docx_origins(document_bytes(document), "t.docx")
    assert found == ["1f0c5a2b9e77/pooled/estimate", *EXPECTED]


def test_a_table_from_another_document_still_knows_its_run() -> None:
    archive = io.BytesIO(render_docx({"a": TRACED}))
    pasted = io.BytesIO()
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(pasted, "w") as new:
        for name in old.namelist():
            if name != "customXml/origins.xml":
                new.writestr(name, old.read(name))
    found = docx_origins(pasted.getvalue(), "t.docx")
    assert found == [f"1f0c5a2b9e77/#{digest_of(origin)}" for origin in EXPECTED]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"<html>"])
def test_what_is_no_document_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidDataError, match="is not a Word document"):
        docx_origins(content, "t.docx")


@needs_office
def test_origins_outlive_libreoffice(tmp_path: Path) -> None:
    write_docx({"a": TRACED}, tmp_path / "t.docx")
    saved = converted(tmp_path / "t.docx", tmp_path, "docx:MS Word 2007 XML").read_bytes()
    assert docx_origins(saved, "t.docx") == EXPECTED


@needs_office
@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler is not installed")
def test_libreoffice_shows_every_cell_and_repeats_the_header(tmp_path: Path) -> None:
    write_docx({"pooled": POOLED, "studies": tall(120), "wide": tall(30, 7)}, tmp_path / "t.docx")
    path = converted(tmp_path / "t.docx", tmp_path)
    document = pypdf.PdfReader(path)
    pages = [" ".join(page.extract_text().split()) for page in document.pages]
    assert 5 <= len(pages) <= 9
    for words in ("Table 1", "[−0.17, 1.33]", "< .001", "Hedges", "Source. López-López"):
        assert words in pages[0]
    assert "Table 2" in pages[1]
    sideways = [page.mediabox.width > page.mediabox.height for page in document.pages]
    first = sideways.index(True)
    assert sideways == [False] * first + [True] * (len(pages) - first)
    assert "Table 3" in pages[first]
    assert all("Characteristic 0 n" in page for page in pages[1:first])
    shown = " ".join(pages[1:first])
    assert all(f"Study {i} a description of some length {i}" in shown for i in range(120))
    subprocess.run(["pdftoppm", "-r", "40", "-png", path, tmp_path / "p"], check=True)
    images = list(tmp_path.glob("p-*.png"))
    assert len(images) == len(pages)
    assert all(image.stat().st_size > 1_000 for image in images)
