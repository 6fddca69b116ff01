"""Composites of dependent effects against hand results, dense matrices and metafor's aggregate."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.synthesis.aggregation import Weighting, aggregate
from review.synthesis.methods import Method, Test
from review.synthesis.pooling import pool

G, V = [-0.20, -0.35, -0.05], [0.04, 0.04, 0.05]


def assink() -> tuple[np.ndarray, np.ndarray, dict[str, list[str]]]:
    """Assink & Wibbelink 2016, Quant Methods Psychol 12:154: 100 effects of 17 studies."""
    with (Path(__file__).parent / "assink2016.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    data = {key: [row[key] for row in rows] for key in rows[0]}
    return np.array(data["yi"], dtype=float), np.array(data["vi"], dtype=float), data


# living updating, section 4.2
@pytest.mark.parametrize(
    ("rho", "weighting", "yi", "vi"),
    [
        (0.5, Weighting.UNWEIGHTED, -0.20, 0.02882697),
        (0.5, Weighting.GLS, -0.22627797, 0.02834576),
        (0.8, Weighting.GLS, -0.27152804, 0.03599657),
        (0.3, Weighting.UNWEIGHTED, -0.20, 0.02307396),
    ],
)
def test_the_worked_example_is_met(rho: float, weighting: Weighting, yi: float, vi: float) -> None:
    a = aggregate(G, V, ["t"] * 3, rho=rho, weighting=weighting)
    assert (a.yi[0], a.vi[0]) == pytest.approx((yi, vi), abs=1e-8)


def test_three_raters_of_an_alliance_outcome_correlation() -> None:
    # living updating, section 5: r .30 .15 .22 of 60 clients, rho .5
    a = aggregate(np.arctanh([0.30, 0.15, 0.22]), [1 / 57] * 3, ["t"] * 3, rho=0.5)
    assert (a.yi[0], a.vi[0]) == pytest.approx((0.228105383, 0.0116959064), abs=5e-10)


@pytest.mark.parametrize("weighting", Weighting)
@pytest.mark.parametrize("rho", [-0.01, 0.0, 0.4, 0.8, 0.99])
def test_the_closed_forms_are_those_of_the_dense_matrix(weighting: Weighting, rho: float) -> None:
    y, v, data = assink()
    a = aggregate(y, v, data["study"], rho=rho, weighting=weighting)
    for i, label in enumerate(a.labels):
        at = np.array([s == label for s in data["study"]])
        p = int(at.sum())
        R = np.full((p, p), rho)
        np.fill_diagonal(R, 1)
        S = np.sqrt(np.outer(v[at], v[at])) * R
        w = np.linalg.solve(S, np.ones(p)) if weighting is Weighting.GLS else np.full(p, 1 / p)
        w /= w.sum()
        assert a.yi[i] == pytest.approx(w @ y[at], rel=1e-9)
        assert a.vi[i] == pytest.approx(w @ S @ w, rel=1e-9)
        assert a.k[i] == p
        assert (label in a.outside) == bool((w < 0).any())


@pytest.mark.parametrize(
    ("weighting", "b", "se", "tau2"),
    [
        # metafor 3.8-1: rma(aggregate(dat.assink2016, cluster=study, rho=.5), test="knha")
        (Weighting.GLS, 0.301827375666, 0.0932253075991, 0.088647995746),
        (Weighting.UNWEIGHTED, 0.393992642508, 0.113415501589, 0.14892528006),
    ],
)
def test_pooled_composites_follow_metafor(
    weighting: Weighting, b: float, se: float, tau2: float
) -> None:
    y, v, data = assink()
    a = aggregate(y, v, data["study"], rho=0.5, weighting=weighting)
    fit = pool(a.yi, a.vi, method=Method.REML, test=Test.KNHA)
    assert (fit.estimate, fit.se, fit.tau2) == pytest.approx((b, se, tau2), rel=1e-8)


def test_generalised_least_squares_says_when_it_leaves_the_range() -> None:
    y, v, data = assink()
    a = aggregate(y, v, data["study"], rho=0.8, weighting=Weighting.GLS)
    third = a.labels.index("3")
    assert a.yi[third] == pytest.approx(0.883, abs=5e-4)  # its ten estimates average 1.463
    assert "3" in a.outside
    plain = aggregate(y, v, data["study"], rho=0.8)
    assert plain.yi[third] == pytest.approx(1.463, abs=5e-4)
    assert plain.outside == ()


def test_a_single_effect_passes_unchanged_and_information_has_limits() -> None:
    a = aggregate([0.1, 0.2, 0.3], [0.1, 0.2, 0.2], ["x", "y", "y"], rho=1.0)
    assert (a.yi[0], a.vi[0]) == (0.1, 0.1)
    assert a.vi[1] == pytest.approx(0.2)  # a copy adds nothing
    assert aggregate([0.2, 0.3], [0.2, 0.2], ["y", "y"], rho=0.0).vi[0] == pytest.approx(0.1)


@pytest.mark.parametrize("rho", [1.1, -0.6])
def test_impossible_correlations_are_refused(rho: float) -> None:
    with pytest.raises(InvalidDataError):
        aggregate(G, V, ["t"] * 3, rho=rho)
    with pytest.raises(InvalidDataError):
        aggregate(G, V, ["t"] * 3, rho=1.0, weighting=Weighting.GLS)
    with pytest.raises(InvalidDataError):
        aggregate(G, V, ["t"] * 2)
