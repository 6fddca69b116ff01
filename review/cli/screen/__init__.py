"""``review screen``: judging records, settling conflicts, and how far reviewers agree."""

from __future__ import annotations

from typing import Final

import click

from review.cli.context import review_option
from review.cli.lazy import LazyGroup, Place
from review.cli.screen.options import mark_option, stage_option
from review.screening.vocabulary import Stage

COMMANDS: Final = {
    "adjudicate": Place(
        "screen.conflicts", "Settle a conflict on a RECORD as a third person: include or exclude."
    ),
    "agreement": Place(
        "screen.status",
        "Show how far reviewers agreed before adjudication: raw, Cohen's kappa, PABAK, Fleiss.",
    ),
    "conflicts": Place(
        "screen.conflicts",
        "List the records that reviewers disagree on; settle them with: review screen adjudicate.",
    ),
    "criteria": Place(
        "screen.guidance",
        "Show the eligibility criteria, or make a version of them; give all that hold from now on.",
    ),
    "decide": Place("screen.judging", "Say include, exclude or maybe of a RECORD (or i, e, m)."),
    "export": Place(
        "screen.sheets",
        "Write the records that want your decision to a CSV FILE, for a spreadsheet.",
    ),
    "import": Place(
        "screen.sheets",
        "Take your decisions from a CSV or XLSX FILE; a line that cannot be taken stops no other.",
    ),
    "label": Place(
        "screen.guidance", "Put a LABEL on a RECORD; others see it when they may see its decisions."
    ),
    "next": Place(
        "screen.judging",
        "Show the next records that want your decision; they wait for you for ten minutes.",
    ),
    "note": Place(
        "screen.guidance",
        "Say something to the team about a RECORD; others see it when they may see its decisions.",
    ),
    "outlook": Place(
        "screen.ranking", "Estimate what ranked screening has found, and test whether it may stop."
    ),
    "pilot": Place(
        "screen.conduct",
        "Pilot rounds: a few records that several people screen first, to see whether they agree.",
    ),
    "rank": Place(
        "screen.ranking", "Order the queue by what was decided so far; it ranks, people decide."
    ),
    "reasons": Place(
        "screen.conduct", "The protocol's ordered list of reasons for exclusion at full text."
    ),
    "remove": Place(
        "screen.conduct",
        "Take RECORDS out before screening; they stay in the ledger and in the flow.",
    ),
    "restore": Place("screen.conduct", "Put removed RECORDS back."),
    "retrieve": Place(
        "screen.conduct",
        "Note that the full texts of RECORDS were retrieved, or with --not-retrieved that not.",
    ),
    "rules": Place(
        "screen.conduct",
        "Show or set how many reviewers a stage needs, and whether they are blind to one another.",
    ),
    "screeners": Place(
        "screen.guidance",
        "List what stages ask of single persons, or say what a stage asks of WHO.",
    ),
    "show": Place("screen.judging", "Show a RECORD with the decisions that you may see."),
    "status": Place("screen.status", "Show how far screening is, by stage and reviewer."),
    "terms": Place(
        "screen.guidance",
        "List the terms that are marked in records, or say which TERMS the group NAME has.",
    ),
    "undo": Place(
        "screen.judging",
        "Take back what you decided on a RECORD: you are undecided, until somebody adjudicates.",
    ),
}
"""The parts, by name."""


@click.group("screen", cls=LazyGroup, places=COMMANDS, invoke_without_command=True)
@stage_option
@review_option
@mark_option
@click.pass_context
def screen_(
    context: click.Context, stage: Stage, review_slug: str | None, marks: tuple[str, ...]
) -> None:
    """Screen records, on title and abstract first and on full text then.

    In a terminal and without a subcommand: one record after the other, a key a decision (i
    include, e exclude, m maybe, u undo, n note, ? help). Words of the protocol are marked.

    Two reviewers decide on each record, blind to one another; a third person settles conflicts.
    docs/screen.md goes through it step by step. Who decides is REVIEW_ACTOR.
    """
    if context.invoked_subcommand is not None:
        return
    from review.cli.screen.keys import run_at_terminal, screen_by_keys

    run_at_terminal(screen_by_keys, review_slug, stage, marks)
