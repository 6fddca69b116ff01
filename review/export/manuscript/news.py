"""What is new since readers last saw the review: conclusions first, then trials and searches."""

from __future__ import annotations

from typing import Final

from review.export.contents.since import Happened, Since
from review.export.manuscript.document import (
    Block,
    Heading,
    Paragraph,
    Reference,
    Spans,
    filled,
    sentences,
)
from review.export.manuscript.facts import Facts
from review.export.manuscript.printer import Printer
from review.export.manuscript.sentences import capped, count
from review.export.tables.printing import NumberStyle
from review.protocol.vocabulary import AnalysisKind
from review.wording import counted

TABLE: Final = "whats_new"

REASONED: Final = frozenset({"removed", "retracted or under concern"})
"""What is told of a trial with its reason."""

COMMAS: Final = dict.fromkeys((*REASONED, "renamed"), "; ")
"""What stands between items that have a comma of their own."""


def news(facts: Facts, style: NumberStyle) -> list[Block]:
    """Return the section on what is new; nothing where readers have seen nothing before."""
    since = facts.since
    if since is None:
        return []
    told = [
        *_conclusions(facts, since),
        *_trials(since, Printer(style, "since")),
        *_plans(since),
        *_searches(since),
    ]
    where = Reference("table", TABLE, aside=True)
    every = filled("Each change is listed{table}.", table=where) if since.anything else ()
    text = sentences(*told, every)
    return [Heading(2, f"What is new since {since.since}"), Paragraph(text)] if text else []


def in_brief(facts: Facts) -> list[Spans]:
    """Return what is new as an abstract tells it: conclusions, and how many trials moved."""
    since = facts.since
    if since is None:
        return []
    told: list[str] = []
    for word, items in since.trials:
        if items:
            n = str(len(items)) if told else counted(len(items), "trial")
            told.append(f"{n} {'was' if len(items) == 1 else 'were'} {word}")
    moved = filled("Since then {told}.", told=capped(told)) if told else ()
    return [*_conclusions(facts, since), moved]


def _conclusions(facts: Facts, since: Since) -> list[Spans]:
    """Return which conclusions changed, said before all else, or that none did."""
    if all(analysed.plan.kind is AnalysisKind.SINGLE_ARM for analysed in facts.analysed):
        return []  # nothing is concluded of a lone side
    flipped = since.flipped
    if flipped:
        told = [f"“{item.title}” (from “{item.was}” to “{item.conclusion}”)" for item in flipped]
        return [
            filled(
                "Since {since} the conclusion changed in {told}.",
                since=since.since,
                told=capped(told, table=TABLE),
            )
        ]
    return [(f"Since {since.since} no conclusion changed.",)]


def _trials(since: Since, printer: Printer) -> list[Spans]:
    return [
        filled(
            "{word} {was} {n}: {named}.",
            word=word.capitalize(),
            was="was" if len(items) == 1 else "were",
            n=count(printer.integer(len(items), word), "trial"),
            named=capped([_one(word, one) for one in items], COMMAS.get(word, ", "), TABLE),
        )
        for word, items in since.trials
        if items
    ]


def _one(word: str, item: Happened) -> str:
    if word == "renamed":
        return f"{item.study}, now {item.detail}"
    return f"{item.study}, {item.detail}" if word in REASONED else item.study


def _plans(since: Since) -> list[Spans]:
    told: list[Spans] = []
    if since.replanned:
        named = capped([f"“{title}”" for title in since.replanned], table=TABLE)
        plans = "plan was" if len(since.replanned) == 1 else "plans were"
        told.append(filled("The {plans} revised: {named}.", plans=plans, named=named))
    if since.first:
        named = capped([f"“{title}”" for title in since.first], table=TABLE)
        told.append(filled("Analyses told for the first time: {named}.", named=named))
    return told


def _searches(since: Since) -> list[Spans]:
    if not since.searches:
        return []
    named = capped([f"{source} (last on {day})" for source, day in since.searches], table=TABLE)
    return [filled("Searched since: {named}.", named=named)]
