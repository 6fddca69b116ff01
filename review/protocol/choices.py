"""Every choice of a plan, explained: what a form asks, what each answer means, which is default.

Names are those of `Plan`, parts joined by a full stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic import BaseModel

from review.measures import Medians
from review.protocol.joint import MODEL_WORDS, STRUCTURE_WORDS
from review.protocol.rules import Plan, SequentialRules, SignalRules, ZeroCellRule
from review.protocol.vocabulary import AnalysisKind, AnalysisSet, DeliveryMode, Rater, Variant
from review.wording import capitalised


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
class Option:
    """One answer."""

    value: str
    words: str
    meaning: str = ""


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


def _options(words: Mapping[str, tuple[str, str]]) -> tuple[Option, ...]:
    return tuple(Option(value, *told) for value, told in words.items())


def _named(choices: type[StrEnum]) -> str:
    return ", ".join(choice.value for choice in choices)


def _leaf(value: object) -> object:
    return value.value if isinstance(value, StrEnum) else value


def text(value: object) -> str:
    """Return a value as a form shows it: numbers with all their digits, nothing for none."""
    if value is None or value == ():
        return ""
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(_leaf(value))


def _default(name: str) -> str:
    return text(_leaf(Plan.model_fields[name].get_default(call_default_factory=True)))


def _number(part: type[BaseModel], name: str, label: str, meaning: str, of: str) -> Choice:
    default = text(part.model_fields[name].default)
    return Choice(f"{of}.{name}", label, Asked.NUMBER, meaning, default=default)


MODES: Final = tuple(
    Option(mode.value, capitalised(mode.value.replace("_", " "))) for mode in DeliveryMode
)

KINDS: Final = _options(
    {
        AnalysisKind.CONTRAST: ("A contrast", "Does one treatment do better than another?"),
        AnalysisKind.ASSOCIATION: (
            "An association",
            "How strongly do two measurements go together?",
        ),
        AnalysisKind.SINGLE_ARM: ("A single arm", "What is found in one kind of arm?"),
        AnalysisKind.NETWORK: ("A network", "How do several treatments compare with one another?"),
    }
)

MEASURES: Final = _options(
    {
        "SMD": ("Standardized mean difference", "Hedges’ g: for different instruments."),
        "SMDH": ("Standardized, unequal variances", "For arms whose SDs differ much."),
        "MD": ("Mean difference", "In points of one instrument."),
        "ROM": ("Ratio of means", "For positive scores on a ratio scale."),
        "RR": ("Risk ratio", "For events."),
        "OR": ("Odds ratio", "For events."),
        "RD": ("Risk difference", "For events, in absolute terms."),
        "AS": ("Arcsine difference", "For rare events."),
        "PETO": ("Peto odds ratio", "For rare events and arms of like size."),
        "GEN": ("Estimates as reported", "Ready estimates of one metric with their variances."),
        "ZCOR": ("Correlation (Fisher z)", "Of an association."),
        "MN": ("Mean", "Of a single arm."),
        "PLO": ("Proportion (logit)", "Of a single arm."),
        "PFT": ("Proportion (double arcsine)", "Of a single arm."),
    }
)

METHODS: Final = _options(
    {
        "REML": ("REML", "Random effects, restricted maximum likelihood."),
        "PM": ("Paule-Mandel", "Random effects; close to REML, without a likelihood."),
        "DL": ("DerSimonian-Laird", "What older reviews used; too narrow with few trials."),
        "ML": ("Maximum likelihood", "Random effects, biased towards less heterogeneity."),
        "EB": ("Empirical Bayes", "The same numbers as Paule-Mandel, by another route."),
        "HE": ("Hedges", "Random effects, unweighted moments."),
        "HS": ("Hunter-Schmidt", "Random effects, as in psychometric meta-analysis."),
        "HSk": ("Hunter-Schmidt, corrected", "The same with a small-sample correction."),
        "SJ": ("Sidik-Jonkman", "Random effects; never zero."),
        "PMM": ("Paule-Mandel, median", "Median-unbiased."),
        "EE": ("Common effect", "No difference between trials but chance."),
        "MH": ("Mantel-Haenszel", "Of counts; common effect."),
        "PETO": ("Peto", "Of counts; common effect, rare events."),
        "CM.EL": ("Mixed model, conditional", "Of odds ratios' counts, exact; rare events."),
        "CM.AL": ("Mixed model, approximated", "The same, for events that are rare in each trial."),
        "UM.FS": ("Mixed model, fixed intercepts", "Of counts; each trial has its own level."),
        "UM.RS": (
            "Mixed model, random intercepts",
            "Of counts, of two arms or one; trials' levels are normal.",
        ),
    }
)

TESTS: Final = _options(
    {
        "adhoc": (
            "Hartung-Knapp, floored",
            "t intervals whose variance factor is 1 at least: never narrower than the normal ones.",
        ),
        "knha": ("Hartung-Knapp", "May be narrower than the normal interval where trials agree."),
        "t": ("t", "t quantiles, the normal variance."),
        "z": ("Normal", "As older reviews print it; too narrow with few trials."),
    }
)

PREDICTIONS: Final = _options(
    {
        "test": ("As the interval", "The same standard error and distribution; metafor’s."),
        "k-1": ("t, k-1", "The model’s standard error."),
        "k-2": ("t, k-2", "The same, wider; as Higgins et al. have it."),
        "HK": ("Hartung-Knapp", "Its standard error, not floored; t, k-1."),
    }
)

MODELS: Final = _options(MODEL_WORDS)

STRUCTURES: Final = _options(STRUCTURE_WORDS)

SEVERAL_ARMS: Final = _options(
    {
        "combine": ("Combine", "One arm of all that match."),
        "split": ("Split the comparator", "Each against its share of the comparator."),
        "covariance": ("Keep apart", "Each against the whole comparator, their covariance known."),
    }
)

SEVERAL_RESULTS: Final = _options(
    {
        "choose": ("Choose", "The first by the lists of preference; none is guessed."),
        "aggregate": ("Average", "All of them, with the correlation assumed below."),
    }
)

SCORES: Final = _options(
    {
        "endpoint": ("Endpoint", "Scores at the timepoint."),
        "change": ("Change", "Change since baseline."),
    }
)

MEDIANS: Final = _options(
    {
        Medians.NORMAL: ("As of normal samples", "Luo, Wan and Shi; biased where skewed."),
        Medians.QE: ("Closest distribution", "Quantile estimation (McGrath)."),
        Medians.BC: ("Box-Cox", "Normal once symmetric (McGrath)."),
        Medians.MLN: ("Box-Cox by likelihood", "For unknown distributions (Cai)."),
    }
)

ADD_TO: Final = _options(
    {
        "only0": ("Trials with a zero", "Those that have a cell without events."),
        "all": ("All trials", ""),
        "if0all": ("All, if one has a zero", ""),
        "none": ("None", "Nothing is added."),
    }
)

VARIANTS: Final = _options(
    {
        Variant.FIXED: ("Common effect", "The same trials without variance between them."),
        Variant.Z_TEST: ("Normal interval", "The same model with z quantiles."),
        Variant.DERSIMONIAN_LAIRD: ("DerSimonian-Laird", "Another estimate of heterogeneity."),
        Variant.LEAVE_ONE_OUT: ("Leave one out", "The estimate without each trial."),
        Variant.TRIM_AND_FILL: ("Trim and fill", "What missing trials could have done."),
        Variant.PET_PEESE: ("PET-PEESE", "The effect of a study without error."),
        Variant.WITHOUT_INFLUENTIAL: ("Without influential trials", "By metafor’s measures."),
        Variant.BY_RATER: ("By rater", "Each rater on its own."),
        Variant.ITT_ONLY: ("Intention to treat only", "Results of all randomised."),
        Variant.LOW_RISK_ONLY: ("Low risk of bias only", "By RoB 2, as settled."),
        Variant.AGGREGATED: ("Aggregated", "All results of a study, averaged."),
        Variant.THREE_LEVEL: ("Three levels", "All results, nested in studies."),
    }
)

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
                "That correct an SMD, one a line: wai = 0.93.",
            ),
            Choice("icc", "Intracluster correlation", _NUMBER, "Assumed where none is reported."),
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
            Choice("other_margins", "Other margins", _LINES, "One a line, shown beside it."),
        ),
    ),
    Group(
        "Cells without events",
        "Of measures of counts; metafor’s defaults where nothing is planned.",
        (
            Choice("zero_cells", "Plan a rule", Asked.SWITCH, "Else metafor’s default holds."),
            _number(
                ZeroCellRule, "add", "Add", "To each cell of the trials touched.", "zero_cells"
            ),
            Choice("zero_cells.to", "To", _ONE, "", ADD_TO, "only0"),
            Choice(
                "zero_cells.drop00",
                "Leave out trials without events",
                Asked.SWITCH,
                "In both arms.",
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
