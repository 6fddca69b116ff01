"""Network meta-regression and subgroups: whether effects of treatments change with the trials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.design import SMALL, Design
from review.synthesis.estimable import estimable
from review.synthesis.methods import Method, Model, Test
from review.synthesis.moderators import PERFECT_FIT, MetaRegression, TermTest, chi2_or_f, regress
from review.synthesis.network.fit import (
    Difference,
    Layout,
    Network,
    difference_of,
    laid_out,
    network,
)
from review.synthesis.network.inconsistency import left
from review.synthesis.network.studies import NetworkStudy
from review.synthesis.pooling import pool
from review.wording import capitalised

__all__ = ["Moderated", "NetworkGroup", "NetworkGroups", "Slope", "grouped", "moderated"]


class Slope(NamedTuple):
    """How an effect changes with one more of a moderator's column.

    `treatment` is the one against the reference, None where all of them share the coefficient.
    """

    treatment: str | None
    column: str
    estimate: float
    se: float
    p: float
    ci: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Moderated:
    """A network meta-regression, on the scale of its effects.

    Attributes
    ----------
    treatments, reference : those that are held against the reference, in alphabetical order.
    slopes : one a column of the moderators, the same for every treatment against the reference.
    test, tests : that all of them are zero, and those of each term.
    apart : a coefficient for each treatment; `apart_tau2` is what that model leaves.
    alike : test that the coefficients of all treatments are the same; None where no treatment could
        have another one.
    notes : what a reader must know, in words.
    """

    k: int
    treatments: tuple[str, ...]
    reference: str
    method: Method
    level: float
    ddf: float | None
    tau2: float
    slopes: tuple[Slope, ...]
    test: TermTest
    tests: tuple[TermTest, ...]
    apart: tuple[Slope, ...]
    apart_tau2: float
    alike: TermTest | None
    notes: tuple[str, ...]
    fit: MetaRegression

    @property
    def tested(self) -> bool:
        """Whether there are standard errors to test by; a perfect fit has none by Hartung-Knapp."""
        return self.fit.tested

    def at(self, treatment: str, values: Sequence[float] = ()) -> Difference:
        """Return a treatment against the reference where the moderators' columns have `values`.

        Parameters
        ----------
        treatment : one of `treatments`.
        values : of each of `slopes`; zeros where none are given.
        """
        weights = np.zeros(len(self.fit.terms))
        weights[self.treatments.index(treatment)] = 1.0
        if values:
            weights[len(self.treatments) :] = values
        estimate = float(weights @ np.asarray(self.fit.beta))
        variance = float(weights @ np.asarray(self.fit.vcov) @ weights)
        return difference_of(
            treatment, self.reference, estimate, variance, self.ddf, self.level,
            None if self.method is Method.EE else self.tau2,
        )  # fmt: skip


def moderated(
    studies: Iterable[NetworkStudy],
    design: Design,
    *,
    reference: str,
    method: Method | str = Method.REML,
    test: Test | str = Test.ADHOC,
    level: float = 0.95,
) -> Moderated:
    """Explain the treatments' effects by characteristics of trials.

    Parameters
    ----------
    studies : iterable of NetworkStudy
    design : Design
        A row a study, with an intercept, for which the treatments' effects stand.
    reference : str
    method, test, level
        As of `network`; tau² is common to all comparisons.

    Returns
    -------
    Moderated

    Raises
    ------
    InvalidDataError
        If the network falls apart, lacks the reference, no coefficient can be told from the
        treatments' effects, or no comparison is left to estimate tau² by.

    Notes
    -----
    An interaction of treatment and characteristic, relative to the reference: of treatment t
    against the reference the effect is d_t + b x, of two others d_t - d_u whatever x is. That is
    the model with one coefficient; the other has b_t x, so that two others differ by (b_t - b_u) x
    too. The test that the b_t are alike is that of the restriction, at the tau² of the model with
    many.

    References
    ----------
    Cooper et al. 2009, Stat Med 28:1861 (models 1 and 2); Dias et al. 2013, Med Decis Making
    33:618, section 2; metafor's ``rma.mv`` with these columns as moderators.

    Examples
    --------
    >>> from review.synthesis.design import design
    >>> from review.synthesis.network import Contrast, from_contrasts
    >>> trials = [Contrast(str(x), "b", "a", 0.5 + 0.1 * x, 0.1) for x in range(4)]
    >>> found = moderated(from_contrasts(trials), design("x", {"x": [0, 1, 2, 3]}), reference="a")
    >>> round(found.slopes[0].estimate, 9), round(found.at("b", [10]).estimate, 9)
    (0.1, 1.5)
    """
    model = Model.of(method, test, level)
    lay, others = laid_by(studies, design, reference)
    shared, dropped = estimable(interactions(lay, design, others, reference, apart=False))
    p = len(others)
    if len(shared.columns) == p:
        raise InvalidDataError(" ".join(dropped) or "The formula has no moderator.")
    wanted = interactions(lay, design, others, reference, apart=True)
    many, _ = estimable(wanted)
    fit = regress(lay.y, lay.v, shared, **model.settings)
    notes = list(dropped)
    apart: tuple[Slope, ...] = ()
    alike, tau2 = None, fit.tau2
    if len(many.columns) > len(shared.columns):
        if lay.y.size > len(many.columns):
            full = regress(lay.y, lay.v, many, **model.settings)
            told = tellable(wanted)
            named = {f"{t}: {c}": (t, c) for t in others for c in design.columns}
            apart = slopes_of(full, {name: named[name] for name in named if name in told})
            tau2 = full.tau2
            alike = _restriction(lay, shared.matrix, many.matrix, full, model.test)
            notes += _untold([name for name in wanted.columns[p:] if name not in told])
        else:
            notes.append(
                f"A coefficient for each treatment needs more than {len(many.columns)} "
                f"comparisons; there are {lay.y.size}."
            )
    if not fit.tested:
        notes.append(f"{capitalised(PERFECT_FIT)}.")
    found = _omnibus(fit)
    return Moderated(
        k=len(lay.studies), treatments=others, reference=reference, method=model.method,
        level=level, ddf=fit.ddf, tau2=fit.tau2,
        slopes=slopes_of(fit, {c: (None, c) for c in design.columns}), test=found, tests=fit.tests,
        apart=apart, apart_tau2=tau2, alike=alike, notes=tuple(notes), fit=fit,
    )  # fmt: skip


def laid_by(
    studies: Iterable[NetworkStudy], design: Design, reference: str
) -> tuple[Layout, tuple[str, ...]]:
    """Return the network of trials that a design describes, and who stands against the reference.

    Raises
    ------
    InvalidDataError
        If it falls apart, lacks the reference, or has not a row of the design for each trial.
    """
    lay = laid_out(tuple(studies))
    if design.matrix.shape[0] != len(lay.studies):
        raise InvalidDataError(
            f"{len(lay.studies)} trials do not go with a design of {design.matrix.shape[0]} rows."
        )
    if reference not in lay.treatments:
        raise InvalidDataError(
            f"{reference} is not in the network; it has {', '.join(lay.treatments)}."
        )
    return lay, tuple(t for t in lay.treatments if t != reference)


def tellable(wanted: Design) -> frozenset[str]:
    """Return the columns whose coefficients the rows tell, whatever the others are.

    What a row says of two coefficients together tells neither of them: a coefficient can be told
    where no change of it leaves all rows as they are.
    """
    size = np.linalg.norm(wanted.matrix, axis=0)
    _, s, vt = np.linalg.svd(wanted.matrix / np.where(size > 0, size, 1.0))
    free = np.abs(vt[int((s > SMALL * s[0]).sum()) :]).max(axis=0, initial=0.0)
    return frozenset(name for name, f in zip(wanted.columns, free, strict=True) if f <= SMALL)


def _untold(names: Sequence[str]) -> list[str]:
    told = "Left out of the model with a coefficient for each treatment, as no trials tell them"
    return [f"{told}: {'; '.join(names)}."] if names else []


def _omnibus(fit: MetaRegression) -> TermTest:
    assert fit.qm is not None
    assert fit.qm_p is not None
    df, ddf = fit.qm_df
    return TermTest("", fit.qm, df, ddf, fit.qm_p)


def interactions(
    lay: Layout,
    design: Design,
    others: Sequence[str],
    reference: str,
    *,
    apart: bool,
    mains: bool = True,
) -> Design:
    """Return the treatments' columns, then the moderators' times being no reference, or each.

    Without `mains` there are no treatments' columns before those of the moderators.
    """
    of = np.asarray(lay.of)
    arms = {t: lay.arms[:, lay.treatments.index(t)] for t in lay.treatments}
    blocks = [(t, arms[t]) for t in others] if apart else [("", -arms[reference])]
    first = list(others) if mains else []
    columns = [arms[t] for t in first]
    names, assign = [f"{t} - {reference}" for t in first], [-1] * len(first)
    for place, position in enumerate(design.assign):
        if position == -1:
            continue
        values = design.matrix[of, place]
        for treatment, block in blocks:
            name = design.columns[place]
            columns.append(block * values)
            names.append(f"{treatment}: {name}" if apart else name)
            assign.append(position)
    return Design(np.column_stack(columns), tuple(names), design.terms, tuple(assign), ())


def slopes_of(
    fit: MetaRegression, named: Mapping[str, tuple[str | None, str]]
) -> tuple[Slope, ...]:
    """Return the coefficients of columns by their treatment and moderator, those that are named."""
    return tuple(
        Slope(*named[term], fit.beta[i], fit.se[i], fit.p[i], (fit.ci_low[i], fit.ci_high[i]))
        for i, term in enumerate(fit.terms)
        if i >= fit.design.assign.count(-1) and term in named
    )


def _restriction(
    lay: Layout, few: Floats, many: Floats, full: MetaRegression, test: Test
) -> TermTest:
    """Test a model within another by what its residuals have more, at the tau² of the larger."""
    v, (rows, p) = lay.v + full.tau2, many.shape
    rest = left(lay.y, v, many)
    more, df = max(0.0, left(lay.y, v, few) - rest), p - few.shape[1]
    scaled = rest / (rows - p)
    factor = {Test.KNHA: scaled, Test.ADHOC: max(1.0, scaled)}.get(test, 1.0)
    return chi2_or_f("", more / factor if factor > 0 else float("inf"), df, full.ddf)


class NetworkGroup(NamedTuple):
    """The network of one subgroup, or why it has none."""

    label: str
    k: int
    found: Network | None
    note: str | None


@dataclass(frozen=True, slots=True)
class NetworkGroups:
    """The networks of subgroups, each with its own tau².

    Attributes
    ----------
    groups : in the order in which labels first appear.
    tests : of each treatment against the reference, that groups do not differ: chi²; only of those
        that two groups have at least.
    together : that no comparison differs; None where no test is.
    """

    reference: str
    groups: tuple[NetworkGroup, ...]
    tests: tuple[TermTest, ...]
    together: TermTest | None

    def test_of(self, treatment: str) -> TermTest | None:
        """Return the test of one treatment against the reference."""
        return next((one for one in self.tests if one.term == treatment), None)


def grouped(
    studies: Iterable[NetworkStudy],
    labels: Sequence[str],
    *,
    reference: str,
    method: Method | str = Method.REML,
    test: Test | str = Test.ADHOC,
    level: float = 0.95,
) -> NetworkGroups:
    """Fit a network in each subgroup of trials, and test whether comparisons differ.

    Parameters
    ----------
    studies : iterable of NetworkStudy
    labels : sequence of str
        The subgroup of each study; at least two.
    reference, method, test, level
        As of `network`.

    Returns
    -------
    NetworkGroups

    Raises
    ------
    InvalidDataError
        If lengths differ, there is one group only, or a group's errors are zero.

    Notes
    -----
    Q = sum of (group estimate - weighted mean)² / se², with each group's error as it is printed; of
    all comparisons together the same with their covariances within groups. With one tau² for all
    groups it is the regression on the group (`moderated`, a coefficient for each treatment).

    References
    ----------
    Borenstein et al. 2009, ch. 19, method 2; Dias et al. 2013, Med Decis Making 33:618.

    Examples
    --------
    >>> from review.synthesis.network import Contrast, from_contrasts
    >>> trials = from_contrasts(
    ...     Contrast(str(i), "b", "a", y, 0.1) for i, y in enumerate([0.1, 0.2, 0.8, 0.9])
    ... )
    >>> found = grouped(trials, ["x", "x", "y", "y"], reference="a", test="z")
    >>> round(found.tests[0].stat, 6), found.tests[0].df
    (4.9, 1)
    """
    model, trials = Model.of(method, test, level), tuple(studies)
    names = tuple(dict.fromkeys(labels))
    if len(labels) != len(trials):
        raise InvalidDataError(f"{len(trials)} trials and {len(labels)} group labels do not fit.")
    if len(names) < 2:
        raise InvalidDataError("A comparison needs at least two subgroups.")
    groups = tuple(
        _group(name, [s for s, label in zip(trials, labels, strict=True) if label == name],
               reference, model)
        for name in names
    )  # fmt: skip
    fitted = [group.found for group in groups if group.found is not None]
    treatments = sorted({t for found in fitted for t in found.treatments if t != reference})
    tests = tuple(filter(None, (_differ(t, fitted) for t in treatments)))
    return NetworkGroups(reference, groups, tests, _together(fitted, treatments) if tests else None)


def _group(
    label: str, studies: Sequence[NetworkStudy], reference: str, model: Model
) -> NetworkGroup:
    try:
        found = network(studies, reference=reference, **model.settings)
    except InvalidDataError as error:
        return NetworkGroup(label, len(studies), None, str(error))
    if not np.diag(found.vcov).any():
        raise InvalidDataError("A subgroup's error is zero under this test; use adhoc or z.")
    return NetworkGroup(label, len(studies), found, None)


def _differ(treatment: str, fitted: Sequence[Network]) -> TermTest | None:
    """Test whether a treatment against the reference differs between networks."""
    lines = [
        found.difference(treatment, found.reference)
        for found in fitted
        if treatment in found.treatments
    ]
    if len(lines) < 2:
        return None
    apart = pool(
        [d.estimate for d in lines], [d.se**2 for d in lines], method=Method.EE, test=Test.Z
    )
    return TermTest(treatment, apart.Q, apart.Q_df, None, apart.Q_p)


def _together(fitted: Sequence[Network], treatments: Sequence[str]) -> TermTest:
    """Test all comparisons at once: what is left when each has one value in all networks."""
    y, rows = [], []
    for found in fitted:
        own = [i for i, t in enumerate(found.treatments) if t != found.reference]
        root = np.linalg.cholesky(np.asarray(found.vcov)[np.ix_(own, own)])
        place = [[float(found.treatments[i] == t) for t in treatments] for i in own]
        y.append(np.linalg.solve(root, np.asarray(found.effects)[own]))
        rows.append(np.linalg.solve(root, np.asarray(place)))
    Y, X = np.concatenate(y), np.concatenate(rows)
    df = Y.size - len(treatments)
    stat = left(Y, np.ones(Y.size), X)
    return chi2_or_f("", stat, df, None)
