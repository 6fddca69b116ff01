# ruff: noqa: ARG001, E501 - every check takes reader and match; a pattern is one line
"""What sentences of several outcomes claim: fitted again by generalised least squares of its own."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from scipy import stats

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
    """The effects of a run by outcome; variances and correlations of true effects as stored."""

    def __init__(self, read: Read) -> None:
        results, inputs = read.results, read.inputs
        self.line, self.test = results["joint"], results["pooled"]["test"]
        self.names = [one["label"] for one in self.line["outcomes"]]
        self.of = [self.names.index(t["measured"]) for t in inputs["trials"]]
        self.ids = np.array([t["study_id"] for t in inputs["trials"]])
        self.y = np.array([e["yi"] for e in results["effects"]])
        sd = np.sqrt([e["vi"] for e in results["effects"]])
        together = self.ids[:, None] == self.ids
        rho = inputs["plan"]["rho"]
        self.V = np.where(together, rho, 0.0) * np.outer(sd, sd)
        of = [t["measured"] for t in inputs["trials"]]
        for text in inputs["plan"].get("correlations", []):
            pair, _, value = text.rpartition(" = ")
            for one, other in (pair.split(" / "), pair.split(" / ")[::-1]):
                at = np.outer([x == one for x in of], [x == other for x in of]) & together
                self.V[at] = (float(value) * np.outer(sd, sd))[at]
        np.fill_diagonal(self.V, sd**2)
        G = np.diag([one["tau2"] or 0.0 for one in self.line["outcomes"]])
        for c in self.line["correlations"]:
            i, j = self.names.index(c["first"]), self.names.index(c["second"])
            G[i, j] = G[j, i] = (c["value"] or 0.0) * np.sqrt(G[i, i] * G[j, j])
        self.M = self.V + G[np.ix_(self.of, self.of)] * together
        self.X = np.eye(len(self.names))[self.of]
        W = np.linalg.inv(self.M)
        self.cov = np.linalg.inv(self.X.T @ W @ self.X)
        self.beta = self.cov @ self.X.T @ W @ self.y

    @property
    def df(self) -> int:
        """Effects less outcomes."""
        return len(self.y) - len(self.names)

    def q(self) -> float:
        """What is left of a common effect of each outcome."""
        W = np.linalg.inv(self.V)
        beta = np.linalg.solve(self.X.T @ W @ self.X, self.X.T @ W @ self.y)
        rest = self.y - self.X @ beta
        return float(rest @ W @ rest)

    def p(self, w: Any) -> float:
        """Two-sided p of a sum of means."""
        stat = abs(w @ self.beta) / np.sqrt(w @ self.cov @ w)
        law = stats.norm if self.test == "z" else stats.t(self.df)
        return float(2 * law.sf(stat))


@claim(
    rf"In one model of # outcomes? with # effects? from # trials?, the (.+?) of (.+?) was #, {CI}(?:, ({P}))?(?: \(forest_\S+\))?\. (?=\S)"
)
def _joint(read: Read, m: re.Match[str]) -> None:
    fit, line = _Fit(read), read.results["pooled"]
    assert [number(m[i]) for i in (1, 2, 3)] == [
        len(fit.names), len(fit.y), len(set(fit.ids.tolist())),
    ]  # fmt: skip
    assert m[5] == read.inputs["plan"]["outcomes"][0]["label"] == fit.names[0]
    value_is(read, m[6], float(fit.beta[0]))
    limits_are(read, m[7], m[8], line["ci"])
    if m[9]:
        p_is(m[9], fit.p(np.eye(len(fit.names))[0]))


@claim(
    rf"Heterogeneity \(τ² of (.+?), I² and Q of all outcomes\): (?:τ² = #, )?I² = #%, (.+?) by the bands of the Cochrane Handbook deeks2024; Q\(#\) = #(?:, ({P}))?\."
)
def _joint_spread(read: Read, m: re.Match[str]) -> None:
    fit = _Fit(read)
    assert m[1] == fit.names[0]
    if m[2]:
        same(m[2], fit.line["outcomes"][0]["tau2"])
    q = fit.q()
    assert number(m[5]) == fit.df
    same(m[6], q)
    same(m[3], 100 * max(0.0, (q - fit.df) / q))
    if m[7]:
        p_is(m[7], float(stats.chi2.sf(q, fit.df)))


@claim(r"The others?: (.+?)\.(?= Alone, )")
def _other_outcomes(read: Read, m: re.Match[str]) -> None:
    fit = _Fit(read)
    told = re.findall(rf"(?:^|; |,? and )(.+?) ({NUMBER}), {CI}", m[1])
    assert len(told) == len(fit.names) - 1
    for name, estimate, low, high in told:
        value_is(read, estimate, float(fit.beta[fit.names.index(name)]))
        assert number(low) <= number(estimate) <= number(high)


@claim(rf"Alone, its # trials? gives? #, {CI}\.")
def _alone(read: Read, m: re.Match[str]) -> None:
    fit = _Fit(read)
    first = fit.line["outcomes"][0]
    assert number(m[1]) == fit.of.count(0)
    value_is(read, m[2], first["alone"])
    limits_are(read, m[3], m[4], first["alone_ci"])


@claim(
    rf"(\S[^.]*?) differed from ([^.]+?) by #, {CI}, ({P})(?:; with robust errors ({P})| \(no robust test: # degrees of freedom\))?\."
)
def _differed(read: Read, m: re.Match[str]) -> None:
    fit = _Fit(read)
    one = next(d for d in fit.line["differences"] if d["label"].casefold() == m[1].casefold())
    assert m[2] == one["versus"] == fit.names[0]
    w = np.eye(len(fit.names))[fit.names.index(one["label"])] - np.eye(len(fit.names))[0]
    value_is(read, m[3], float(w @ fit.beta))
    limits_are(read, m[4], m[5], one["ci"])
    p_is(m[6], fit.p(w))
    if m[7]:
        p_is(m[7], one["robust"]["p"])
    if m[8]:
        same(m[8], one["robust"]["df"])


@claim(rf"The test that all outcomes have one mean gave (?:χ²|F)\(#(?:, #)?\) = #, ({P})\.")
def _one_mean(read: Read, m: re.Match[str]) -> None:
    fit = _Fit(read)
    L = np.hstack([-np.ones((len(fit.names) - 1, 1)), np.eye(len(fit.names) - 1)])
    wald = L @ fit.beta @ np.linalg.solve(L @ fit.cov @ L.T, L @ fit.beta)
    df = len(L)
    assert number(m[1]) == df
    if m[2]:
        assert number(m[2]) == fit.df
        same(m[3], wald / df)
        p_is(m[4], float(stats.f.sf(wald / df, df, fit.df)))
    else:
        same(m[3], wald)
        p_is(m[4], float(stats.chi2.sf(wald, df)))


@claim(
    r"The correlation of sampling errors within a trial was assumed to be #(?:, but (.+?))?\.(?= [A-Z]|$)"
)
def _assumed(read: Read, m: re.Match[str]) -> None:
    same(m[1], read.inputs["plan"]["rho"])
    pairs_are(read, m[2])


def pairs_are(read: Read, told: str | None) -> None:
    """Hold what is told of two against the plan."""
    planned = read.inputs["plan"].get("correlations", [])
    found = re.findall(rf"({NUMBER}) of (.+?) and (.+?)(?=, {NUMBER}| and {NUMBER}|$)", told or "")
    assert len(found) == len(planned)
    for (value, *names), text in zip(found, planned, strict=True):
        pair, _, stated = text.rpartition(" = ")
        assert pair.split(" / ") == names
        same(value, float(stated))


@claim(r"No trial had (.+?)\.(?= [A-Z]|$)")
def _without(read: Read, m: re.Match[str]) -> None:
    there = {trial["measured"] for trial in read.inputs["trials"]}
    planned = {one["label"] for one in read.inputs["plan"]["outcomes"]}
    assert set(m[1].split(", ")) == planned - there


@claim(
    r"Several outcomes of the same trials were pooled in one multivariate model jackson2011 \(.+?\); covariances of sampling errors, .+? freedom pustejovsky2018\."
)
def _joint_how(read: Read, m: re.Match[str]) -> None:
    assert any(plan.get("model") == "multivariate" for plan in read.plans.values())
