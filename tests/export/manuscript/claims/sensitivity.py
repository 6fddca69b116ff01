# ruff: noqa: ARG001 - every check takes reader and match; a pattern is one line
"""What is claimed of sensitivity analyses, subgroups and meta-regressions."""

from __future__ import annotations

import math
import re
from typing import Any

from tests.export.manuscript.claims.reading import (
    NUMBER,
    P,
    Read,
    claim,
    class_of_limits,
    number,
    p_is,
    same,
    sign_of,
)


def _computed(read: Read) -> list[dict[str, Any]]:
    return [v for v in read.results["variants"] if v["estimate"] is not None]


@claim(r"The conclusion \(“(.+?)”\) was the same in # sensitivity (?:analysis|analyses)\.")
def _held(read: Read, m: re.Match[str]) -> None:
    margin = read.inputs["plan"]["margin"]
    assert {class_of_limits(v["ci"], margin) for v in _computed(read)} == {m[1]}
    assert number(m[2]) == len(_computed(read))


@claim(
    r"Of # sensitivity (?:analysis|analyses), # changed the conclusion \(“(.+?)”\): it was "
    r"(.+?)\.(?= Leaving| Not comp| By | Meta|$)"
)
def _changed(read: Read, m: re.Match[str]) -> None:
    margin = read.inputs["plan"]["margin"]
    classes = [class_of_limits(v["ci"], margin) for v in _computed(read)]
    assert (number(m[1]), number(m[2])) == (len(classes), sum(c != m[3] for c in classes))


@claim(
    r"Leaving out one trial at a time moved the estimate from # \((.+?)\) to # \((.+?)\)\."
    r"(?= Not comp| By | Meta|$)"
)
def _one_out(read: Read, m: re.Match[str]) -> None:
    single = [v["estimate"] for v in _computed(read) if v["variant"] == "leave_one_out"]
    ratio, sign = sign_of(read)
    shown = [math.exp(sign * x) if ratio else x for x in single]
    same(m[1], min(shown))
    same(m[3], max(shown))


@claim(r"Not computed: (.+?)\.(?= By | Meta|$)")
def _not_computed(read: Read, m: re.Match[str]) -> None:
    assert [v for v in read.results["variants"] if v["estimate"] is None]


@claim(rf"(By|Meta-regression on) (.+?): (.+?); (.+?) \(({P})\)\.")
def _moderator(read: Read, m: re.Match[str]) -> None:
    kind = "subgroups" if m[1] == "By" else "meta-regression"
    lines = [x for x in read.results["moderators"] if x["kind"] == kind and x["p"] is not None]
    shown = [x for x in lines if _rounds(m[5], x["p"])]
    assert shown
    assert ("not shown" in m[4]) is (shown[0]["p"] >= 0.05)
    for k in re.findall(r"k = (\d+)", m[3]):
        assert int(k) in {part["k"] for part in shown[0]["lines"]}
    if kind == "meta-regression":
        slope = re.search(rf"k = \d+, ({NUMBER}), ", m[3])
        assert slope
        assert len(re.sub(r"[−.]", "", slope[1]).lstrip("0")) >= 2 or number(slope[1]) == 0


def _rounds(text: str, p: float) -> bool:
    try:
        p_is(text, p)
    except AssertionError:
        return False
    return True


@claim(r"Without a value \(((?:[^()]|\([^()]*\))+)\): (.+?)\.(?= Without| Few| By| Meta|$)")
def _without_value(read: Read, m: re.Match[str]) -> None:
    assert "_" not in m[1], m[1]


@claim(r"Few trials: # for a slope on (.+?); at least (\d+) are advised\.")
def _few_for_slope(read: Read, m: re.Match[str]) -> None:
    slopes = [x for x in read.results["moderators"] if x["kind"] == "meta-regression"]
    assert number(m[1]) < int(m[3])
    assert any(part["k"] == number(m[1]) for one in slopes for part in one["lines"])


@claim(r"Few trials by (.+?): (.+?); at least (\d+) a category are advised\.")
def _few(read: Read, m: re.Match[str]) -> None:
    assert all(int(n) < int(m[3]) for n in re.findall(r"\((\d+)\)", m[2]))
