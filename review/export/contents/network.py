"""Networks: the league table, and every pair with direct and indirect evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from review.export.contents.columns import Row, said_once
from review.export.runs import LatestRun, directions
from review.export.tables.model import Column, Footnote, Kind, Table
from review.export.tracing.origins import origin
from review.figures.numbers import MINUS
from review.living.reports.networks import (
    CAUTION,
    agreement_sentence,
    better_words,
    league_section,
    size_words,
    why_no_split,
)
from review.living.runs.networks import NetworkLine
from review.living.runs.results import Interval as Limits
from review.living.runs.results import VariantLine
from review.protocol.models import Review
from review.protocol.vocabulary import Variant

COLUMNS: Final = (
    Column("analysis", "Analysis"),
    Column("treatment", "Treatment"),
    Column("versus", "Against"),
    Column("k", "Trials", Kind.INTEGER),
    Column("alone", "Alone", Kind.NUMBER, beside="alone_ci"),
    Column("alone_ci", "CI (alone)", Kind.INTERVAL),
    Column("direct", "Direct", Kind.NUMBER, beside="direct_ci"),
    Column("direct_ci", "CI (direct)", Kind.INTERVAL),
    Column("indirect", "Indirect", Kind.NUMBER, beside="indirect_ci"),
    Column("indirect_ci", "CI (indirect)", Kind.INTERVAL),
    Column("split_p", "p (disagree)", Kind.P_VALUE),
    Column("estimate", "Network", Kind.NUMBER, beside="ci"),
    Column("ci", "CI", Kind.INTERVAL),
    Column("pi", "Prediction interval", Kind.INTERVAL),
    Column("note", "Note"),
)

TREATMENTS: Final = (
    Column("analysis", "Analysis"),
    Column("name", "Treatment"),
    Column("trials", "Trials", Kind.INTEGER),
    Column("participants", "Participants", Kind.INTEGER),
    Column("p_score", "P-score", Kind.NUMBER),
)


def networks_of(runs: Sequence[LatestRun]) -> Iterator[tuple[LatestRun, NetworkLine]]:
    """Yield the runs of networks with their networks."""
    for run in runs:
        if run.results.network is not None:
            yield run, run.results.network


def network_tables(
    session: Session, review: Review, runs: Sequence[LatestRun]
) -> Mapping[str, Table]:
    """Return the league table of each network, its pairs and its treatments, for print."""
    del session
    found = list(networks_of(runs))
    if not found:
        return {}
    return {
        **{f"league_{run.analysis}": league_table(run, line) for run, line in found},
        **{
            f"sensitivity_{run.analysis}": sensitivity_table(run, line)
            for run, line in found
            if any(one.others for one in run.results.variants)
        },
        "comparisons": comparisons_table(review.title, runs),
        "treatments": treatments_table(review.title, runs),
    }


def league_table(run: LatestRun, line: NetworkLine) -> Table:
    """Return each row's treatment against each column's, the best by P-score first."""
    section = league_section(line, run.scale)
    columns = (
        Column("treatment", "Treatment"),
        *(Column(f"t{i}", name) for i, name in enumerate(section.headers[1:], 1)),
    )
    rows = tuple(
        (row[0], *(cell.replace("-", MINUS) or None for cell in row[1:])) for row in section.rows
    )
    return Table(
        title=f"{run.inputs.plan.title}: league table",
        columns=columns,
        rows=rows,
        footnotes=(
            Footnote(
                f"Row against column: {run.scale.shown} with its interval. "
                f"{better_words(run.scale)} {size_words(line)}. The order is that of the "
                f"P-scores; {CAUTION}."
            ),
        ),
    )


def sensitivity_table(run: LatestRun, line: NetworkLine) -> Table:
    """Return each treatment against the reference in each variant, the planned network first.

    Of leaving out one trial at a time those lines that give a treatment its lowest or highest
    estimate; the others are counted.
    """
    against = line.against_reference
    names = [c.treatment for c in against]
    told: list[tuple[Row, str]] = [
        (
            ("planned", *(_cell_of(run, c.estimate, c.ci) for c in against)),
            origin(run.key, "network"),
        )
    ]
    variants = run.results.variants
    kept = _extreme(variants)
    for index, one in enumerate(variants):
        if one.variant == Variant.LEAVE_ONE_OUT and index not in kept:
            continue
        cells = {o.treatment: _cell_of(run, o.estimate, o.ci) for o in one.others}
        if one.estimate is not None and one.ci is not None:
            cells[run.inputs.plan.intervention.label] = _cell_of(run, one.estimate, one.ci)
        row = (one.label, *(cells.get(name) for name in names))
        told.append((row, origin(run.key, "variants", index)))
    single = sum(one.variant == Variant.LEAVE_ONE_OUT for one in variants)
    left_out = single - len(kept)
    some = (
        f" Of leaving out one trial at a time, those lines are shown that give a treatment its "
        f"lowest or highest estimate; {left_out} others are in the file of the variants."
        if left_out else ""
    )  # fmt: skip
    return Table(
        title=f"{run.inputs.plan.title}: every treatment against {line.reference}, by variant",
        columns=(
            Column("variant", "Variant"),
            *(Column(f"t{i}", name) for i, name in enumerate(names, 1)),
        ),
        rows=tuple(row for row, _ in told),
        footnotes=(
            Footnote(
                f"Against {line.reference}: {run.scale.shown} with its interval. "
                f"{better_words(run.scale)}{some}"
            ),
        ),
        origins=tuple(at for _, at in told),
    )


def _extreme(variants: Sequence[VariantLine]) -> frozenset[int]:
    """Return which lines without one trial give a treatment its lowest or highest estimate."""
    by_treatment: dict[str, list[tuple[float, int]]] = {}
    for index, one in enumerate(variants):
        if one.variant == Variant.LEAVE_ONE_OUT:
            if one.estimate is not None:
                by_treatment.setdefault("", []).append((one.estimate, index))
            for other in one.others:
                by_treatment.setdefault(other.treatment, []).append((other.estimate, index))
    return frozenset(
        index for found in by_treatment.values() for _, index in (min(found), max(found))
    )


def _cell_of(run: LatestRun, estimate: float, ci: Limits) -> str:
    told = f"{run.scale.number(estimate, ci)} {run.scale.interval(ci)}"
    return told.replace("-", MINUS)


def comparisons_table(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return one row a pair of treatments: direct, indirect and together."""
    lines = [
        ((run.inputs.plan.title, *row), at)
        for run, line in networks_of(runs)
        for row, at in _pairs(run, line)
    ]
    notes = tuple(
        Footnote(f"{run.inputs.plan.title}: {agreement_sentence(line.agreement)}")
        for run, line in networks_of(runs)
    )
    of_networks = [run for run, _ in networks_of(runs)]
    return Table(
        title=f"{title}: comparisons of the network",
        columns=COLUMNS,
        rows=said_once([row for row, _ in lines], 1),
        footnotes=(*notes, *directions(of_networks)),
        origins=tuple(at for _, at in lines),
    )


def treatments_table(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return one row a treatment of each network: trials, participants, P-score."""
    rows: list[Row] = []
    origins = []
    for run, line in networks_of(runs):
        for index, t in enumerate(line.treatments):
            rows.append((run.inputs.plan.title, t.name, t.trials, t.participants, t.p_score))
            origins.append(origin(run.key, "network", "treatments", index))
    return Table(
        title=f"{title}: treatments of the network",
        columns=TREATMENTS,
        rows=said_once(rows, 1),
        footnotes=(Footnote(f"{CAUTION[0].upper()}{CAUTION[1:]}."),),
        origins=tuple(origins),
    )


def _pairs(run: LatestRun, line: NetworkLine) -> Iterator[tuple[Row, str]]:
    for index, c in enumerate(line.comparisons):
        yield (
            (
                c.treatment, c.versus, c.k,
                run.value(c.alone), run.shown(c.alone_ci),
                run.value(c.direct), run.shown(c.direct_ci),
                run.value(c.indirect), run.shown(c.indirect_ci),
                c.split_p, run.value(c.estimate), run.shown(c.ci), run.shown(c.pi),
                why_no_split(c) or None,
            ),
            origin(run.key, "network", "comparisons", index),
        )  # fmt: skip
