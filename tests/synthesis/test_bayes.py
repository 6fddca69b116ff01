"""The posterior against published digits, closed forms and brute-force integration."""

from __future__ import annotations

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.synthesis.bayes import MuPrior, TauFamily, TauPrior, posterior
from tests.synthesis.test_golden import V, Y

HN1 = TauPrior(TauFamily.HALF_NORMAL, 1.0)


def test_median_tau_agrees_with_bayesmeta() -> None:
    # living updating, section 6: bayesmeta 3.4, HN(0.5), N(0, 1)
    assert posterior(Y[:4], V[:4]).tau_median == pytest.approx(0.266910, abs=5e-7)
    assert posterior(Y, V).tau_median == pytest.approx(0.107706, abs=5e-7)


def test_the_posterior_equals_a_plain_grid() -> None:
    tau = np.linspace(0, 12, 400_001)
    w = 1 / (V + (tau**2)[:, None])
    P, M = w.sum(axis=1) + 1, (w @ Y) / (w.sum(axis=1) + 1)
    logp = -0.5 * tau**2 + 0.5 * np.log(w).sum(axis=1) - 0.5 * np.log(P) - M**2 / 2
    logp -= 0.5 * (w * (Y - M[:, None]) ** 2).sum(axis=1)
    p = np.exp(logp - logp.max())
    p[0] /= 2
    p /= p.sum()
    post = posterior(Y, V, tau_prior=HN1)
    assert post.mean == pytest.approx(p @ M, rel=1e-8)
    assert post.tau_mean == pytest.approx(p @ tau, rel=1e-8)
    assert post.sd == pytest.approx(np.sqrt(p @ (1 / P + M**2) - (p @ M) ** 2), rel=1e-8)
    cumulative = np.cumsum(p)
    for q, value in zip((0.025, 0.975), post.tau_ci, strict=True):
        assert np.interp(value, tau, cumulative) == pytest.approx(q, abs=1e-4)
    kept = (tau**2)[:, None] / (tau**2)[:, None].__add__(V)
    own = kept * Y + (1 - kept) * M[:, None]
    variance = kept * V + (1 - kept) ** 2 / P[:, None]
    assert post.shrunken == pytest.approx(p @ own, rel=1e-7)
    spread = np.sqrt(p @ (variance + own**2) - (p @ own) ** 2)
    assert post.shrunken_sd == pytest.approx(spread, rel=1e-6)


def test_a_tiny_tau_leaves_the_conjugate_normal() -> None:
    post = posterior(
        Y, V, tau_prior=TauPrior(TauFamily.HALF_NORMAL, 1e-7), mu_prior=MuPrior(0.1, 0.3)
    )
    precision = (1 / V).sum() + 1 / 0.09
    mean = ((Y / V).sum() + 0.1 / 0.09) / precision
    assert post.mean == pytest.approx(mean, rel=1e-9)
    assert post.sd == pytest.approx(precision**-0.5, rel=1e-9)
    assert post.median == pytest.approx(mean, rel=1e-9)
    assert post.ci == pytest.approx(
        (mean - 1.959963984540054 * post.sd, mean + 1.959963984540054 * post.sd), rel=1e-8
    )


@pytest.mark.parametrize("family", TauFamily)
def test_the_prior_is_returned_by_a_study_that_says_nothing(family: TauFamily) -> None:
    post = posterior([0.0], [1e16], tau_prior=TauPrior(family, 0.5), mu_prior=MuPrior(0.2, 0.7))
    assert (post.mean, post.sd) == pytest.approx((0.2, 0.7), rel=1e-6)
    # median of |N(0, s)| is 0.6745 s, of half-Cauchy s
    expected = 0.5 * (0.6744897501960817 if family is TauFamily.HALF_NORMAL else 1.0)
    assert post.tau_median == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("c", [1e-3, 1e3])
def test_a_change_of_unit_that_the_priors_share_changes_nothing(c: float) -> None:
    one = posterior(Y, V)
    other = posterior(
        c * Y,
        c * c * V,
        tau_prior=TauPrior(TauFamily.HALF_NORMAL, 0.5 * c),
        mu_prior=MuPrior(0, c),
    )
    assert other.ci == pytest.approx([c * x for x in one.ci], rel=1e-9)
    assert other.probability_above(-0.5 * c) == pytest.approx(one.probability_above(-0.5))


def test_signs_mirror_and_precision_of_eight_orders_is_carried() -> None:
    one, other = posterior(Y, V), posterior(-Y, V)
    assert other.ci == pytest.approx((-one.ci[1], -one.ci[0]), rel=1e-10)
    v = np.array([1e-6, 1e-2, 1.0, 1e2])
    wide = posterior([0.1, 0.2, 0.0, 3.0], v)
    assert np.isfinite([wide.mean, wide.sd, *wide.ci, *wide.pi, *wide.tau_ci]).all()
    assert wide.ci[0] < wide.mean < wide.ci[1]


def test_impossible_priors_are_refused() -> None:
    with pytest.raises(InvalidDataError):
        posterior(Y, V, tau_prior=TauPrior(TauFamily.HALF_CAUCHY, 0))
    with pytest.raises(InvalidDataError):
        posterior(Y, V, mu_prior=MuPrior(0, 0))
    with pytest.raises(InvalidDataError):
        posterior([], [])
    with pytest.raises(InvalidDataError):
        posterior(Y, V, level=95)
