"""The options that say who computes, for the commands that have much to compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


processes_option = click.option(
    "--processes", type=click.IntRange(1), help="Compute in so many processes."
)


def computing_options(function: FunctionT) -> FunctionT:
    """Add ``--processes`` and ``--dask``: the results are the same whoever computes."""
    for decorate in (
        click.option(
            "--dask", metavar="ADDRESS", help="Compute on a Dask cluster that runs already."
        ),
        processes_option,
    ):
        function = decorate(function)
    return function
