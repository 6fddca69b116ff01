"""Mixed models of counts against metafor's rma.glmm, and what they answer at the edge."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit
from scipy.stats import binom, hypergeom, norm

from review.errors import InvalidDataError
from review.synthesis import Glmm, glmm
from review.synthesis.glmm import MODELS, CountMeasure
from tests.synthesis.glmm.exact import chances, error_of_two, exact_error, laplace, summed
from tests.tiers import WHOLE

CASES = json.loads((Path(__file__).parent / "glmm" / "glmm.json").read_text("utf-8"))


NEAR: dict[str, tuple[float, float]] = {
    # of estimate and tau², and of the standard error (relative): how far lme4 reaches, which ends
    # with two random effects (UM.RS) at a likelihood lower by 1e-7 where counts are large
    "UM.FS": (1e-6, 5e-5),
    "UM.RS": (1e-4, 6e-3),
    "CM.EL": (2e-6, 5e-4),
    "CM.AL": (1e-6, 1e-6),
    "one arm": (1e-6, 2e-4),
}


def fitted(case: Any) -> Glmm:
    return glmm(case["measure"], *case["columns"].values(), model=case["model"])


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['data']}-{c['measure']}-{c['model']}")
def test_counts_are_pooled_as_rma_glmm_does(case: Any) -> None:
    fit = fitted(case)
    near, of_se = NEAR["one arm" if case["measure"] in ("PLO", "IRLN") else case["model"]]
    exact = (case["measure"], case["model"]) == ("OR", "CM.EL")
    lost = exact and fit.tau2 == 0  # metafor stops at a tau² of 1e-4 there, without an error
    assert fit.estimate == pytest.approx(case["estimate"], abs=3e-4 if lost else near)
    assert fit.tau2 == pytest.approx(case["tau2"], abs=3e-4 if lost else near)
    if not lost:
        assert fit.se == pytest.approx(case["se"], rel=of_se)
    assert fit.k == case["k"]
    if fit.sigma2 is None:  # of UM.RS rma.glmm tests with random intercepts
        assert pytest.approx(case["lrt"], abs=1e-6) == fit.Q
    else:
        assert fit.sigma2 == pytest.approx(case["sigma2"], abs=1e-4)


def test_no_case_of_the_grid_was_dropped() -> None:
    assert len(CASES) == len({(c["data"], c["measure"], c["model"]) for c in CASES}) == 37
    for measure, models in MODELS.items():
        for model in models:
            told = [c for c in CASES if (c["measure"], c["model"]) == (measure, model)]
            assert len(told) >= 3, f"{measure} by {model} has fewer than three data sets"


def test_fixed_and_random_intercepts_have_the_maximum_of_likelihoods_summed_on_a_grid() -> None:
    """Of two random effects lme4 has Laplace alone; here each trial is summed."""
    columns = next(c for c in CASES if c["data"] == "nielweise2007")["columns"]
    trials = [
        tuple(map(float, (a, b, c, d)))
        for a, b, c, d in zip(*columns.values(), strict=True)
        if a + c > 0
    ]
    z = np.linspace(-7, 7, 141)

    def of(trial: tuple[float, ...], level: np.ndarray, effect: np.ndarray) -> np.ndarray:
        a, b, c, d = trial
        one, other = level + effect / 2, level - effect / 2
        return np.asarray(
            a * one - (a + b) * np.logaddexp(0, one) + c * other - (c + d) * np.logaddexp(0, other)
        )

    def loglik(log: np.ndarray) -> float:
        return float(log.max() + np.log(np.exp(log - log.max()).sum()) + np.log(z[1] - z[0]))

    normal = norm.logpdf(z)
    free = glmm("OR", *columns.values(), model="UM.FS")

    def fixed(at: np.ndarray) -> float:
        total = 0.0
        for trial in trials:
            best = minimize_scalar(
                lambda level, trial=trial: -loglik(of(trial, level, at[0] + at[1] * z) + normal),
                bounds=(-8, 3),
                method="bounded",
                options={"xatol": 1e-9},
            )
            total += best.fun
        return total

    top = fixed(np.array([free.estimate, free.tau2**0.5]))
    assert -top == pytest.approx(free.loglik, abs=1e-7)
    for move in ((1e-2, 0), (-1e-2, 0), (0, 1e-2), (0, -1e-2)):
        assert fixed(np.array([free.estimate, free.tau2**0.5]) + move) > top

    wide = glmm("OR", *columns.values(), model="UM.RS", points=21)
    assert wide.sigma2 is not None
    level, effect = np.meshgrid(z, z)

    def random(at: np.ndarray) -> float:
        return -sum(
            loglik(
                np.array(
                    [
                        loglik(row)
                        for row in of(trial, at[2] + at[3] * level, at[0] + at[1] * effect) + normal
                    ]
                )
                + normal
            )
            for trial in trials
        )

    start = np.array([wide.estimate, wide.tau2**0.5, -4.0, wide.sigma2**0.5])
    best = minimize_scalar(
        lambda mean: random(start + mean * np.eye(4)[2]), bounds=(-1, 1), method="bounded"
    )
    start[2] += best.x
    assert -best.fun == pytest.approx(wide.loglik, abs=1e-5)
    for parameter in (0, 1, 3):
        for way in (-1, 1):
            assert random(start + 0.02 * way * np.eye(4)[parameter]) > best.fun


def test_more_points_make_laplace_exact_and_change_little() -> None:
    columns = next(c for c in CASES if c["data"] == "nielweise2007")["columns"]
    laplace, nine, fifteen = (
        glmm("OR", *columns.values(), model="UM.RS", points=points) for points in (1, 9, 15)
    )
    assert nine.estimate == pytest.approx(fifteen.estimate, abs=1e-4)
    assert 1e-3 < abs(laplace.estimate - fifteen.estimate) < 0.05
    assert (laplace.points, fifteen.points) == (1, 15)


@pytest.mark.parametrize("data", ["hahn2001", "hine1989", "nielweise2007"][: 3 if WHOLE else 1])
def test_the_exact_model_has_the_maximum_of_its_likelihood_summed_on_a_grid(data: str) -> None:
    """metafor fits it with BiasedUrn; here each trial's likelihood is summed at 801 log odds."""
    columns = next(c for c in CASES if c["data"] == data and c["model"] == "CM.EL")["columns"]
    trials = list(zip(*(np.asarray(column) for column in columns.values()), strict=True))
    z = np.linspace(-8, 8, 801)

    def fall(at: np.ndarray) -> float:
        mu, tau, total = at[0], abs(at[1]), 0.0
        for a, b, c, d in trials:
            n1, n2, events = a + b, c + d, a + c
            seen = np.arange(max(0, events - n2), min(n1, events) + 1)
            odds = hypergeom.logpmf(seen, n1 + n2, n1, events) + np.outer(mu + tau * z, seen)
            share = np.exp(odds - odds.max(axis=1, keepdims=True))
            given = share[:, seen == a][:, 0] / share.sum(axis=1)
            total -= np.log(np.trapezoid(given * norm.pdf(z), z))
        return float(total)

    fit = glmm("OR", *columns.values(), model="CM.EL")
    best = minimize(fall, [0.0, 0.6], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-11})
    assert fit.estimate == pytest.approx(best.x[0], abs=2e-5)
    assert fit.tau2 == pytest.approx(best.x[1] ** 2, abs=2e-5)
    h, free = 1e-3, 2 if fit.tau2 else 1  # a tau of nought is no parameter of the test
    bend = np.empty((free, free))
    for i, j in np.ndindex(free, free):
        one, other = h * np.eye(2)[i], h * np.eye(2)[j]
        steps = (one + other, one - other, other - one, -one - other)
        a, b, c, d = (fall(best.x + step) for step in steps)
        bend[i, j] = (a - b - c + d) / (4 * h**2)
    assert fit.se == pytest.approx(np.sqrt(np.linalg.inv(bend)[0, 0]), rel=2e-4)


RATES = Path(__file__).parents[1] / "living" / "estimates" / "rates" / "rates.json"
PLACEBO = np.array(json.loads(RATES.read_text("utf-8"))["placebo"]["counts"], float).T
"""Where lme4's own search of UM.FS does not end."""

ONE_EFFECT = [
    (c["data"], c["measure"], c["model"], [np.asarray(x, float) for x in c["columns"].values()])
    for c in CASES
    if (c["measure"], c["model"]) not in (("OR", "UM.RS"), ("IRR", "UM.RS"))
] + [
    ("dorn2007", measure, model, list(PLACEBO[: 4 if measure == "IRR" else 2]))
    for measure, model in (("IRR", "UM.FS"), ("IRR", "CM.EL"), ("IRLN", "UM.RS"))
]


@pytest.mark.parametrize(
    ("data", "measure", "model", "columns"),
    [one for one in ONE_EFFECT if WHOLE or one[0] != "bcg"],  # its events take half of the time
    ids=lambda x: x if type(x) is str else "",
)
def test_standard_errors_are_those_of_the_exact_curvature(
    data: str, measure: str, model: str, columns: list[Any]
) -> None:
    """Of the likelihood summed on a grid, tau (and the levels) unknown: 1e-6, where lme4 has 1e-4.

    At the maximum the likelihood is flat.
    """
    fit = glmm(measure, *columns, model=model)
    studies = chances(measure, model, columns)
    se, *slopes = exact_error(studies, fit.estimate, fit.tau2**0.5, levels=model == "UM.FS")
    assert fit.se == pytest.approx(se, rel=1e-6), data
    assert slopes == pytest.approx([0, 0], abs=1e-4)


TWO_EFFECTS = [c for c in CASES if c["model"] == "UM.RS" and c["measure"] in ("OR", "IRR")]


@pytest.mark.parametrize("case", TWO_EFFECTS, ids=lambda c: f"{c['data']}-{c['measure']}")
def test_standard_errors_of_two_random_effects_are_those_of_the_exact_curvature(case: Any) -> None:
    """By Laplace as lme4 has it, whose own (`vcov`, by differences) are up to 0.6 % smaller."""
    fit = fitted(case)
    assert fit.sigma2 is not None
    columns = [np.asarray(column, float) for column in case["columns"].values()]
    by_laplace = laplace(case["measure"], columns)
    se = error_of_two(by_laplace, fit.estimate, fit.tau2**0.5, fit.sigma2**0.5)
    assert fit.se == pytest.approx(se, rel=1e-6)
    assert 0.994 < case["se"] / se < 1 + 1e-6


@pytest.mark.parametrize("data", ["hart1999", *(["nielweise2008"] if WHOLE else [])])
def test_more_points_have_the_standard_error_of_the_likelihood_summed_on_a_grid(data: str) -> None:
    case = next(c for c in TWO_EFFECTS if c["data"] == data)
    columns = [np.asarray(column, float) for column in case["columns"].values()]
    fit = glmm(case["measure"], *columns, model="UM.RS", points=25)
    assert fit.sigma2 is not None
    on_grid = summed(case["measure"], columns)
    se = error_of_two(on_grid, fit.estimate, fit.tau2**0.5, fit.sigma2**0.5)
    assert fit.se == pytest.approx(se, rel=1e-5)


TWO_ARMS = [
    (measure, model) for measure in ("OR", "IRR") for model in MODELS[CountMeasure(measure)]
]


@pytest.mark.parametrize(("measure", "model"), TWO_ARMS)
def test_order_does_not_matter_and_exchanged_arms_change_the_sign(measure: str, model: str) -> None:
    a, b = np.array([3.0, 1, 7, 0]), np.array([40.0, 52, 90, 30])
    c, d = np.array([9.0, 4, 6, 2]), np.array([38.0, 50, 95, 33])
    fit = glmm(measure, a, b, c, d, model=model)
    turned = glmm(measure, c, d, a, b, model=model)
    assert turned.estimate == pytest.approx(-fit.estimate, abs=1e-5)
    assert turned.se == pytest.approx(fit.se, rel=1e-3)
    again = glmm(measure, a[::-1], b[::-1], c[::-1], d[::-1], model=model)
    assert again.estimate == pytest.approx(fit.estimate, abs=1e-5)
    if measure == "IRR":  # in years or in months of 30 days
        rescaled = glmm(measure, a, 12 * b, c, 12 * d, model=model)
        assert rescaled.estimate == pytest.approx(fit.estimate, abs=1e-5)
        assert rescaled.se == pytest.approx(fit.se, rel=1e-3)


@pytest.mark.parametrize("model", MODELS[CountMeasure.OR])
def test_a_study_without_events_says_nothing_of_a_ratio(model: str) -> None:
    fit = glmm("OR", [3, 0, 5, 9], [30, 20, 40, 0], [6, 0, 9, 7], [30, 20, 40, 0], model=model)
    assert fit.k == 2
    assert fit.informative == (True, False, True, False)
    alone = glmm("OR", [3, 5], [30, 40], [6, 9], [30, 40], model=model)
    assert fit.estimate == pytest.approx(alone.estimate, abs=1e-6)


@pytest.mark.parametrize(("measure", "model"), TWO_ARMS)
def test_one_study_has_its_own_ratio_but_no_distribution_of_intercepts(
    measure: str, model: str
) -> None:
    counts = ([3], [30], [6], [31])
    if model == "UM.RS":
        with pytest.raises(InvalidDataError, match=r"UM\.FS"):
            glmm(measure, *counts, model=model)
        return
    fit = glmm(measure, *counts, model=model)
    assert (fit.k, fit.tau2, fit.Q_df, fit.Q_p) == (1, 0, 0, None)
    assert pytest.approx(0, abs=1e-7) == fit.Q
    if model == "UM.FS":
        own = np.log(3 / 30) - np.log(6 / 31)
        assert fit.estimate == pytest.approx(own, abs=1e-7)


def test_one_study_has_its_own_logit() -> None:
    fit = glmm("PLO", [3], [12])
    assert fit.estimate == pytest.approx(np.log(3 / 12), abs=1e-5)
    assert fit.se == pytest.approx((1 / 3 + 1 / 12) ** 0.5, rel=1e-4)
    assert fit.tau2 == 0


@pytest.mark.parametrize(
    ("measure", "counts"),
    [
        ("OR", ([0, 0], [9, 9], [0, 0], [9, 9])),
        ("OR", ([0, 0], [9, 9], [2, 3], [9, 9])),
        ("OR", ([9, 9], [0, 0], [2, 3], [9, 9])),
        ("IRR", ([0, 0], [5, 5], [2, 3], [9, 9])),
        ("IRR", ([0, 0], [5, 5], [0, 0], [9, 9])),
        ("PLO", ([0, 0], [5, 5])),
        ("IRLN", ([0, 0], [5, 5])),
        ("PLO", ([1.5], [2])),
        ("PLO", ([1], [2], [3], [4])),
        ("SMD", ([1], [2])),
    ],
)
def test_counts_without_a_maximum_are_refused(measure: str, counts: Any) -> None:
    models = MODELS[CountMeasure(measure)] if measure != "SMD" else (None,)
    for model in models:
        with pytest.raises(InvalidDataError):
            glmm(measure, *counts, model=model)


@pytest.mark.parametrize(
    ("measure", "model", "counts"),
    [
        # in each trial the effect can be moved to infinity, as its level is free
        ("OR", "UM.FS", ([1, 0, 1, 0, 0], [0, 0, 1, 0, 0], [1, 1, 0, 1, 0], [1, 0, 1, 1, 1])),
        ("OR", "UM.FS", ([2, 2, 2], [0, 2, 2], [1, 0, 0], [2, 1, 0])),
        # tau² is larger than 25 points of the quadrature can follow
        ("PLO", "UM.RS", ([0, 2, 1], [1, 0, 0])),
        ("OR", "CM.EL", ([0, 1, 2], [2, 2, 0], [0, 2, 2], [2, 0, 2])),
    ],
)
def test_a_search_that_does_not_end_is_no_answer(measure: str, model: str, counts: Any) -> None:
    """Some of these had a standard error of 136,000, or depended on where the search began."""
    with pytest.raises(InvalidDataError, match="no maximum that 200 steps reach"):
        glmm(measure, *counts, model=model)


def test_trials_of_one_participant_say_nothing_of_heterogeneity_and_have_no_test() -> None:
    """The likelihood is that of the events' share alone: a ridge of effect and tau²."""
    with pytest.raises(InvalidDataError, match="no maximum that a test rests on"):
        glmm("PLO", [0, 1, 1, 1], [1, 0, 0, 0])


def test_a_step_that_is_too_long_keeps_its_direction() -> None:
    """Two trials whose likelihood is steep: once cut in one direction alone, steps went down."""
    counts = [np.array(c) for c in ([0, 4], [1, 1], [1, 2], [1, 3])]
    fit = glmm("IRR", *counts, model="CM.EL")
    x, n, offset = counts[0], counts[0] + counts[2], np.log(counts[1] / counts[3])

    def fall(mu: float) -> float:
        return -float(binom.logpmf(x, n, expit(mu + offset)).sum())

    top = minimize_scalar(fall, bounds=(-5, 5), method="bounded", options={"xatol": 1e-9})
    assert fit.tau2 == 0
    assert fit.estimate == pytest.approx(top.x, abs=1e-6)


def test_models_that_a_measure_has_not_are_refused_by_name() -> None:
    with pytest.raises(
        InvalidDataError, match=r"IRR has no model CM\.AL, but UM\.FS, UM\.RS, CM\.EL"
    ):
        glmm("IRR", [1], [2], [3], [4], model="CM.AL")
    with pytest.raises(InvalidDataError, match="1 to 101 points"):
        glmm("PLO", [1], [2], points=0)
