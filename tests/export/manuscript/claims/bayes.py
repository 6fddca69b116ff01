# ruff: noqa: E501 - a pattern is one line
"""What is claimed of a posterior by Bayes: summed over a grid of tau, another one than the engine's."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
from scipy import optimize, stats

from tests.export.manuscript.claims.plans import FOR, for_plans
from tests.export.manuscript.claims.reading import NUMBER, Read, claim, number, same

CRI: Final = rf"95% CrI \[({NUMBER}), ({NUMBER})\]"
LIKELY: Final = r"(?:> )?\.\d+|< \.\d+"


class _Grid:
    """The mixture over tau of one run's effects, by the priors of its plan."""

    def __init__(self, read: Read) -> None:
        effects, rules = read.results["effects"], read.inputs["plan"]["bayes"]
        y = np.array([one["yi"] for one in effects])
        v = np.array([one["vi"] for one in effects])
        self.scale = 0.5 if rules["scale"] is None else rules["scale"]
        self.tau = np.linspace(0, 1, 60_001)[:-1]
        self.tau = self.scale * self.tau / (1 - self.tau)
        w = 1 / (v + (self.tau**2)[:, None])
        spread = rules["mean_sd"] or 1e9
        precision = w.sum(axis=1) + spread**-2
        self.m = (w @ y + rules["mean"] / spread**2) / precision
        self.s = precision**-0.5
        prior = {
            "half-normal": stats.halfnorm(scale=self.scale).logpdf,
            "half-Cauchy": stats.halfcauchy(scale=self.scale).logpdf,
        }[rules["tau"]](self.tau)
        height = (
            prior + np.log(w).sum(axis=1) / 2 + np.log(self.s) + 2 * np.log1p(self.tau / self.scale)
        )
        height -= (w * (y - self.m[:, None]) ** 2).sum(axis=1) / 2
        height -= ((self.m - rules["mean"]) / spread) ** 2 / 2
        self.share = np.exp(height - height.max())
        self.share[0] /= 2
        self.share /= self.share.sum()

    def above(self, value: float, spread: Any) -> float:
        return float(self.share @ stats.norm.sf((value - self.m) / spread))

    def quantile(self, q: float, *, new: bool = False) -> float:
        spread = np.hypot(self.s, self.tau) if new else self.s
        return float(optimize.brentq(lambda x: self.above(x, spread) - 1 + q, -50, 50, xtol=1e-9))


@claim(
    rf"By Bayes the posterior median of the mean effect was #, {CRI}, and of τ #, {CRI}; the effect in a further trial lies in {CRI}((?:; the mean effect .+ with probability (?:{LIKELY}))?)\."
)
def _posterior(read: Read, m: re.Match[str]) -> None:
    grid, plan = _Grid(read), read.inputs["plan"]
    better = bool(read.one("select min(higher_is_better) from instrument where review_id = :r"))
    ratio = plan["measure"] in ("OR", "RR")
    way = 1 if better or not ratio else -1

    def seen(value: float) -> float:
        return float(np.exp(way * value)) if ratio else value

    low, median, high = (grid.quantile(q) for q in (0.025, 0.5, 0.975))
    for text, value in zip(
        (m[1], m[2], m[3]), (median, *sorted((low, high), key=seen)), strict=True
    ):
        same(text, seen(value))
    of_tau = np.interp((0.5, 0.025, 0.975), np.cumsum(grid.share), grid.tau)
    for text, value in zip((m[4], m[5], m[6]), of_tau, strict=True):
        assert abs(number(text) - value) < 0.0015 + 1e-3 * value
    new = sorted((grid.quantile(q, new=True) for q in (0.025, 0.975)), key=seen)
    for text, value in zip((m[7], m[8]), new, strict=True):
        same(text, seen(value))
    told = re.findall(
        rf"(favoured [^;,]+?|was positive|was noninferior at the margin of {NUMBER}) with probability ({LIKELY})",
        m[9],
    )
    margins = [plan["margin"], *(x for x in plan["other_margins"] if x != plan["margin"])]
    bounds = [*(x for x in margins if x is not None), None]
    assert len(told) == len(bounds)
    for (words, shown), margin in zip(told, bounds, strict=True):
        if margin is None:
            assert words == f"favoured {plan['intervention']['label']}"
        else:
            same(words.rpartition(" ")[2], seen(-margin) if ratio else margin)
        chance = grid.above(-(margin or 0.0), grid.s)
        if shown[0] in "<>":
            assert (chance > 0.999) if shown[0] == ">" else (chance < 0.001)
        else:
            assert abs(float(shown) - chance) <= 0.0005 + 1e-4


@claim(
    r"No posterior by Bayes was computed: the estimates have a unit, and no scale of the prior of τ is stated in it\."
)
def _posterior_missing(read: Read, m: re.Match[str]) -> None:
    plan = read.inputs["plan"]
    assert plan["bayes"]["scale"] is None
    assert plan["measure"] == "GEN"
    assert m


@claim(
    FOR
    + r"[Bb]eside the planned estimate (stands|is planned) a posterior by the normal-normal model roever2020, computed numerically, with a (half-normal|half-Cauchy) prior of the standard deviation between trials, scale #( roever2021)?, and (a flat one|a normal one with mean # and SD #) of the mean effect; its intervals are central credible intervals \(CrI\)\."
)
def _posterior_how(read: Read, m: re.Match[str]) -> None:
    for plan in for_plans(read, m):
        rules = plan["bayes"]
        assert rules["tau"] == m[3]
        same(m[4], 0.5 if rules["scale"] is None else rules["scale"])
        assert bool(m[5]) is (rules["scale"] is None)
        assert (rules["mean_sd"] is None) is (m[6] == "a flat one")
        if rules["mean_sd"] is not None:
            same(m[7], rules["mean"])
            same(m[8], rules["mean_sd"])
