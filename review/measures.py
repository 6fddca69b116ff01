"""The effect measures and what is known of each, by metafor's names.

No formulas: plans, tables and commands name a measure without importing what computes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from review.natural import (
    ARCSINE,
    LOG_PROPORTION,
    MEAN,
    PROPORTION,
    RATE,
    SQUARED_RATE,
    Natural,
    R,
    double_arcsine,
    double_root,
)


class AnalysisKind(StrEnum):
    """What an analysis asks."""

    CONTRAST = "contrast"
    """Does one mode of delivery do better than another?"""
    ASSOCIATION = "association"
    """How strongly do two measurements go together (alliance and outcome)?"""
    SINGLE_ARM = "single_arm"
    """What is found in one kind of arm, without a comparison?"""
    NETWORK = "network"
    """How do several treatments compare, directly and through one another?"""


class Measure(StrEnum):
    """What is compared, and on which scale; group 1 minus (or over) group 2 throughout.

    Ratios are on the log scale. Names are metafor's, but for ``HR`` (a log hazard ratio) and
    ``SMCCD`` and ``SMCRD`` (difference between two arms of their standardized mean changes).
    """

    GEN = "GEN"
    # two groups, a quantitative outcome
    MD = "MD"
    SMD = "SMD"
    SMDH = "SMDH"
    SMD1 = "SMD1"
    ROM = "ROM"
    CVR = "CVR"
    VR = "VR"
    # one group measured twice, or matched pairs
    MC = "MC"
    SMCC = "SMCC"
    SMCR = "SMCR"
    SMCRH = "SMCRH"
    SMCRP = "SMCRP"
    SMCRPH = "SMCRPH"
    ROMC = "ROMC"
    CVRC = "CVRC"
    VRC = "VRC"
    # two groups, each measured twice
    SMCCD = "SMCCD"
    SMCRD = "SMCRD"
    # two groups, a dichotomous outcome
    RR = "RR"
    OR = "OR"
    RD = "RD"
    AS = "AS"
    PETO = "PETO"
    OR2D = "OR2D"
    OR2DN = "OR2DN"
    # two groups, events in person-time
    IRR = "IRR"
    IRD = "IRD"
    IRSD = "IRSD"
    # two groups, time to an event
    HR = "HR"
    # association of two variables
    COR = "COR"
    UCOR = "UCOR"
    ZCOR = "ZCOR"
    PCOR = "PCOR"
    ZPCOR = "ZPCOR"
    SPCOR = "SPCOR"
    ZSPCOR = "ZSPCOR"
    # one group
    PR = "PR"
    PLN = "PLN"
    PLO = "PLO"
    PAS = "PAS"
    PFT = "PFT"
    MN = "MN"
    MNLN = "MNLN"
    # one group, events in person-time
    IR = "IR"
    IRLN = "IRLN"
    IRS = "IRS"
    IRFT = "IRFT"

    @property
    def facts(self) -> Facts:
        """All that is known of the measure beside its formula."""
        return _FACTS[self]

    @property
    def scale(self) -> str:
        """What numbers of the measure are called: ``log OR`` for ratios, else its name."""
        return self.facts.scale or (f"log {self.value}" if self.facts.ratio else self.value)

    @property
    def unit_free(self) -> bool:
        """Whether one prior serves for its numbers: SDs, Fisher z, logarithms of ratios."""
        facts = self.facts
        return facts.unit_free or facts.standardized or facts.ratio is not None

    def is_planned(self, kind: AnalysisKind) -> bool:
        """Whether an analysis of a kind may be planned with it."""
        return kind in self.facts.planned

    @property
    def axis(self) -> str:
        """What an axis calls it, ratios by the ratio: ``Odds ratio``."""
        return self.facts.ratio or self.facts.axis or self.value

    @property
    def words(self) -> str:
        """What a sentence calls it: ``odds ratio``, ``Hedges g``."""
        name = self.axis
        short = name[1:2].isupper()
        return self.facts.sentence or (name if short else name[:1].lower() + name[1:])


class Family(StrEnum):
    """What numbers a measure is computed from."""

    READY = "ready estimates"
    MEANS = "means of two groups"
    CHANGES = "means of one group on two occasions"
    MEANS_AND_CHANGES = "means of two groups on two occasions"
    EVENTS = "events of two groups"
    RATES = "events in person-time of two groups"
    SURVIVAL = "times to an event of two groups"
    ASSOCIATION = "a correlation"
    EVENTS_OF_ONE = "events of one group"
    MEAN_OF_ONE = "the mean of one group"
    RATE_OF_ONE = "events in person-time of one group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a measure, once; its formula is in `review.effects`."""

    family: Family
    planned: frozenset[AnalysisKind] = frozenset()
    """The kinds of analysis that may be planned with it."""
    methods: str = ""
    """What a methods section says that effects were; a name in braces is a reference."""
    axis: str = ""
    """What an axis calls it, where that is not its short name."""
    sentence: str = ""
    """What a sentence calls it, where that is not `axis` in lower case."""
    uncorrected: str = ""
    """What axes and sentences call it without its small-sample correction, where that differs."""
    ratio: str | None = None
    """Of the logarithm of a ratio that people read as the ratio: what that is called."""
    scale: str = ""
    """What its numbers are called, where that is not its short name, of ratios with ``log``."""
    standardized: bool = False
    """Whether it is in standard deviations."""
    of_spread: bool = False
    """Whether it tells how much scores vary, of which neither more nor less is better."""
    unit_free: bool = False
    """Whether it has no unit though it is neither standardized nor a ratio."""
    zero_cells: bool = False
    """Whether a rule for cells without events may change it."""
    natural: Natural | None = None
    """The scale that it is read on, where that is no ratio."""
    by_size: Callable[[float], Natural] | None = None
    """The same where the way back needs the persons, or the time, that a number is of."""
    metrics: tuple[str, ...] = ()
    """What reports call estimates of it, in capitals; of ratios the ratio itself."""
    revman: str = ""
    """What RevMan calls it."""
    of_arms_in_revman: bool = False
    """Whether RevMan computes it from the arms' own numbers."""

    def read_at(self, size: float | None) -> Natural | None:
        """Return the scale that numbers of so many persons, or so much time, are read on."""
        return self.natural if self.by_size is None or size is None else self.by_size(size)

    @property
    def null(self) -> float:
        """The number that people read for no effect."""
        return 0.0 if self.ratio is None else 1.0


PERSON_YEARS: Final = 100
"""Of planned analyses: the person-years that a rate is told for. Reports enter single years."""
PER_TIME: Final = f"per {PERSON_YEARS} person-years"

_CONTRAST: Final = frozenset({AnalysisKind.CONTRAST})
_COMPARED: Final = frozenset({AnalysisKind.CONTRAST, AnalysisKind.NETWORK})
_ONE_ARM: Final = frozenset({AnalysisKind.SINGLE_ARM})
_ASSOCIATED: Final = frozenset({AnalysisKind.ASSOCIATION})


def _of_change(in_units_of: str) -> Facts:
    """The mean change of one arm in standard deviations."""
    return Facts(
        family=Family.CHANGES, planned=_ONE_ARM, standardized=True, axis="Standardized mean change",
        methods=f"standardized mean changes within arms, in standard deviations of {in_units_of}",
    )  # fmt: skip


def _of_spread(what: str) -> Facts:
    """How much scores of one arm vary after, to before."""
    return Facts(
        family=Family.CHANGES, planned=_ONE_ARM, ratio=f"Ratio of {what}", of_spread=True,
        methods=f"log ratios of {what} after to before, within arms {{senior}}",
    )  # fmt: skip


_FACTS: Final[Mapping[Measure, Facts]] = {
    Measure.GEN: Facts(
        family=Family.READY, planned=_COMPARED | _ONE_ARM, axis="Effect",
        methods="estimates with the variances that the reports give",
    ),
    Measure.MD: Facts(
        family=Family.MEANS, planned=_COMPARED, axis="Mean difference",
        methods="mean differences in raw points", metrics=("MD", "MEAN DIFFERENCE"),
        revman="Mean Difference", of_arms_in_revman=True,
    ),
    Measure.SMD: Facts(
        family=Family.MEANS, planned=_COMPARED, standardized=True, of_arms_in_revman=True,
        methods="standardized mean differences, Hedges’ g with the exact correction {hedges}",
        axis="Hedges g", sentence="Hedges g", uncorrected="Cohen d",
        metrics=(
            "SMD", "G", "HEDGES G", "HEDGES' G", "STANDARDIZED MEAN DIFFERENCE",
            "STANDARDISED MEAN DIFFERENCE",
        ),
    ),
    Measure.SMDH: Facts(
        family=Family.MEANS, planned=_CONTRAST, standardized=True,
        methods="standardized mean differences with heteroscedastic population variances",
        sentence="Hedges g of unequal variances", uncorrected="Cohen d of unequal variances",
    ),
    Measure.SMD1: Facts(family=Family.MEANS, standardized=True),
    Measure.ROM: Facts(
        family=Family.MEANS, planned=_CONTRAST, methods="log ratios of means",
        ratio="Ratio of means", metrics=("ROM", "RATIO OF MEANS"),
    ),
    Measure.CVR: Facts(family=Family.MEANS, ratio="Ratio of coefficients of variation"),
    Measure.VR: Facts(family=Family.MEANS, ratio="Ratio of standard deviations"),
    Measure.MC: Facts(
        family=Family.CHANGES, planned=_ONE_ARM, axis="Mean change",
        methods="mean changes within arms in raw points",
    ),
    Measure.SMCC: _of_change("the change itself {gibbons}"),
    Measure.SMCR: _of_change("scores before {becker}"),
    Measure.SMCRH: _of_change("scores before, whose variances may differ {bonett}"),
    Measure.SMCRP: _of_change("scores of both occasions {cousineau}"),
    Measure.SMCRPH: _of_change("scores of both occasions, whose variances may differ {bonett}"),
    Measure.ROMC: Facts(
        family=Family.CHANGES, planned=_ONE_ARM, ratio="Ratio of means",
        methods="log ratios of means after to before, within arms {lajeunesse}",
    ),
    Measure.CVRC: _of_spread("coefficients of variation"),
    Measure.VRC: _of_spread("standard deviations"),
    Measure.SMCCD: Facts(family=Family.MEANS_AND_CHANGES, standardized=True),
    Measure.SMCRD: Facts(family=Family.MEANS_AND_CHANGES, standardized=True),
    Measure.RR: Facts(
        family=Family.EVENTS, planned=_COMPARED, methods="log risk ratios", ratio="Risk ratio",
        zero_cells=True, metrics=("RR", "RISK RATIO", "RELATIVE RISK"), revman="Risk Ratio",
        of_arms_in_revman=True,
    ),
    Measure.OR: Facts(
        family=Family.EVENTS, planned=_COMPARED, methods="log odds ratios", ratio="Odds ratio",
        zero_cells=True, metrics=("OR", "ODDS RATIO"), revman="Odds Ratio", of_arms_in_revman=True,
    ),
    Measure.RD: Facts(
        family=Family.EVENTS, planned=_COMPARED, methods="risk differences", axis="Risk difference",
        zero_cells=True, metrics=("RD", "RISK DIFFERENCE"), revman="Risk Difference",
        of_arms_in_revman=True,
    ),
    Measure.AS: Facts(
        family=Family.EVENTS, planned=_CONTRAST, zero_cells=True, methods="arcsine differences",
        sentence="arcsine difference",
    ),
    Measure.PETO: Facts(
        family=Family.EVENTS, planned=_CONTRAST, methods="log odds ratios by Peto’s method",
        ratio="Odds ratio (Peto)", scale="log OR, Peto", zero_cells=True, revman="Peto Odds Ratio",
        of_arms_in_revman=True,
    ),
    Measure.OR2D: Facts(family=Family.EVENTS, standardized=True),
    Measure.OR2DN: Facts(family=Family.EVENTS, standardized=True),
    Measure.IRR: Facts(
        family=Family.RATES, planned=_COMPARED, methods="log incidence rate ratios",
        ratio="Rate ratio", zero_cells=True, metrics=("IRR", "RATE RATIO", "INCIDENCE RATE RATIO"),
        revman="Rate Ratio",
    ),
    Measure.IRD: Facts(
        family=Family.RATES, planned=_COMPARED, zero_cells=True, revman="Rate Difference",
        methods=f"differences of incidence rates {PER_TIME}", axis=f"Rate difference {PER_TIME}",
    ),
    Measure.IRSD: Facts(
        family=Family.RATES, planned=_CONTRAST,
        methods=f"differences of the square roots of incidence rates {PER_TIME}",
        axis=f"Difference of root rates {PER_TIME}", zero_cells=True,
    ),
    Measure.HR: Facts(family=Family.SURVIVAL, ratio="Hazard ratio", metrics=("HR", "HAZARD RATIO")),
    Measure.COR: Facts(
        family=Family.ASSOCIATION, planned=_ASSOCIATED, methods="correlations", axis="Correlation",
        unit_free=True,
    ),
    Measure.UCOR: Facts(family=Family.ASSOCIATION),
    Measure.ZCOR: Facts(
        family=Family.ASSOCIATION, planned=_ASSOCIATED, unit_free=True, natural=R,
        methods="correlations after Fisher’s z transformation", sentence="Fisher’s z",
    ),
    Measure.PCOR: Facts(family=Family.ASSOCIATION),
    Measure.ZPCOR: Facts(family=Family.ASSOCIATION),
    Measure.SPCOR: Facts(family=Family.ASSOCIATION),
    Measure.ZSPCOR: Facts(family=Family.ASSOCIATION),
    Measure.PR: Facts(
        family=Family.EVENTS_OF_ONE, planned=_ONE_ARM, zero_cells=True, axis="Proportion",
        methods="proportions",
    ),
    Measure.PLN: Facts(
        family=Family.EVENTS_OF_ONE, planned=_ONE_ARM, zero_cells=True, natural=LOG_PROPORTION,
        methods="log-transformed proportions", sentence="logarithm of the proportion",
    ),
    Measure.PLO: Facts(
        family=Family.EVENTS_OF_ONE, planned=_ONE_ARM, zero_cells=True, natural=PROPORTION,
        methods="logit-transformed proportions", sentence="logit of the proportion",
    ),
    Measure.PAS: Facts(
        family=Family.EVENTS_OF_ONE, planned=_ONE_ARM, natural=ARCSINE,
        methods="arcsine-transformed proportions", sentence="arcsine of the proportion",
    ),
    Measure.PFT: Facts(
        family=Family.EVENTS_OF_ONE, planned=_ONE_ARM, by_size=double_arcsine,
        methods=(
            "double-arcsine-transformed proportions, transformed back by the harmonic mean of the "
            "sample sizes {miller}, which misleads where these differ much {schwarzer}"
        ),
        sentence="double arcsine of the proportion",
    ),
    Measure.MN: Facts(
        family=Family.MEAN_OF_ONE, planned=_ONE_ARM, methods="means", sentence="mean",
    ),
    Measure.MNLN: Facts(
        family=Family.MEAN_OF_ONE, planned=_ONE_ARM, natural=MEAN, methods="log-transformed means",
        sentence="logarithm of the mean",
    ),
    Measure.IR: Facts(
        family=Family.RATE_OF_ONE, planned=_ONE_ARM, zero_cells=True,
        methods=f"incidence rates {PER_TIME}", axis=f"Incidence rate {PER_TIME}",
    ),
    Measure.IRLN: Facts(
        family=Family.RATE_OF_ONE, planned=_ONE_ARM, zero_cells=True, natural=RATE,
        methods=f"log incidence rates {PER_TIME}", sentence="logarithm of the rate",
    ),
    Measure.IRS: Facts(
        family=Family.RATE_OF_ONE, planned=_ONE_ARM, zero_cells=True, natural=SQUARED_RATE,
        methods=f"square roots of incidence rates {PER_TIME}", sentence="square root of the rate",
    ),
    Measure.IRFT: Facts(
        family=Family.RATE_OF_ONE, planned=_ONE_ARM, by_size=double_root,
        methods=(
            f"double square roots of incidence rates {PER_TIME}, transformed back by the harmonic "
            "mean of the times at risk, which misleads where these differ much {schwarzer}"
        ),
        sentence="double square root of the rate",
    ),
}  # fmt: skip
"""The one table of measures: a new one is a name above, a line here, and its formula."""


@cache
def measures_of(kind: AnalysisKind) -> frozenset[Measure]:
    """Return the measures that an analysis of a kind may be planned with."""
    return frozenset(measure for measure in Measure if measure.is_planned(kind))


def measure_named(name: str) -> Measure | None:
    """Return the measure of a name in numbers or figures, ``SMD``, ``log OR`` or ``OR, Peto``."""
    short = name.removeprefix("log ")
    named = (m for m in Measure if short in (m.value, m.scale.removeprefix("log ")))
    return next(named, None)


OF_RISKS: Final = frozenset({Measure.OR, Measure.PETO, Measure.RR, Measure.HR, Measure.RD})
"""Measures of which a risk of the comparator makes one of the intervention."""


OF_RATES: Final = frozenset({Measure.IRR, Measure.IRD})
"""Measures of which a rate of the comparator makes one of the intervention."""


def has_risks(measure: Measure) -> bool:
    """Whether a baseline risk makes a risk of a measure's effects: so do normal scores of arms."""
    facts = measure.facts
    of_arms = facts.family in (Family.MEANS, Family.MEANS_AND_CHANGES, Family.EVENTS)
    return measure in OF_RISKS or (facts.standardized and of_arms)


OF_TABLES: Final = {
    "MH": (Measure.OR, Measure.RR, Measure.RD, Measure.IRR, Measure.IRD),
    "PETO": (Measure.PETO,),
}
"""Methods that pool the trials' tables of events and persons or person-time, and the measures they
give."""

MIXED: Final = {
    "UM.FS": (Measure.OR, Measure.IRR),
    "UM.RS": (Measure.OR, Measure.IRR, Measure.PLO, Measure.IRLN),
    "CM.EL": (Measure.OR, Measure.IRR),
    "CM.AL": (Measure.OR,),
}
"""Methods that pool counts by a mixed model of their own likelihood, by metafor's names of models,
and the measures they give."""

OF_COUNTS: Final = {**OF_TABLES, **MIXED}
"""All methods that pool the counts themselves, and add nothing to them."""
