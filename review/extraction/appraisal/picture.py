"""Appraisals as the figures of risk of bias take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from review.errors import InvalidDataError, Remedy
from review.extraction.appraisal.form import Target
from review.extraction.appraisal.queries import Standing
from review.extraction.appraisal.rules import OVERALL
from review.extraction.appraisal.tool import Tool
from review.extraction.appraisal.vocabulary import State
from review.figures.risk_of_bias import BiasDomain, BiasRow, Blank, Category, RiskOfBias


def merged_domains(tools: Sequence[Tool]) -> list[tuple[str, str]]:
    """Return the domains of some tools as (key, name), those of one name once.

    A domain that only some have stands after the one that it follows there: RoB 2's for clusters
    and crossover trials come after randomisation.
    """
    found: list[tuple[str, str]] = []
    for tool in tools:
        place = 0
        for domain in tool.domains:
            names = [name for _, name in found]
            if domain.name in names:
                place = names.index(domain.name) + 1
            else:
                found.insert(place, (domain.key, domain.name))
                place += 1
    return found


def picture(
    standings: Sequence[Standing],
    *,
    title: str,
    weights: Mapping[str, float] | None = None,
) -> RiskOfBias:
    """Return the figure's content: a row for each target that anybody appraised.

    Parameters
    ----------
    standings : sequence of Standing
        Of tools with one scale.
    title : str
        Above the plot.
    weights : mapping of str to float, optional
        Per cent of a pooled estimate by study; then only these studies are shown, those that nobody
        appraised too.

    Returns
    -------
    RiskOfBias
        What is awaited or in conflict is not assessed yet; the note counts it, and says where one
        assessor judged alone.

    Raises
    ------
    InvalidDataError
        Where there is nothing to show, the tools are of several families, or by weights a study
        has several results.
    """
    shown = [s for s in standings if weights is None or s.target.study in weights]
    if not shown:
        raise InvalidDataError(
            "there is nothing appraised to draw", remedy=Remedy("appraise with", "review rob")
        )
    tools = list({s.tool.slug: s.tool for s in shown}.values())
    families = sorted({tool.family for tool in tools})
    if len(families) > 1:
        raise InvalidDataError(
            f"{' and '.join(families)} have scales of their own; draw one at a time, with --tool"
        )
    domains = [*merged_domains(tools), (OVERALL, OVERALL)]
    scale = tools[0].scale
    places = {step.value: place for place, step in enumerate(scale)}
    labels = [s.target.study for s in shown]
    if weights is not None and len(set(labels)) < len(labels):
        twice = sorted({label for label in labels if labels.count(label) > 1})
        raise InvalidDataError(
            f"{', '.join(twice)} has several results; say which with --outcome, "
            "--instrument and --timepoint"
        )
    rows = [
        BiasRow(
            label=s.target.study if labels.count(s.target.study) == 1 else str(s.target),
            judgements=_cells(s, domains, places),
            weight=None if weights is None else weights[s.target.study],
        )
        for s in shown
    ]
    if weights is not None:
        blank = tuple(Blank.NOT_ASSESSED for _ in domains)
        rows += [
            BiasRow(study, blank, weight)
            for study, weight in weights.items()
            if study not in labels
        ]
        rows.sort(key=lambda row: row.label)
    return RiskOfBias(
        title=title,
        domains=tuple(BiasDomain(key, name) for key, name in domains),
        categories=tuple(Category(s.label, s.symbol, s.colour.value) for s in scale),
        rows=tuple(rows),
        note=_note(shown, tools, len(rows) - len(shown)),
    )


def _cells(
    standing: Standing, domains: Sequence[tuple[str, str]], places: Mapping[str, int]
) -> tuple[int | Blank, ...]:
    keys = {domain.name: domain.key for domain in standing.tool.domains}
    cells: list[int | Blank] = []
    for _, name in domains[:-1]:
        if name not in keys:
            cells.append(Blank.NOT_ASKED)
        elif standing.counts is None:
            cells.append(Blank.NOT_ASSESSED)
        else:
            cells.append(places[standing.counts.domains[keys[name]].judgement])
    counts = standing.counts
    cells.append(Blank.NOT_ASSESSED if counts is None else places[counts.overall.judgement])
    return tuple(cells)


def _note(shown: Sequence[Standing], tools: Sequence[Tool], untouched: int) -> str:
    parts = ["; ".join(f"{tool.title}, version {tool.version}" for tool in tools) + "."]
    counts = {state: sum(s.state is state for s in shown) for state in State}
    if counts[State.SINGLE]:
        parts.append(f"One assessor alone: {counts[State.SINGLE]} of {len(shown)}.")
    if counts[State.AWAITING]:
        parts.append(f"Awaiting an assessor: {counts[State.AWAITING]}.")
    if counts[State.CONFLICT]:
        parts.append(f"Awaiting a consensus: {counts[State.CONFLICT]}.")
    if untouched:
        parts.append(f"Appraised by nobody: {untouched}.")
    return " ".join(parts)


def of_target(
    standings: Sequence[Standing],
    *,
    outcome: str | None = None,
    instrument: str | None = None,
    timepoint: str | None = None,
) -> list[Standing]:
    """Return the standings of one outcome, instrument or timepoint; None takes all."""

    def fits(target: Target) -> bool:
        return (
            outcome in (None, target.outcome)
            and instrument in (None, target.instrument)
            and timepoint in (None, target.timepoint)
        )

    return [s for s in standings if fits(s.target)]
