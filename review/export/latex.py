"""Tables as LaTeX: booktabs rules, notes by threeparttable, longtable beyond a page."""

from __future__ import annotations

import re
from pathlib import Path

from review.export.cells import Kind, writable
from review.export.printing import NumberStyle, printed
from review.export.tables import Alignment, Table

# More rows than fit on one page at normal size.
LONGEST_FLOAT = 40
# Characters of a line at normal size; a table within them has no wrapping column.
LINE = 85
# Text columns shorter than this keep to one line in any table.
SHORT = 12
# Beyond this length a text asks for no more room than others.
LONG = 60
# Space between columns (12 points), in characters.
GUTTER = 3
# What the wrapping columns have between them at the least, as a share of the line.
LEAST_SHARE = 0.3

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
    line = re.sub(r"[ \t\r\n]+", " ", writable(text)).strip()
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
        Of p values and intervals.

    Returns
    -------
    str
        The packages it needs are named in its first line. In a table wider than the line,
        columns of text wrap and share what the others leave.
    """
    label = re.sub(r"[^A-Za-z0-9-]+", "-", label)
    caption = f"\\caption{{{escaped(table.title)}}}\\label{{tab:{label}}}"
    long = len(table.rows) > LONGEST_FLOAT
    lines = _longtable(table, caption, style) if long else _float(table, caption, style)
    packages = "longtable" if long else "threeparttable"
    return "\n".join([rf"% \usepackage{{array,booktabs,{packages}}}", *lines]) + "\n"


def write_latex(table: Table, path: str | Path, *, style: NumberStyle = NumberStyle.APA) -> Path:
    """Write `render_latex` as UTF-8, labelled by the file's stem; an existing file is replaced."""
    target = Path(path)
    target.write_bytes(render_latex(table, target.stem, style).encode())
    return target


def _float(table: Table, caption: str, style: NumberStyle) -> list[str]:
    notes = _notes(table)
    return [
        r"\begin{table}[htbp]", r"\centering", r"\begin{threeparttable}", caption,
        rf"\begin{{tabular}}{{{_preamble(table, style)}}}", r"\toprule", *_header(table, r"\tnote"),
        r"\midrule", *_body(table, style, r"\tnote"), r"\bottomrule", r"\end{tabular}",
        *([r"\begin{tablenotes}[flushleft]\footnotesize"] if notes else []),
        *(rf"\item[{letter}] {text}" if letter else rf"\item[] {text}" for letter, text in notes),
        *([r"\end{tablenotes}"] if notes else []),
        r"\end{threeparttable}", r"\end{table}",
    ]  # fmt: skip


def _longtable(table: Table, caption: str, style: NumberStyle) -> list[str]:
    # threeparttable does not reach into longtable; the notes are its last rows.
    raised = r"\textsuperscript"
    header = _header(table, raised)
    across = rf"\multicolumn{{{len(table.columns)}}}{{@{{}}p{{\linewidth}}@{{}}}}"
    return [
        rf"\begin{{longtable}}{{{_preamble(table, style)}}}", caption + r"\\",
        r"\toprule", *header, r"\midrule", r"\endfirsthead",
        r"\toprule", *header, r"\midrule", r"\endhead",
        r"\midrule", r"\endfoot", r"\bottomrule", r"\endlastfoot",
        *_body(table, style, raised),
        *([r"\midrule"] if _notes(table) else []),
        *(
            rf"{across}{{\footnotesize {_mark(letter, raised)}{text}}} \\"
            for letter, text in _notes(table)
        ),
        r"\end{longtable}",
    ]  # fmt: skip


def _preamble(table: Table, style: NumberStyle) -> str:
    lengths = [
        max([len(column.header), *(len(printed(column, row[c], style)) for row in table.rows)])
        + GUTTER
        for c, column in enumerate(table.columns)
    ]
    wrapping: dict[int, int] = {}
    if sum(lengths) > LINE:
        wrapping = {
            c: min(lengths[c], LONG)
            for c, column in enumerate(table.columns)
            if column.kind is Kind.TEXT and lengths[c] > SHORT
        }
    fixed = sum(length for c, length in enumerate(lengths) if c not in wrapping)
    fixed += GUTTER * len(wrapping)
    share = max(LEAST_SHARE, 1 - fixed / LINE) / max(1, sum(wrapping.values()))
    return "".join(
        rf">{{\raggedright\arraybackslash}}p{{{share * wrapping[c]:.3f}\linewidth}}"
        if c in wrapping
        else _SIDES[column.side]
        for c, column in enumerate(table.columns)
    )


def _header(table: Table, mark: str) -> list[str]:
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
    headers = [
        escaped(column.header) + _mark(table.marks(None, column.key), mark)
        for column in table.columns
    ]
    return [*lines, _line(headers)]


def _body(table: Table, style: NumberStyle, mark: str) -> list[str]:
    return [
        _line(
            [
                escaped(printed(column, cell, style)) + _mark(table.marks(r, column.key), mark)
                for column, cell in zip(table.columns, row, strict=True)
            ]
        )
        for r, row in enumerate(table.rows)
    ]


def _mark(letters: str, command: str) -> str:
    return f"{command}{{{letters}}}" if letters else ""


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
