"""A network of treatments as figures: its graph, and each treatment against the reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from review.errors import InvalidDataError
from review.export.drawings.axis import WITHHELD_NOTE, axis_label, margin_words, notation
from review.export.runs import model_words
from review.figures.forest_values import Diamond, Forest, ForestRow, Heading
from review.figures.network import Edge, NetworkGraph, Node
from review.figures.numbers import MINUS, fixed, p_words
from review.living.reports.sentence import conclusion_word
from review.living.runs.contents import RunInputs
from review.living.runs.networks import NetworkLine
from review.living.runs.results import ModeratorLine, RunResults, VariantLine
from review.living.runs.scales import scale_of_run
from review.protocol.characteristics import in_words, value_in_words


def network_of(inputs: RunInputs, results: RunResults) -> NetworkLine:
    """Return the network of a run; raise InvalidDataError for another analysis."""
    if results.network is None:
        raise InvalidDataError(
            f'"{inputs.plan.title}" is no network: a graph needs kind: network in its plan'
        )
    return results.network


def graph_of(inputs: RunInputs, results: RunResults) -> NetworkGraph:
    """Return the graph of a network: its treatments, and how many trials compare each two."""
    line = network_of(inputs, results)
    places = {t.name: i for i, t in enumerate(line.treatments)}
    sized = all(t.participants is not None for t in line.treatments)
    return NetworkGraph(
        title=f"{inputs.plan.title}: network of treatments",
        nodes=tuple(Node(t.name, t.trials, t.participants) for t in line.treatments),
        edges=tuple(
            Edge(places[c.versus], places[c.treatment], c.k) for c in line.comparisons if c.k
        ),
        note=(
            f"{line.trials} trials, {line.arms} arms. Discs: "
            f"{'participants' if sized else 'trials'}; lines: trials that compare two treatments, "
            "with their number where there is room. A trial of several treatments has a line for "
            "each pair."
        ),
    )


def network_by_group(
    inputs: RunInputs,
    results: RunResults,
    group: ModeratorLine,
    names: Mapping[str, str],
    *,
    withheld: bool = False,
) -> Forest:
    """Return the forest plot of a network's subgroups: a heading a treatment, a line a subgroup.

    The whole network's estimate is the diamond below; the comparison that decides comes first.
    `names` are those of subgroups that are called otherwise than their label.
    """
    plan, network = inputs.plan, network_of(inputs, results)
    rows: list[ForestRow | Heading | Diamond] = []
    decides = plan.intervention.label
    ordered = sorted(network.against_reference, key=lambda c: c.treatment != decides)
    for c in ordered:
        rows.append(Heading(f"{c.treatment} against {c.versus}"))
        for line in group.lines:
            called = names.get(line.label) or value_in_words(group.moderator, line.label)
            rows.append(_group_row(line, c.treatment, decides, called))
        rows.append(Diamond(f"All (k = {network.trials})", c.estimate, *c.ci))
    whole = network_forest(inputs, results, withheld=withheld)
    return replace(
        whole,
        title=f"{plan.title}, by {in_words(group.moderator)}",
        rows=tuple(rows),
        label_header="Subgroup",
        column_headers=("Trials",),
        note=f"{whole.note.replace(NEW_TRIAL, '')} {_tests(group, decides)}",
    )


def _group_row(line: VariantLine, treatment: str, decides: str, called: str) -> ForestRow:
    """Return what a subgroup says of a treatment; a row without estimate where it has none."""
    told = {other.treatment: (other.estimate, other.ci) for other in line.others}
    if line.estimate is not None and line.ci is not None:
        told[decides] = (line.estimate, line.ci)
    estimate, (low, high) = told.get(treatment, (None, (None, None)))
    return ForestRow(called, estimate, low, high, columns=(str(line.k),))


def _tests(group: ModeratorLine, decides: str) -> str:
    """Return the tests of whether subgroups differ, a treatment each."""
    told = []
    if group.stat is not None and group.p is not None:
        told.append(f"{decides} χ²({group.df}) = {fixed(group.stat, 2)}, {p_words(group.p)}")
    told += [
        f"{test.term.partition(' - ')[0]} χ²({test.df}) = {fixed(test.stat, 2)}, {p_words(test.p)}"
        for test in group.tests
    ]
    if not told:
        return "No comparison is in two subgroups, so that there is no test."
    return f"Each subgroup has a τ² of its own. Differences between subgroups: {'; '.join(told)}."


NEW_TRIAL: Final = " New trial: prediction interval."
"""What the note says of a column that subgroups do not have."""


def network_forest(inputs: RunInputs, results: RunResults, *, withheld: bool = False) -> Forest:
    """Return the forest plot of a network: each treatment against the reference."""
    plan, line, network = inputs.plan, results.pooled, network_of(inputs, results)
    scale = scale_of_run(inputs)
    word = conclusion_word(plan.kind, results.headline.conclusion)
    deciding = f"{plan.intervention.label} against {plan.comparator.label}"
    margin = margin_words(inputs, results.headline.margin)
    concluded = f" {deciding}: {word}{margin}." if word else ""
    if withheld:
        concluded = f" {WITHHELD_NOTE}"
    tau2 = "" if line.tau2 is None else f"; τ² = {fixed(line.tau2, 3)}"
    return Forest(
        title=f"{plan.title}: each treatment against {network.reference}",
        rows=tuple(
            ForestRow(
                label=c.treatment,
                estimate=c.estimate,
                ci_low=c.ci[0],
                ci_high=c.ci[1],
                columns=(str(c.k), scale.interval(c.pi).replace("-", MINUS)),
            )
            for c in network.against_reference
        ),
        summaries=(),
        effect_label=axis_label(inputs),
        favours_left=f"favours {network.reference}",
        favours_right="favours the treatment",
        margin=plan.margin,
        label_header="Treatment",
        column_headers=("Trials of the pair", "New trial"),
        note=(
            f"Network of {network.trials} trials, {model_words(line)}{tau2}.{NEW_TRIAL}{concluded}"
        ),
        level=line.level,
        notation=notation(inputs),
    )
