"""What commands share that mend what was entered: preview, attribution, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import click

from review.cli.context import FunctionT, changing, json_option, review_option
from review.cli.output import echo_json
from review.db import Session
from review.extraction.mending.acts import Mended
from review.history.queries import head
from review.protocol.models import Review
from review.wording import capitalised


class _Looked(Exception):
    """Ends a transaction that was only to show what it would do."""


@dataclass
class Act:
    """One act of mending on its way: the session it works in, and what it did."""

    session: Session
    review: Review
    mended: Mended = field(default_factory=lambda: Mended("nothing was changed"))
    analyses: tuple[str, ...] = ()
    """Analyses that the next repool looks at because of it."""


@contextmanager
def mending(review_slug: str | None, reason: str | None, *, dry_run: bool) -> Iterator[Act]:
    """Yield an act in a writing session; a dry run does all of it and takes it back."""
    with suppress(_Looked), changing(review_slug, reason) as (session, review):
        before = head(session)[0]
        act = Act(session, review)
        yield act
        session.flush()
        from review.living.job.staleness import analyses_touched  # the engine's neighbours are slow

        act.analyses = tuple(analyses_touched(session, review, before))
        if dry_run:
            raise _Looked


def echo_mended(act: Act, *, dry_run: bool, as_json: bool, moves: bool = True) -> None:
    """Print what was done, or would be; `moves` says whether it can change a number."""
    mended = act.mended
    analyses = act.analyses if moves else ()
    if as_json:
        echo_json(
            {
                "done": not dry_run,
                "sentence": mended.sentence,
                "details": mended.details,
                "analyses": analyses,
            }
        )
        return
    would = "Dry run, nothing is changed. It would say: " if dry_run else ""
    click.echo(f"{would}{capitalised(mended.sentence)}.")
    for detail in mended.details:
        click.echo(f"  {detail}")
    if analyses:
        click.echo(f"Analyses to bring up to date with review repool: {', '.join(analyses)}.")


def act_options(function: FunctionT) -> FunctionT:
    """Add ``--dry-run``, ``--review`` and ``--json``."""
    options: list[Callable[[FunctionT], FunctionT]] = [
        json_option,
        review_option,
        click.option("--dry-run", is_flag=True, help="Say what it would do, and change nothing."),
    ]
    for option in options:
        function = option(function)
    return function


def why_option(function: FunctionT) -> FunctionT:
    """Add ``--reason``, which this act needs."""
    return click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept.")(
        function
    )


def into_option(function: FunctionT) -> FunctionT:
    """Add ``--into``."""
    return click.option(
        "--into", "stays", required=True, metavar="NAME", help="The one that stays."
    )(function)


def keep_option(function: FunctionT) -> FunctionT:
    """Add ``--keep``."""
    text = "Whose values count where both have one and they differ; without it they are listed."
    return click.option("--keep", metavar="NAME", help=text)(function)
