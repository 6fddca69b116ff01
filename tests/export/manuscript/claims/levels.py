# ruff: noqa: E501 - a pattern is one line
"""What sentences of random effects claim: fitted again by generalised least squares of its own."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from scipy import stats

from tests.export.manuscript.claims.joint import pairs_are
from tests.export.manuscript.claims.plans import FOR, for_plans
from tests.export.manuscript.claims.reading import (
    CI,
    NUMBER,
    P,
    Read,
    claim,
    limits_are,
    number,
    p_is,
    same,
    value_is,
)


class _Fit:
    """The effects of a run and their groups; variances of random effects as stored."""

    def __init__(self, read: Read) -> None:
        self.read, plan = read, read.inputs["plan"]
        self.line, self.trials = read.results["levels"], read.inputs["trials"]
        effects = read.results["effects"]
        self.y = np.array([e["yi"] for e in effects])
        sd = np.sqrt([e["vi"] for e in effects])
        self.ids = np.array([t["study_id"] for t in self.trials])
        R = np.where(self.ids[:, None] == self.ids, plan["rho"], 0.0)
        for text in plan.get("correlations", []):
            pair, _, value = text.rpartition(" = ")
            of = [t["instrument"] for t in self.trials]
            for one, other in (pair.split(" / "), pair.split(" / ")[::-1]):
                at = np.outer([x == one for x in of], [x == other for x in of])
                R[at & (self.ids[:, None] == self.ids)] = float(value)
        if plan.get("phi"):
            weeks = np.array([float(self._of(t, "weeks")) for t in self.trials])
            R = R * plan["phi"] ** abs(weeks[:, None] - weeks)
        np.fill_diagonal(R, 1.0)
        self.V = R * np.outer(sd, sd)
        self.M = self.V.copy()
        for term in self.line["terms"]:
            if term["sigma2"] is not None:
                group = self.group(term["term"])
                self.M += term["sigma2"] * np.array([[a == b for b in group] for a in group])
        self.se2, self.mean, self.height = self.fitted(self.M, read.results["pooled"]["method"])

    def _of(self, trial: dict[str, Any], name: str) -> Any:
        if name in ("study", "result"):
            return (trial["study_id"], trial["measured"] if name == "result" else "")
        kept = {c["name"]: c["value"] for c in trial.get("characteristics", [])}
        return kept.get(name, trial.get(name))

    def group(self, term: str) -> list[tuple[Any, ...]]:
        """Return the group of each effect."""
        return [tuple(self._of(t, name) for name in term.split(" / ")) for t in self.trials]

    def fitted(self, M: Any, method: str) -> tuple[float, float, float]:
        """Return squared error, mean and log-likelihood."""
        W = np.linalg.inv(M)
        information = W.sum()
        mean = float((W @ self.y).sum() / information)
        rest = self.y - mean
        n = self.y.size - (method == "REML")
        height = -0.5 * (np.linalg.slogdet(M)[1] + rest @ W @ rest + n * np.log(2 * np.pi))
        if method == "REML":
            height -= 0.5 * (np.log(information) - np.log(self.y.size))
        return 1 / information, mean, float(height)

    @property
    def df(self) -> float:
        """The fewest groups less one; none by z."""
        groups = [t["groups"] for t in self.line["terms"] if t["sigma2"] is not None]
        by_t = self.read.results["pooled"]["test"] == "t"
        return (min(groups, default=self.y.size) - 1 if by_t else 0) or np.inf


@claim(
    rf"The pooled (.+?) was #, {CI}(?: \([^)]+\))?(?:, ({P}))?, from # results? of # trials?"
    r"(?: \(forest_\S+\))?\. (?=\S)"
)
def _levels_mean(read: Read, m: re.Match[str]) -> None:
    fit, line = _Fit(read), read.results["pooled"]
    value_is(read, m[2], fit.mean)
    assert abs(fit.mean - line["estimate"]) < 1e-9
    limits_are(read, m[3], m[4], line["ci"])
    half = stats.t(fit.df).ppf(0.5 + line["level"] / 2) * np.sqrt(fit.se2)
    assert np.allclose(line["ci"], (fit.mean - half, fit.mean + half))
    if m[5]:
        p_is(m[5], float(2 * stats.t(fit.df).sf(abs(fit.mean) / np.sqrt(fit.se2))))
    assert (number(m[6]), number(m[7])) == (fit.y.size, len(set(fit.ids.tolist())))


@claim(
    rf"Heterogeneity \(τ² and I² of all random effects together, Q of all results\): (?:τ² = #, )?I² = #%, (.+?) by the bands of the Cochrane Handbook deeks2024; Q\(#\) = #(?:, ({P}))?\."
)
def _levels_spread(read: Read, m: re.Match[str]) -> None:
    fit = _Fit(read)
    W = np.linalg.inv(fit.V)
    n = fit.y.size
    typical = (n - 1) / (np.trace(W) - (W.sum(axis=0) ** 2).sum() / W.sum())
    total = sum(t["sigma2"] or 0.0 for t in fit.line["terms"])
    if m[1]:
        same(m[1], total)
    same(m[2], 100 * total / (total + typical))
    rest = fit.y - (W @ fit.y).sum() / W.sum()
    q = float(rest @ W @ rest)
    assert number(m[4]) == n - 1
    same(m[5], q)
    if m[6]:
        p_is(m[6], float(stats.chi2.sf(q, n - 1)))


@claim(r"Variances of true effects were: (.+?)\.(?= (?:No variance|Sampling errors))")
def _variances_of_groups(read: Read, m: re.Match[str]) -> None:
    fit = _Fit(read)
    told = re.findall(rf"of ([^()]+?) ({NUMBER}) \(I² = ({NUMBER})%(?:, ({P}))?\)", m[1])
    terms = [t for t in fit.line["terms"] if t["sigma2"] is not None]
    assert len(told) == len(terms)
    for (name, sigma2, i2, p), term in zip(told, terms, strict=True):
        assert name == " within ".join(reversed(term["term"].replace("_", " ").split(" / ")))
        assert term["groups"] == len(set(fit.group(term["term"])))
        same(sigma2, term["sigma2"])
        same(i2, term["i2"])
        if p:
            p_is(p, float(stats.chi2.sf(term["stat"], 1)))
    stored = fit.line["loglik"]
    assert abs(fit.height - stored) < 1e-8


@claim(r"No variance is told of ([^:]+): (.+?)\.(?= )")
def _no_variance_of(read: Read, m: re.Match[str]) -> None:
    fit = _Fit(read)
    words = {t["term"]: t for t in fit.line["terms"] if t["sigma2"] is None}
    (term,) = (
        t
        for name, t in words.items()
        if " within ".join(reversed(name.replace("_", " ").split(" / "))) == m[1]
    )
    assert term["note"] == m[2]
    if m[2].startswith("one group"):
        assert len(set(fit.group(term["term"]))) == 1


@claim(
    r"Sampling errors of results of one study were assumed to correlate by #(?:, but (.+?))?(?:, times # to the power of the weeks between them)?\.(?= [A-Z]|$)"
)
def _errors_of_levels(read: Read, m: re.Match[str]) -> None:
    plan = read.inputs["plan"]
    same(m[1], plan["rho"])
    pairs_are(read, m[2])
    assert bool(m[3]) is (plan.get("phi") is not None)
    if m[3]:
        same(m[3], plan["phi"])


@claim(rf"With cluster-robust errors the interval was {CI}(?:, ({P}))?\.")
def _levels_robust(read: Read, m: re.Match[str]) -> None:
    robust = _Fit(read).line["robust"]
    limits_are(read, m[1], m[2], robust["ci"])
    assert bool(m[3]) is (robust["p"] is not None)
    if m[3]:
        p_is(m[3], robust["p"])


@claim(
    FOR
    + r"[Aa]ll results of a study (were|are to be) taken, with random effects of (.+?) konstantopoulos2011; their sampling errors .+? assumed to correlate by #(?:, those of [^;]+? by [\d.−]+)*(?:, times # to the power of the weeks between them)?(; degrees of freedom are the fewest groups of a random effect less one)?\."
)
def _levels_how(read: Read, m: re.Match[str]) -> None:
    for plan in for_plans(read, m):
        assert bool(m[6]) is (plan["test"] == "t")
        same(m[4], plan["rho"])
        assert plan["random"][0].split(" / ")[0].split(" + ")[0].replace("_", " ") in m[3]


@claim(FOR + r"[Rr]esults (?:were|are to be) taken of these \(.+?\)\.")
def _levels_lists(read: Read, m: re.Match[str]) -> None:
    for plan in for_plans(read, m):
        assert plan["random"]
        assert plan["raters"] or plan["instruments"] or plan["timepoints"]
