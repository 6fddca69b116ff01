# ruff: noqa: ARG001, E501 - every check takes reader and match; a pattern is one line
"""What is claimed of plans, models and margins."""

from __future__ import annotations

import math
import re
from typing import Any, Final

import pytest

from review.measures import MIXED
from tests.export.manuscript.claims.reading import NUMBER, Read, claim, decoded, number, ran, same


@claim(r"(?:One analysis was planned|The planned analyses were): (.+?)\. (?=Plans)")
def _planned(read: Read, m: re.Match[str]) -> None:
    assert re.findall(r"“(.+?)” \(", m[1])
    assert set(re.findall(r"“(.+?)” \(", m[1])) == set(read.plans)
    assert ("One" in m[0]) is (len(read.plans) == 1)


@claim(r"Plans are frozen as versions before they are run \(these: (\S+?)(?: to (\S+))?\)\.")
def _frozen(read: Read, m: re.Match[str]) -> None:
    days = [
        str(row[0])[:10]
        for row in read.all(
            "select v.frozen_at from analysis_version v join analysis a on a.id = v.analysis_id "
            "where a.review_id = :r"
        )
    ]
    assert {m[1], m[2] or m[1]} <= set(days)


FOR: Final = r"(?:For ((?:“[^”]+”(?:, | and )?)+): )?"


def for_plans(read: Read, m: re.Match[str]) -> list[dict[str, Any]]:
    """Return the plans that a sentence is about: those it names, else all."""
    named = re.findall(r"“(.+?)”", m[1]) if m[1] else list(read.plans)
    return [read.plans[title] for title in named]


@claim(r"In each of them positive values favour the side that is named first\.")
def _direction_each(read: Read, m: re.Match[str]) -> None:
    assert len(read.plans) > 1
    for plan in read.plans.values():
        assert plan["kind"] == "contrast"
        newest = [r for r in _newest_inputs(read) if r["plan"]["title"] == plan["title"]]
        for inputs in newest:
            assert plan["measure"] not in ("OR", "RR", "PETO", "IRR"), "a ratio is told as measured"
            assert inputs["plan"]["intervention"]["label"] == plan["intervention"]["label"]


def _newest_inputs(read: Read) -> list[dict[str, Any]]:
    rows = read.all(
        "select n.inputs from run n where n.id in (select max(r.id) from run r join analysis a "
        "on a.id = r.analysis_id where a.review_id = :r group by a.id)"
    )
    return [decoded(row[0]) for row in rows]


def _lower_is_better(read: Read, title: str) -> bool:
    inputs = next(i for i in _newest_inputs(read) if i["plan"]["title"] == title)
    return {not t["higher_is_better"] for t in inputs["trials"]} == {True}


@claim(FOR + r"[Vv]alues are those of ([^.]+?)\.")
def _values_of(read: Read, m: re.Match[str]) -> None:
    plans = [read.plans[read.analysis]] if read.analysis else for_plans(read, m)
    assert all(plan["kind"] == "single_arm" for plan in plans)
    assert {plan["intervention"]["label"] for plan in plans} == {m[2]}


@claim(FOR + r"[Pp]ositive values: better after than before, in ([^.]+?)\.")
def _better_after(read: Read, m: re.Match[str]) -> None:
    """Every effect is the change, turned where lower is better."""
    for plan in [read.plans[read.analysis]] if read.analysis else for_plans(read, m):
        assert (plan["kind"], plan["intervention"]["label"]) == ("single_arm", m[2])
        (results, inputs, *_) = read.runs(plan["title"])[0]
        for trial, effect in zip(inputs["trials"], results["effects"], strict=True):
            x = trial["intervention"][0]["numbers"]
            change = x["mean_change"]
            change = x["mean"] - x["baseline_mean"] if change is None else change
            assert (effect["yi"] > 0) is ((change > 0) is trial["higher_is_better"])


@claim(
    r"In ((?:“[^”]+”(?:, | and )?)+) nothing is compared: changes hold the course of the disorder "
    r"without treatment and regression to the mean beside what the treatment does cuijpers2017\."
)
def _nothing_compared(read: Read, m: re.Match[str]) -> None:
    named = set(re.findall(r"“(.+?)”", m[1]))
    within = ("MC", "SMCC", "SMCR", "SMCRH", "SMCRP", "SMCRPH", "ROMC", "VRC", "CVRC")
    assert named == {title for title, plan in read.plans.items() if plan["measure"] in within}
    for title in named:
        assert all(not trial["comparator"] for trial in read.runs(title)[0][1]["trials"])


@claim(
    FOR + r"[Aa]ssumed (were|are to be) a correlation of # between scores before and after for "
    r"arms that do not report it\."
)
def _before_and_after(read: Read, m: re.Match[str]) -> None:
    """Of arms that are silent the variance is by the correlation that is told."""
    for plan in for_plans(read, m):
        r = number(m[3])
        assert plan["change_correlation"] == r
        (results, inputs, *_) = read.runs(plan["title"])[0]
        silent = 0
        for trial, effect in zip(inputs["trials"], results["effects"], strict=True):
            x = trial["intervention"][0]["numbers"]
            if plan["measure"] == "SMCR" and x["correlation"] is None and x["sd_change"] is None:
                silent += 1
                by_r = 2 * (1 - r) / x["n"] + effect["yi"] ** 2 / (2 * x["n"])
                assert effect["vi"] == pytest.approx(by_r)
        assert silent > 0 or plan["measure"] != "SMCR"


@claim(FOR + r"(\S+(?: \(\S+\))?) (above|below) 1 favours ([^.]+?)\.(?= [A-Z]|$)")
def _direction_of_ratio(read: Read, m: re.Match[str]) -> None:
    """Of ratios as measured: below 1 is better where lower is better."""
    titles = [read.analysis] if read.analysis else [p["title"] for p in for_plans(read, m)]
    for title in titles:
        inputs = next(i for i in _newest_inputs(read) if i["plan"]["title"] == title)
        assert (m[3] == "below") is _lower_is_better(read, title)
        assert m[4] == inputs["plan"]["intervention"]["label"]
        assert {"OR (Peto)": "PETO"}.get(m[2], m[2]) == inputs["plan"]["measure"]


@claim(FOR + r"[Pp]ositive values favour ([^.]+?)\.(?= [A-Z]|$)")
def _direction(read: Read, m: re.Match[str]) -> None:
    plans = [read.plans[read.analysis]] if read.analysis else for_plans(read, m)
    assert {plan["intervention"]["label"] for plan in plans} == {m[2]}


@claim(
    FOR + r"(?:[Ee]ffects (are|were) (?!pooled|to be)(.+?)|[Tt]he effect was (.+?))"
    r"\. (?=[A-Z])"
)
def _measure(read: Read, m: re.Match[str]) -> None:
    words = m[3] or m[4]
    for plan in for_plans(read, m):
        if plan["measure"] == "SMD":
            assert "standardised mean difference" in words, "British, as none was chosen"
        elif plan["measure"] in ("OR", "RR", "RD"):
            kind = {"OR": "odds ratio", "RR": "risk ratio", "RD": "risk difference"}
            assert kind[plan["measure"]] in words
        elif plan["measure"].startswith("IR"):
            kind = {"IRR": "incidence rate ratio", "IRD": "differences of incidence rates"}
            assert kind.get(plan["measure"], "incidence rate") in words
            assert ("per 100 person-years" in words) is (plan["measure"] != "IRR")


@claim(
    r"For ((?:“[^”]+”(?:, | and )?)+): differences were divided by the root of the reliability of their instrument, and variances by the reliability, which counts as known wiernik2020 \((.+?)\)\."
)
def _reliability(read: Read, m: re.Match[str]) -> None:
    for plan in for_plans(read, m):
        told = {
            text.rpartition(" ")[0]: float(text.rpartition(" ")[2]) for text in m[2].split("; ")
        }
        rows = read.all("select slug, name from instrument where review_id = :r")
        names = dict([tuple(row) for row in rows])
        stated = [text.split(" = ") for text in plan["reliability"]]
        assert told == {names[slug]: float(value) for slug, value in stated}
        for inputs in [r for r in _newest_inputs(read) if r["plan"]["title"] == plan["title"]]:
            results = read.runs(plan["title"])[0][0]
            for trial, effect in zip(inputs["trials"], results["effects"], strict=True):
                reported = trial["contrast"]["numbers"]
                r = told[names[trial["instrument"]]]
                assert abs(effect["yi"]) == pytest.approx(abs(reported["estimate"]) / r**0.5)
                assert effect["vi"] == pytest.approx(reported["variance"] / r)


@claim(
    FOR
    + r"(ROMC|VRC|CVRC) (above|below) 1: (better|scores vary more) after than before, in ([^.]+?)\."
)
def _ratio_after(read: Read, m: re.Match[str]) -> None:
    """A ratio is told as measured; which way is better only where its level says so."""
    for plan in [read.plans[read.analysis]] if read.analysis else for_plans(read, m):
        assert (plan["measure"], plan["intervention"]["label"]) == (m[2], m[5])
        assert (m[4] == "better") is (m[2] == "ROMC")
        results, inputs, *_ = read.runs(plan["title"])[0]
        way = {t["higher_is_better"] for t in inputs["trials"]}
        assert (m[3] == "below") is (way == {False})
        for trial, effect in zip(inputs["trials"], results["effects"], strict=True):
            x = trial["intervention"][0]["numbers"]
            spread = math.log(x["sd"] / x["baseline_sd"])
            level = math.log(x["mean"] / x["baseline_mean"])
            told = {"ROMC": level, "VRC": spread, "CVRC": spread - level}[m[2]]
            turned = 1 if trial["higher_is_better"] else -1
            assert turned * effect["yi"] == pytest.approx(told, abs=0.01), "corrected by a little"


@claim(FOR + r"[Pp]ositive values: better (\S+) goes with better (\S+)\.")
def _goes_with(read: Read, m: re.Match[str]) -> None:
    for plan in for_plans(read, m):
        assert (plan["kind"], plan["outcome"], plan["predicts"]) == ("association", m[2], m[3])


@claim(
    r"For ((?:“[^”]+”(?:, | and )?)+): correlations were divided by the root of the product of the reliabilities of both measures(, and variances by that product, which counts| before Fisher’s transformation, with variances by the delta method; reliabilities count) as known wiernik2020 \((.+?)\)\."
)
def _reliabilities(read: Read, m: re.Match[str]) -> None:
    rows = read.all("select slug, name from instrument where review_id = :r")
    names = dict([tuple(row) for row in rows])
    for plan in for_plans(read, m):
        assert (plan["measure"] == "ZCOR") is ("Fisher" in m[2])
        told = dict(text.rsplit(" ", 1) for text in m[3].split("; "))
        stated = dict(text.split(" = ") for text in plan["reliability"])
        assert told == {names[slug]: value for slug, value in stated.items()}
        a = math.sqrt(math.prod(map(float, stated.values())))
        (results, inputs, *_) = read.runs(plan["title"])[0]
        for trial, effect in zip(inputs["trials"], results["effects"], strict=True):
            x = trial["intervention"][0]["numbers"]
            r, n = x["estimate"], x["n"]
            rc = abs(r) / a
            if plan["measure"] == "COR":
                assert abs(effect["yi"]) == pytest.approx(rc)
                assert effect["vi"] == pytest.approx((1 - r * r) ** 2 / (n - 1) / a**2)
            else:
                assert math.tanh(abs(effect["yi"])) == pytest.approx(rc)
                slope = (1 - r * r) / (a * (1 - rc * rc))
                assert effect["vi"] == pytest.approx(slope**2 / (n - 3))


@claim(
    r"For ((?:“[^”]+”(?:, | and )?)+): differences were put in points of (.+?) by linear linking kolen2014, multiplied by the ratio of SDs in reference samples, which count as known \((.+)\)\.(?= [A-Z]|$)"
)
def _linking(read: Read, m: re.Match[str]) -> None:
    rows = read.all("select slug, name from instrument where review_id = :r")
    names = dict([tuple(row) for row in rows])
    for plan in for_plans(read, m):
        assert names[plan["target_instrument"]] == m[2]
        stated = [re.fullmatch(r"(\S+) = \S+ \((\S+)\); (.+)", x) for x in plan["reference_scores"]]
        assert m[3] == "; ".join(f"{names[x[1]]} {x[2]}, {x[3]}" for x in stated if x)
        sd = {x[1]: float(x[2]) for x in stated if x}
        (results, inputs, *_) = read.runs(plan["title"])[0]
        assert {trial["instrument"] for trial in inputs["trials"]} == set(sd)
        for trial, effect in zip(inputs["trials"], results["effects"], strict=True):
            (one,), (other,) = trial["intervention"], trial["comparator"]
            times = sd[plan["target_instrument"]] / sd[trial["instrument"]]
            way = 1 if trial["higher_is_better"] else -1
            difference = one["numbers"]["mean"] - other["numbers"]["mean"]
            assert effect["yi"] == pytest.approx(way * times * difference)


FORMULAS: Final = {
    "the unbiased formula": "UB", "the formula of one variance in both groups": "HO",
    "the second large-sample formula": "LS2", "the formula of no effect": "H0",
}  # fmt: skip


@claim(
    FOR
    + r"(?:[Ss]ampling variances (?:are|were) by (.+?) \(vtype (\S+)\))?(?:; )?([Ss]mall-sample bias (?:is|was) not corrected)? \(of trials whose arms report numbers\)\."
)
def _sampling(read: Read, m: re.Match[str]) -> None:
    for plan in for_plans(read, m):
        assert plan.get("correct", True) is (m[4] is None)
        assert plan.get("vtype", "LS") == (FORMULAS[m[2]] if m[2] else "LS") == (m[3] or "LS")
        if (plan["measure"], m[3], m[4] is None) != ("SMD", "UB", False):
            continue
        (results, inputs, *_) = read.runs(plan["title"])[0]
        for trial, effect in zip(inputs["trials"], results["effects"], strict=True):
            (a, b) = (trial[side][0]["numbers"] for side in ("intervention", "comparator"))
            df = a["n"] + b["n"] - 2
            pooled = ((a["n"] - 1) * a["sd"] ** 2 + (b["n"] - 1) * b["sd"] ** 2) / df
            d = (a["mean"] - b["mean"]) / math.sqrt(pooled)
            log_j = math.lgamma(df / 2) - math.log(df / 2) / 2 - math.lgamma((df - 1) / 2)
            unbiased = 1 / a["n"] + 1 / b["n"] + (1 - (df - 2) / (df * math.exp(log_j) ** 2)) * d**2
            assert effect["yi"] == pytest.approx(d if trial["higher_is_better"] else -d)
            assert effect["vi"] == pytest.approx(unbiased)


@claim(
    FOR
    + r"(?:[Tt]o (?:each cell|the events of each arm) of (.+?) # is added(?:, on average of both arms: to each by its share of the participants)?(?:; trials without events .+?)?|[Nn]othing is "
    r"added to (any (?:cell|arm) of the pooled estimate.*?|(?:cell|arm)s without events.*?)) \((.+?)\)\."
)
def _zero_cells(read: Read, m: re.Match[str]) -> None:
    for plan in for_plans(read, m):
        pooled_as_counts = plan["method"] in (*MIXED, "MH", "PETO")
        place = "arm" if plan["measure"].startswith("IR") else "cell"
        assert pooled_as_counts is (m[4] or "").startswith(f"any {place} of the pooled estimate")
        rule = plan.get("zero_cells") or {}
        assert ("on average of both arms" in m[0]) is bool(rule.get("by_arm"))
        if pooled_as_counts:
            assert m[5] == f"method {plan['method']}"
        elif plan.get("zero_cells") is None:
            assert ("the events of each arm" in m[0]) is (place == "arm")
            empty = "an arm without events" if place == "arm" else "a cell without events"
            assert (m[2], number(m[3])) == (f"the trials that have {empty}", 0.5)


ESTIMATORS: Final = {
    "REML": "restricted maximum likelihood", "ML": "by maximum likelihood",
    "DL": "DerSimonian and Laird", "PM": "Paule and Mandel", "EE": "common-effect",
    "MH": "Mantel-Haenszel", "PETO": "Peto", "UM.FS": "fixed trial intercepts",
    "UM.RS": "random trial intercepts", "CM.EL": "exact by the non-central hypergeometric",
    "CM.AL": "binomial approximation",
}  # fmt: skip
TESTS: Final = {
    "z": "normal intervals", "t": " t intervals", "knha": "Hartung-Knapp intervals",
    "adhoc": "whose variance factor is at least 1",
}  # fmt: skip


@claim(FOR + r"[Ee]ffects (were|are to be) pooled by (.+?), with (.+?)\.(?= [A-Z]|$)")
def _model(read: Read, m: re.Match[str]) -> None:
    for plan in for_plans(read, m):
        timed = plan["measure"].startswith("IR")
        exact = "exact by the binomial distribution" if timed else ESTIMATORS["CM.EL"]
        told = {**ESTIMATORS, "CM.EL": exact}
        assert told.get(plan["method"], plan["method"]) in m[3]
        if plan["method"] in MIXED:
            assert ("Poisson" in m[3], "logistic" in m[3]) == (timed, not timed)
        assert TESTS[plan["test"]] in f" {m[4]}"
        ran = bool(
            [
                row
                for row in read.all(
                    "select r.inputs from run r join analysis a on a.id = r.analysis_id "
                    "where a.review_id = :r"
                )
                if decoded(row[0])["plan"]["title"] == plan["title"]
            ]
        )
        assert ran is (m[2] == "were")


@claim(
    r"Heterogeneity is given as τ²( with its Q-profile interval viechtbauer2007)?, I² higgins2002 "
    r"and the prediction interval riley2011\."
)
def _spread_given(read: Read, m: re.Match[str]) -> None:
    random = [p for p in read.plans.values() if p["method"] not in ("EE", "MH", "PETO")]
    assert random
    counts = [p for p in random if p["method"] in MIXED or p.get("outcomes") or p.get("random")]
    assert bool(m[1]) is (not counts)


@claim(
    FOR
    + r"[Aa]bsolute effects are told at a risk with (.+?) of (.+?), which counts as known, with the number of persons "
    r"to be treated for one more to benefit \(NNTB\) or to be harmed \(NNTH\) and its interval altman1998(; they are shares of "
    r"responders, scores above a threshold, which count as normal with one SD furukawa2011)?\."
)
def _absolute(read: Read, m: re.Match[str]) -> None:
    for plan in for_plans(read, m):
        assert plan["comparator"]["label"] == m[2]
        assert [float(x) for x in re.findall(r"\d\.\d+", m[3])] == plan["baseline_risks"]
        assert bool(m[4]) is (plan["measure"] == "SMD")


@claim(
    FOR
    + r"[Aa]bsolute effects are told at a rate with (.+?) of (.+?) events per person-year, which counts as known, with the person-years of treatment for one event of benefit \(NNTB\) or of harm \(NNTH\) and their interval altman1998\."
)
def _absolute_rates(read: Read, m: re.Match[str]) -> None:
    for plan in for_plans(read, m):
        assert plan["comparator"]["label"] == m[2]
        assert [float(x) for x in re.findall(r"\d\.\d+", m[3])] == plan["baseline_rates"]


@claim(FOR + r"[Nn]o noninferiority margin was planned; intervals were read against zero\.")
def _no_margin(read: Read, m: re.Match[str]) -> None:
    assert all(plan["margin"] is None for plan in for_plans(read, m))


@claim(
    FOR
    + r"[Tt]he noninferiority margin was (?:(?:an (?=[aeio])|a (?![aeio])).+? of )?#(?:, and beside it (.+?))?"
    r"( on the log scale)?; the test of noninferiority is one-sided at #\."
)
def _margin(read: Read, m: re.Match[str]) -> None:
    for plan in for_plans(read, m):
        if " of " not in m[0].partition(";")[0].partition(" was ")[2]:
            same(m[2], plan["margin"])
        else:
            lower = _lower_is_better(read, plan["title"])
            same(m[2], math.exp(plan["margin"] if lower else -plan["margin"]))
        others = [x for x in plan["other_margins"] if x != plan["margin"]]
        assert len(re.findall(NUMBER, m[3] or "")) == len(others)
        same(m[5], (1 - plan["level"]) / 2)


@claim(r"Intervals were classed after Piaggio and colleagues piaggio2012\.")
def _classed(read: Read, m: re.Match[str]) -> None:
    assert any(plan["margin"] is not None for plan in read.plans.values())


@claim(FOR + r"[Ss]everal (?:intervention )?arms of .+?(were|are to be) .+?\.(?= [A-Z]|$)")
def _arms(read: Read, m: re.Match[str]) -> None:
    said = {
        "combine": "combined into one", "split": "share of the comparator",
        "covariance": "covariance",
    }  # fmt: skip
    assert all((plan["title"] in ran(read)) is (m[2] == "were") for plan in for_plans(read, m))
    assert all(said[plan["several_arms"]] in m[0] for plan in for_plans(read, m))


@claim(
    FOR
    + r"[Oo]f several results of a trial the first in this order (?:counted|is to count) \((.+?)\)\."
)
def _order(read: Read, m: re.Match[str]) -> None:
    assert not re.search(r"\bitt\b|_", m[2])
    for plan in for_plans(read, m):
        for key, called in (("raters", "raters"), ("timepoints", "timepoints")):
            told = " then ".join(x.replace("_", " ") for x in plan[key])
            assert not told or f"{called}: {told}" in m[2]


VARIANTS: Final = {
    "fixed": "a common-effect model", "z_test": "the normal interval",
    "leave_one_out": "one trial at a time", "trim_and_fill": "trim and fill duval2000",
    "pet_peese": "PET-PEESE stanley2014",
    "without_influential": "leaving out influential trials",
    "without_linked": "trials measured by the target instrument only",
}  # fmt: skip


@claim(FOR + r"[Bb]eside the main result were planned .+?\.(?= [A-Z]|$)")
def _planned_beside(read: Read, m: re.Match[str]) -> None:
    for plan in for_plans(read, m):
        assert bool(plan["variants"]) is ("as sensitivity analyses" in m[0])
        for key, said in VARIANTS.items():
            assert (key in plan["variants"]) is (said in m[0]), key
        assert bool(plan["subgroups"]) is ("subgroup" in m[0])
        assert bool(plan["moderators"]) is ("meta-regression" in m[0])


@claim(
    r"Small-study effects were looked at in contour-enhanced funnel plots of analyses of 10 trials "
    r"or more peters2008, and their asymmetry was tested by the regression of Egger and "
    r"colleagues egger1997\."
)
def _funnels(read: Read, m: re.Match[str]) -> None:
    newest = [read.runs(title)[0][0]["pooled"]["k"] for title in ran(read)]
    assert max(newest) >= 10


@claim(
    r"For (.+?) the plan has that regression on the inverse square root of the sample size "
    r"pustejovsky2019, instead of the standard error\."
)
def _predictor(read: Read, m: re.Match[str]) -> None:
    named = set(re.findall(r"“(.+?)”", m[1]))
    chosen = {title for title, plan in read.plans.items() if plan.get("asymmetry")}
    assert named == chosen
    assert {read.plans[title]["asymmetry"] for title in named} == {"sqrtninv"}


@claim(r"No analysis has been run yet\.")
def _no_run(read: Read, m: re.Match[str]) -> None:
    assert not ran(read)


@claim(r"Analyses were run with (.+?); the formulae are those of metafor viechtbauer2010\.")
def _software(read: Read, m: re.Match[str]) -> None:
    used = [
        decoded(row[0])
        for row in read.all(
            "select r.software from run r join analysis a on a.id = r.analysis_id "
            "where a.review_id = :r"
        )
    ]
    told = m[1].casefold()
    assert any(all(f"{k} {v}".casefold() in told for k, v in one.items()) for one in used)
