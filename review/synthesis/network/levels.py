"""Effects of treatments at each level of a characteristic, in one network with one tau²."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from review.errors import InvalidDataError
from review.synthesis.design import Design
from review.synthesis.estimable import estimable
from review.synthesis.methods import Method, Model, Test
from review.synthesis.moderators import MetaRegression, TermTest, joint_test, regress
from review.synthesis.network.moderated import Slope, interactions, laid_by, slopes_of, tellable
from review.synthesis.network.studies import NetworkStudy

__all__ = ["LevelEffects", "levels"]


@dataclass(frozen=True, slots=True)
class LevelEffects:
    """Treatments against the reference in each column of a formula without intercept.

    Attributes
    ----------
    columns : of the formula, in its order.
    effects : of each treatment and column that trials tell.
    tests : of each treatment that all its effects are zero.
    untold : treatments and columns, as ``treatment: column``, that no trials tell.
    """

    k: int
    treatments: tuple[str, ...]
    reference: str
    columns: tuple[str, ...]
    ddf: float | None
    tau2: float
    effects: tuple[Slope, ...]
    tests: tuple[TermTest, ...]
    untold: tuple[str, ...]
    tested: bool

    def test_of(self, treatment: str) -> TermTest | None:
        """Return the test of one treatment; None where no trials tell its effects."""
        return next((one for one in self.tests if one.term == treatment), None)


def levels(
    studies: Iterable[NetworkStudy],
    design: Design,
    *,
    reference: str,
    method: Method | str = Method.REML,
    test: Test | str = Test.ADHOC,
    level: float = 0.95,
) -> LevelEffects:
    """Fit an effect of each treatment for each column of a design without intercept.

    Of a category that is a network in each subgroup with one tau² for all, which steadies small
    ones.

    Parameters
    ----------
    studies : iterable of NetworkStudy
    design : Design
        A row a study, without intercept.
    reference : str
    method, test, level
        As of `network`.

    Returns
    -------
    LevelEffects

    Raises
    ------
    InvalidDataError
        If the network falls apart or lacks the reference, no trials tell any effect, or no
        comparison is left to estimate tau² by.

    References
    ----------
    Borenstein et al. 2009, ch. 19, method 3; Dias et al. 2013, Med Decis Making 33:618.

    Examples
    --------
    >>> from review.synthesis.design import design
    >>> from review.synthesis.network import Contrast, from_contrasts
    >>> trials = from_contrasts(
    ...     Contrast(str(i), "b", "a", y, 0.1) for i, y in enumerate([0.1, 0.2, 0.8, 0.9])
    ... )
    >>> found = levels(trials, design("0 + g", {"g": ["x", "x", "y", "y"]}), reference="a")
    >>> [(one.column, round(one.estimate, 9)) for one in found.effects]
    [('gx', 0.15), ('gy', 0.85)]
    """
    model = Model.of(method, test, level)
    lay, others = laid_by(studies, design, reference)
    wanted = interactions(lay, design, others, reference, apart=True, mains=False)
    told = tellable(wanted)
    if not told:
        raise InvalidDataError(f"No trials tell an effect against {reference}.")
    kept, _ = estimable(wanted)
    fit = regress(lay.y, lay.v, kept, **model.settings)
    named = {f"{t}: {c}": (t, c) for c in design.columns for t in others}
    effects = slopes_of(fit, {name: named[name] for name in named if name in told})
    tests = (_zero(fit, t, [n for n in told if named[n][0] == t]) for t in others)
    return LevelEffects(
        k=len(lay.studies), treatments=others, reference=reference, columns=design.columns,
        ddf=fit.ddf, tau2=fit.tau2, effects=effects,
        tests=tuple(one for one in tests if one is not None),
        untold=tuple(name for name in named if name not in told), tested=fit.tested,
    )  # fmt: skip


def _zero(fit: MetaRegression, treatment: str, names: Iterable[str]) -> TermTest | None:
    """Test that some coefficients are all zero; None where there are none, or no errors."""
    places = sorted(fit.terms.index(name) for name in names)
    if not places or not fit.tested:
        return None
    beta, vcov = np.asarray(fit.beta), np.asarray(fit.vcov)
    return joint_test(treatment, np.asarray(places), beta, vcov, 1.0, fit.ddf)
