"""Tables as LaTeX: booktabs rules, notes below, longtable beyond a page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from review.export.tables.cells import Kind, writable
from review.export.tables.model import Alignment, Table
from review.export.tables.printing import NumberStyle, headed, printed
from review.files import replace_file

# More rows than fit on one page at normal size.
LONGEST_FLOAT = 40
# Text columns shorter than this keep to one line in any table.
SHORT = 12
# Beyond this length a text asks for no more room than others.
LONG = 60
# Space between columns (12 points), in characters.
GUTTER = 3
# Upright while what the columns ask for is at most this many times the line.
UPRIGHT = 1.6

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "`": r"\textasciigrave{}",
}  # fmt: skip
# Signs that pdfLaTeX's default fonts lack; other letters pass through as UTF-8.
_SIGNS = {
    "−": "$-$", "×": r"$\times$", "±": r"$\pm$", "≤": r"$\leq$", "≥": r"$\geq$", "≈": r"$\approx$",
    "≠": r"$\neq$", "∞": r"$\infty$", "→": r"$\rightarrow$", "←": r"$\leftarrow$", "²": "$^{2}$",
    "³": "$^{3}$", "¹": "$^{1}$", "–": "--", "—": "---", "…": r"\ldots{}", "•": r"\textbullet{}",
    "\u00a0": "~", "\u202f": r"\,", "\u2009": r"\,", "\u2007": "~", "α": r"$\alpha$",
    "β": r"$\beta$", "γ": r"$\gamma$", "δ": r"$\delta$", "Δ": r"$\Delta$", "ε": r"$\epsilon$",
    "η": r"$\eta$", "θ": r"$\theta$", "κ": r"$\kappa$", "λ": r"$\lambda$", "μ": r"$\mu$",
    "µ": r"$\mu$", "ν": r"$\nu$", "π": r"$\pi$", "ρ": r"$\rho$", "σ": r"$\sigma$",
    "Σ": r"$\Sigma$", "τ": r"$\tau$", "φ": r"$\phi$", "χ": r"$\chi$", "ω": r"$\omega$",
    "⊕": r"$\oplus$", "◯": r"$\bigcirc$",
}  # fmt: skip
_ESCAPES = str.maketrans(_SPECIAL | _SIGNS | {"\0": "{}"})
_SIDES = {Alignment.LEFT: "l", Alignment.CENTER: "c", Alignment.RIGHT: "r"}


def escaped(text: str) -> str:
    r"""Text in which LaTeX finds no command; line breaks become spaces.

    Examples
    --------
    >>> print(escaped("50% & τ²"))
    50\% \& $\tau$$^{2}$
    """
    # pdfLaTeX knows letters with their accents, and not accents by themselves.
    composed = unicodedata.normalize("NFC", writable(text))
    line = re.sub(r"[ \t\r\n]+", " ", composed).strip()
    # TeX would join two hyphens into a dash and two apostrophes into a quotation mark.
    kept_apart = re.sub(r"([-',])(?=\1)", "\\1\0", line)
    return kept_apart.translate(_ESCAPES)


def render_latex(table: Table, label: str, style: NumberStyle = NumberStyle.APA) -> str:
    r"""The table as LaTeX source to be ``\input``.

    Parameters
    ----------
    table : Table
        Up to 40 rows become a floating ``table``, more a ``longtable`` with a repeated header.
    label : str
        For ``\ref``, as ``tab:<label>``; letters, digits and hyphens are kept of it.
    style : NumberStyle
        Of all numbers.

    Returns
    -------
    str
        The packages it needs are named in its first line. In a table wider than the line,
        columns of text wrap and share what the others leave; a wider one stands on a landscape
        page, in smaller type where even that is narrow.
    """
    label = re.sub(r"[^A-Za-z0-9-]+", "-", label)
    caption = f"\\caption{{{escaped(table.title)}}}\\label{{tab:{label}}}"
    long = len(table.rows) > LONGEST_FLOAT
    page, preamble = _fitted(table, style)
    build = _longtable if long else _float
    lines = build(table, caption, style, page.size, preamble)
    packages = ["array", "booktabs"]
    if long:
        packages.append("longtable")
    if page.landscape:
        packages.append("lscape")
        lines = [r"\begin{landscape}", *lines, r"\end{landscape}"]
    first = rf"% \usepackage{{{','.join(packages)}}}"
    return "\n".join([first, *_letters(lines), *lines]) + "\n"


def write_latex(table: Table, path: str | Path, *, style: NumberStyle = NumberStyle.APA) -> Path:
    """Write `render_latex` as UTF-8, labelled by the file's stem; an existing file is replaced."""
    return replace_file(path, render_latex(table, Path(path).stem, style).encode())


def _letters(lines: list[str]) -> Iterator[str]:
    """Make pdfLaTeX print the code of a letter that its fonts lack; other engines have it.

    A line may break after a code, or a word of them would run over the next columns.
    """
    for letter in sorted({letter for line in lines for letter in line if not letter.isascii()}):
        known = rf"\csname u8:\detokenize{{{letter}}}\endcsname"
        yield (
            rf"\ifdefined\pdftexversion\expandafter\ifx{known}\relax\expandafter\gdef{known}"
            rf"{{[U+{ord(letter):04X}]\allowbreak}}\fi\fi"
        )


def _float(table: Table, caption: str, style: NumberStyle, size: str, preamble: str) -> list[str]:
    notes = _notes(table)
    return [
        r"\begin{table}[htbp]", r"\centering", caption, *([size] if size else []),
        rf"\begin{{tabular}}{{{preamble}}}", r"\toprule", *_header(table, style),
        r"\midrule", *_body(table, style), r"\bottomrule", r"\end{tabular}",
        *([r"\par\smallskip\begin{minipage}{\linewidth}\footnotesize"] if notes else []),
        *(rf"{_mark(letter)}{text}\par" for letter, text in notes),
        *([r"\end{minipage}"] if notes else []),
        r"\end{table}",
    ]  # fmt: skip


def _longtable(
    table: Table, caption: str, style: NumberStyle, size: str, preamble: str
) -> list[str]:
    header = _header(table, style)
    across = rf"\multicolumn{{{len(table.columns)}}}{{@{{}}p{{\linewidth}}@{{}}}}"
    return [
        *([rf"\begingroup{size}"] if size else []),
        rf"\begin{{longtable}}{{{preamble}}}", caption + r"\\",
        r"\toprule", *header, r"\midrule", r"\endfirsthead",
        r"\toprule", *header, r"\midrule", r"\endhead",
        r"\midrule", r"\endfoot", r"\bottomrule", r"\endlastfoot",
        *_body(table, style),
        *([r"\midrule"] if _notes(table) else []),
        *(
            rf"{across}{{\footnotesize {_mark(letter)}{text}}} \\"
            for letter, text in _notes(table)
        ),
        r"\end{longtable}",
        *([r"\endgroup"] if size else []),
    ]  # fmt: skip


class _Page(NamedTuple):
    landscape: bool
    size: str
    line: int
    """Characters on a line."""


_PAGES = (
    _Page(False, "", 85),
    _Page(True, "", 130),
    _Page(True, r"\small", 145),
    _Page(True, r"\footnotesize", 163),
    _Page(True, r"\scriptsize", 186),
)


def _fitted(table: Table, style: NumberStyle) -> tuple[_Page, str]:
    """Return the first page on which no word leaves its column, and the columns on it."""
    full, least = [], []
    for c, column in enumerate(table.columns):
        cells = [printed(table.column_at(r, c), row[c], style) for r, row in enumerate(table.rows)]
        full.append(max(map(len, [column.header, *cells])) + GUTTER)
        words = [word for text in [column.header, *cells] for word in text.split()]
        wraps = column.kind is Kind.TEXT and full[-1] > SHORT
        least.append(max(map(len, words), default=0) + GUTTER if wraps else full[-1])
    wanted = [max(a, min(b, LONG)) for a, b in zip(least, full, strict=True)]
    page = next(
        (
            page
            for page in _PAGES
            if sum(least) <= page.line and (page.landscape or sum(wanted) <= UPRIGHT * page.line)
        ),
        _PAGES[-1],
    )
    wraps = sum(full) > page.line
    stretch = min(1.0, max(0, page.line - sum(least)) / max(1, sum(wanted) - sum(least)))
    squeeze = min(1.0, page.line / sum(least))  # the last resort: words will break
    columns = []
    for c, column in enumerate(table.columns):
        width = squeeze * (least[c] + stretch * (wanted[c] - least[c])) - GUTTER
        part = f"p{{{width / page.line:.3f}\\linewidth}}"
        columns.append(
            rf">{{\raggedright\arraybackslash}}{part}"
            if wraps and least[c] < full[c]
            else _SIDES[column.side]
        )
    return page, "".join(columns)


def _header(table: Table, style: NumberStyle) -> list[str]:
    lines = []
    if table.spanners:
        cells, rules, at = [], [], 0
        while at < len(table.columns):
            key = table.columns[at].key
            spanner = next((s for s in table.spanners if key in s.keys), None)
            count = len(spanner.keys) if spanner else 1
            if spanner:
                cells.append(rf"\multicolumn{{{count}}}{{c}}{{{escaped(spanner.header)}}}")
                rules.append(rf"\cmidrule(lr){{{at + 1}-{at + count}}}")
            else:
                cells.append("")
            at += count
        lines += [_line(cells), "".join(rules)]
    headers = []
    for column in table.columns:
        symbol, rest = headed(column, style)
        words = (rf"\textit{{{symbol}}}" if symbol else "") + _kept(rest, symbol)
        headers.append(words + _mark(table.marks(None, column.key)))
    return [*lines, _line(headers)]


def _kept(rest: str, symbol: str) -> str:
    """Escape what follows a symbol, with the space that stands between them."""
    return (" " if symbol and rest[:1] == " " else "") + escaped(rest)


def _body(table: Table, style: NumberStyle) -> list[str]:
    return [
        _line(
            [
                escaped(printed(table.column_at(r, c), cell, style))
                + _mark(table.marks(r, table.keys[c]))
                for c, cell in enumerate(row)
            ]
        )
        for r, row in enumerate(table.rows)
    ]


def _mark(letters: str) -> str:
    return rf"\textsuperscript{{{letters}}}" if letters else ""


def _line(cells: list[str]) -> str:
    # After the \\ of the line before, TeX would read a bracket or star as that command's option.
    guard = "{}" if cells[0][:1] in ("[", "*") else ""
    return guard + " & ".join(cells) + r" \\"


def _notes(table: Table) -> list[tuple[str, str]]:
    notes = []
    if table.general:
        notes.append(("", r"\textit{Note.} " + escaped(" ".join(table.general))))
    notes += [(letter, escaped(note.text)) for letter, note in table.marked]
    if table.source is not None:
        notes.append(("", r"\textit{Source.} " + escaped(table.source)))
    return notes
