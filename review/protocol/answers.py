"""The answers to a plan's closed choices: what a form calls each, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from review.conventions import Medians, TauFamily
from review.protocol.asymmetry import PREDICTORS
from review.protocol.joint import MODEL_WORDS, STRUCTURE_WORDS
from review.protocol.vocabulary import AnalysisKind, DeliveryMode, Variant
from review.wording import capitalised


@dataclass(frozen=True, slots=True)
class Option:
    """One answer."""

    value: str
    words: str
    meaning: str = ""


def _options(words: Mapping[str, tuple[str, str]]) -> tuple[Option, ...]:
    return tuple(Option(value, *told) for value, told in words.items())


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
        "MD": ("Mean difference", "In points of one instrument, or of several put on one scale."),
        "ROM": ("Ratio of means", "For positive scores on a ratio scale."),
        "RR": ("Risk ratio", "For events."),
        "OR": ("Odds ratio", "For events."),
        "RD": ("Risk difference", "For events, in absolute terms."),
        "AS": ("Arcsine difference", "For rare events."),
        "PETO": ("Peto odds ratio", "For rare events and arms of like size."),
        "IRR": ("Rate ratio", "For events in person-time."),
        "IRD": ("Rate difference", "The same per 100 person-years."),
        "IRSD": ("Difference of root rates", "For rare events in person-time."),
        "GEN": ("Estimates as reported", "Ready estimates of one metric with their variances."),
        "ZCOR": ("Correlation (Fisher z)", "Of an association."),
        "COR": ("Correlation", "Of an association, without transformation."),
        "MN": ("Mean", "Of a single arm."),
        "MNLN": ("Mean (logarithm)", "Of a single arm, for positive scores on a ratio scale."),
        "MC": ("Mean change", "Of a single arm since before, in points."),
        "SMCC": ("Standardized change, by SD of change", "Of a single arm."),
        "SMCR": ("Standardized change, by SD before", "Of a single arm."),
        "SMCRH": ("The same, unequal variances", "Of a single arm whose spread changed."),
        "SMCRP": ("Standardized change, by both SDs", "Of a single arm."),
        "SMCRPH": ("The same, unequal variances", "Of a single arm whose spread changed."),
        "ROMC": ("Ratio of means, after to before", "Of a single arm, for positive scores."),
        "VRC": ("Ratio of SDs, after to before", "Of a single arm: how much scores vary."),
        "CVRC": ("Ratio of variation, after to before", "Of a single arm: SDs over means."),
        "PR": ("Proportion", "Of a single arm, without transformation."),
        "PLN": ("Proportion (logarithm)", "Of a single arm."),
        "PAS": ("Proportion (arcsine)", "Of a single arm."),
        "PLO": ("Proportion (logit)", "Of a single arm."),
        "PFT": ("Proportion (double arcsine)", "Of a single arm."),
        "IR": ("Rate", "Of a single arm, per 100 person-years."),
        "IRLN": ("Rate (logarithm)", "Of a single arm."),
        "IRS": ("Rate (square root)", "Of a single arm."),
        "IRFT": ("Rate (double square root)", "Of a single arm."),
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
        "CM.EL": (
            "Mixed model, conditional",
            "Of OR and IRR, exact; rare events.",
        ),
        "CM.AL": (
            "Mixed model, approximated",
            "The same of OR, for events that are rare in each trial.",
        ),
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

VARIANCES: Final = _options(
    {
        "LS": ("Large sample", "At each trial’s own estimate; the usual one of every measure."),
        "LS2": ("Large sample, second formula", "Of SMD and changes: by the uncorrected d."),
        "UB": ("Unbiased", "Of SMD and RD."),
        "HO": ("One variance in both groups", "Of MD and ROM."),
        "H0": ("As without an effect", "Of SMD."),
    }
)

ASYMMETRY: Final = _options(PREDICTORS)

CORRECTIONS: Final = _options(
    {
        "yes": (
            "Corrected for small samples",
            "Of SMD (then Hedges’ g), SMDH, ROM and standardized changes.",
        ),
        "no": ("Not corrected", "Of SMD then Cohen’s d."),
    }
)

TAU_PRIORS: Final = _options(
    {
        TauFamily.HALF_NORMAL: ("Half-normal", "Large τ are next to impossible."),
        TauFamily.HALF_CAUCHY: ("Half-Cauchy", "A heavy tail: large τ stay possible."),
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
        "only0": ("Trials with a zero", "Those that have a cell without events, of rates an arm."),
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
        Variant.WITHOUT_LINKED: ("Target instrument only", "Without trials that were linked."),
        Variant.AGGREGATED: ("Aggregated", "All results of a study, averaged."),
        Variant.THREE_LEVEL: ("Three levels", "All results, nested in studies."),
    }
)
