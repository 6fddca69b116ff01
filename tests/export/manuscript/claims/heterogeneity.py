# ruff: noqa: E501 - a pattern is one line
"""What is claimed of location-scale models: a likelihood of its own, climbed without slopes."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import numpy as np
from scipy import optimize, stats

from tests.export.manuscript.claims.reading import NUMBER, P, Read, claim, number, p_is, same


class _Model:
    """One formula, a name alone: its columns, and the restricted likelihood of log tau²."""

    def __init__(self, read: Read, by: str) -> None:
        inputs, effects = read.inputs, read.results["effects"]
        values = [_value(trial, by) for trial in inputs["trials"]]
        count = {v: values.count(v) for v in values}
        self.by_level = any(isinstance(v, str) for v in values)
        kept = [
            i for i, v in enumerate(values) if v is not None and (not self.by_level or count[v] > 1)
        ]
        self.y = np.array([effects[i]["yi"] for i in kept])
        self.v = np.array([effects[i]["vi"] for i in kept])
        x = [values[i] for i in kept]
        self.levels = sorted(set(x)) if self.by_level else [min(x), max(x)]
        self.middle = 0.0 if self.by_level else float(np.mean(x))
        self.spread = 1.0 if self.by_level else float(np.std(x))
        self.X = self.columns(x)

    def columns(self, x: list[Any]) -> Any:
        """Levels as 0 and 1, or a constant and the number by its standard deviation."""
        if self.by_level:
            return np.array([[float(one == level) for level in self.levels] for one in x])
        return np.array([[1.0, (one - self.middle) / self.spread] for one in x])

    def height(self, log_tau2: Any) -> float:
        """Of the restricted likelihood, less what does not depend on tau²."""
        w = 1 / (self.v + np.exp(np.clip(log_tau2, -60, 30)))
        information = (self.X.T * w) @ self.X
        beta = np.linalg.solve(information, (self.X.T * w) @ self.y)
        rest = float(w @ (self.y - self.X @ beta) ** 2)
        return float(0.5 * (np.log(w).sum() - rest - np.linalg.slogdet(information)[1]))

    def climbed(self, Z: Any) -> tuple[float, Any]:
        """The height of the best of several climbs, and its coefficients."""
        rng = np.random.default_rng(3)
        start = np.linalg.lstsq(Z, np.full(len(Z), np.log(np.var(self.y))), rcond=None)[0]
        options: Any = {"xatol": 1e-9, "fatol": 1e-11, "maxiter": 20000}

        def fall(a: Any) -> float:
            return -self.height(Z @ a)

        begins = [start + 2 * rng.standard_normal(start.size) * n / 8 for n in range(9)]
        if start.size == 2:  # a slope: its other tops may lie far out, at a tau² of next to nothing
            ends = Z[[np.argmin(Z[:, 1]), np.argmax(Z[:, 1])]]
            log_tau2 = product((-40, -20, -8, -4, -2, 0), repeat=2)
            begins += [np.linalg.solve(ends, one) for one in log_tau2]
        tops = [
            optimize.minimize(fall, begin, method="Nelder-Mead", options=options)
            for begin in begins
        ]
        best = min(tops, key=lambda top: float(top.fun))
        return -float(best.fun), best.x


def _value(trial: dict[str, Any], by: str) -> Any:
    if by in ("year", "rater", "instrument"):
        return trial[by]
    return next((c["value"] for c in trial["characteristics"] if c["name"] == by), None)


@claim(
    rf"Heterogeneity by (\w+) \(# trials\): τ² (.+?); (τ² differed|τ² changed|that τ² (?:differed|changed) was not shown) \(χ²\(#\) = #, ({P})\); one for all trials would be #(?: \(heterogeneity\))?\."
)
def _heterogeneity(read: Read, m: re.Match[str]) -> None:
    model = _Model(read, m[1])
    assert number(m[2]) == model.y.size
    height, alpha = model.climbed(model.X)
    flat, one = model.climbed(np.ones((model.y.size, 1)))
    stat, df = 2 * (height - flat), model.X.shape[1] - 1
    assert number(m[5]) == df
    assert abs(number(m[6]) - stat) < 0.006
    p = float(stats.chi2(df).sf(max(0.0, stat)))
    p_is(m[7], p)
    assert ("not shown" in m[4]) is (p >= 0.05)
    assert ("differed" in m[4]) is model.by_level
    same(m[8], float(np.exp(one[0])))
    told = re.findall(rf"({NUMBER}) (?:in|at) ([^;]+?)(?=; |$)", m[3])
    assert len(told) == min(12, len(model.levels))
    ends = np.exp(np.clip(model.columns(model.levels) @ alpha, -60, 30))
    for (shown, label), level, tau2 in zip(told, model.levels, ends, strict=False):
        assert str(level) in label
        assert abs(number(shown) - tau2) <= 0.0006 + 1e-3 * tau2


@claim(r"Heterogeneity by (\w+) was not modelled: no trial has a value of it\.")
def _heterogeneity_missing(read: Read, m: re.Match[str]) -> None:
    assert {_value(trial, m[1]) for trial in read.inputs["trials"]} == {None}


@claim(
    r"Whether heterogeneity depends on (.+?) was planned to be tested by location-scale models viechtbauer2022, in which the mean effect and the logarithm of τ² depend on the same, by the likelihood ratio against one τ² for all trials\."
)
def _heterogeneity_how(read: Read, m: re.Match[str]) -> None:
    asked = {x for plan in read.plans.values() for x in plan.get("heterogeneity", ())}
    assert set(re.split(r", | and ", m[1])) == asked
