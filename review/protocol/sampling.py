"""Formula of sampling variances and small-sample correction in plans: when they can be chosen."""

from __future__ import annotations

from typing import Final, Literal, Protocol

from review.conventions import Variance
from review.measures import OF_COUNTS, AnalysisKind, Measure

VarianceName = Literal["LS", "LS2", "UB", "HO", "H0"]

AVERAGED: Final = frozenset({Variance.AV, Variance.AVHO})
"""Formulas at an average of all trials: each variance would move with every other trial."""


class _Chosen(Protocol):
    """What of a plan says how effects and their variances are computed."""

    @property
    def kind(self) -> AnalysisKind: ...

    @property
    def model(self) -> str: ...

    @property
    def measure(self) -> Measure: ...

    @property
    def method(self) -> str: ...

    @property
    def several_arms(self) -> str: ...

    @property
    def vtype(self) -> VarianceName: ...

    @property
    def correct(self) -> bool: ...


def planned_formulas(measure: Measure) -> tuple[Variance, ...]:
    """Return the variance formulas of a measure that need the trial alone, the default first.

    Examples
    --------
    >>> [formula.value for formula in planned_formulas(Measure.SMD)]
    ['LS', 'LS2', 'UB', 'H0']
    """
    from review.effects import variance_formulas  # numpy is for plans that choose

    return tuple(one for one in variance_formulas(measure) if one not in AVERAGED)


def sampling_problem(plan: _Chosen) -> str | None:
    """Return why a plan cannot have its formula or correction; None where nothing is wrong."""
    if plan.vtype == Variance.LS and plan.correct:
        return None
    known = planned_formulas(plan.measure)
    if plan.vtype not in known:
        return f"vtype of {plan.measure.value} is one of {', '.join(known)}, not {plan.vtype}"
    if not plan.correct and not _is_corrected(plan.measure):
        named = ", ".join(m for m in sorted(Measure) if _is_corrected(m))
        return f"{plan.measure.value} has no small-sample correction; {named} have one"
    if plan.method in OF_COUNTS:
        return f"vtype chooses variances of trials, and method {plan.method} pools counts"
    if plan.kind is AnalysisKind.NETWORK or plan.several_arms == "covariance":
        return (
            "vtype and correct go with effects that share no arm: the covariance of those that do "
            "is known for the defaults; plan several_arms as combine or split"
        )
    if plan.model != "univariate":
        return "vtype and correct are of one outcome; leave them out of a multivariate model"
    return None


def _is_corrected(measure: Measure) -> bool:
    from review.effects import has_correction

    return has_correction(measure) and any(measure.is_planned(kind) for kind in AnalysisKind)


def sampling_words(plan: _Chosen) -> str | None:
    """Return what a plan chose, without a full stop; None where it has the defaults."""
    told = []
    if plan.vtype != Variance.LS:
        told.append(f"sampling variances are by {_FORMULAS[plan.vtype]} (vtype {plan.vtype})")
    if not plan.correct:
        told.append("small-sample bias is not corrected")
    return "; ".join(told) or None


_FORMULAS: Final = {
    "LS2": "the second large-sample formula",
    "UB": "the unbiased formula",
    "HO": "the formula of one variance in both groups",
    "H0": "the formula of no effect",
}
