"""What commands share that mend what was entered: preview, attribution, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import wraps

import click

from review.cli.context import FunctionT, changing, json_option, reason_option, review_option
from review.cli.output import echo_json
from review.db import Session
from review.extraction.mending.acts import Mended
from review.history.queries import head
from review.people.rules import Deed
from review.protocol.models import Review
from review.wording import capitalised


class _Looked(Exception):
    """Ends a transaction that was only to show what it would do."""


@dataclass
class Act:
    """One act of mending on its way: the session it works in, and why."""

    session: Session
    review: Review
    reason: str
    """Empty where none was given."""
    dry_run: bool
    mended: Mended = field(default_factory=lambda: Mended("nothing was changed"))
    analyses: tuple[str, ...] = ()
    """Analyses that the next repool looks at because of it."""


def mends(
    *, why: bool = False, moves: bool = True
) -> Callable[[Callable[..., Mended]], Callable[..., None]]:
    """Make a command of a function that mends: it takes an act, and returns what it did.

    The command has ``--reason`` (needed with `why`), ``--dry-run``, ``--review`` and ``--json``;
    `moves` says whether the act can change a number, so that analyses are to be pooled again.
    """

    def command(function: Callable[..., Mended]) -> Callable[..., None]:
        @wraps(function)
        def run(
            reason: str | None,
            dry_run: bool,
            review_slug: str | None,
            as_json: bool,
            **values: object,
        ) -> None:
            with _mending(review_slug, reason, dry_run=dry_run) as act:
                act.mended = function(act, **values)
            _echo_mended(act, as_json=as_json, moves=moves)

        return (why_option if why else reason_option)(_act_options(run))

    return command


@contextmanager
def _mending(review_slug: str | None, reason: str | None, *, dry_run: bool) -> Iterator[Act]:
    """Yield an act in a writing session; a dry run does all of it and takes it back."""
    with suppress(_Looked), changing(review_slug, reason, Deed.EXTRACT) as (session, review):
        before = head(session)[0]
        act = Act(session, review, reason or "", dry_run)
        yield act
        session.flush()
        from review.living.job.staleness import analyses_touched  # the engine's neighbours are slow

        act.analyses = tuple(analyses_touched(session, review, before))
        if dry_run:
            raise _Looked


def _echo_mended(act: Act, *, as_json: bool, moves: bool) -> None:
    """Print what was done, or would be."""
    mended = act.mended
    analyses = act.analyses if moves else ()
    if as_json:
        echo_json(
            {
                "done": not act.dry_run,
                "sentence": mended.sentence,
                "details": mended.details,
                "analyses": analyses,
            }
        )
        return
    would = "Dry run, nothing is changed. It would say: " if act.dry_run else ""
    click.echo(f"{would}{capitalised(mended.sentence)}.")
    for detail in mended.details:
        click.echo(f"  {detail}")
    if analyses:
        click.echo(f"Analyses to bring up to date with review repool: {', '.join(analyses)}.")


def _act_options(function: FunctionT) -> FunctionT:
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
