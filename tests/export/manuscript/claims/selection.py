"""What is claimed of the flow of records, reports and studies: each number counted anew."""

from __future__ import annotations

import re

from tests.export.manuscript.claims.flow import flow
from tests.export.manuscript.claims.reading import NUMBER, Read, claim, number


@claim(
    r"In all, # records? (?:was|were) identified(?: \(prisma_flow\))?"
    r"(?:; before screening, (.+?) (?:was|were) removed)?\."
)
def _identified(read: Read, m: re.Match[str]) -> None:
    found = flow(read)
    assert number(m[1]) == sum(found.boxes.values())
    told = re.findall(
        rf"({NUMBER}) (?:records? (?:marked )?)?(duplicate|by automation tools|for other reasons)",
        m[2] or "",
    )
    removed = {
        "duplicate": found.n("duplicate"), "by automation tools": found.n("automation"),
        "for other reasons": found.n("other"),
    }  # fmt: skip
    assert {what: number(n) for n, what in told} == {w: n for w, n in removed.items() if n}


@claim(
    r"Of # records? screened, # were excluded; # reports? (?:was|were) sought for retrieval, and # "
    r"could not be retrieved\."
)
def _screened(read: Read, m: re.Match[str]) -> None:
    found = flow(read)
    assert [number(m[i]) for i in range(1, 5)] == [
        found.screened, found.n("excluded"), found.sought, found.n("missing")
    ]  # fmt: skip


@claim(
    r"Of # reports? assessed in full text, # were excluded(?: \((.+?)\))?"
    r"\.(?= Included)"
)
def _assessed(read: Read, m: re.Match[str]) -> None:
    found = flow(read)
    assert (number(m[1]), number(m[2])) == (found.assessed, found.n("report excluded"))
    told = {
        label: int(n)
        for label, n in re.findall(r"(?:^|; (?:and )?)(.+?), (\d+)(?=;|$)", m[3] or "")
    }
    assert told == dict(found.reasons)


@claim(r"Included were # (?:study|studies) in # reports?(?: \(characteristics\))?\.")
def _included(read: Read, m: re.Match[str]) -> None:
    found = flow(read)
    assert (number(m[1]), number(m[2])) == (len(found.studies), found.reports)


@claim(r"Not linked to a study yet: # included reports?\.")
def _not_linked(read: Read, m: re.Match[str]) -> None:
    assert number(m[1]) == flow(read).unlinked > 0


@claim(r"Studies that were withdrawn from the review account for # included reports?\.")
def _of_withdrawn(read: Read, m: re.Match[str]) -> None:
    assert number(m[1]) == flow(read).of_withdrawn > 0


@claim(r"Still awaited: (.+?)\.(?= Not| Studies|$)")
def _still(read: Read, m: re.Match[str]) -> None:
    found = flow(read)
    told = {what: number(n) for n, what in re.findall(rf"({NUMBER}) ([a-z ]+?)(?=,| and|$)", m[1])}
    waiting = {
        "screening": found.n("awaiting"), "retrieval": found.n("no full text yet"),
        "assessment in full text": found.n("waiting"),
    }  # fmt: skip
    assert told == {what: n for what, n in waiting.items() if n}


@claim(
    r"Not in this flow, since no included record leads there: # further (?:study|studies) that the "
    r"review holds\."
)
def _outside(read: Read, m: re.Match[str]) -> None:
    kept = {
        row[0]
        for row in read.all(
            "select id from study where review_id = :r and excluded_because is null"
        )
    }
    assert number(m[1]) == len(kept - flow(read).studies) > 0
