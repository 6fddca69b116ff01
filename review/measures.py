"""The effect measures and their options, by the names that metafor's ``escalc`` gives them.

Words alone: plans, tables and commands name a measure without importing what computes it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


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
    ROMC = "ROMC"
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

    @property
    def scale(self) -> str:
        """What numbers of the measure are called: ``log OR`` for ratios, else its name."""
        return _LOGARITHMS.get(self.value, self.value)


_LOGARITHMS: Final = {
    "OR": "log OR",
    "RR": "log RR",
    "ROM": "log ROM",
    "HR": "log HR",
    "IRR": "log IRR",
    "PETO": "log OR, Peto",
}


class Variance(StrEnum):
    """A named formula for the sampling variance (metafor's ``vtype``).

    Which ones a measure knows, and which is its default, `review.effects.variance_formulas` says.
    """

    LS = "LS"
    """Large-sample approximation at the study's own estimate; the default of every measure."""
    LS2 = "LS2"
    """A second large-sample approximation, named in the docstring of the measure."""
    UB = "UB"
    """Unbiased estimate of the sampling variance."""
    AV = "AV"
    """Large-sample approximation at the average of all studies' estimates, weighted by size."""
    HO = "HO"
    """Assumes that the two groups have one common variance."""
    AVHO = "AVHO"
    """``HO`` with the coefficient of variation averaged over the studies."""
    H0 = "H0"
    """Under the null hypothesis of no effect."""


class AddTo(StrEnum):
    """Which rows the constant of a rule for zero cells is added to (metafor's ``to``)."""

    ONLY0 = "only0"
    """Rows that have a zero cell."""
    ALL = "all"
    """Every row."""
    IF0ALL = "if0all"
    """Every row, as soon as one row has a zero cell."""
    NONE = "none"
    """No row."""
