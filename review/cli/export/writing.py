"""What the ``review export`` commands share: folder, formats and style, and what was written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

import click

from review.cli.context import FunctionT
from review.cli.files import force_option
from review.cli.output import echo_json
from review.export import NumberStyle


def folder_option(function: FunctionT) -> FunctionT:
    """Add ``--out``, a folder, and ``--force``."""
    return click.option(
        "--out", "-o", "folder", type=click.Path(path_type=Path, file_okay=False), required=True,
        help="The folder to write to; it is made where it does not exist.",
    )(force_option(function))  # fmt: skip


def style_option(function: FunctionT) -> FunctionT:
    """Add ``--style``, of numbers."""
    return click.option(
        "--style", type=click.Choice([s.value for s in NumberStyle]), show_default=True,
        default=NumberStyle.APA.value, help="Whose rules numbers follow in print.",
    )(function)  # fmt: skip


def format_option(kinds: type[StrEnum]) -> Callable[[FunctionT], FunctionT]:
    """Return what adds ``--format``, of files of these kinds; none given means all."""
    return click.option(
        "--format", "formats", type=click.Choice([kind.value for kind in kinds]), multiple=True,
        help="May be given several times; all by default.",
    )  # fmt: skip


def echo_written(written: Sequence[Path], *, as_json: bool) -> None:
    """Say which files were written."""
    if as_json:
        echo_json(written)
        return
    for path in written:
        click.echo(f"Wrote {path}")
