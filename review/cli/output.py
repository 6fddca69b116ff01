"""Results to standard output, talk to standard error."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from review.cli.terminals import drawable
from review.errors import seen

if TYPE_CHECKING:
    from review.tabular.grid import Remark

ItemT = TypeVar("ItemT")

PIPED_WIDTH: Final = 200
"""Columns where there is no terminal: wide enough that no table wraps in a log."""

PAGE_WIDTH: Final = 100
"""Columns of a report at most, whatever the terminal: more is hard to read."""

PATIENCE: Final = 1.0
"""Seconds before a progress bar shows."""


def echo_json(value: object) -> None:
    """Print a value as JSON; what is not a number there (NaN) is null."""
    from pydantic_core import to_jsonable_python

    plain = to_jsonable_python(value, inf_nan_mode="constants")
    click.echo(json.dumps(_finite(plain), indent=2, ensure_ascii=False, allow_nan=False))


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return value


def echo_table(
    headers: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    right: Sequence[str] = (),
    width: int | None = None,
) -> None:
    """Print a table; `right` names the columns to align right, `width` is not to be passed."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        table.add_column(header, justify="right" if header in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    if width is None:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPED_WIDTH
    console = Console(width=width, highlight=False, markup=False)
    unlimited = console.options.update(max_width=10_000)
    if console.measure(table, options=unlimited).minimum > width:
        _echo_blocks(headers, rows)
        return
    with console.capture() as capture:
        console.print(table)
    lines = (line.rstrip() for line in capture.get().splitlines())
    click.echo("\n".join(line for line in lines if line))


def echo_list(
    items: Sequence[ItemT],
    row: Callable[[ItemT], Mapping[str, object]],
    *,
    as_json: bool,
    right: Sequence[str] = (),
    empty: str = "None yet.",
) -> None:
    """Print items as JSON, or a row each; `empty` is what is said where there are none."""
    if as_json:
        echo_json(items)
    elif items:
        rows = [row(item) for item in items]
        echo_table(tuple(rows[0]), [tuple(cells.values()) for cells in rows], right=right)
    else:
        click.echo(empty)


def echo_rows(
    rows: Sequence[Mapping[str, object]],
    *,
    as_json: bool,
    right: Sequence[str] = (),
    empty: str = "None yet.",
) -> None:
    """Print rows of the same columns, as JSON or as a table with the names of the columns."""
    echo_list(rows, lambda row: row, as_json=as_json, right=right, empty=empty)


def echo_values(values: Mapping[str, object]) -> None:
    """Print names and values, those that are known."""
    echo_table(("", ""), [(name, value) for name, value in values.items() if value is not None])


def page_width() -> int:
    """Return how wide a report is: as the terminal, and never wider than a page."""
    wide = shutil.get_terminal_size().columns if sys.stdout.isatty() else PAGE_WIDTH
    return min(wide, PAGE_WIDTH)


def _echo_blocks(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a line a cell, for terminals that are too narrow for the words of a row."""
    for row in rows:
        for header, value in zip(headers, row, strict=True):
            if _cell(value):
                click.echo(f" {header}: {_cell(value)}" if header else f" {_cell(value)}")
        click.echo()


def _cell(value: object) -> str:
    return "" if value is None else seen(str(value))


def echo_remarks(file: object, remarks: Iterable[Remark]) -> None:
    """Say on standard error what was converted, skipped or guessed in reading a file."""
    for remark in remarks:
        click.echo(f"{file}: {remark}", err=True)


def plain_remarks(remarks: Iterable[Remark]) -> list[dict[str, Any]]:
    """Return remarks as JSON has them."""
    return [
        {"line": r.line, "column": r.column, "place": r.place, "remark": r.reason} for r in remarks
    ]


def warn_outdated(runs: Mapping[str, int]) -> None:
    """Say on standard error which analyses changed since the run that is shown."""
    for analysis, number in runs.items():
        click.echo(
            f"inputs of {analysis} changed since run {number}; "
            "bring it up to date with: review repool",
            err=True,
        )


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield ``advance(done, total)``; a bar shows on a terminal once it has taken a second."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(file=drawable(sys.stderr))
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=console, transient=True)
    task = progress.add_task(what)
    begun, started = monotonic(), False

    def advance(done: int, total: int) -> None:
        nonlocal started
        if not started and console.is_terminal and monotonic() - begun > PATIENCE:
            progress.start()
            started = True
        progress.update(task, completed=done, total=total)

    try:
        yield advance
    finally:
        if started:
            progress.stop()
