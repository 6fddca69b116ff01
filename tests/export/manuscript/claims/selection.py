# ruff: noqa: ARG001 - every check takes reader and match; a pattern is one line
"""What is claimed of the flow of records, reports and studies."""

from __future__ import annotations

import re

from tests.export.manuscript.claims.reading import Read, claim, number


@claim(
    r"In all, # records? (?:was|were) identified(?: \(prisma_flow\))?"
    r"(?:; before screening, (.+?) were removed)?\."
)
def _identified(read: Read, m: re.Match[str]) -> None:
    identified = number(m[1])
    assert identified == read.one(
        "select count(*) from record c join batch b on b.id = c.batch_id "
        "where c.review_id = :r and b.withdrawn_because is null"
    )


@claim(
    r"Of # records? screened, # were excluded; # reports? (?:was|were) sought for retrieval, and # "
    r"could not be retrieved\."
)
def _screened(read: Read, m: re.Match[str]) -> None:
    screened, excluded, sought, missing = (number(m[i]) for i in range(1, 5))
    assert screened == excluded + sought
    lost = read.one(
        "select count(distinct t.record_id) from retrieval t join record c on c.id = t.record_id "
        "where c.review_id = :r and lower(t.outcome) in ('not_retrieved', 'unavailable') and "
        "t.id = (select max(id) from retrieval where record_id = t.record_id)"
    )
    assert missing == lost


@claim(r"Of # reports? assessed in full text, # were excluded(?: \((.+?)\))?\.(?= Included)")
def _assessed(read: Read, m: re.Match[str]) -> None:
    excluded = number(m[2])
    assert excluded <= number(m[1])
    if m[3]:
        assert sum(int(n) for n in re.findall(r" (\d+)(?=,| and|$)", m[3])) == excluded
        labels = [
            row[0] for row in read.all("select label from exclusion_reason where review_id = :r")
        ]
        assert all(
            any(part.startswith(x) for x in labels)
            for part in re.split(r"(?<=\d),? (?:and )?", m[3])
        )


@claim(r"Included were # (?:study|studies) in # reports?\.")
def _included(read: Read, m: re.Match[str]) -> None:
    linked = read.all(
        "select distinct l.study_id, l.record_id from report_link l join study s on "
        "s.id = l.study_id where s.review_id = :r and s.excluded_because is null"
    )
    assert number(m[1]) <= len({row[0] for row in linked})
    assert number(m[1]) <= number(m[2])


@claim(r"Still awaited: (.+?)\.(?= Not| Studies|$)")
def _still(read: Read, m: re.Match[str]) -> None:
    assert all(int(n) > 0 for n in re.findall(r"\d+", m[1]))


@claim(
    r"Not in this flow, since no included record leads there: # further (?:study|studies) that the "
    r"review holds\."
)
def _outside(read: Read, m: re.Match[str]) -> None:
    linked = {row[0] for row in read.all("select study_id from report_link")}
    kept = {
        row[0]
        for row in read.all(
            "select id from study where review_id = :r and excluded_because is null"
        )
    }
    assert number(m[1]) >= len(kept - linked)
