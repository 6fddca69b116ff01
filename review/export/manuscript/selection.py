"""How records were found, screened, entered and judged: the conduct part of the methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from review.export.manuscript.document import (
    Block,
    Cite,
    Heading,
    Paragraph,
    Reference,
    Spans,
    filled,
    joined,
    listed,
    sentences,
)
from review.export.manuscript.facts import Appraised, Facts, StageRead
from review.export.manuscript.printer import Printer
from review.export.manuscript.sentences import count, words
from review.export.tables.printing import NumberStyle
from review.screening.vocabulary import Stage

STAGES: Final = {Stage.TITLE_ABSTRACT: "Titles and abstracts", Stage.FULL_TEXT: "Full texts"}
AWAITING: Final = "awaiting extraction"
SOURCES: Final = {"rob2": ("sterne2019",), "robins-i": ("sterne2016",)}
"""The works that describe a family of tools for risk of bias."""


def conduct_paragraphs(facts: Facts, style: NumberStyle) -> list[Block]:
    """Return how the review was conducted, as far as the ledger knows."""
    living = _living(facts, style)
    kept_alive: list[Block] = [Heading(2, "Living mode"), Paragraph(living)] if living else []
    return [
        Heading(2, "Eligibility criteria"),
        Paragraph(_eligibility(facts)),
        Heading(2, "Search and selection"),
        Paragraph(sentences(_searches(facts), *_screening(facts, style))),
        Heading(2, "Data collection and risk of bias"),
        Paragraph(sentences(*_entry(facts, style))),
        Paragraph(sentences(*_judging(facts, style))),
        *kept_alive,
    ]


def _eligibility(facts: Facts) -> Spans:
    """Return what a study had to be, in the words of whoever wrote the criteria."""
    found = facts.criteria
    if found is None:
        return ("The criteria of eligibility are for the authors to report.",)
    wanted = f"Studies were eligible by these criteria: {_quoted(found.include)}."
    unwanted = f"Reasons to exclude were: {_quoted(found.exclude)}."
    again = f"These are the criteria in their version {found.number}; earlier ones differed."
    return sentences(
        (wanted,) if found.include else (),
        (unwanted,) if found.exclude else (),
        (again,) if found.number > 1 else (),
    )


def _quoted(items: Sequence[str]) -> str:
    return "; ".join(f"“{item.rstrip('.;')}”" for item in items)


def _searches(facts: Facts) -> Spans:
    if not facts.searches:
        return ("No search is recorded in the database; the authors describe sources and dates.",)
    told: dict[str, list[str]] = {}
    for search in facts.searches:
        through = f" ({search.platform})" if search.platform else ""
        told.setdefault(f"{search.source}{through}", []).append(search.ran_on)
    named = words([f"{source}, last on {max(days)}" for source, days in told.items()])
    return filled(
        "The sources searched were {named}{table}. Reporting follows PRISMA 2020 {prisma}{living}.",
        named=named,
        table=Reference("table", "search_strategies", aside=True),
        prisma=Cite("page2021"),
        living=filled(" and its extension for living reviews {lsr}", lsr=Cite("akl2024"))
        if facts.mode_stated
        else "",
    )


def _screening(facts: Facts, style: NumberStyle) -> list[Spans]:
    if facts.flow is None:
        return [("No record was imported into the database; the authors describe screening.",)]
    return [_stage(stage, Printer(style, "screening")) for stage in facts.stages if stage.decided]


def _stage(stage: StageRead, printer: Printer) -> Spans:
    """Return how many looked at the records of a stage: as they did, not as was planned."""
    name, several = stage.stage.value, stage.compared
    blind = " independently, blind to one another" if stage.blind else " independently"
    if not several:
        by: Spans = ("one reviewer",)
    elif several == stage.decided:
        by = filled("two or more reviewers{blind}", blind=blind)
    else:
        by = filled(
            "two or more reviewers{blind} ({n} of {decided}) or by one so far",
            blind=blind,
            n=printer.integer(several, name, "compared"),
            decided=printer.integer(stage.decided, name, "decided"),
        )
    settled: Spans = ()
    if stage.adjudicated:
        n = printer.integer(stage.adjudicated, name, "adjudicated")
        settled = filled("; another person settled {n}", n=count(n, "disagreement"))
    return filled("{what} were judged by {by}{settled}.", what=STAGES[stage.stage], by=by,
                  settled=settled)  # fmt: skip


def _entry(facts: Facts, style: NumberStyle) -> list[Spans]:
    """Return whether the numbers were entered once or twice."""
    printer = Printer(style, "extraction")
    read = facts.extracted
    twice, once = read.twice, read.once
    all_ = count(printer.integer(read.studies, "studies"), "study", "studies")
    if not twice and not once:
        return [filled("Of {all}, none has extracted numbers yet.", all=all_)]
    found = []

    def share(n: int, what: str) -> Spans:
        """Return ``12 of 76 studies``, or ``all 76 studies``."""
        if n == read.studies:
            return all_ if n == 1 else ("all ", *all_)
        return (printer.integer(n, what), " of ", *all_)

    if twice:
        found.append(
            filled(
                "The numbers of {n} were entered twice by two people, neither of whom saw the "
                "other’s entry, and settled by consensus.",
                n=share(twice, "entered_twice"),
            )
        )
    taken = sum(read.imported.values())
    if taken:
        files = [
            filled("{file} ({n})", file=file, n=printer.integer(n, "imported", file))
            for file, n in read.imported.items()
        ]
        found.append(
            filled(
                "The numbers of {n} were taken over from files that hold them, studies in "
                "brackets: {files}. Who had entered them there is not in the database; here no "
                "second entry checked them.",
                n=share(taken, "imported"),
                files=listed(files),
            )
        )
    if once > taken:
        found.append(
            filled(
                "The numbers of {n} were entered by one person and not checked by a second entry.",
                n=share(once - taken, "entered_once"),
            )
        )
    waiting = read.studies - twice - once
    if waiting:
        found.append(
            filled(
                "Extraction or consensus is awaited for {n}.",
                n=count(printer.integer(waiting, "waiting"), "study", "studies"),
            )
        )
    return found


def _judging(facts: Facts, style: NumberStyle) -> list[Spans]:
    found = [_tool(appraised, Printer(style, "appraisal")) for appraised in facts.appraised]
    if not found:
        found.append(("Risk of bias has not been judged in the database.",))
    if facts.certainties:
        found.append(
            filled(
                "The certainty of evidence was rated by GRADE {grade}.", grade=Cite("guyatt2011")
            )
        )
    else:
        found.append(("The certainty of evidence has not been rated.",))
    return found


def _tool(appraised: Appraised, printer: Printer) -> Spans:
    """Return what judged, and how many looked at each result: as they did, not as was planned."""
    family, n = appraised.family, len(appraised.standings)
    results = count(printer.integer(n, family, "judged"), "result")
    if appraised.twice == n:
        told = filled(": {all}, each by two or more assessors independently", all=results)
    elif not appraised.twice:
        told = filled(": {all}, each by one assessor", all=results)
    else:
        told = filled(
            ": {twice} of {all} by two or more assessors independently, the others by one so far",
            twice=printer.integer(appraised.twice, family, "judged_twice"),
            all=results,
        )
    cited = [Cite(key) for key in dict.fromkeys(SOURCES.get(appraised.family, ()))]
    first, _, rest = appraised.source.partition("; ")
    return filled(
        "Risk of bias was judged with {tool}{cited}{source}{told}.",
        tool=appraised.tool, told=told,
        cited=joined([part for cite in cited for part in (" ", cite)]),
        source=f", {rest}" if cited and rest else "" if cited else f", {first}",
    )  # fmt: skip


def _living(facts: Facts, style: NumberStyle) -> Spans:
    """Return how the review is kept alive; nothing where nobody said so."""
    if not facts.mode_stated:
        return ()
    mode, printer = facts.mode, Printer(style, "living")
    every = [
        filled(
            "{source} every {days} days",
            source=search.source,
            days=printer.integer(search.days, search.source, "days"),
        )
        for search in mode.searches
    ]
    because = f" ({mode.because})" if mode.because else ""
    return sentences(
        (f"The review is {mode.status.value}{because}.",),
        joined(["Searches are repeated: ", *listed(every), "."]) if every else (),
        (f"It is updated when {_clause(mode.update_when)}.",) if mode.update_when else (),
        (f"It leaves the living mode when {_clause(mode.retire_when)}.",)
        if mode.retire_when
        else (),
    )


def _clause(text: str) -> str:
    told = text.strip().rstrip(".")
    return told.removeprefix("when ")
