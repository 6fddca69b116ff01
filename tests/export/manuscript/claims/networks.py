# ruff: noqa: ARG001, E501 - every check takes reader and match; a pattern is one line
"""What sentences of a network claim: fitted again by generalised least squares of its own."""

from __future__ import annotations

import math
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
    """The trials of a run as rows against the first treatment of each; tau² as stored."""

    def __init__(self, read: Read) -> None:
        results, inputs = read.results, read.inputs
        self.line = results["network"]
        self.names = [t["name"] for t in self.line["treatments"]]
        pairs = [t["treatments"] for t in inputs["trials"]]
        ids = np.array([t["study_id"] for t in inputs["trials"]])
        self.y = np.array([e["yi"] for e in results["effects"]])
        self.V = np.diag([e["vi"] for e in results["effects"]])
        for c in self.line.get("covariances", ()):
            self.V[c["first"], c["second"]] = self.V[c["second"], c["first"]] = c["value"]
        self.X = np.array(
            [[(n == a) - (n == b) for n in self.names[1:]] for a, b in pairs], dtype=float
        )
        self.same = (ids[:, None] == ids[None, :]) * (np.eye(ids.size) + 1) / 2
        self.tau2 = results["pooled"]["tau2"] or 0.0
        self.studies = len(set(ids.tolist()))

    def at(self, tau2: float) -> tuple[Any, Any, float]:
        """Coefficients, covariance and what is left."""
        W = np.linalg.inv(self.V + tau2 * self.same)
        cov = np.linalg.inv(self.X.T @ W @ self.X)
        beta = cov @ self.X.T @ W @ self.y
        rest = self.y - self.X @ beta
        return beta, cov, float(rest @ W @ rest)

    def pair(self, one: str, other: str) -> float:
        """The network's estimate of a pair."""
        beta = dict(zip(self.names, [0.0, *self.at(self.tau2)[0]], strict=True))
        return float(beta[one] - beta[other])

    def deciding(self) -> dict[str, Any]:
        """The pair that the plan decides on."""
        return dict(self.line["comparisons"][0])


@claim(
    rf"In a network of # trials? with # arms and # treatments(?: \(network_\S+\))?, the (.+?) of (.+?) against (.+?) was #, {CI}(?:, ({P}))?(?: \(forest_\S+\))?\. (?=\S)"
)
def _network(read: Read, m: re.Match[str]) -> None:
    fit, line = _Fit(read), read.results["pooled"]
    assert [number(m[i]) for i in (1, 2, 3)] == [
        fit.studies, fit.studies + len(fit.y), len(fit.names),
    ]  # fmt: skip
    plan = read.inputs["plan"]
    assert (m[5], m[6]) == (plan["intervention"]["label"], plan["comparator"]["label"])
    value_is(read, m[7], fit.pair(m[5], m[6]))
    limits_are(read, m[8], m[9], line["ci"])
    if m[10]:
        p_is(m[10], line["p"])


@claim(
    rf"Heterogeneity and inconsistency together: (?:τ² = # \({CI}\), |τ² = #(?: \(Q-profile interval empty\))?, )?I² = #%, (.+?) by the bands of the Cochrane Handbook deeks2024; Q\(#\) = #(?:, ({P}))?\."
)
def _network_spread(read: Read, m: re.Match[str]) -> None:
    fit, line = _Fit(read), read.results["pooled"]
    if m[1] or m[4]:
        same(m[1] or m[4], line["tau2"])
    q, df = fit.at(0.0)[2], len(fit.y) - len(fit.names) + 1
    assert number(m[7]) == df
    same(m[8], q)
    same(m[5], 100 * max(0.0, (q - df) / q))
    if m[9]:
        p_is(m[9], float(stats.chi2.sf(q, df)))


@claim(
    rf"The two were compared by # trials?: direct evidence gave #, {CI}, indirect evidence #, {CI}(?:; the test that they disagree gave ({P}))?\."
)
def _both_kinds_of_evidence(read: Read, m: re.Match[str]) -> None:
    pair = _Fit(read).deciding()
    assert number(m[1]) == pair["k"]
    value_is(read, m[2], pair["direct"])
    limits_are(read, m[3], m[4], pair["direct_ci"])
    value_is(read, m[5], pair["indirect"])
    limits_are(read, m[6], m[7], pair["indirect_ci"])
    if m[8] is None:  # a perfect fit
        assert pair["split_p"] is None
    else:
        p_is(m[8], pair["split_p"])
    low, high = sorted((pair["direct"], pair["indirect"]))
    assert low - 0.01 <= pair["estimate"] <= high + 0.01


def _compared(read: Read) -> set[int]:
    """The studies that compare the two treatments of the plan, by their arms."""
    plan = read.inputs["plan"]
    wanted = {plan["intervention"]["label"], plan["comparator"]["label"]}
    there: dict[int, set[str]] = {}
    for trial in read.inputs["trials"]:
        there.setdefault(trial["study_id"], set()).update(trial["treatments"])
    return {study for study, names in there.items() if wanted <= names}


@claim(r"No trial compared the two, so that all evidence is indirect\.")
def _all_indirect(read: Read, m: re.Match[str]) -> None:
    assert not _compared(read)


@claim(r"The two were compared by # trials?, and all evidence is direct\.")
def _all_direct(read: Read, m: re.Match[str]) -> None:
    pair = _Fit(read).deciding()
    assert number(m[1]) == len(_compared(read))
    assert pair["direct"] is None or pair["indirect"] is None


@claim(r"The others? against (.+?): (.+?)(?: \(league_\S+\))?\.(?= [A-Z])")
def _others_against(read: Read, m: re.Match[str]) -> None:
    fit = _Fit(read)
    told = re.findall(rf"(?:^|; | and )(.+?) ({NUMBER}), {CI}", m[2])
    assert len(told) == len(fit.names) - 2
    for name, estimate, low, high in told:
        value_is(read, estimate, fit.pair(name, m[1]))
        assert number(low) <= number(estimate) <= number(high)


@claim(
    rf"Between the # designs of trials Q\(#\) = #, ({P}); the design-by-treatment interaction, heterogeneity allowed for, gave χ²\(#\) = #, ({P})\. A large p is no proof that designs agree\."
)
def _designs(read: Read, m: re.Match[str]) -> None:
    _between(read, m)
    agreement = read.results["network"]["agreement"]
    same(m[6], agreement["wald"])
    p_is(m[7], float(stats.chi2.sf(agreement["wald"], agreement["between_df"])))


def _between(read: Read, m: re.Match[str]) -> None:
    """Q between designs: what is left with one model, less what is left with one a design."""
    fit = _Fit(read)
    there: dict[int, set[str]] = {}
    for trial in read.inputs["trials"]:
        there.setdefault(trial["study_id"], set()).update(trial["treatments"])
    of_row = [frozenset(there[t["study_id"]]) for t in read.inputs["trials"]]
    designs = list(dict.fromkeys(of_row))
    assert number(m[1]) == len(designs)
    whole, within = fit.at(0.0)[2], 0.0
    df = len(fit.y) - (len(fit.names) - 1)
    for design in designs:
        rows = [i for i, of in enumerate(of_row) if of == design]
        V, y = fit.V[np.ix_(rows, rows)], fit.y[rows]
        X = fit.X[rows]
        X = X[:, np.abs(X).sum(axis=0) > 0]
        W = np.linalg.inv(V)
        beta = np.linalg.lstsq(X.T @ W @ X, X.T @ W @ y, rcond=None)[0]
        rest = y - X @ beta
        within += float(rest @ W @ rest)
        df -= len(rows) - np.linalg.matrix_rank(X)
    assert number(m[2]) == df
    same(m[3], max(0.0, whole - within))
    p_is(m[4], float(stats.chi2.sf(max(0.0, whole - within), df)))


@claim(
    rf"Between the # designs of trials Q\(#\) = #, ({P}); no design had two trials, so that inconsistency and heterogeneity cannot be told apart\."
)
def _designs_of_one(read: Read, m: re.Match[str]) -> None:
    _between(read, m)
    assert number(m[1]) == _Fit(read).studies


@claim(
    r"Whether direct and indirect evidence agree could not be assessed: no two designs of trials could disagree\."
)
def _no_loop(read: Read, m: re.Match[str]) -> None:
    assert read.results["network"]["agreement"]["between_df"] == 0


@claim(
    r"By P-scores (.+?) stood first \(#\), which says how sure it is that it is better than another, not by how much\."
)
def _first_by_p_score(read: Read, m: re.Match[str]) -> None:
    fit, line = _Fit(read), read.results["pooled"]
    beta, cov, left = fit.at(fit.tau2)
    df = len(fit.y) - len(beta)
    factor = {"adhoc": max(1.0, left / df), "knha": left / df}.get(line["test"], 1.0) if df else 1.0
    law = stats.t(df) if df and line["test"] != "z" else stats.norm
    b = np.array([0.0, *beta])
    C = np.zeros((b.size,) * 2)
    C[1:, 1:] = cov * factor
    scores = {}
    for i, name in enumerate(fit.names):
        z = [
            (b[i] - b[j]) / math.sqrt(C[i, i] + C[j, j] - 2 * C[i, j])
            for j in range(b.size)
            if j != i
        ]
        scores[name] = float(np.mean(law.cdf(z)))
    assert max(scores, key=lambda name: scores[name]) == m[1]
    same(m[2], scores[m[1]])


@claim(r"No trial of the network had (.+?)\.(?= [A-Z]|$)")
def _without_trials(read: Read, m: re.Match[str]) -> None:
    there = {name for trial in read.inputs["trials"] for name in trial["treatments"]}
    assert not there & set(m[1].split(", "))


def _moderator(read: Read, kind: str, what: str) -> dict[str, Any]:
    """The planned moderator of a kind that is called so."""
    (found,) = [
        x for x in read.results["moderators"] if (x["kind"], x["moderator"]) == (kind, what)
    ]
    return dict(found)


@claim(
    r"Assumed: the same change of every treatment against (.+?), and none of two others against each other\."
)
def _one_coefficient(read: Read, m: re.Match[str]) -> None:
    assert m[1] == read.inputs["plan"]["comparator"]["label"]
    found = [
        x["lines"] for x in read.results["moderators"]
        if x["kind"] == "meta-regression" and x["lines"] and x["lines"][0]["label"] == "intrcpt"
    ]  # fmt: skip
    assert found
    assert not any(part.get("others") for lines in found for part in lines[1:])


@claim(r"No estimate by (\S+): (.+?)\.(?= [A-Z]|$)")
def _groups_without(read: Read, m: re.Match[str]) -> None:
    group = _moderator(read, "subgroups", m[1])
    gone = [x["label"] for x in group["lines"] if x["estimate"] is None]
    assert gone
    assert all(label in m[2] for label in gone)
    plan = read.inputs["plan"]
    for label in gone:
        there = {
            name
            for trial in read.inputs["trials"]
            if _of(trial, m[1]) == label
            for name in trial["treatments"]
        }
        assert not {plan["intervention"]["label"], plan["comparator"]["label"]} <= there


def _of(trial: dict[str, Any], name: str) -> Any:
    return {one["name"]: one["value"] for one in trial.get("characteristics", ())}.get(name)


@claim(
    r"Left out of the model with a coefficient for each treatment, as no trials tell them: (.+?)\.(?= [A-Z]|$)"
)
def _untold(read: Read, m: re.Match[str]) -> None:
    known = {
        part["label"] for x in read.results["moderators"] for part in x.get("by_treatment", ())
    }
    assert not known & set(m[1].split("; "))


@claim(r"No trials tell: (.+?)\.(?= [A-Z]|$)")
def _no_trials_tell(read: Read, m: re.Match[str]) -> None:
    found = [x for x in read.results["moderators"] if x["moderator"].startswith("0 +")]
    own = read.inputs["plan"]["intervention"]["label"]
    told = {
        f"{one['treatment']}: {part['label']}"
        for x in found
        for part in x["lines"]
        for one in part.get("others", ())
    } | {
        f"{own}: {part['label']}"
        for x in found
        for part in x["lines"]
        if part["estimate"] is not None
    }
    assert found
    assert not told & set(m[1].split("; "))


@claim(
    r"Of the other treatments against (.+?), the test for subgroup differences by (\S+) gave (.+?)\.(?= [A-Z]|$)"
)
def _others_between_groups(read: Read, m: re.Match[str]) -> None:
    line = _moderator(read, "subgroups", m[2])
    told = re.findall(rf"({P}) for (.+?)(?=, p|,? and p|$)", m[3])
    assert len(told) == len(line["tests"])
    for (p, name), test in zip(told, line["tests"], strict=True):
        p_is(p, test["p"])
        if name == "all comparisons":
            continue
        own = [
            (one["estimate"], (one["ci"][1] - one["ci"][0]))
            for part in line["lines"]
            for one in part.get("others", ())
            if one["treatment"] == name
        ]
        assert len(own) - 1 == test["df"]


@claim(
    rf"With a coefficient for each treatment against (.+?), a difference between them was (shown|not shown) for (\S+) \(({P})\)\."
)
def _coefficients_differ(read: Read, m: re.Match[str]) -> None:
    line = _moderator(read, "meta-regression", m[3])
    p = line["alike"]["p"]
    p_is(m[4], p)
    assert (m[2] == "shown") is (p < 0.05)
    assert len(line["by_treatment"]) >= 2


@claim(r"In a network all trials are compared at once salanti2012, .+? P-scores rucker2015\.")
def _networks_how(read: Read, m: re.Match[str]) -> None:
    assert any(plan.get("kind") == "network" for plan in read.plans.values())
