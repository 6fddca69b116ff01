# ruff: noqa: ARG001, E501 - every check takes reader and match; a pattern is one line
"""What is claimed of changes since readers last saw a result."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from tests.export.manuscript.claims.before import (
    Baseline,
    baseline,
    replanned,
    seen_on,
    since,
    trials_moved,
)
from tests.export.manuscript.claims.reading import (
    CI,
    Read,
    claim,
    class_of_limits,
    limits_are,
    number,
    value_is,
)

NO_CLASS: Final = "single_arm"
"""The kind of analyses that conclude nothing."""

SINCE: Final = r"Since (version \S+ of \S+|the results of \S+ \(run \d+\)|earlier results)"


def _conclusion(row: Baseline) -> str | None:
    results, inputs = row
    if inputs["plan"]["kind"] == NO_CLASS:
        return None
    return class_of_limits(results["pooled"]["ci"], inputs["plan"]["margin"])


def _flipped(read: Read) -> dict[str, tuple[str | None, str | None]]:
    found = {}
    for title in read.titles:
        before = baseline(read, title)
        if before is not None:
            pair = (_conclusion(before), _conclusion(read.runs(title)[0][:2]))
            if pair[0] != pair[1]:
                found[title] = pair
    return found


@claim(SINCE + r" the conclusion changed in (.+?)\.(?= [A-Z]|$)")
def _conclusions_changed(read: Read, m: re.Match[str]) -> None:
    _is_since(read, m[1])
    told = re.findall(r"“(.+?)” \(from “(.+?)” to “(.+?)”\)", m[2])
    assert {title: (was, now) for title, was, now in told} == _flipped(read)


@claim(SINCE + r" no conclusion changed\.")
def _no_conclusion_changed(read: Read, m: re.Match[str]) -> None:
    _is_since(read, m[1])
    assert _flipped(read) == {}


def _is_since(read: Read, told: str) -> None:
    """Assert that every analysis is held against what is told, or that they differ."""
    known = {since(read, title) for title in read.titles if baseline(read, title) is not None}
    assert told == (known.pop() if len(known) == 1 else "earlier results")


MOVED: Final = (
    r" (?:was|were) # trials?: (.+?)\.(?= Added | Removed | Renamed | Corrected | Retracted| The plan"
    r"| Analyses told| Searched since| Each change|$)"
)


@claim(rf"(Added|Removed|Renamed|Corrected){MOVED}")
def _trials(read: Read, m: re.Match[str]) -> None:
    _have_moved(read, m)


@claim(rf"(Retracted or under concern){MOVED}")
def _withdrawn(read: Read, m: re.Match[str]) -> None:
    _have_moved(read, m)


def _have_moved(read: Read, m: re.Match[str]) -> None:
    moved = trials_moved(read)[m[1].lower().split()[0]]
    assert number(m[2]) == len(moved)
    named = m[3].partition(" more")[0]
    told = [name for name in moved if name in named]
    more = re.search(r"and (\d+) more", m[3])
    assert len(told) + int(more[1] if more else 0) >= len(moved)
    if m[1] == "Renamed":
        for was, now in moved.items():
            assert f"{was}, now {now}" in m[3] or more


@claim(r"The plans? (was|were) revised: (.+?)\.(?= [A-Z]|$)")
def _revised(read: Read, m: re.Match[str]) -> None:
    assert set(re.findall(r"“(.+?)”", m[2])) == replanned(read)
    assert (m[1] == "was") is (len(replanned(read)) == 1)


@claim(r"Analyses told for the first time: (.+?)\.(?= [A-Z]|$)")
def _first_told(read: Read, m: re.Match[str]) -> None:
    new = {title for title in read.titles if baseline(read, title) is None}
    told = set(re.findall(r"“(.+?)”", m[1]))
    more = re.search(r"and (\d+) more", m[1])
    assert told <= new
    assert len(told) + int(more[1] if more else 0) == len(new)


@claim(r"Searched since: (.+?)\.(?= [A-Z]|$)")
def _searched_since(read: Read, m: re.Match[str]) -> None:
    told = dict(re.findall(r"(?:^|, | and )([^,(]+?) \(last on (\S+?)\)", m[1]))
    rows = read.all("select source, max(ran_on) from search where review_id = :r group by source")
    begun = min(day for title in read.titles if (day := seen_on(read, title)))
    assert told == {source: str(day) for source, day in rows if str(day) > begun}


@claim(r"Each change is listed(?: \(whats_new\))?\.")
def _listed(read: Read, m: re.Match[str]) -> None:
    unchanged = [
        before is not None and before[0] == read.runs(title)[0][0]
        for title in read.titles
        for before in [baseline(read, title)]
    ]
    searched = read.one("select max(ran_on) from search where review_id = :r")
    begun = [day for title in read.titles if (day := seen_on(read, title))]
    assert not all(unchanged) or any(trials_moved(read).values()) or str(searched) > min(begun)


@claim(
    rf"Since (version \S+ of \S+|the results of \S+ \(run \d+\)), with (.+?), the estimate went from #, {CI} "
    rf"\(# (?:trial|arm)s?\), to #, {CI} \(# (?:trial|arm)s?\)\."
)
def _moved(read: Read, m: re.Match[str]) -> None:
    assert m[1] == since(read, str(read.analysis))
    before = baseline(read, str(read.analysis))
    assert before is not None
    (old, was), (new, now) = before, read.runs()[0][:2]
    value_is(read, m[3], old["pooled"]["estimate"])
    limits_are(read, m[4], m[5], old["pooled"]["ci"])
    value_is(read, m[7], new["pooled"]["estimate"])
    limits_are(read, m[8], m[9], new["pooled"]["ci"])
    assert (number(m[6]), number(m[10])) == (old["pooled"]["k"], new["pooled"]["k"])
    ids = [{_unit(t) for t in inputs["trials"]} for inputs in (was, now)]
    added, removed = (
        re.search(rf"(\d+) (?:trial|arm)s? {word}", m[2]) for word in ("added", "removed")
    )
    assert int(added[1] if added else 0) == len(ids[1] - ids[0])
    assert int(removed[1] if removed else 0) == len(ids[0] - ids[1])
    assert ("plan" in m[2]) is (was["plan"] != now["plan"])


def _unit(trial: dict[str, Any]) -> tuple[Any, ...]:
    """Return what tells a trial, or a single arm, from the others."""
    if trial.get("side") is None:
        return (trial["study_id"],)
    return trial["study_id"], trial["side"], trial["intervention"][0]["arm"]


@claim(r"The conclusion (?:is still “(.+?)”|changed from “(.+?)” to “(.+?)”)\.")
def _flip(read: Read, m: re.Match[str]) -> None:
    before = baseline(read, str(read.analysis))
    assert before is not None
    was, now = _conclusion(before), _conclusion(read.runs()[0][:2])
    assert now == (m[1] or m[3])
    assert was == (m[1] or m[2])
    assert (was == now) is bool(m[1])


@claim(r"Changed in the plan: (.+?)\.$")
def _in_plan(read: Read, m: re.Match[str]) -> None:
    assert "_" not in m[1]
    before = baseline(read, str(read.analysis))
    assert before is not None
    old, new = before[1]["plan"], read.inputs["plan"]
    changed = {
        name for name in {*old, *new} if json.dumps(old.get(name)) != json.dumps(new.get(name))
    }
    assert len(m[1].split("; ")) >= len(changed) > 0


@claim(r"This is the result of (.+?); nothing in it has changed\.")
def _unchanged(read: Read, m: re.Match[str]) -> None:
    before = baseline(read, str(read.analysis))
    assert before is not None
    assert m[1] == since(read, str(read.analysis))
    assert before[0] == read.results
