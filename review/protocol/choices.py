"""Every choice of a plan, explained: what a form asks, what each answer means, which is default.

Names are those of `Plan`, parts joined by a full stop.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic import BaseModel

from review.protocol.answers import (
    ADD_TO,
    ASYMMETRY,
    CORRECTIONS,
    KINDS,
    MEASURES,
    MEDIANS,
    METHODS,
    MODELS,
    MODES,
    PREDICTIONS,
    SCORES,
    SEVERAL_ARMS,
    SEVERAL_RESULTS,
    STRUCTURES,
    TAU_PRIORS,
    TESTS,
    VARIANCES,
    VARIANTS,
    Option,
)
from review.protocol.parts import PriorRules, SequentialRules, SignalRules, ZeroCellRule
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisSet, Rater


class Asked(StrEnum):
    """How a choice is made."""

    TEXT = "text"
    NUMBER = "number"
    LINES = "lines"
    """Several, one a line; the order says what is preferred."""
    ONE = "one"
    SEVERAL = "several"
    SWITCH = "switch"
    """Whether a part of the plan is there at all."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One question of the form."""

    name: str
    label: str
    asked: Asked
    meaning: str
    options: tuple[Option, ...] = ()
    default: str = ""
    """What holds where nothing is said."""


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that belong together."""

    heading: str
    meaning: str
    choices: tuple[Choice, ...]


def _named(choices: type[StrEnum]) -> str:
    return ", ".join(choice.value for choice in choices)


def _leaf(value: object) -> object:
    return value.value if isinstance(value, StrEnum) else value


def text(value: object) -> str:
    """Return a value as a form shows it: numbers with all their digits, nothing for none."""
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(_leaf(value))


def _default(name: str) -> str:
    return text(_leaf(Plan.model_fields[name].get_default(call_default_factory=True)))


def _number(part: type[BaseModel], name: str, label: str, meaning: str, of: str) -> Choice:
    default = text(part.model_fields[name].default)
    return Choice(f"{of}.{name}", label, Asked.NUMBER, meaning, default=default)


_ONE, _LINES, _NUMBER, _TEXT = Asked.ONE, Asked.LINES, Asked.NUMBER, Asked.TEXT

GROUPS: Final = (
    Group(
        "The question",
        "What is pooled, and what outputs call it.",
        (
            Choice("title", "Title", _TEXT, "What outputs call the analysis."),
            Choice("kind", "Kind", _ONE, "", KINDS, _default("kind")),
            Choice("outcome", "Outcome", _TEXT, "One of the review’s outcomes."),
            Choice("predicts", "Predicts", _TEXT, "Of an association: the other outcome."),
        ),
    ),
    Group(
        "Arms",
        "Which arms stand on each side: those that match every list given.",
        (
            Choice("intervention.label", "Intervention", _TEXT, "Positive effects favour it."),
            Choice("intervention.delivery_mode", "delivered", Asked.SEVERAL, "", MODES),
            Choice("intervention.treatment", "with treatments", _LINES, "One a line, as entered."),
            Choice("comparator.label", "Comparator", _TEXT, "Not of a single arm."),
            Choice("comparator.delivery_mode", "delivered", Asked.SEVERAL, "", MODES),
            Choice("comparator.treatment", "with treatments", _LINES, "One a line, as entered."),
            Choice(
                "other_treatments",
                "Other treatments",
                _LINES,
                "Of a network, one a line: Control: Wait list | TAU. A way of delivery has an @ "
                "before it: By phone: @telephone.",
            ),
            Choice(
                "several_arms",
                "Several intervention arms",
                _ONE,
                "Of one trial.",
                SEVERAL_ARMS,
                _default("several_arms"),
            ),
        ),
    ),
    Group(
        "Which result of a study counts",
        "Lists are in order of preference: of each study the first that is present counts. An "
        "empty list accepts any, as long as only one is present.",
        (
            Choice("instruments", "Instruments", _LINES, "Short names, one a line."),
            Choice("raters", "Raters", _LINES, f"One a line: {_named(Rater)}."),
            Choice("timepoints", "Timepoints", _LINES, "One a line, as entered: post."),
            Choice("analysis_sets", "Analysis sets", _LINES, f"One a line: {_named(AnalysisSet)}."),
            Choice("scores", "Scores", _ONE, "", SCORES, _default("scores")),
            Choice(
                "several_results",
                "Several results",
                _ONE,
                "",
                SEVERAL_RESULTS,
                _default("several_results"),
            ),
            Choice(
                "rho",
                "Correlation of several results",
                _NUMBER,
                "0 to below 1.",
                default=_default("rho"),
            ),
            Choice(
                "random",
                "Random effects",
                _LINES,
                "All results count, and their groups differ, one a line: study / result, or "
                "study + instrument.",
            ),
            Choice(
                "phi",
                "Correlation a week apart",
                _NUMBER,
                "Of random effects: of errors of one study, beside that of several results.",
            ),
            Choice(
                "correlations",
                "Correlations of two",
                _LINES,
                "Of several outcomes, or with random effects of instruments, where errors of two "
                "correlate otherwise, one a line: wai / haq = 0.4.",
            ),
            Choice("where", "Only where", _LINES, "Conditions that all must hold: year >= 2010."),
        ),
    ),
    Group(
        "Effect and model",
        "",
        (
            Choice("measure", "Effect measure", _ONE, "", MEASURES, _default("measure")),
            Choice("effect", "Called", _TEXT, "Where the measure’s own name says too little."),
            Choice("model", "Outcomes", _ONE, "", MODELS, _default("model")),
            Choice(
                "outcomes",
                "Taken together",
                _LINES,
                "Of several outcomes, one a line, the one that decides first: Therapist: raters "
                "therapist; timepoints post | 3 months.",
            ),
            Choice("structure", "Go together", _ONE, "", STRUCTURES, _default("structure")),
            Choice("vtype", "Sampling variances", _ONE, "", VARIANCES, _default("vtype")),
            Choice("correct", "Small samples", _ONE, "", CORRECTIONS, _default("correct")),
            Choice("method", "Model", _ONE, "", METHODS, _default("method")),
            Choice("test", "Interval", _ONE, "", TESTS, _default("test")),
            Choice(
                "prediction",
                "Prediction interval",
                _ONE,
                "Of the effect in a new trial.",
                PREDICTIONS,
                _default("prediction"),
            ),
            Choice(
                "asymmetry",
                "Egger’s test",
                _ONE,
                "What it regresses effects on.",
                ASYMMETRY,
                _default("asymmetry"),
            ),
            Choice("level", "Level", _NUMBER, "Of intervals: 0.95.", default=_default("level")),
            Choice(
                "medians",
                "Medians",
                _ONE,
                "How means and SDs come from medians with quartiles or range.",
                MEDIANS,
                _default("medians"),
            ),
            Choice(
                "reliability",
                "Reliabilities",
                _LINES,
                "That correct SMDs or correlations, one a line: wai = 0.93.",
            ),
            Choice(
                "target_instrument",
                "On the scale of",
                _TEXT,
                "The instrument in whose points all are read, by reference scores.",
            ),
            Choice(
                "reference_scores",
                "Reference scores",
                _LINES,
                "Mean (SD) and source, one a line: wai = 5.6 (0.9); Authors 2001.",
            ),
            Choice("icc", "Intracluster correlation", _NUMBER, "Assumed where none is reported."),
            Choice(
                "change_correlation",
                "Correlation of before and after",
                _NUMBER,
                "Assumed where change is pooled and an arm does not report it.",
            ),
            Choice(
                "crossover_correlation",
                "Correlation of periods",
                _NUMBER,
                "Assumed of crossover trials that report none; without it their arms count as "
                "independent, which is conservative.",
            ),
        ),
    ),
    Group(
        "Margins",
        "Noninferiority is shown where the whole interval lies above minus the margin.",
        (
            Choice("margin", "Deciding margin", _NUMBER, "Above 0; none plans no such reading."),
            Choice(
                "baseline_risks",
                "Risks of the comparator",
                _LINES,
                "At which absolute effects and numbers needed to treat are told, one a line: 0.3. "
                "Of standardized differences the share of responders.",
            ),
            Choice(
                "baseline_rates",
                "Rates of the comparator",
                _LINES,
                "The same of IRR and IRD, in events per person-year, one a line: 0.12.",
            ),
            Choice("other_margins", "Other margins", _LINES, "One a line, shown beside it."),
        ),
    ),
    Group(
        "Arms or cells without events",
        "Of measures of counts; metafor’s defaults where nothing is planned.",
        (
            Choice("zero_cells", "Plan a rule", Asked.SWITCH, "Else metafor’s default holds."),
            _number(
                ZeroCellRule,
                "add",
                "Add",
                "To each cell of the trials touched; of rates to the events of each arm.",
                "zero_cells",
            ),
            Choice("zero_cells.to", "To", _ONE, "", ADD_TO, "only0"),
            Choice(
                "zero_cells.drop00",
                "Leave out trials without events",
                Asked.SWITCH,
                "In both arms.",
            ),
            Choice(
                "zero_cells.by_arm",
                "By arm",
                Asked.SWITCH,
                "Each arm gets its share of the participants (treatment-arm correction).",
            ),
        ),
    ),
    Group(
        "What else is computed with every run",
        "",
        (
            Choice("variants", "Sensitivity analyses", Asked.SEVERAL, "", VARIANTS),
            Choice("subgroups", "Subgroups", _LINES, "A characteristic a line: country."),
            Choice("moderators", "Meta-regressions", _LINES, "A formula a line: year * diagnosis."),
            Choice("heterogeneity", "τ² depends on", _LINES, "A formula a line: diagnosis."),
        ),
    ),
    Group(
        "Posterior by Bayes",
        "Beside the planned estimate, never in its place: the normal-normal model, computed "
        "numerically.",
        (
            Choice("bayes", "Compute it", Asked.SWITCH, ""),
            Choice("bayes.tau", "Prior of τ", _ONE, "", TAU_PRIORS, "half-normal"),
            *(
                _number(PriorRules, name, label, meaning, "bayes")
                for name, label, meaning in (
                    (
                        "scale",
                        "Its scale",
                        "On that of the measure; 0.5 where it has no unit.",
                    ),
                    ("mean", "Prior mean of the effect", "Of a normal prior."),
                    ("mean_sd", "Its SD", "None is a flat prior."),
                )
            ),
        ),
    ),
    Group(
        "Signals",
        "When a moved result is worth a look.",
        tuple(
            _number(SignalRules, name, label, meaning, "signals")
            for name, label, meaning in (
                ("shift", "Shift of the estimate", "On the scale of the measure."),
                ("shift_se", "in standard errors", ""),
                ("relative", "Relative shift", ""),
                ("relative_from", "of estimates from", ""),
                ("narrower", "Narrower by", "Share of the interval’s width."),
                ("weight", "Weight of one trial", "Per cent."),
            )
        ),
    ),
    Group(
        "Repeated looks",
        "Frozen with the plan before the first look, the panel is prospective; else retrospective.",
        (
            Choice("sequential", "Plan the panel", Asked.SWITCH, ""),
            *(
                _number(SequentialRules, name, label, meaning, "sequential")
                for name, label, meaning in (
                    ("alpha", "Error allowed", "One-sided."),
                    ("beta", "Power is one minus", ""),
                    ("hoped", "Effect hoped for", "Noninferiority is designed for it."),
                    ("delta", "Effect of interest", "Where there is no margin."),
                    ("tau2_floor", "Least τ²", ""),
                )
            ),
        ),
    ),
)
"""In the order in which a form asks."""

CHOICES: Final = {choice.name: choice for group in GROUPS for choice in group.choices}
