# ruff: noqa: ARG001, E501 - every check takes reader and match; a pattern is one line
"""What is claimed of pooled results."""

from __future__ import annotations

import math
import re
from typing import Final

import numpy as np
from scipy import stats

from tests.export.manuscript.claims.reading import (
    CI,
    NUMBER,
    P,
    Read,
    claim,
    class_of_interval,
    class_of_limits,
    decoded,
    limits_are,
    number,
    p_is,
    ran,
    same,
    sign_of,
    value_is,
)


@claim(r"See (.+?)\.$")
def _tables(read: Read, m: re.Match[str]) -> None:
    assert " in " in m[1]


@claim(
    rf"The pooled (.+?) was #, {CI}(?:, ({P}))?, from (?:# arms of )?# trials?"
    r"(?: \(# participants\))?(?: \(forest_\S+\))?\. (?=\S)"
)
def _pooled(read: Read, m: re.Match[str]) -> None:
    line, effects = read.results["pooled"], read.results["effects"]
    value_is(read, m[2], line["estimate"])
    limits_are(read, m[3], m[4], line["ci"])
    if m[5]:
        p_is(m[5], line["p"])
    assert number(m[7]) == len({e["study_id"] for e in effects})
    if m[8]:
        assert number(m[8]) == sum(e["n_intervention"] + e["n_comparator"] for e in effects)
    yi, vi = (np.array([e[name] for e in effects]) for name in ("yi", "vi"))
    if line["tau2"] is not None and line["method"] not in ("MH", "PETO"):
        weights = 1 / (vi + line["tau2"])  # the estimate again, from the effects
        assert abs(float(weights @ yi / weights.sum()) - line["estimate"]) < 1e-6


@claim(
    rf"One trial, (.+?), is all there is so far \(k = 1\): (.+?) #, {CI}(?:, ({P}))?, by its own "
    r"normal interval(?: \(forest_\S+\))?\. Nothing was pooled, and heterogeneity cannot be told\."
)
def _lone(read: Read, m: re.Match[str]) -> None:
    (effect,) = read.results["effects"]
    label = read.all("select label from study where id = :s", s=effect["study_id"])
    assert m[1] in (effect["study"], label[0][0])
    value_is(read, m[3], effect["yi"])
    half = stats.norm.ppf(0.5 + read.inputs["plan"]["level"] / 2) * math.sqrt(effect["vi"])
    limits_are(read, m[4], m[5], (effect["yi"] - half, effect["yi"] + half))


SAID: Final = {
    "superior": r"[^.]+? was superior to .+? as well\.|The result favoured (?:.+?) over .+?: the "
    r"interval lay wholly (?:above zero|above 1|below 1)\.",
    "noninferior": r"[^.]+? was noninferior to .+?\. The interval included (?:zero|1), so that neither "
    r"was shown to be better\.",
    "noninferior but statistically worse": r"[^.]+? was noninferior to .+? and, at the same time, .+?\. A "
    r"disadvantage was shown, and one as large as the margin was ruled out\.",
    "inconclusive": r"The result was inconclusive: .+?(?:was shown|that they are alike)\.",
    "inconclusive, statistically worse": r"The result was inconclusive about noninferiority, and "
    r".+? was not\.",
    "inferior": r"[^.]+? was inferior to .+?: the interval lay .+? margin of .+?\.(?= |$)|The result "
    r"favoured .+? over .+?: the interval lay wholly (?:below zero|below 1|above 1)\.",
}


@claim("|".join(f"(?:{pattern})" for pattern in SAID.values()))
def _class_of(read: Read, m: re.Match[str]) -> None:
    low, high = read.results["pooled"]["ci"]
    plan = read.inputs["plan"]
    found = class_of_interval(low, high, plan["margin"])
    assert re.fullmatch(SAID[found], m[0]), found
    if m[0].startswith("The result favoured"):
        better, worse = plan["intervention"]["label"], plan["comparator"]["label"]
        assert f"favoured {better if low > 0 else worse} over" in m[0]


@claim(rf"The one-sided test of noninferiority at that margin gave ({P})\.")
def _noninferiority(read: Read, m: re.Match[str]) -> None:
    line, margin = read.results["pooled"], read.inputs["plan"]["margin"]
    stat = (line["estimate"] + margin) / line["se"]
    law = stats.norm if line["ddf"] is None else stats.t(line["ddf"])
    p_is(m[1], float(law.sf(stat)))


@claim(r"Against the other margins the result was (.+?)\.(?= [A-Z]|$)")
def _others(read: Read, m: re.Match[str]) -> None:
    low, high = read.results["pooled"]["ci"]
    for word, margins in re.findall(r"“(.+?)” at (.+?)(?=, “| and “|$)", m[1]):
        for text in re.findall(rf"(?<![\d.=< ]) ?({NUMBER})(?= \(p|,|$| and)", margins):
            if not sign_of(read)[0]:
                assert class_of_interval(low, high, number(text)) == word


@claim(r"By the normal interval, as older reviews print it, it would be “(.+?)”\.")
def _by_normal(read: Read, m: re.Match[str]) -> None:
    assert class_of_limits(read.results["pooled"]["z_ci"], read.inputs["plan"]["margin"]) == m[1]


@claim(
    rf"Heterogeneity: (?:τ² = # \({CI}\), |τ² = #(?: \(Q-profile interval empty\))?, )?I² = #% "
    rf"\((.+?) by the bands of the Cochrane Handbook deeks2024\), Q\(#\) = #(?:, ({P}))?\."
)
def _heterogeneity(read: Read, m: re.Match[str]) -> None:
    line = read.results["pooled"]
    if m[1] or m[4]:
        same(m[1] or m[4], line["tau2"])
    same(m[5], line["I2"])
    bands = {"perhaps unimportant": (0, 40), "moderate": (30, 60), "substantial": (50, 90),
             "considerable": (75, 100)}  # fmt: skip
    assert set(m[6].split(" to ")) == {w for w, (a, b) in bands.items() if a <= line["I2"] <= b}
    yi, vi = (np.array([e[n] for e in read.results["effects"]]) for n in ("yi", "vi"))
    same(m[7], line["Q_df"])
    same(m[8], line["Q"])
    if line["method"] not in ("MH", "PETO"):
        q = float((((yi - (yi / vi).sum() / (1 / vi).sum()) ** 2) / vi).sum())
        same(m[8], q)
        p_is(m[9], float(stats.chi2.sf(q, len(yi) - 1)))


@claim(
    r"The \d+% prediction interval \[#, #\], (.+?), is where the effect of a further trial like "
    r"these is to be expected\."
)
def _prediction(read: Read, m: re.Match[str]) -> None:
    low, high = read.results["pooled"]["pi"]
    limits_are(read, m[1], m[2], (low, high))
    assert ("include" in m[3]) is (low <= 0 <= high)
    margin = read.inputs["plan"]["margin"]
    if margin is not None and low <= 0 <= high:
        assert ("reaches the margin" in m[3]) is (low <= -margin)


@claim(
    rf"Egger’s test egger1997 (showed an asymmetry|did not show an asymmetry) of the funnel plot"
    rf"(?: \(funnel_\S+\))? \(intercept t\(#\) = #, ({P})\)\."
)
def _egger(read: Read, m: re.Match[str]) -> None:
    yi, vi = (np.array([e[n] for e in read.results["effects"]]) for n in ("yi", "vi"))
    fit = stats.linregress(1 / np.sqrt(vi), yi / np.sqrt(vi))  # as Egger et al. 1997 wrote it
    stat = fit.intercept / fit.intercept_stderr
    p = 2 * stats.t.sf(abs(stat), len(yi) - 2)
    assert number(m[2]) == len(yi) - 2
    same(m[3], stat)
    p_is(m[4], float(p))
    assert bool(p < 0.05) is m[1].startswith("showed")


@claim(r"Not entered: # further (?:study|studies); (.+?)\.(?= [A-Z]|$)")
def _not_entered(read: Read, m: re.Match[str]) -> None:
    if read.analysis in ran(read):
        used = {t["study_id"] for t in read.inputs["trials"]}
        kept = read.all("select id from study where review_id = :r")
        assert number(m[1]) <= len({row[0] for row in kept} - used)
    else:
        assert number(m[1]) <= read.studies


@claim(r"Results of the outcome in # (?:study|studies) compared something else\.")
def _something_else(read: Read, m: re.Match[str]) -> None:
    used = {t["study_id"] for t in read.inputs["trials"]}
    outcome = read.inputs["plan"]["outcome"]
    measured = {
        row[0]
        for row in read.all(
            "select distinct e.study_id from result x join entry e on e.id = x.entry_id "
            "join instrument i on i.id = x.instrument_id join outcome o on o.id = i.outcome_id "
            "where o.review_id = :r and o.slug = :o", o=outcome,
        )
    }  # fmt: skip
    assert number(m[1]) <= len(measured - used)


@claim(r"Open about the numbers that entered: # doubts?\.")
def _doubts(read: Read, m: re.Match[str]) -> None:
    assert number(m[1]) > 0


@claim(
    r"The plan was changed after results had been seen: version # of (\S+), made by .+?\. (?=Changed)"
)
def _plan_changed(read: Read, m: re.Match[str]) -> None:
    rows = read.all(
        "select v.number, v.frozen_at, v.plan from analysis_version v join analysis a on "
        "a.id = v.analysis_id where a.review_id = :r"
    )
    assert any(
        (row[0], str(row[1])[:10], decoded(row[2])["title"]) == (number(m[1]), m[2], read.analysis)
        for row in rows
    )


@claim(r"Changed: .+?\. (?=By version)")
def _plan_changes(read: Read, m: re.Match[str]) -> None:
    assert "_" not in m[0]


@claim(r"By version # the data of today give: .+?\.(?=\s[A-Z][a-z]+ |$)")
def _by_version(read: Read, m: re.Match[str]) -> None:
    assert number(m[1]) >= 1


@claim(
    r"No trial(?: comparing .+?)? has contributed a usable result to this analysis yet\. It has no "
    r"estimate, and nothing is concluded from that\."
)
def _no_trial(read: Read, m: re.Match[str]) -> None:
    assert read.analysis not in ran(read)
