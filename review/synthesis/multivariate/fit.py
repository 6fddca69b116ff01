"""Multivariate meta-analysis: several effects a study, their true effects and errors related."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.design import Design, intercept_only
from review.synthesis.estimable import redundancy
from review.synthesis.methods import Method
from review.synthesis.multivariate.fitted import Component, Multivariate
from review.synthesis.multivariate.likelihood import Laid, Summit, evaluate, highest, lay_out
from review.synthesis.multivariate.structures import Levels, RandomEffect, levels_of
from review.synthesis.robust import WorkingModel, well_conditioned

__all__ = ["multivariate", "outcome_means"]

NO_VARIANCE = 1e-8
"""Of a sampling variance: a variance of true effects below it is zero."""

AT_LIMIT = 1e-6
"""Of a correlation from 1 or -1: it lies at the limit."""


def outcome_means(outcome: Sequence[object], order: Sequence[object] | None = None) -> Design:
    """Return the design of one mean for each outcome, in an order or that of appearance.

    Examples
    --------
    >>> outcome_means(["client", "therapist", "client"]).columns
    ('client', 'therapist')
    """
    names = list(dict.fromkeys(outcome if order is None else order))
    matrix = np.array([[float(one == name) for name in names] for one in outcome])
    columns = tuple(map(str, names))
    return Design(matrix, columns, ("outcome",), (0,) * len(names), (("outcome", columns),))


@well_conditioned
def multivariate(
    yi: ArrayLike,
    vi: ArrayLike,
    random: Sequence[RandomEffect],
    *,
    design: Design | None = None,
    method: Method | str = Method.REML,
    test: str = "z",
    level: float = 0.95,
) -> Multivariate:
    """Fit y = Xb + Z1 u1 + Z2 u2 + ... + e, metafor's ``rma.mv``.

    Parameters
    ----------
    yi : array_like (k,)
        Effects.
    vi : array_like (k,) or (k, k)
        Sampling variances, or their covariance matrix (`sampling_covariance` makes one).
    random : sequence of RandomEffect
        Groups may be nested or crossed. None at all is the common-effect model.
    design : Design, optional
        Moderators, or `outcome_means`; else one mean.
    method : Method or str
        REML, ML, or EE, which leaves `random` out.
    test : str
        ``z``, or ``t`` on k - p degrees of freedom.
    level : float
        Of all intervals.

    Returns
    -------
    Multivariate
        A correlation of two levels that no group has together, or of which one does not vary, is
        None; a variance or a correlation at its limit is said in `notes`.

    Raises
    ------
    InvalidDataError
        If shapes differ, a covariance is not positive definite, effects are fewer than
        coefficients, a random effect has one group only, or two terms are the same.

    References
    ----------
    Jackson, Riley & White 2011, Stat Med 30:2481; Viechtbauer 2010, J Stat Softw 36(3); Harville
    1977, J Am Stat Assoc 72:320 (REML).

    Examples
    --------
    >>> studies, raters = ["a", "a", "b", "b", "c"], ["client", "therapist"] * 2 + ["client"]
    >>> fit = multivariate([0.5, 0.2, 0.9, 0.1, 0.6], [0.1] * 5, [RandomEffect(studies, raters)],
    ...                    design=outcome_means(raters))
    >>> fit.terms, [round(b, 4) for b in fit.beta]
    (('client', 'therapist'), [0.6667, 0.15])
    """
    y, V = _checked(yi, vi)
    design = design or intercept_only(y.size)
    X, method = design.matrix, Method(method)
    _check_model(y, X, method, test, level)
    terms = () if method is Method.EE else tuple(levels_of(term, y.size) for term in random)
    _check_terms(terms)
    basis, triangle = np.linalg.qr(X)
    if (np.abs(np.diag(triangle)) <= 1e-10 * np.sqrt((X * X).sum(axis=0))).any():
        raise redundancy(design)
    unit = float(np.ldexp(1.0, np.frexp(np.diag(V).min())[1] // 2))
    laid = lay_out(y, basis, V, terms, restricted=method is Method.REML, unit=unit)
    at = highest(laid)
    plain = evaluate(laid._replace(terms=()), np.zeros(0))
    back = np.linalg.inv(triangle)
    beta, vcov = back @ at.gamma * unit, back @ at.covariance @ back.T * unit**2
    se = np.sqrt(np.diag(vcov))
    df = y.size - X.shape[1]
    ddf = df if test == "t" else None
    crit = float(ndtri((1 + level) / 2) if ddf is None else stdtrit(ddf, (1 + level) / 2))
    stat = beta / se
    components = _components(laid, at, unit)
    count = X.shape[1] + sum(laid.sizes)
    effects = df if laid.restricted else y.size
    loglik = at.height - 0.5 * effects * math.log(2 * math.pi * unit**2)
    return Multivariate(
        k=y.size,
        method=method,
        level=level,
        ddf=ddf,
        terms=design.columns,
        beta=_floats(beta),
        se=_floats(se),
        stat=_floats(stat),
        p=tuple(float(2 * (ndtr(-abs(x)) if ddf is None else stdtr(ddf, -abs(x)))) for x in stat),
        ci_low=_floats(beta - crit * se),
        ci_high=_floats(beta + crit * se),
        vcov=tuple(_floats(row) for row in vcov),
        components=components,
        parameters=sum(laid.sizes),
        q=plain.q,
        q_df=df,
        q_p=float(chdtrc(df, plain.q)) if df else None,
        loglik=loglik,
        aic=2 * count - 2 * loglik,
        bic=count * math.log(effects) - 2 * loglik,
        notes=tuple(note for one in components for note in one.notes),
        working=WorkingModel(
            laid.rows, tuple(phi * unit**2 for phi in at.phi), y, X, design.columns
        ),
    )


def _components(laid: Laid, at: Summit, unit: float) -> tuple[Component, ...]:
    found, start = [], 0
    usual = float(np.median(np.concatenate(
        [np.diagonal(S, axis1=1, axis2=2).ravel() for S in laid.sampling]
    )))  # fmt: skip
    for term, size in zip(laid.terms, laid.sizes, strict=True):
        C = term.at(at.theta[start : start + size]).covariance
        start += size
        tau2 = np.where(np.diag(C) > NO_VARIANCE * usual, np.diag(C), 0.0)
        found.append(_component(term, C, tau2, unit))
    return tuple(found)


def _component(term: Levels, C: Floats, tau2: Floats, unit: float) -> Component:
    q, names = len(term.names), [str(name) for name in term.names]
    correlations: list[list[float | None]] = [[None] * q for _ in range(q)]
    apart, limits = [], []
    for i in range(q):
        correlations[i][i] = 1.0
        for j in range(i):
            fixed = term.term.structure.value in ("ID", "DIAG")
            if fixed:
                correlations[i][j] = correlations[j][i] = 0.0
                continue
            if term.term.structure.value == "UN" and not term.together[i, j]:
                apart.append(f"{names[j]} and {names[i]}")
            elif tau2[i] > 0 and tau2[j] > 0:
                rho = float(C[i, j] / math.sqrt(C[i, i] * C[j, j]))
                rho = min(1.0, max(-1.0, rho))
                correlations[i][j] = correlations[j][i] = rho
                if abs(rho) >= 1 - AT_LIMIT:
                    limits.append(f"{names[j]} and {names[i]}")
    of = f"random effects of {term.term.name}"
    notes = []
    still = [name for name, t in zip(names, tau2, strict=True) if t == 0]
    if term.by_alphabet:
        notes.append(
            f"{of}: steps in time are counted in the order of the alphabet ({', '.join(names)}); "
            "give times for another order"
        )
    if still:
        which = f" of {', '.join(still)}" if q > 1 else ""
        notes.append(f"{of}: the variance{which} is estimated as zero")
    if apart:
        notes.append(
            f"{of}: no group has {'; '.join(apart)} together, so that their correlation cannot be "
            "told (a structure with one correlation, CS or HCS, takes it from the others)"
        )
    if limits:
        notes.append(
            f"{of}: the correlation of {'; '.join(limits)} is estimated at its limit, which few "
            "groups often give; CS or DIAG ask less of the data"
        )
    seen = tuple(
        len(np.unique(term.group[term.level == i])) for i in range(q)
    )  # groups that have each level
    return Component(
        name=term.term.name,
        structure=term.term.structure if term.term.within is not None else None,
        levels=tuple(names),
        groups=int(term.group.max()) + 1,
        seen=seen,
        tau2=tuple(float(t) * unit**2 for t in tau2),
        correlations=tuple(tuple(row) for row in correlations),
        notes=tuple(notes),
    )


def _checked(yi: ArrayLike, vi: ArrayLike) -> tuple[Floats, Floats]:
    try:
        y, V = np.asarray(yi, dtype=np.float64), np.asarray(vi, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidDataError("Effects and variances must be numbers.") from error
    if y.ndim != 1 or V.shape not in ((y.size,), (y.size, y.size)):
        raise InvalidDataError(f"{y.shape} effects do not go with {V.shape} variances.")
    if not (np.isfinite(y).all() and np.isfinite(V).all()):
        raise InvalidDataError("Effects and variances must be finite; drop missing rows first.")
    if V.ndim == 1:
        V = np.diag(V)
    if y.size == 0 or np.diag(V).min() <= 0:
        raise InvalidDataError("Sampling variances must be above zero.")
    if not np.allclose(V, V.T, rtol=1e-10, atol=0):
        raise InvalidDataError("A covariance matrix must be symmetric.")
    return y, (V + V.T) / 2


def _check_model(y: Floats, X: Floats, method: Method, test: str, level: float) -> None:
    if X.shape[0] != y.size:
        raise InvalidDataError(f"{y.size} effects do not go with a design of {X.shape[0]} rows.")
    if method not in (Method.REML, Method.ML, Method.EE):
        raise InvalidDataError(f"A multivariate model is fitted by REML, ML or EE, not {method}.")
    if test not in ("z", "t"):
        raise InvalidDataError(f"A multivariate model is tested by z or t, not {test!r}.")
    if not 0 < level < 1:
        raise InvalidDataError(f"A confidence level of {level} is not between 0 and 1.")
    least = X.shape[1] + (method is not Method.EE or test == "t")
    if y.size < least:
        raise InvalidDataError(
            f"{y.size} effect(s) cannot carry {X.shape[1]} coefficient(s) and a variance; a common "
            "effect (EE, tested by z) asks for no more effects than coefficients."
        )


def _check_terms(terms: Sequence[Levels]) -> None:
    for place, term in enumerate(terms):
        groups = int(term.group.max()) + 1
        if groups < 2:
            raise InvalidDataError(
                f"The random effect {term.term.name} has one group only: nothing varies between "
                "groups. Leave the term out, or pool by EE."
            )
        for other in terms[:place]:
            alike = np.array_equal(term.group, other.group)
            if alike and np.array_equal(term.level, other.level):
                raise InvalidDataError(
                    f"The random effects {other.term.name} and {term.term.name} are the same "
                    "groups: their variances cannot be told apart. Leave one out."
                )


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(float(x) for x in values)
