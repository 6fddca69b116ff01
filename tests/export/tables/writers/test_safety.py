"""T18: 500 rows of nasty texts and numbers through each export: only text, still numbers."""

from __future__ import annotations

import csv
import io
import json
import math
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from docx import Document
from lxml import html as page
from markdown_it import MarkdownIt

from review.config import settings
from review.export import (
    Column,
    Footnote,
    Kind,
    Table,
    render_csv,
    render_docx,
    render_html,
    render_json,
    render_latex,
    render_markdown,
    render_xlsx,
)
from review.export.tables.cells import writable
from review.export.tables.writers.latex import escaped
from review.export.tables.writers.xlsx import LARGEST_NUMBER
from review.extraction.files import table_text
from tests.export.tables.writers.samples import NASTY, UNWRITABLE
from tests.loaded import PATIENCE

ROWS = 500
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠", "'", "''=", '"=')
BODIES = (
    "1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://example.org")', "SUM(A1:A9)", "\\input{x}",
    "\\end{tabular}", "$(id)", "`id`", "${x}", "'); DROP TABLE run; --",
    "<script>alert(1)</script>",
    "a,b;c\td", 'q"uo"te', "two\nlines", "car\rriage", "\u202eRTL\u202c", "\u200bzero", "é\u0301",
    "👩‍🔬🇩🇪", "𝒳", "مرحبا", "%d %s {0}", "C:\\temp\\", "R: \\U{1F600} \\n", "~^_&#{}", "NaN", "1,5",
    "2026-01-01", "0x1F", "1e999", "#REF!", "x" * 3000,
)  # fmt: skip
EXTREMES = (
    0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308,
    0.1 + 0.2, 1 / 3, -1e-17, 123456789.12345679, 9007199254740993.0, 1e15, 1e16, -0.001, 1e-5,
)  # fmt: skip
WHOLE = (0, -1, 2**31, 2**53 - 1, -(2**53) + 1)
ACTIVE = re.compile(r"[=+\-@\t\r\n＝＋－＠]")


def texts() -> Iterator[str]:
    dice = random.Random(18)
    yield from (*NASTY, *UNWRITABLE, *STARTS, *BODIES)
    while True:
        yield dice.choice(STARTS) + dice.choice(BODIES) + dice.choice(("", "\n=1", '"', "\\"))


def hostile() -> Table:
    dice = random.Random(19)
    rows = tuple(
        (
            text,
            EXTREMES[i] if i < len(EXTREMES) else dice.uniform(-1, 1) * 10 ** dice.randint(-12, 12),
            WHOLE[i % len(WHOLE)],
        )
        for i, text in zip(range(ROWS), texts(), strict=False)
    )
    return Table(
        "=Title & <b>", (Column("text", "=Text"), Column("y", "@y", Kind.NUMBER),
        Column("n", "-n", Kind.INTEGER)), rows, footnotes=(Footnote("+note"),), source="=source",
    )  # fmt: skip


TABLE = hostile()
TEXTS = [str(row[0]) for row in TABLE.rows]
NUMBERS = [float(row[1]) for row in TABLE.rows]  # type: ignore[arg-type]
WRITTEN = [writable(text) for text in TEXTS]
NAMED = {"hostile": TABLE}


def lined(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def spaced(text: str) -> str:
    return " ".join(re.split(r"[ \t\r\n]+", text)).strip(" ")


def test_there_are_500_rows_of_both_kinds() -> None:
    assert len(TABLE.rows) == ROWS
    assert len(set(TEXTS)) > 300
    assert sum(bool(ACTIVE.match(text)) for text in TEXTS) > 200


def test_csv_has_no_active_cell_and_gives_everything_back() -> None:
    header, *rows = list(csv.reader(io.StringIO(rendered("csv"), newline="")))
    assert len(rows) == ROWS
    assert not any(ACTIVE.match(cell) for cell in (*header, *(row[0] for row in rows)))
    back = [re.sub(r"^'(?='*[=+\-@\t\r\n＝＋－＠])", "", row[0]) for row in rows]
    assert back == WRITTEN
    assert [float(row[1]) for row in rows] == NUMBERS


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_reads_the_numbers_as_numbers(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(rendered("csv"), encoding="utf-8", newline="")
    program = (
        'd <- read.csv("t.csv", encoding = "UTF-8"); '
        "stopifnot(is.numeric(d$y), is.numeric(d$n), is.character(d$text)); "
        'writeLines(sprintf("%.15g", d$y))'
    )
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", program], cwd=tmp_path, check=True, capture_output=True,
        text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.stdout.split() == [f"{number:.15g}" for number in NUMBERS]


def test_xlsx_has_no_formula_and_its_numbers_are_numbers() -> None:
    book = openpyxl.load_workbook(io.BytesIO(rendered("xlsx")))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert kinds == {"s", "n"}  # "f" is a formula
    rows = list(book["hostile"].iter_rows(min_row=2, values_only=True))
    for row, number in zip(rows, NUMBERS, strict=True):
        assert isinstance(row[1], str) == (abs(number) > LARGEST_NUMBER)
        assert math.isclose(float(str(row[1])), number, rel_tol=1e-15, abs_tol=0)
    assert [row[2] for row in rows] == [row[2] for row in TABLE.rows]
    read = [lined(str(row[0] or "").replace("_x000D_", "\r")) for row in rows]
    assert read == [lined(text) for text in WRITTEN]


def test_json_gives_everything_back() -> None:
    rows = json.loads(rendered("json"))["hostile"]["rows"]
    assert rows == [[text, *row[1:]] for text, row in zip(WRITTEN, TABLE.rows, strict=True)]


def test_docx_has_the_texts_as_texts() -> None:
    document = Document(io.BytesIO(rendered("docx")))
    cells = document.tables[0]._cells
    assert [cell.text for cell in cells[3::3]] == [lined(text) for text in WRITTEN]
    fields = document.element.xpath("//w:fldSimple/@w:instr | //w:instrText/text()")
    assert fields == [r" SEQ Table \* ARABIC "]


def test_html_has_the_texts_as_texts() -> None:
    document: Any = page.document_fromstring(rendered("html"))
    rows = document.xpath("//tbody/tr")
    cells = [row.xpath("./*") for row in rows]
    assert [row[0].text_content() for row in cells] == [lined(text) for text in WRITTEN]
    assert [float(row[1].get("data-value")) for row in cells] == NUMBERS
    assert not document.xpath("//script | //body//*[@onerror]")


def test_markdown_has_the_texts_as_texts() -> None:
    read: list[str] = []
    column = -1
    for token in MarkdownIt("commonmark").enable("table").parse(rendered("markdown")):
        if token.type in ("tr_open", "th_open", "td_open"):
            column = -1 if token.type == "tr_open" else column + 1
        elif token.type == "inline" and column == 0 and token.level > 2:
            assert token.children is not None
            assert {child.type for child in token.children} <= {"text", "text_special"}
            read.append("".join(child.content for child in token.children))
    assert read[1 : ROWS + 1] == [spaced(text) for text in WRITTEN]


def test_latex_has_no_command_from_a_text() -> None:
    known = r"\\(textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar|"
    known += r"textasciigrave)\{\}|\\[&%$#_{}]|\$(\\[A-Za-z]+|-|\^\{\d\})\$|\{\}|\\,|\\ldots|~"
    for text in TEXTS:
        assert not re.search(r"[\\&%$#_{}~^]", re.sub(known, "", escaped(text))), text[:50]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX is installed")
def test_latex_compiles(tmp_path: Path) -> None:
    (tmp_path / "t.tex").write_text(rendered("latex"), encoding="utf-8")
    (tmp_path / "main.tex").write_text(
        r"\documentclass{article}\usepackage[T1]{fontenc}"
        r"\usepackage{textcomp,array,booktabs,longtable,lscape}"
        r"\begin{document}\input{t}\end{document}"
    )
    subprocess.run(
        ["pdflatex", "-halt-on-error", "-no-shell-escape", "main.tex"],
        cwd=tmp_path, check=True, capture_output=True, timeout=PATIENCE,
    )  # fmt: skip


RENDERS: dict[str, Callable[[], str | bytes]] = {
    "csv": lambda: render_csv(TABLE),
    "xlsx": lambda: render_xlsx(NAMED),
    "docx": lambda: render_docx(NAMED),
    "latex": lambda: render_latex(TABLE, "t"),
    "html": lambda: render_html(NAMED),
    "markdown": lambda: render_markdown(TABLE, "t"),
    "json": lambda: render_json(NAMED),
}


@cache
def rendered(name: str) -> Any:
    return RENDERS[name]()


@pytest.mark.parametrize("name", RENDERS)
def test_the_bytes_are_the_same_each_time(name: str) -> None:
    assert RENDERS[name]() == rendered(name)


@pytest.fixture
def run(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., str]]:
    from review.cli import main

    shutil.copy(sqlite_template, tmp_path / "review.db")
    monkeypatch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{tmp_path}/review.db")
    monkeypatch.setenv("REVIEW_ACTOR", "tester")
    settings.cache_clear()

    def call(*arguments: str | Path) -> str:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    yield call
    settings.cache_clear()


def test_extracted_numbers_come_back_from_csv_and_xlsx(
    run: Callable[..., str], tmp_path: Path
) -> None:
    """import(export(x)) == x, for texts in every place that takes words."""
    for name in ("first", "second", "third"):
        run("new", name, "--title", f"Synthetic {name}")
        run("outcome", "add", "alliance", "--name", "Alliance", "--review", name)
        run("instrument", "add", "wai", "--name", "WAI", "--outcome", "alliance",
            "--higher-is-better", "--review", name)  # fmt: skip
    kept = [spaced(text) for text in WRITTEN if spaced(text).strip() and len(text) < 200]
    rows: list[dict[str, Any]] = [
        {
            "study": f"{text} {i}", "citation": text, "arm": text, "treatment": text,
            "population": text, "instrument": "wai", "n": i + 2, "mean": NUMBERS[i % 9 + 5],
            "sd": abs(NUMBERS[i + 20]), "page": text, "quote": f"{text}, in words",
        }
        for i, text in enumerate(dict.fromkeys(kept))
    ]  # fmt: skip
    assert len(rows) > 250
    table = tmp_path / "rows.csv"
    table.write_text(table_text(rows), encoding="utf-8", newline="")
    # that some of these names are nearly alike is asked about; here all of them differ
    names = dict.fromkeys(row[place] for row in rows for place in ("treatment", "study"))
    differ = [part for name in names for part in ("--distinct", name)]
    run("extract", "import", table, "--review", "first", *differ)
    once = tmp_path / "once.csv"
    run("extract", "export", "--out", once, "--review", "first")
    run("extract", "export", "--out", tmp_path / "once.xlsx", "--review", "first")
    read = list(csv.DictReader(io.StringIO(once.read_text(encoding="utf-8"), newline="")))
    assert sorted(float(row["mean"]) for row in read) == sorted(float(r["mean"]) for r in rows)
    assert not any(ACTIVE.match(row["arm"]) for row in read)
    for name, file in (("second", once), ("third", tmp_path / "once.xlsx")):
        run("extract", "import", file, "--review", name, *differ)
        run("extract", "export", "--out", tmp_path / "again.csv", "--review", name)
        assert (tmp_path / "again.csv").read_bytes() == once.read_bytes()
