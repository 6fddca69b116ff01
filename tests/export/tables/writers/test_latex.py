import re
import shutil
import subprocess
from pathlib import Path

import pypdf
import pytest

from review.export import Column, Footnote, Place, Table, render_latex, write_latex
from review.export.tables.writers.latex import escaped
from tests.export.tables.writers.samples import HOSTILE, NASTY, POOLED, UNWRITABLE, tall
from tests.loaded import PATIENCE

TABLES = {"pooled": POOLED, "hostile": HOSTILE, "tall": tall(41), "wide": tall(3, texts=7)}


def cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)&", line)


@pytest.mark.parametrize("name", TABLES)
def test_braces_and_environments_close_and_rows_have_every_column(name: str) -> None:
    source = render_latex(TABLES[name], name)
    bare = re.sub(r"\\[{}\\]", "", source.replace(r"\textbackslash", ""))
    assert bare.count("{") == bare.count("}")
    stack = []
    for kind, environment in re.findall(r"\\(begin|end)\{([a-z]+)\}", source):
        if kind == "begin":
            stack.append(environment)
        else:
            assert stack.pop() == environment
    assert stack == []
    rows = [line for line in source.splitlines() if line.endswith(r" \\") and "&" in line]
    for line in rows:
        spanned = sum(int(n) - 1 for n in re.findall(r"\\multicolumn\{(\d+)\}", line))
        assert len(cells(line)) + spanned == len(TABLES[name].columns)
    assert len(rows) >= len(TABLES[name].rows) + 1


def test_numbers_are_rounded_with_real_minus_signs() -> None:
    source = render_latex(POOLED, "pooled")
    assert (
        r"Multimedia, up to 2008 & 6 & 0.58 & [$-$0.17, 1.33] & .105 & [$-$1.20, 2.35] & 93.0\% \\"
        in source.splitlines()
    )
    assert r"\multicolumn{3}{c}{Random effects}" in source
    assert r"\cmidrule(lr){3-5}" in source
    assert r"Hedges g\textsuperscript{a}" in source
    assert r"\textsuperscript{a}REML \& Hartung-Knapp.\par" in source
    assert r"\label{tab:pooled}" in source


def test_more_than_forty_rows_break_over_pages() -> None:
    assert r"\begin{table}" in render_latex(tall(40), "t")
    source = render_latex(tall(41), "t")
    assert r"\begin{longtable}" in source
    assert r"\begin{table}" not in source
    assert source.count("Study & ") == 2  # on the first page and on the others
    assert r"\endhead" in source


def test_a_long_table_keeps_its_marks_and_notes() -> None:
    plain = tall(50)
    noted = Table(
        plain.title, plain.columns, plain.rows, footnotes=(Footnote("Here.", (Place(3, "n"),)),)
    )
    source = render_latex(noted, "t")
    assert r"3\textsuperscript{a} \\" in source
    assert r"\textsuperscript{a}Here." in source


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("50% & $x_1^2$", r"50\% \& \$x\_1\textasciicircum{}2\$"),
        ("\\input{a}", r"\textbackslash{}input\{a\}"),
        ("#~|<>`", r"\#\textasciitilde{}\textbar{}\textless{}\textgreater{}\textasciigrave{}"),
        ("a--b", "a-{}-b"),
        ("''", "'{}'"),
        ("1–2", "1--2"),
        ("two\n\nlines", "two lines"),
        ("τ² ≤ −1", r"$\tau$$^{2}$ $\leq$ $-$1"),
        ("López", "López"),
    ],
)
def test_specials(text: str, source: str) -> None:
    assert escaped(text) == source


@pytest.mark.parametrize("text", [*NASTY, *UNWRITABLE])
def test_no_text_reaches_tex_as_a_command(text: str) -> None:
    known = r"\\(textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar|"
    known += r"textasciigrave)\{\}|\\[&%$#_{}]|\$(\\[A-Za-z]+|-|\^\{\d\})\$|\{\}"
    rest = re.sub(known, "", escaped(text))
    assert not re.search(r"[\\&%$#_{}~^]", rest)


def test_a_row_that_starts_with_a_bracket_is_not_an_option() -> None:
    source = render_latex(HOSTILE, "h")
    assert "\n{}[1] first & " in source
    assert "\n{}*star & " in source


def test_empty_tables_and_odd_labels() -> None:
    source = render_latex(Table("None", (Column("a", "A"),), ()), "a b_c}")
    assert r"\label{tab:a-b-c-}" in source
    assert "minipage" not in source


def test_equal_tables_give_equal_bytes(tmp_path: Path) -> None:
    first = write_latex(HOSTILE, tmp_path / "t.tex").read_bytes()
    assert write_latex(HOSTILE, tmp_path / "t.tex").read_bytes() == first


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX is installed")
def test_it_compiles(tmp_path: Path) -> None:
    for name, table in TABLES.items():
        write_latex(table, tmp_path / f"{name}.tex")
    body = "\n".join(rf"\input{{{name}}}" for name in TABLES)
    (tmp_path / "main.tex").write_text(
        r"\documentclass{article}\usepackage[T1]{fontenc}"
        r"\usepackage{textcomp,array,booktabs,longtable,lscape}\begin{document}"
        + body
        + r"\end{document}"
    )
    subprocess.run(
        ["pdflatex", "-halt-on-error", "-no-shell-escape", "main.tex"],
        cwd=tmp_path, check=True, capture_output=True, timeout=PATIENCE,
    )  # fmt: skip
    pages = pypdf.PdfReader(tmp_path / "main.pdf").pages
    shown = " ".join(" ".join(page.extract_text() for page in pages).split())
    for words in ("\\input{/etc/passwd}", "−1.20, 2.35]", "Study 40 ", "[U+738B]", "Ünlü"):
        assert words in shown
