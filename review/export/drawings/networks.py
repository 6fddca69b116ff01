"""A network of treatments as figures: its graph, and each treatment against the reference."""

from __future__ import annotations

from review.errors import InvalidDataError
from review.export.drawings.axis import WITHHELD_NOTE, axis_label, margin_words, notation
from review.export.runs import model_words
from review.figures.forest_values import Forest, ForestRow
from review.figures.network import Edge, NetworkGraph, Node
from review.figures.numbers import MINUS, fixed
from review.living.reports.sentence import conclusion_word
from review.living.runs.contents import RunInputs
from review.living.runs.networks import NetworkLine
from review.living.runs.results import RunResults
from review.living.runs.scales import scale_of_run


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
            f"Network of {network.trials} trials, {model_words(line)}{tau2}. New trial: prediction "
            f"interval.{concluded}"
        ),
        level=line.level,
        notation=notation(inputs),
    )
