"""Subgroups against metafor fits of each subset and of the regression."""

from __future__ import annotations

import pytest

from review.errors import InvalidDataError
from review.synthesis.design import design
from review.synthesis.methods import Method, Test
from review.synthesis.moderators import regress
from review.synthesis.subgroups import subgroup_analysis
from tests.synthesis.test_moderators import bcg

# metafor 3.8-1, log risk ratios of dat.bcg by alloc (alternate, random, systematic): rma of each
# subset, then rma(estimate, sei = se, mods = ~factor(1:3), method = "FE")
ESTIMATES = (-0.540792961849, -0.970964704263, -0.424207391511)
TAU2 = (0.132577039878, 0.392528006901, 0.400345880175)
ERRORS = {
    Test.Z: (0.281601613104, 0.275956102973, 0.359745232433),
    Test.KNHA: (0.281601613104, 0.25312752607, 0.364218462099),
}
BETWEEN = {Test.Z: (1.86144494615, 0.394268758886), Test.KNHA: (2.03834716617, 0.360893065101)}


@pytest.mark.parametrize("test", ERRORS)
def test_separate_heterogeneity_follows_metafor(test: Test) -> None:
    y, v, data = bcg()
    found = subgroup_analysis(y, v, data["alloc"], test=test)
    by_name = {g.label: g for g in found.groups}
    groups = [by_name[name] for name in ("alternate", "random", "systematic")]
    assert [g.k for g in groups] == [2, 7, 4]
    assert [g.estimate for g in groups] == pytest.approx(ESTIMATES, rel=1e-9)
    assert [g.tau2 for g in groups] == pytest.approx(TAU2, rel=1e-9)
    assert [g.se for g in groups] == pytest.approx(ERRORS[test], rel=1e-9)
    assert (found.q_between, found.p) == pytest.approx(BETWEEN[test], rel=1e-9)
    assert (found.df, found.ddf, found.common_tau2, found.r2) == (2, None, False, None)


@pytest.mark.parametrize("test", [Test.Z, Test.KNHA])
def test_a_common_tau2_is_the_regression(test: Test) -> None:
    y, v, data = bcg()
    found = subgroup_analysis(y, v, data["alloc"], test=test, common_tau2=True)
    fit = regress(y, v, design("alloc", data), test=test)
    assert (found.q_between, found.p) == pytest.approx((fit.qm, fit.qm_p), rel=1e-9)
    assert (found.df, found.ddf) == fit.qm_df
    assert found.r2 == fit.r2
    assert [g.label for g in found.groups] == ["random", "alternate", "systematic"]
    assert found.groups[1].estimate == pytest.approx(fit.beta[0], rel=1e-9)
    assert found.groups[1].se == pytest.approx(fit.se[0], rel=1e-9)
    assert {g.tau2 for g in found.groups} == {found.groups[0].tau2}
    assert sum(g.k for g in found.groups) == 13


def test_a_subgroup_of_one_stands_as_it_is() -> None:
    found = subgroup_analysis([0.1, 0.2, 0.9], [0.1, 0.2, 0.3], ["a", "a", "b"], method=Method.DL)
    assert (found.groups[1].estimate, found.groups[1].k, found.groups[1].pi) == (0.9, 1, None)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(InvalidDataError):
        subgroup_analysis([0.1, 0.2], [0.1, 0.2], ["a", "a"])
    with pytest.raises(InvalidDataError):
        subgroup_analysis([0.1, 0.2], [0.1, 0.2], ["a"])
    with pytest.raises(InvalidDataError, match="zero"):
        subgroup_analysis([0.1, 0.1, 0.2, 0.3], [0.1] * 4, ["a", "a", "b", "b"], test=Test.KNHA)
