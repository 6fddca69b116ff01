"""The options that the parts of ``review screen`` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from review.screening.vocabulary import Stage

if TYPE_CHECKING:
    pass

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def _stage(context: click.Context, option: click.Parameter, value: str) -> Stage:
    del context, option
    try:
        return Stage(value.lower().replace("-", "_"))
    except ValueError:
        known = " or ".join(stage.value for stage in Stage)
        raise click.BadParameter(f"{value!r} is no stage; it is {known}") from None


def stage_option(function: FunctionT) -> FunctionT:
    """Add ``--stage``."""
    return click.option(
        "--stage", "-s", callback=_stage, default=Stage.TITLE_ABSTRACT.value, show_default=True,
        metavar="STAGE", help="title_abstract or full_text.",
    )(function)  # fmt: skip


def mark_option(function: FunctionT) -> FunctionT:
    """Add ``--mark``."""
    return click.option(
        "--mark", "marks", multiple=True, metavar="WORD",
        help="Mark this in titles and abstracts too; may be given several times.",
    )(function)  # fmt: skip
