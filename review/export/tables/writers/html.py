"""Tables as one page for browsers and screen readers; each number says where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from review.export.tables.cells import Kind, writable
from review.export.tables.model import Column, Interval, Table
from review.export.tables.printing import NumberStyle, Words, headed, printed
from review.files import replace_file


@dataclass(frozen=True, slots=True)
class _Head:
    words: Words
    side: str
    marks: tuple[str, ...]

    key: str | None
    """Of a column whose cells have an origin: the last name in it."""


@dataclass(frozen=True, slots=True)
class _Group:
    spanner: str | None
    columns: tuple[_Head, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    origin: str | None
    cells: tuple[_Cell, ...]


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    heads: bool
    kinds: str
    marks: tuple[str, ...]
    value: str | None


@dataclass(frozen=True, slots=True)
class _Page:
    """What the template needs of one table."""

    id: str
    title: str
    groups: tuple[_Group, ...]
    spanned: bool
    rows: tuple[_Row, ...]
    general: str
    marked: tuple[tuple[str, str], ...]
    source: str | None


def render_html(
    tables: Mapping[str, Table], *, title: str = "Tables", style: NumberStyle = NumberStyle.APA
) -> str:
    """The tables as one HTML page that needs no other file.

    Parameters
    ----------
    tables : mapping of str to Table
        By name; ``#table-<name>`` leads to a table.
    title : str
        Of the page.
    style : NumberStyle
        Of all numbers.

    Returns
    -------
    str
        Captions, headers with their scope and linked notes, as WCAG 2.2 asks (techniques H39, H51,
        H63). The origin of a number is the ``data-origin`` of its row, a stroke, and the
        ``data-key`` of its column (an element ``col``). Where it has more digits than are printed,
        its cell has them all as ``data-value`` (an interval: both limits with a space between).
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    pages = Environment(
        loader=PackageLoader("review.export.tables.writers"),
        autoescape=True,
        undefined=StrictUndefined,
    )
    template = pages.get_template("tables.html")
    shown = [_page(name, table, style) for name, table in tables.items()]
    return template.render(title=writable(title), tables=shown) + "\n"


def write_html(
    tables: Mapping[str, Table],
    path: str | Path,
    *,
    title: str = "Tables",
    style: NumberStyle = NumberStyle.APA,
) -> Path:
    """Write `render_html` as UTF-8; an existing file is replaced."""
    return replace_file(path, render_html(tables, title=title, style=style).encode())


def html_origins(text: str) -> list[str]:
    """Return the origins of the numbers of a page of `render_html`, in its order."""
    from lxml import html

    found = []
    root: Any = html.fromstring(text)
    for table in root.iter("table"):
        keys = [column.get("data-key") for column in table.iterfind("colgroup/col")]
        for row in table.iterfind("tbody/tr[@data-origin]"):
            found += [
                f"{row.get('data-origin')}/{key}"
                for key, cell in zip(keys, row, strict=True)
                if key is not None and cell.text_content()
            ]
    return found


def _page(name: str, table: Table, style: NumberStyle) -> _Page:
    return _Page(
        id=f"table-{name}",
        title=writable(table.title),
        groups=tuple(_groups(table, style)),
        spanned=bool(table.spanners),
        rows=tuple(
            _Row(
                table.origins[row] if table.origins else None,
                tuple(_cell(table, row, at, style) for at in range(len(table.columns))),
            )
            for row in range(len(table.rows))
        ),
        general=writable(" ".join(text for text in table.general if text)),
        marked=tuple((letter, writable(note.text)) for letter, note in table.marked),
        source=None if table.source is None else writable(table.source),
    )


def _groups(table: Table, style: NumberStyle) -> list[_Group]:
    """Return neighbouring columns under one spanner, and those without one, together."""

    def above(column: Column) -> str | None:
        return table.above(column.key)

    return [
        _Group(
            None if spanner is None else writable(spanner),
            tuple(_head(table, column, style) for column in columns),
        )
        for spanner, columns in groupby(table.columns, key=above)
    ]


def _head(table: Table, column: Column, style: NumberStyle) -> _Head:
    symbol, rest = headed(column, style)
    return _Head(
        Words(symbol, writable(rest)), column.side, _marks(table, None, column),
        column.key if table.origins and column.located else None,
    )  # fmt: skip


def _cell(table: Table, row: int, at: int, style: NumberStyle) -> _Cell:
    column, value = table.columns[at], table.rows[row][at]
    text = column.kind is Kind.TEXT
    shown = writable(printed(table.column_at(row, at), value, style))
    digits = None if text or value is None else _digits(value)
    return _Cell(
        text=shown,
        heads=at == 0 and text and bool(value),
        kinds="" if value is None else _kinds(column),
        marks=_marks(table, row, column),
        value=None if digits == shown else digits,
    )


def _kinds(column: Column) -> str:
    """Return the classes of a cell that holds something: text to the left is the rule, with none.

    A number to the right, which most cells are, has a class of one letter.
    """
    if column.kind is Kind.TEXT:
        return "" if column.side == "left" else column.side
    return "n" if column.side == "right" else f"n {column.side}"


def _digits(value: Any) -> str:
    return " ".join(map(repr, value)) if isinstance(value, Interval) else repr(value)


def _marks(table: Table, row: int | None, column: Column) -> tuple[str, ...]:
    letters = table.marks(row, column.key)
    return tuple(letters.split(",")) if letters else ()
