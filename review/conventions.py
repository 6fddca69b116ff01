"""The named conventions by which an effect is computed, by metafor's names where it has them."""

from __future__ import annotations

from enum import StrEnum


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


class TauFamily(StrEnum):
    """Prior families of the heterogeneity standard deviation."""

    HALF_NORMAL = "half-normal"
    HALF_CAUCHY = "half-Cauchy"


class Medians(StrEnum):
    """How means and standard deviations come from medians with quartiles or range."""

    NORMAL = "normal"
    """As of a normal sample (Luo et al. 2018; Wan et al. 2014; Shi et al. 2020)."""
    QE = "qe"
    """By the distribution whose quantiles are closest (McGrath et al. 2020)."""
    BC = "bc"
    """As of a sample that is normal after Box-Cox transformation (McGrath et al. 2020)."""
    MLN = "mln"
    """The same by likelihood, for unknown distributions (Cai, Zhou & Pan 2021)."""
