# ruff: noqa: ARG001, E501 - every check takes reader and match; a pattern is one line
"""What is claimed of changes since readers last saw a result."""

from __future__ import annotations

import re
from typing import Any

from tests.export.manuscript.claims.reading import (
    CI,
    Read,
    claim,
    class_of_limits,
    decoded,
    limits_are,
    number,
    value_is,
)


def _before(read: Read, since: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return results and inputs of what a sentence says it compares with."""
    if found := re.match(r"run (\d+) of", since):
        (row,) = [r for r in read.runs() if r[2] == int(found[1])]
    else:
        version = re.match(r"version (\S+) of", since)
        assert version
        manifest = decoded(
            read.one("select manifest from release where review_id = :r and version = :v",
                     v=version[1])
        )  # fmt: skip
        keys = {facts["number"]: slug for slug, facts in manifest["runs"].items()}
        (row,) = [
            r for r in read.runs()
            if r[2] in keys and manifest["runs"][keys[r[2]]]["number"] == r[2]
        ][:1]  # fmt: skip
    return row[0], row[1]


@claim(
    rf"Since (.+?), with (.+?), the estimate went from #, {CI} \(# trials?\), to #, {CI} "
    r"\(# trials?\)\."
)
def _moved(read: Read, m: re.Match[str]) -> None:
    (old, was), (new, now) = _before(read, m[1]), read.runs()[0][:2]
    value_is(read, m[3], old["pooled"]["estimate"])
    limits_are(read, m[4], m[5], old["pooled"]["ci"])
    value_is(read, m[7], new["pooled"]["estimate"])
    limits_are(read, m[8], m[9], new["pooled"]["ci"])
    assert (number(m[6]), number(m[10])) == (old["pooled"]["k"], new["pooled"]["k"])
    ids = [{t["study_id"] for t in inputs["trials"]} for inputs in (was, now)]
    added, removed = (re.search(rf"(\d+) trials? {word}", m[2]) for word in ("added", "removed"))
    assert int(added[1] if added else 0) == len(ids[1] - ids[0])
    assert int(removed[1] if removed else 0) == len(ids[0] - ids[1])
    assert ("plan" in m[2]) is (was["plan"] != now["plan"])


@claim(r"The conclusion (?:is still “(.+?)”|changed from “(.+?)” to “(.+?)”)\.")
def _flip(read: Read, m: re.Match[str]) -> None:
    now = class_of_limits(read.results["pooled"]["ci"], read.inputs["plan"]["margin"])
    assert now == (m[1] or m[3])
    if m[2]:
        classes = {
            class_of_limits(r[0]["pooled"]["ci"], r[1]["plan"]["margin"]) for r in read.runs()[1:]
        }
        assert m[2] in classes
        assert m[2] != m[3]


@claim(
    r"(Added|Removed|Corrected|Renamed|Retracted): (.+?)\.(?= Removed| Corrected| Changed in| Renamed| Added| Retracted|$)"
)
def _named(read: Read, m: re.Match[str]) -> None:
    everyone = {t["study"] for r in read.runs() for t in r[1]["trials"]}
    everyone |= {row[0] for row in read.all("select label from study where review_id = :r")}
    assert any(name in m[2] for name in everyone)


@claim(r"Changed in the plan: (.+?)\.$")
def _in_plan(read: Read, m: re.Match[str]) -> None:
    assert "_" not in m[1]


@claim(r"This is the result of (.+?); nothing in it has changed\.")
def _unchanged(read: Read, m: re.Match[str]) -> None:
    assert _before(read, m[1])[0] == read.results
