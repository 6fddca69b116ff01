"""What a reader must know beside a result: who is left out, what is doubted, what was replanned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from review.export.contents.notices import in_print
from review.export.manuscript.document import (
    Block,
    Heading,
    Paragraph,
    Reference,
    Spans,
    filled,
    plain,
    sentences,
)
from review.export.manuscript.facts import Analysed, Facts, Planned, printer_of
from review.export.manuscript.printer import Printer
from review.export.manuscript.sentences import capped, count, words
from review.export.tables.printing import NumberStyle
from review.living.reports.notices import NoticeKind

TAKEN_OUT: Final = "excluded: "
"""What the reason of a study begins with that left the review."""

NO_NAMES: Final[Mapping[str, str]] = {}


def beside_sentences(
    analysed: Analysed, printer: Printer, names: Mapping[str, str] = NO_NAMES
) -> list[Spans]:
    """Return what stands beside a result; `names` are those that short names stand for."""
    return [
        *_left_out(analysed, printer, names),
        *_elsewhere(analysed, printer),
        *_in_part(analysed),
        *_doubted(analysed, printer),
        *_planning(analysed, names),
    ]


def without_trials(facts: Facts) -> list[Block]:
    """Return what is said of analyses that no trial has contributed to, alike ones together."""
    alike: dict[str, list[Planned]] = {}
    for planned in facts.planned:
        beside = sentences(*_beside_nothing(planned, facts.names))
        alike.setdefault(plain(beside), []).append(planned)
    blocks: list[Block] = []
    for together in alike.values():
        first = together[0]
        titles = [planned.plan.title for planned in together]
        if len(together) == 1:
            heading, told = titles[0], no_trial(first)
        else:
            heading = "Analyses without a trial"
            named = words([f"“{title}”" for title in titles])
            told = filled(
                "No trial has contributed a usable result yet to {named}. These have no estimate, "
                "and nothing is concluded from that.",
                named=named,
            )
        blocks += [
            Heading(3, heading),
            Paragraph(sentences(told, *_beside_nothing(first, facts.names))),
        ]
    return blocks


def no_trial(planned: Planned) -> Spans:
    """Return what is said of one analysis that has no trial: nothing is concluded."""
    sides = f"{planned.plan.intervention.label} with {planned.plan.comparator.label}"
    return filled(
        "No trial{compared} has contributed a usable result to this analysis yet. It has no "
        "estimate, and nothing is concluded from that.",
        compared=f" comparing {sides}" if planned.plan.compares else "",
    )


def _beside_nothing(planned: Planned, names: Mapping[str, str]) -> list[Spans]:
    printer = printer_of(planned, NumberStyle.APA)
    return [*_left_out(planned, printer, names), *_planning(planned, names)]


def _left_out(
    analysed: Analysed | Planned, printer: Printer, names: Mapping[str, str]
) -> list[Spans]:
    """Return who could enter and does not, as things are now and not when the run was made."""
    every = analysed.notices.of(NoticeKind.LEFT_OUT)
    taken_out = [item for item in every if item.what.startswith(TAKEN_OUT)]
    reasons: dict[str, list[str]] = {}
    for item in every:
        if item not in taken_out:
            reasons.setdefault(in_print(item, names), []).append(item.study or "")
    gone = [f"{item.study} ({item.what.removeprefix(TAKEN_OUT)})" for item in taken_out]
    told_gone = (
        [filled("No longer in the review: {gone}.", gone=capped(gone, table="excluded_studies"))]
        if gone
        else []
    )
    n = len({study for studies in reasons.values() for study in studies})
    if not n:
        return told_gone
    told = [
        filled("{studies} ({why})", studies=capped(studies), why=_unbracketed(why))
        for why, studies in sorted(reasons.items())
    ]
    ledger = replace(printer, key=None)
    entered = isinstance(analysed, Analysed)
    one, many = ("further study", "further studies") if entered else ("study", "studies")
    return [
        filled(
            "Left out so far {were} {n}{table}: {why}.",
            table=Reference("table", "notices", aside=True),
            were="was" if n == 1 else "were",
            n=count(ledger.integer(n, "left_out"), one, many),
            why=capped(told, "; "),
        ),
        *told_gone,
    ]


def _unbracketed(reason: str) -> str:
    """Return a reason as it stands in brackets: without brackets of its own."""
    return reason.replace(" (", ", ").replace(")", "").replace("(", "")


def _elsewhere(analysed: Analysed, printer: Printer) -> list[Spans]:
    n = analysed.notices.studies(NoticeKind.ANOTHER_QUESTION)
    if not n:
        return []
    studies = count(replace(printer, key=None).integer(n, "another_question"), "study", "studies")
    return [filled("In {n} results of this outcome compare something else.", n=studies)]


def _in_part(analysed: Analysed) -> list[Spans]:
    items = analysed.notices.of(NoticeKind.IN_PART)
    told = capped([f"{item.study} {item.what}" for item in items], "; ", table="notices")
    return [filled("In part entered: {told}.", told=told)] if items else []


def _doubted(analysed: Analysed, printer: Printer) -> list[Spans]:
    n = len(analysed.notices.of(NoticeKind.DOUBT))
    if not n:
        return []
    doubts = count(replace(printer, key=None).integer(n, "doubts"), "doubt")
    return [
        filled(
            "Automatic checks of the numbers that entered leave {n} open{table}.",
            n=doubts,
            table=Reference("table", "notices", aside=True),
        )
    ]


def _planning(analysed: Analysed | Planned, names: Mapping[str, str]) -> list[Spans]:
    """Return that the plan was made or changed after results were seen, and what it gave before."""
    changed = [
        f"The plan was changed after results had been seen: {item.what}."
        for item in analysed.notices.of(NoticeKind.PLAN_CHANGED)
    ]
    late = [
        f"The analysis was {in_print(item, names)}."
        for item in analysed.notices.of(NoticeKind.POST_HOC)
    ]
    return [(text,) for text in (*late, *changed)]
