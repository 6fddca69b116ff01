# ruff: noqa: ARG001, E501 - every check takes reader and match; a pattern is one line
"""What is claimed of pooled results."""

from __future__ import annotations

import math
import re
from typing import Final

import numpy as np
from scipy import stats

from review.extraction.doubts import doubts
from review.measures import OF_COUNTS
from review.protocol.models import Review
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


@claim(r"See also (.+?)\.$")
def _see_also(read: Read, m: re.Match[str]) -> None:
    """The results of trials are those of the analysis that the text is about."""
    for slug in re.findall(r"\bstudy_results_(\S+) \(", m[1]):
        plan = read.one(
            "select v.plan from analysis_version v join analysis a on a.id = v.analysis_id "
            "where a.review_id = :r and a.slug = :s order by v.id desc limit 1", s=slug,
        )  # fmt: skip
        assert decoded(plan)["title"] == read.analysis


@claim(r"See (?!also)(.+?)\.$")
def _tables(read: Read, m: re.Match[str]) -> None:
    assert " in " in m[1]


@claim(
    rf"The pooled (.+?) was #, {CI}(?: \([^)]+\))?(?:, ({P}))?, from (?:# arms of )?# trials?"
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
    if line["tau2"] is not None and line["method"] not in OF_COUNTS:
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
    r"interval lay wholly (?:above zero|above 1|below 1)\.|The association was positive: the interval "
    r"lay wholly above zero\.",
    "noninferior": r"[^.]+? was noninferior to .+?\. The interval included (?:zero|1), so that neither "
    r"was shown to be better\.",
    "noninferior but statistically worse": r"[^.]+? was noninferior to .+? and, at the same time, .+?\. A "
    r"disadvantage was shown, and one as large as the margin was ruled out\.",
    "inconclusive": r"The result was inconclusive: .+?(?:was shown|that they are alike)\.|The interval "
    r"included zero, so that an association was not shown in either direction; nor does this show that "
    r"there is none\.",
    "inconclusive, statistically worse": r"The result was inconclusive about noninferiority, and "
    r".+? was not\.",
    "inferior": r"[^.]+? was inferior to .+?: the interval lay .+? margin of .+?\.(?= |$)|The result "
    r"favoured .+? over .+?: the interval lay wholly (?:below zero|below 1|above 1)\.|The association "
    r"was negative: the interval lay wholly below zero\.",
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


@claim(r"By the normal interval, as older reviews print it, the conclusion would be “(.+?)”\.")
def _by_normal(read: Read, m: re.Match[str]) -> None:
    assert class_of_limits(read.results["pooled"]["z_ci"], read.inputs["plan"]["margin"]) == m[1]


@claim(
    rf"Heterogeneity: (?:τ² = # \({CI}\), |τ² = #(?: \(Q-profile interval empty\))?, )?I² = #%, "
    rf"(.+?) by the bands of the Cochrane Handbook deeks2024; Q\(#\) = #(?:, ({P}))?\."
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
    if line["method"] not in OF_COUNTS:
        q = float((((yi - (yi / vi).sum() / (1 / vi).sum()) ** 2) / vi).sum())
        same(m[8], q)
        p_is(m[9], float(stats.chi2.sf(q, len(yi) - 1)))


@claim(
    r"The \d+% prediction interval \[#, #\](?:, (.+?),)? is where the (effect|value|change) of a further "
    r"trial like these is to be expected\."
)
def _prediction(read: Read, m: re.Match[str]) -> None:
    low, high = read.results["pooled"]["pi"]
    limits_are(read, m[1], m[2], (low, high))
    plan = read.inputs["plan"]
    assert (m[4] != "effect") is (m[3] is None) is (plan["kind"] == "single_arm")
    within = ("MC", "SMCC", "SMCR", "SMCRH", "SMCRP", "SMCRPH", "ROMC", "VRC", "CVRC")
    assert (m[4] == "change") is (plan["measure"] in within)
    if m[3] is None:
        return
    assert ("include" in m[3]) is (low <= 0 <= high)
    margin = read.inputs["plan"]["margin"]
    if margin is not None and low <= 0 <= high:
        assert ("reaches the margin" in m[3]) is (low <= -margin)


@claim(
    rf"Egger’s test( by the inverse square root of the sample size)? egger1997 (showed an "
    rf"asymmetry|did not show an asymmetry) of the funnel plot"
    rf"(?: \(funnel_\S+\))? \((intercept|slope) t\(#\) = #, ({P})\)\."
)
def _egger(read: Read, m: re.Match[str]) -> None:
    yi, vi = (np.array([e[n] for e in read.results["effects"]]) for n in ("yi", "vi"))
    chosen = read.inputs["plan"].get("asymmetry", "sei")
    assert chosen == ("sqrtninv" if m[1] else "sei")
    assert m[3] == ("slope" if m[1] else "intercept")
    fit = stats.linregress(1 / np.sqrt(vi), yi / np.sqrt(vi))  # as Egger et al. 1997 wrote it
    stat = fit.intercept / fit.intercept_stderr
    if m[1]:
        n = [e["n_intervention"] + e["n_comparator"] for e in read.results["effects"]]
        x = np.column_stack([np.ones(len(n)), 1 / np.sqrt(n)]) / np.sqrt(vi)[:, None]
        beta, (left,), *_ = np.linalg.lstsq(x, yi / np.sqrt(vi), rcond=None)
        spread = left / (len(n) - 2) * np.linalg.inv(x.T @ x)
        stat = beta[1] / math.sqrt(spread[1, 1])
    p = 2 * stats.t.sf(abs(stat), len(yi) - 2)
    assert number(m[4]) == len(yi) - 2
    same(m[5], stat)
    p_is(m[6], float(p))
    assert bool(p < 0.05) is m[2].startswith("showed")


@claim(
    r"Left out so far (?:was|were) # (?:further )?(?:study|studies)(?: \(notices\))?: (.+?)\."
    r"(?= Results of| In part| Automatic| The | By |$)"
)
def _left_out(read: Read, m: re.Match[str]) -> None:
    kept = {
        row[1]: row[0]
        for row in read.all(
            "select id, label from study where review_id = :r and excluded_because is null"
        )
    }
    used: set[int] = set()
    if read.analysis in ran(read):
        used = {t["study_id"] for t in read.inputs["trials"]}
        assert "further" in m[0].partition(":")[0]
    named = {label for label in kept if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", m[2])}
    assert not {kept[label] for label in named} & used
    more = sum(int(n) for n in re.findall(r"and (\d+) more", m[2]))
    assert len(named) + more >= number(m[1])
    assert number(m[1]) <= len(set(kept.values()) - used)
    if "no results entered" in m[2] and m[2].count("(") == m[2].count("(no results entered"):
        entered = read.entered()
        done = {s for s, kinds in entered.items() if "consensus" in kinds or kinds == {"single"}}
        assert not {kept[label] for label in named} & done


@claim(r"No longer in the review: (.+?)\.(?= Results of| In part| Automatic| The | By |$)")
def _taken_out(read: Read, m: re.Match[str]) -> None:
    gone = {
        row[0]: row[1]
        for row in read.all(
            "select label, excluded_because from study where review_id = :r and "
            "excluded_because is not null"
        )
    }
    told = [label for label in gone if label in m[1]]
    assert told
    assert all(f"{label} ({gone[label]})" in m[1] for label in told)


@claim(r"In # (?:study|studies) results of this outcome compare something else\.")
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


@claim(r"Automatic checks of the numbers that entered leave # doubts? open(?: \(notices\))?\.")
def _doubts(read: Read, m: re.Match[str]) -> None:
    """Checks are the program's own; here is held that each is open and about a trial that entered."""
    review = read.session.get(Review, read.review)
    assert review is not None
    entered = {trial["study_id"] for trial in read.inputs["trials"]}
    open_ = [
        doubt
        for doubt in doubts(read.session, review)
        if doubt.dismissal is None and doubt.finding.study_id in entered
    ]
    assert 0 < number(m[1]) <= len(open_)


@claim(
    r"The plan was changed after results had been seen: version # of (\S+) was frozen when run # had "
    r"been seen(?:; the reason given: “(.+?)”)?\. (?=Changed)"
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
    made = read.all(
        "select e.seq, e.reason from event e join analysis_version v on v.id = e.entity_id "
        "join analysis a on a.id = v.analysis_id where e.entity = 'analysis_version' and "
        "e.action = 'insert' and a.review_id = :r and v.number = :n",
        n=int(number(m[1])),
    )
    ran_at = read.all(
        "select e.seq, n.number from event e join run n on n.id = e.entity_id join analysis a "
        "on a.id = n.analysis_id where e.entity = 'run' and e.action = 'insert' and "
        "a.review_id = :r",
    )
    assert any(
        reason == m[4] and any(n == number(m[3]) and at < seq for at, n in ran_at)
        for seq, reason in made
    )


@claim(r"Changed: .+?\. (?=By version)")
def _plan_changes(read: Read, m: re.Match[str]) -> None:
    assert "_" not in m[0]


@claim(
    r"The analysis was planned on (\S+), when results of (.+?) had been seen already "
    r"\(in “(.+?)”\)\."
)
def _post_hoc(read: Read, m: re.Match[str]) -> None:
    now = read.plans[str(read.analysis)]
    name = read.one("select name from outcome where review_id = :r and slug = :o", o=now["outcome"])
    assert str(name).casefold() == m[2].casefold()
    (first,) = read.all(
        "select v.id, v.frozen_at from analysis_version v join analysis a on a.id = v.analysis_id "
        "where a.review_id = :r and v.number = 1 and v.plan like :t",
        t=f'%"{read.analysis}"%',
    )[-1:]
    assert str(first[1])[:10] == m[1]
    planned = read.one(
        "select seq from event where entity = 'analysis_version' and action = 'insert' and "
        "entity_id = :v",
        v=first[0],
    )
    ran_before = [
        decoded(row[0])["plan"]["title"]
        for row in read.all(
            "select n.inputs from run n join event e on e.entity = 'run' and e.action = 'insert' "
            "and e.entity_id = n.id join analysis a on a.id = n.analysis_id "
            "where a.review_id = :r and e.seq < :s", s=planned,
        )
    ]  # fmt: skip
    assert m[3] in ran_before


NO_NUMBER: Final = frozenset(
    {
        "variants",
        "subgroups",
        "moderators",
        "heterogeneity",
        "bayes",
        "sequential",
        "title",
        "margin",
        "other_margins",
        "rho",
    }
)
"""What of a plan moves no estimate of one result a trial."""


@claim(
    rf"By version # the present data give (.+? {NUMBER} \[{NUMBER}, {NUMBER}\].*?)\.(?=\s[A-Z][a-z]+ |$)"
)
def _by_version(read: Read, m: re.Match[str]) -> None:
    plans = [
        decoded(row[0])
        for row in read.all(
            "select v.plan from analysis_version v join analysis a on a.id = v.analysis_id "
            "where a.review_id = :r and v.number = :n", n=int(number(m[1])),
        )
    ]  # fmt: skip
    now = read.plans[str(read.analysis)]
    alike = [
        plan for plan in plans
        if all(plan.get(key) == now.get(key) for key in now.keys() - NO_NUMBER)
    ]  # fmt: skip
    if not alike:
        return  # another method: its numbers are held by the tests of plans that were changed
    found = re.search(rf"({NUMBER}) \[({NUMBER}), ({NUMBER})\]", m[2])
    assert found
    line = read.results["pooled"]
    value_is(read, found[1], line["estimate"])
    limits_are(read, found[2], found[3], line["ci"])


@claim(
    r"No trial has contributed a usable result yet to (.+?)\. These have no estimate, and nothing is "
    r"concluded from that\."
)
def _no_trial_of_several(read: Read, m: re.Match[str]) -> None:
    named = set(re.findall(r"“(.+?)”", m[1]))
    assert len(named) > 1
    assert named <= read.plans.keys() - ran(read)


@claim(
    r"No trial(?: comparing .+?)? has contributed a usable result to this analysis yet\. It has no "
    r"estimate, and nothing is concluded from that\."
)
def _no_trial(read: Read, m: re.Match[str]) -> None:
    assert read.analysis not in ran(read)
