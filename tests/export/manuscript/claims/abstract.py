# ruff: noqa: ARG001 - every check takes reader and match; a pattern is one line
"""What the abstract claims."""

from __future__ import annotations

import re

from review.measures import MIXED
from tests.export.manuscript.claims.before import trials_moved
from tests.export.manuscript.claims.reading import (
    CI,
    P,
    Read,
    claim,
    limits_are,
    number,
    p_is,
    value_is,
)


@claim(r"Objective\. (.+)$")
def _objective(read: Read, m: re.Match[str]) -> None:
    asked = read.one("select question from review where id = :r")
    assert m[1] == (asked or "The objective is for the authors to state.")


@claim(r"Methods\. The sources searched are for the authors to report\.")
def _no_search(read: Read, m: re.Match[str]) -> None:
    assert read.one("select count(*) from search where review_id = :r") == 0


@claim(r"Methods\. Sources searched, last on (\S+): (.+?)\. (?=Planned)")
def _sources(read: Read, m: re.Match[str]) -> None:
    assert m[1] == str(read.one("select max(ran_on) from search where review_id = :r"))
    named = {row[0] for row in read.all("select source from search where review_id = :r")}
    assert set(re.split(r", | and ", m[2])) == named


@claim(r"Planned analyses (pooled|are to pool) effects by (.+?)\.(?= |$)")
def _pooled_by(read: Read, m: re.Match[str]) -> None:
    ran = read.one(
        "select count(*) from run r join analysis a on a.id = r.analysis_id where a.review_id = :r"
    )
    assert (m[1] == "pooled") is (ran > 0)
    timed = {plan["method"]: plan["measure"].startswith("IR") for plan in read.plans.values()}
    named = {"EE": "common-effect model", "MH": "Mantel-Haenszel", "PETO": "Peto"}
    for method, rate in timed.items():
        if method in MIXED:
            named[method] = f"mixed-effects {'Poisson' if rate else 'logistic'} model"
        assert named.get(method, f"random-effects model ({method})") in m[2]
    assert len(re.split(r", | and ", m[2])) == len(timed)


@claim(
    r"(?:Results\. )?The review holds # (?:study|studies)"
    r"(?: \(characteristics\))?(?:; # others? (?:was|were) taken out(?: \(excluded_studies\))?)?\."
)
def _holds(read: Read, m: re.Match[str]) -> None:
    assert number(m[1]) == read.studies
    left = read.one(
        "select count(*) from study where review_id = :r and excluded_because is not null"
    )
    assert m[2] is None or number(m[2]) == left


@claim(
    rf"For “(.+?)” the (?:pooled )?([^:.]+?) was #, {CI}(?: \([^)]+\))?(?:, ({P}))?, from "
    r"(?:# (?:arms?|results?) of )?# trials?(?: in a network| of several outcomes)?"
    r"(?: \(# participants\))?\.(?= |$)"
)
def _abstract_result(read: Read, m: re.Match[str]) -> None:
    read.analysis = m[1]
    line, effects = read.results["pooled"], read.results["effects"]
    value_is(read, m[3], line["estimate"])
    limits_are(read, m[4], m[5], line["ci"])
    if m[6]:
        p_is(m[6], line["p"])
    assert m[7] is None or number(m[7]) == len(effects)
    assert number(m[8]) == len({e["study_id"] for e in effects})
    if m[9]:
        assert number(m[9]) == sum(e["n_intervention"] + e["n_comparator"] for e in effects)


@claim(
    r"Version\. (?:Version (\S+)|Working version(?: after version (\S+))?); results of (\S+?)"
    r"(?:; last search (\S+?))?\.(?= Since|$)"
)
def _version(read: Read, m: re.Match[str]) -> None:
    given = read.one("select version from release where review_id = :r order by id desc limit 1")
    assert (m[1] or m[2]) == given
    searched = read.one("select max(ran_on) from search where review_id = :r")
    assert m[4] == (str(searched) if searched else None)
    runs = [str(row[0])[:10] for row in read.all(
        "select max(n.created) from run n join analysis a on a.id = n.analysis_id "
        "where a.review_id = :r group by a.id"
    )]  # fmt: skip
    frozen = [str(row[0])[:10] for row in read.all(
        "select v.frozen_at from analysis_version v join analysis a on a.id = v.analysis_id "
        "where a.review_id = :r"
    )]  # fmt: skip
    assert m[3] in {*runs, *frozen}
    assert m[3] >= max(runs, default="")
    if m[1]:
        keys = [facts["key"] for facts in read.manifests[m[1]]["runs"].values()]
        assert set(keys) == {row[0] for row in read.all(
            "select n.key from run n where n.id in (select max(r.id) from run r join analysis a "
            "on a.id = r.analysis_id where a.review_id = :r group by a.id)"
        )}  # fmt: skip
        assert (m[4] or "") <= read.released[m[1]]


@claim(r"Since then (.+?)\.$")
def _trials_moved(read: Read, m: re.Match[str]) -> None:
    moved = trials_moved(read)
    said = re.findall(
        r"(\d+)(?: trials?)? (?:was|were) (added|removed|renamed|corrected|retracted)", m[1]
    )
    told = {word: int(n) for n, word in said}
    assert told == {word: len(names) for word, names in moved.items() if names}


@claim(r"No trial has contributed to # planned (?:analysis|analyses) yet\.")
def _without_any(read: Read, m: re.Match[str]) -> None:
    ran = read.one(
        "select count(distinct a.id) from run r join analysis a on a.id = r.analysis_id "
        "where a.review_id = :r"
    )
    assert number(m[1]) == len(read.plans) - ran


@claim(r"The results tell of # further (?:analysis|analyses)\.")
def _further(read: Read, m: re.Match[str]) -> None:
    assert number(m[1]) == len(read.plans) - 6
