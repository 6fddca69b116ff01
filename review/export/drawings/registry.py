"""Which figures a run and a review can have, and how each is drawn: the one list of them.

`review plot` has a command for each, and the manuscript's bundle a file, where it can be drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.export.drawings.bubble import bubble_of
from review.export.drawings.classes import classes_of_analysis, classes_of_review
from review.export.drawings.cumulative import cumulative_of
from review.export.drawings.drapery import drapery_of
from review.export.drawings.forest import forest_of
from review.export.drawings.funnel import funnel_of
from review.export.drawings.gosh import gosh_of
from review.export.drawings.heterogeneity import heterogeneity_of
from review.export.drawings.influence import baujat_of, influence_of
from review.export.drawings.leave_one_out import leave_one_out_of
from review.export.drawings.margins import margins_of
from review.export.drawings.networks import graph_of
from review.export.drawings.screening import screening_course
from review.export.drawings.sequential import sequential_of
from review.export.drawings.specification import specification_of
from review.export.drawings.studies import require
from review.export.drawings.versions import versions_of
from review.extraction.evidence_queries import evidence_for
from review.figures.baujat import baujat_plot
from review.figures.bubble import bubble_plot
from review.figures.caterpillar import caterpillar_plot
from review.figures.classes import class_strip_pages
from review.figures.cumulative import cumulative_pages
from review.figures.drapery import drapery_plot
from review.figures.estimates import estimates_pages
from review.figures.forest import forest_pages
from review.figures.funnel import funnel_plot
from review.figures.gosh import gosh_plot
from review.figures.influence import influence_pages
from review.figures.margins import margins_plot
from review.figures.network import network_plot
from review.figures.screening import screening_plot
from review.figures.sequential import sequential_plot
from review.figures.specification import specification_plot
from review.formula import parse
from review.living.estimates.asymmetry import FEWEST_FOR_TEST
from review.living.estimates.multiverse import multiverse
from review.living.reports.noticing import withheld_among
from review.living.reports.once import past_runs
from review.living.runs.contents import RunInputs
from review.living.runs.past import PastRun
from review.living.runs.results import RunResults
from review.protocol.characteristics import in_words
from review.protocol.models import Review
from review.protocol.vocabulary import Variant

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ShownRun:
    """A run that figures are drawn of."""

    session: Session
    review: Review
    analysis: str
    number: int
    inputs: RunInputs
    results: RunResults

    @property
    def values(self) -> tuple[RunInputs, RunResults]:
        """What most figures take."""
        return self.inputs, self.results

    @cached_property
    def withheld(self) -> bool:
        """Whether no conclusion is drawn, because a contradiction about the numbers is open."""
        entered = {self.analysis: self.inputs}
        return bool(withheld_among(self.session, self.review, entered))

    def so_far(self) -> Sequence[PastRun]:
        """Return the runs of the analysis up to this one, in short."""
        found = past_runs(self.session, self.review, self.analysis)
        return [run for run in found if run.number <= self.number]


Drawn: TypeAlias = "Figure | Sequence[Figure]"
"""A figure, or its pages where it is longer than the paper is high."""


def pages_of(drawn: Drawn) -> Sequence[Figure]:
    """Return a figure as its pages, one or more."""
    return drawn if isinstance(drawn, Sequence) else (drawn,)


@dataclass(frozen=True, slots=True)
class RunFigure:
    """A figure of a run.

    Attributes
    ----------
    name : str
        As ``review plot`` calls it.
    words : str
        What it shows, for captions, after the title of its analysis.
    draw : callable
        Raises InvalidDataError where it cannot be drawn: the message says what it needs.
    wanted : callable
        Whether a manuscript has it: whether it was planned, or there is something to compare.
    supplementary : bool
        Whether a manuscript lists it instead of showing it.
    supplementary_if_long : bool
        Whether it is listed where there are many trials, though it is one page.
    help : str
        What its command says of itself, where the command has no options of its own.
    of : str
        What it is of beside the run, for the names of files: a moderator.
    short : callable or None
        Draws it on one page however many trials there are, for the text of a manuscript.
    """

    name: str
    words: str
    draw: Callable[[ShownRun], Drawn]
    wanted: Callable[[ShownRun], bool] = lambda _: True
    supplementary: bool = False
    supplementary_if_long: bool = False
    help: str = ""
    of: str = ""
    short: Callable[[ShownRun], Figure] | None = None

    def file(self, analysis: str) -> str:
        """Return the name of its files, without suffix."""
        return "_".join(part for part in (self.name.replace("-", "_"), analysis, self.of) if part)


def short_of(file: str) -> str:
    """Return the name of the short form of a figure whose files are called so."""
    return f"summary_{file}"


@dataclass(frozen=True, slots=True)
class ReviewFigure:
    """A figure of a review as a whole; see `RunFigure`."""

    name: str
    words: str
    draw: Callable[[Session, Review], Drawn]


def _funnel(run: ShownRun) -> Figure:
    require(*run.values, FEWEST_FOR_TEST, "a funnel plot in a manuscript")
    trim_fill = Variant.TRIM_AND_FILL in run.inputs.plan.variants
    return funnel_plot(funnel_of(*run.values, trim_fill=trim_fill))


def _panel_planned(run: ShownRun) -> bool:
    plan = run.inputs.plan
    interest = plan.sequential.delta if plan.sequential is not None else None
    return plan.margin is not None or interest is not None


def _specification(run: ShownRun) -> Figure:
    found = multiverse(*evidence_for(run.session, run.review, run.analysis))
    content = specification_of(run.inputs, found)
    if not content.specified:
        raise InvalidDataError(f"{run.inputs.plan.title}: no combination of choices can be pooled")
    return specification_plot(content)


FOREST: Final = "forest"
"""The one figure that says something of a single trial."""

RUN_FIGURES: Final = (
    RunFigure(
        FOREST, "forest plot",
        lambda run: forest_pages(forest_of(*run.values, withheld=run.withheld)),
        short=lambda run: caterpillar_plot(forest_of(*run.values, withheld=run.withheld)),
    ),
    RunFigure(
        "network", "network of the treatments",
        lambda run: network_plot(graph_of(*run.values)),
        wanted=lambda run: run.results.network is not None,
        help="Draw the treatments of a network, and how many trials compare each two.",
    ),
    RunFigure(
        "margins", "the estimate against every noninferiority margin",
        lambda run: margins_plot(margins_of(*run.values, withheld=run.withheld)),
        wanted=lambda run: run.inputs.plan.margin is not None,
        help="Draw the one-sided p of noninferiority over the whole range of margins.",
    ),
    RunFigure(
        "cumulative", "cumulative estimate as trials were published",
        lambda run: cumulative_pages(cumulative_of(*run.values, withheld=run.withheld)),
        help="Draw the pooled estimate after each trial, in order of year.",
    ),
    RunFigure(
        "versions", "the estimate of each version",
        lambda run: estimates_pages(versions_of(run.so_far(), run.inputs)),
        wanted=lambda run: run.number > 1,
        help="Draw the estimate of each run, up to one by --number, and what changed.",
    ),
    RunFigure(
        "leave-one-out", "the estimate without each trial",
        lambda run: estimates_pages(leave_one_out_of(*run.values, withheld=run.withheld)),
        wanted=lambda run: Variant.LEAVE_ONE_OUT in run.inputs.plan.variants,
        supplementary_if_long=True,
    ),
    RunFigure("funnel", "funnel plot with contours of significance", _funnel),
    RunFigure(
        "baujat", "each trial’s part in heterogeneity against its influence (Baujat plot)",
        lambda run: baujat_plot(baujat_of(*run.values)), supplementary=True,
        help="Draw each trial's part in heterogeneity against its influence.",
    ),
    RunFigure(
        "influence", "influence of each trial by eight measures",
        lambda run: influence_pages(influence_of(*run.values)), supplementary=True,
    ),
    RunFigure(
        "gosh", "effect and heterogeneity in subsets of the trials (GOSH plot)",
        lambda run: gosh_plot(gosh_of(*run.values)), supplementary=True,
    ),
    RunFigure(
        "drapery", "p-value functions of the trials and of the pooled effect (drapery plot)",
        lambda run: drapery_plot(drapery_of(*run.values)), supplementary=True,
        help="Draw the p-value functions of the trials and of the pooled effect.",
    ),
    RunFigure(
        "sequential", "repeated looks, with confidence sequence and boundaries",
        lambda run: sequential_plot(
            sequential_of(run.session, run.review, run.analysis, run.number)
        ),
        wanted=_panel_planned, supplementary=True,
        help="Draw the panel for repeated looks: confidence sequence, and z with its boundaries.",
    ),
    RunFigure(
        "classes", "conclusion of each run by margin and variant",
        lambda run: class_strip_pages(classes_of_analysis(run.so_far(), run.inputs)),
        supplementary=True,
    ),
    RunFigure(
        "specification",
        "estimates under every defensible combination of choices (specification curve)",
        _specification, supplementary=True,
    ),
)  # fmt: skip
"""In the order of a manuscript; `figures_of` adds bubble plots, one a meta-regression, and τ² by
level, one a location-scale model."""


def figures_of(run: ShownRun) -> Iterator[RunFigure]:
    """Yield the figures that a run can have: those of every run, and of its models."""
    yield from (figure for figure in RUN_FIGURES if not figure.supplementary)
    for line in run.results.moderators if run.results.network is None else ():
        alone = line.kind == "meta-regression" and len(parse(line.moderator).names) == 1
        if alone and line.note is None:
            yield _bubble(line.moderator)
    for scaled in run.results.heterogeneity:
        if scaled.by_level and scaled.p is not None:
            yield _heterogeneity(scaled.formula)
    yield from (figure for figure in RUN_FIGURES if figure.supplementary)


def _heterogeneity(formula: str) -> RunFigure:
    return RunFigure(
        "heterogeneity", f"τ² by {in_words(formula)}",
        lambda run: estimates_pages(heterogeneity_of(*run.values, formula)),
        supplementary=True, of=re.sub(r"\W+", "_", formula).strip("_"),
    )  # fmt: skip


def _bubble(moderator: str) -> RunFigure:
    return RunFigure(
        "bubble", f"effects by {in_words(moderator)}",
        lambda run: bubble_plot(bubble_of(*run.values, moderator)),
        of=re.sub(r"\W+", "_", moderator).strip("_"),
    )  # fmt: skip


def _screening(session: Session, review: Review) -> Figure:
    course = screening_course(session, review)
    if not course.stages:
        raise InvalidDataError("progress of screening needs decisions, and there are none")
    return screening_plot(course)


def _classes(session: Session, review: Review) -> Drawn:
    found = past_runs(session, review)
    if not found:
        raise InvalidDataError("conclusions by job need a run, and there is none")
    return class_strip_pages(classes_of_review(review.title, found))


REVIEW_FIGURES: Final = (
    ReviewFigure("classes", "conclusion of each analysis by job", _classes),
    ReviewFigure("screening", "records that each person has judged, over time", _screening),
)
"""Supplementary to a manuscript, whose flow and risk of bias stand in its text."""
