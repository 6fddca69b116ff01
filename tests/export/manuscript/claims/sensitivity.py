# ruff: noqa: ARG001 - every check takes reader and match; a pattern is one line
"""What is claimed of sensitivity analyses, subgroups and meta-regressions."""

from __future__ import annotations

import math
import re
from typing import Any

from tests.export.manuscript.claims.reading import (
    CI,
    NUMBER,
    P,
    Read,
    claim,
    class_of_limits,
    limits_are,
    number,
    p_is,
    same,
    sign_of,
    value_is,
)

OF_NETWORKS = (
    "| Assumed:| No estimate by| No trials tell:| Left out of| Of the other| With a coefficient"
)
"""How sentences of networks alone begin."""


def _computed(read: Read) -> list[dict[str, Any]]:
    return [v for v in read.results["variants"] if v["estimate"] is not None]


@claim(
    r"The conclusion \(“(.+?)”\) was the same in (?:all|the) # sensitivity (?:analysis|analyses)"
    r"(?: \(variants\))?\."
)
def _held(read: Read, m: re.Match[str]) -> None:
    margin = read.inputs["plan"]["margin"]
    assert {class_of_limits(v["ci"], margin) for v in _computed(read)} == {m[1]}
    assert number(m[2]) == len(_computed(read))


@claim(
    r"(?:Of # sensitivity analyses, #|The 1 sensitivity analysis) changed the conclusion "
    r"\(“(.+?)”\): it was (.+?)\.(?= Leaving| Not comp| By |$)"
)
def _changed(read: Read, m: re.Match[str]) -> None:
    margin = read.inputs["plan"]["margin"]
    classes = [class_of_limits(v["ci"], margin) for v in _computed(read)]
    assert number(m[1] or "1") == len(classes)
    assert number(m[2] or "1") == sum(c != m[3] for c in classes)
    lines = [v for v in _computed(read) if class_of_limits(v["ci"], margin) != m[3]]
    for word, k, estimate in re.findall(rf"“([^“”]+)” [^“”]+?\(k = (\d+), ({NUMBER})[,)]", m[4]):
        assert any(
            class_of_limits(v["ci"], margin) == word
            and v["k"] == int(k)
            and _shows(read, estimate, v)
            for v in lines
        ), (word, k, estimate)


@claim(
    r"Leaving out one trial at a time moved the estimate from # \((.+?)\) to # \((.+?)\)\."
    r"(?= Not comp| By |$)"
)
def _one_out(read: Read, m: re.Match[str]) -> None:
    single = [v["estimate"] for v in _computed(read) if v["variant"] == "leave_one_out"]
    ratio, sign = sign_of(read)
    shown = [math.exp(sign * x) if ratio else x for x in single]
    same(m[1], min(shown))
    same(m[3], max(shown))


def _shows(read: Read, text: str, line: dict[str, Any]) -> bool:
    try:
        value_is(read, text, line["estimate"])
    except AssertionError:
        return False
    return True


@claim(r"Not computed: (.+?)\.(?= By | Not computed by|$)")
def _not_computed(read: Read, m: re.Match[str]) -> None:
    missing = [v["label"] for v in read.results["variants"] if v["estimate"] is None]
    assert missing
    assert sum(label in m[1] for label in missing) == min(len(missing), 12)


def _lines(read: Read, kind: str) -> list[dict[str, Any]]:
    return [x for x in read.results["moderators"] if x["kind"] == kind and x["note"] is None]


def _called(name: str) -> str:
    """Return a characteristic as print calls it: by its last word, which is enough to know it."""
    return name.rpartition(".")[2].replace("_", " ")


@claim(
    rf"By (?!meta-regression|version)(.+?): (.+?); (the effects differed between subgroups|a "
    rf"difference between subgroups was not shown) \(({P})\)\."
)
def _subgroups(read: Read, m: re.Match[str]) -> None:
    found = [x for x in _lines(read, "subgroups") if x["p"] is not None and _rounds(m[4], x["p"])]
    assert found
    line = found[0]
    assert ("not shown" in m[3]) is (line["p"] >= 0.05)
    told = re.findall(rf"k = (\d+), ({NUMBER}), {CI}", m[2])
    more = re.search(r"and (\d+) more", m[2])
    parts = [part for part in line["lines"] if part["estimate"] is not None]
    assert len(told) + int(more[1] if more else 0) == len(parts)
    for (k, estimate, low, high), part in zip(told, parts, strict=False):
        assert int(k) == part["k"]
        value_is(read, estimate, part["estimate"])
        limits_are(read, low, high, part["ci"])


@claim(
    r"By meta-regression (the effect changed with|a change of the effect was not shown with) (.+?)"
    rf"\.(?= By meta| Not computed by| Without| Few{OF_NETWORKS}|$)"
)
def _regression(read: Read, m: re.Match[str]) -> None:
    shown = m[1].startswith("the effect")
    lines = [
        x for x in _lines(read, "meta-regression")
        if x["p"] is not None and (x["p"] < 0.05) is shown
    ]  # fmt: skip
    parts = [
        part
        for x in lines
        for part in x["lines"]
        if part["label"] != "intrcpt" and part["estimate"] is not None
    ]
    for label, estimate, low, high in re.findall(
        rf"at the mean, ([^;]+?), the effect was ({NUMBER}), {CI}", m[2]
    ):
        (line,) = [x for x in lines if (x.get("at_mean") or {}).get("label") == label]
        _at_the_mean(read, line, label)
        value_is(read, estimate, line["at_mean"]["estimate"])
        limits_are(read, low, high, line["at_mean"]["ci"])
    told = re.findall(rf"({NUMBER}), {CI}, k = (\d+)", m[2])
    assert told
    assert len(told) == len(parts) or "more" in m[2]
    for (estimate, low, high, k), part in zip(told, parts, strict=False):
        value_is(read, estimate, part["estimate"])
        limits_are(read, low, high, part["ci"])
        assert int(k) == part["k"]
        assert len(re.sub(r"[−.]", "", estimate).lstrip("0")) >= 2 or number(estimate) == 0
    for p in re.findall(P, m[2]):
        assert any(_rounds(p, x["p"]) for x in lines)


def _at_the_mean(read: Read, line: dict[str, Any], label: str) -> None:
    """Assert that the line of a slope passes through the effect at the mean of its moderator."""
    trials = {
        t["study_id"]: t for t in read.inputs["trials"]
    }.values()  # a network has several rows
    values = [x for t in trials if (x := _value(t, line["moderator"])) is not None]
    mean = sum(values) / len(values)
    same(label.rpartition(" ")[2], mean)
    intercept, slope = (part["estimate"] for part in line["lines"])
    assert math.isclose(intercept + slope * mean, line["at_mean"]["estimate"], abs_tol=1e-8)


def _value(trial: dict[str, Any], moderator: str) -> float | None:
    kept = {one["name"]: one["value"] for one in trial.get("characteristics", ())}
    given = trial["year"] if moderator == "year" else kept.get(moderator)
    return None if given is None else float(given)


def _rounds(text: str, p: float) -> bool:
    try:
        p_is(text, p)
    except AssertionError:
        return False
    return True


@claim(rf"Not computed by (.+?)\.(?= Without| Few{OF_NETWORKS}|$)")
def _moderator_not_computed(read: Read, m: re.Match[str]) -> None:
    missing = [x for x in read.results["moderators"] if x["note"] is not None]
    assert missing
    assert all(_called(x["moderator"]) in m[1] for x in missing[:12])


@claim(rf"Without a value of (.+?): (.+?)\.(?= Without| Few{OF_NETWORKS}|$)")
def _without_value(read: Read, m: re.Match[str]) -> None:
    assert "_" not in m[0]
    gone = [x["without"] for x in read.results["moderators"]]
    named = [{item["study"] for item in items} for items in gone]
    assert any(
        items and sum(study in m[2] for study in items) >= min(len(items), 12) for items in named
    )


@claim(r"Few trials: # for a slope on (.+?); at least (\d+) are advised\.")
def _few_for_slope(read: Read, m: re.Match[str]) -> None:
    slopes = [x for x in read.results["moderators"] if x["kind"] == "meta-regression"]
    assert number(m[1]) < int(m[3])
    assert any(part["k"] == number(m[1]) for one in slopes for part in one["lines"])


@claim(r"Few trials by (.+?): (.+?); at least (\d+) a category are advised\.")
def _few(read: Read, m: re.Match[str]) -> None:
    assert all(int(n) < int(m[3]) for n in re.findall(r"\((\d+)\)", m[2]))
