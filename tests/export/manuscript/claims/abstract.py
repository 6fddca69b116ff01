# ruff: noqa: ARG001 - every check takes reader and match; a pattern is one line
"""What the abstract claims."""

from __future__ import annotations

import re

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
    assert m[1] == read.one("select question from review where id = :r")


@claim(r"Methods\. The sources searched are for the authors to report\.")
def _no_search(read: Read, m: re.Match[str]) -> None:
    assert read.one("select count(*) from search where review_id = :r") == 0


@claim(r"Methods\. Sources searched, last on (\S+): (.+?)\. (?=Trials)")
def _sources(read: Read, m: re.Match[str]) -> None:
    assert m[1] == str(read.one("select max(ran_on) from search where review_id = :r"))
    named = {row[0] for row in read.all("select source from search where review_id = :r")}
    assert set(re.split(r", | and ", m[2])) == named


@claim(r"Trials (were|are to be) pooled by planned analyses \((.+?)\)\.")
def _pooled_by(read: Read, m: re.Match[str]) -> None:
    ran = read.one(
        "select count(*) from run r join analysis a on a.id = r.analysis_id where a.review_id = :r"
    )
    assert (m[1] == "were") is (ran > 0)
    assert set(re.split(r", | and ", m[2])) == {plan["method"] for plan in read.plans.values()}


@claim(r"(?:Results\. )?The review holds # (?:study|studies)(?:; # left the review)?\.")
def _holds(read: Read, m: re.Match[str]) -> None:
    assert number(m[1]) == read.studies
    left = read.one(
        "select count(*) from study where review_id = :r and excluded_because is not null"
    )
    assert m[2] is None or number(m[2]) == left


@claim(rf"([^.]+(?:\([^)]*\))?): ([^:.]+?) #, {CI}(?:, ({P}))? \(# effects?\)\. (?=\S|$)")
def _abstract_result(read: Read, m: re.Match[str]) -> None:
    read.analysis = m[1]
    line = read.results["pooled"]
    value_is(read, m[3], line["estimate"])
    limits_are(read, m[4], m[5], line["ci"])
    if m[6]:
        p_is(m[6], line["p"])
    assert number(m[7]) == line["k"] == len(read.results["effects"])


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
