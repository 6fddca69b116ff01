"""What each sentence of a manuscript claims, checked against the tables by another reading of them.

A manuscript is read as its readers read it: as text. Each claim is a pattern with a check that asks
the tables in SQL, or the stored JSON of a run, and shares no function with what wrote the sentence.
"""

from __future__ import annotations

import json
import math
import re
from calendar import month_name
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.export.manuscript.document import Heading, Manuscript, Paragraph

NUMBER: Final = r"−?\d[\d,]*(?:\.\d+)?"
CI: Final = rf"\d+% CI \[({NUMBER}), ({NUMBER})\]"
P: Final = r"p [=<>] \.\d+"

Check = Callable[["Read", re.Match[str]], None]


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, or two that belong together, and what proves it."""

    name: str
    pattern: re.Pattern[str]
    check: Check


CLAIMS: Final[list[Claim]] = []


def claim(pattern: str) -> Callable[[Check], Check]:
    """Add a claim: ``#`` in its pattern is a number."""

    def added(check: Check) -> Check:
        written = re.compile(pattern.replace("#", f"({NUMBER})"))
        CLAIMS.append(Claim(check.__name__.removeprefix("_"), written, check))
        return check

    return added


def number(text: str) -> float:
    """Return a number as printed."""
    return float(text.replace("−", "-").replace(",", ""))


def same(text: str, value: float) -> None:
    """Assert that a printed number is a value, rounded to the digits that are shown."""
    decimals = len(text.partition(".")[2])
    assert abs(number(text) - value) <= 0.5 * 10**-decimals + 1e-9, (text, value)


def p_is(text: str, p: float) -> None:
    """Assert that ``p = .031`` or ``p < .001`` is a p value."""
    sign, shown = re.fullmatch(r"p ([=<>]) (\.\d+)", text).groups()  # type: ignore[union-attr]  # claims match no other text
    if sign == "=":
        assert abs(float(shown) - p) <= 0.0005 + 1e-9
    else:
        assert (p < float(shown)) is (sign == "<")


@dataclass
class Read:
    """The tables of one review, and where in the text the reader is."""

    session: Session
    review: int
    slug: str
    analysis: str | None = None
    heading: str = ""
    examples: dict[str, str] = field(default_factory=dict)

    def all(self, query: str, **values: object) -> list[Any]:
        """Return rows of a query; ``:r`` is the review."""
        return list(self.session.execute(sa.text(query), {"r": self.review, **values}))

    def one(self, query: str, **values: object) -> Any:
        """Return the one value of a query."""
        return self.session.execute(sa.text(query), {"r": self.review, **values}).scalar()

    @property
    def studies(self) -> int:
        """How many the review holds."""
        return int(
            self.one("select count(*) from study where review_id = :r and excluded_because is null")
        )

    @property
    def plans(self) -> dict[str, dict[str, Any]]:
        """The current plan of each analysis by its title."""
        rows = self.all(
            "select v.plan from analysis_version v join analysis a on a.id = v.analysis_id "
            "where a.review_id = :r and v.number = (select max(number) from analysis_version "
            "where analysis_id = a.id)"
        )
        plans = [decoded(row[0]) for row in rows]
        return {plan["title"]: plan for plan in plans}

    def runs(self, title: str | None = None) -> list[Any]:
        """Return the runs of the analysis at hand, or of one by its title, the newest first."""
        wanted = title or self.analysis
        rows = self.all(
            "select r.results, r.inputs, r.number, r.created, r.id from run r "
            "join analysis a on a.id = r.analysis_id where a.review_id = :r order by r.number desc"
        )
        found = [(decoded(row[0]), decoded(row[1]), row[2], str(row[3]), row[4]) for row in rows]
        of = [row for row in found if row[1]["plan"]["title"] == wanted]
        assert of, f"{wanted} has no run"
        return of

    @property
    def manifests(self) -> dict[str, Any]:
        """The manifest of each release by its version, the oldest first."""
        rows = self.all("select version, manifest from release where review_id = :r order by id")
        return {row[0]: decoded(row[1]) for row in rows}

    @property
    def released(self) -> dict[str, str]:
        """The day of each release by its version."""
        rows = self.all("select version, created from release where review_id = :r")
        return {row[0]: str(row[1])[:10] for row in rows}

    @property
    def titles(self) -> list[str]:
        """The titles of all analyses that have a run, as their newest run has them."""
        rows = self.all(
            "select n.inputs from run n where n.id in (select max(r.id) from run r "
            "join analysis a on a.id = r.analysis_id where a.review_id = :r group by a.id)"
        )
        return [decoded(row[0])["plan"]["title"] for row in rows]

    @property
    def results(self) -> dict[str, Any]:
        """Of the newest run of the analysis at hand."""
        return self.runs()[0][0]  # type: ignore[no-any-return]  # JSON

    @property
    def inputs(self) -> dict[str, Any]:
        """Of the newest run of the analysis at hand."""
        return self.runs()[0][1]  # type: ignore[no-any-return]  # JSON

    def entered(self) -> dict[int, set[str]]:
        """Return the kinds of entries with results that each study of the review has."""
        kinds: dict[int, set[str]] = {}
        for study, kind in self.all(
            "select distinct s.id, e.kind from study s join entry e on e.study_id = s.id "
            "join result x on x.entry_id = e.id where s.review_id = :r and "
            "s.excluded_because is null and x.withdrawn_because is null "
            "and e.withdrawn_because is null"
        ):
            kinds.setdefault(study, set()).add(str(kind).lower())
        return kinds


def decoded(value: Any) -> Any:
    return _decoded(value) if isinstance(value, str | bytes) else value


@lru_cache(maxsize=64)
def _decoded(text: str | bytes) -> Any:
    """Of the same run many sentences ask; nobody changes what they read."""
    return json.loads(text)


def claims_in(read: Read, document: Manuscript) -> Iterator[tuple[Claim, str]]:
    """Read a document from top to end, check each sentence, and yield it.

    Raises AssertionError for a false one, and for one that no claim is made of.
    """
    titles = read.plans.keys() | {
        decoded(row[0])["plan"]["title"]
        for row in read.all(
            "select r.inputs from run r join analysis a on a.id = r.analysis_id "
            "where a.review_id = :r"
        )
    }
    for block in document.blocks:
        if isinstance(block, Heading):
            read.analysis = block.text if block.text in titles else None
            read.heading = block.text
        elif isinstance(block, Paragraph):
            yield from _of_paragraph(read, undated(block.text.replace("\u00a0", " ")))


def undated(text: str) -> str:
    """Return a text with its dates as the tables have them, wherever a reader finds one."""

    def plain(found: re.Match[str]) -> str:
        day, called, year = found.groups()
        return f"{year}-{list(month_name).index(called):02}-{int(day):02}"

    return re.sub(rf"(\d{{1,2}}) ({'|'.join(month_name[1:])}) (\d{{4}})", plain, text)


def _of_paragraph(read: Read, text: str) -> Iterator[tuple[Claim, str]]:
    at = 0
    while at < len(text):
        found = [(c, c.pattern.match(text, at)) for c in CLAIMS]
        matched = [(m.end(), c, m) for c, m in found if m]
        assert matched, f"no claim is made of: {text[at : at + 300]}"
        end, made, match = max(matched, key=lambda item: item[0])
        try:
            made.check(read, match)
        except AssertionError as wrong:
            raise AssertionError(f"false: {match[0]!r} ({made.name}): {wrong}") from wrong
        yield made, match[0].strip()
        at = end + (len(text[end:]) - len(text[end:].lstrip()))


def ran(read: Read) -> set[str]:
    rows = read.all(
        "select r.inputs from run r join analysis a on a.id = r.analysis_id where a.review_id = :r"
    )
    return {decoded(row[0])["plan"]["title"] for row in rows} & set(read.plans)


def sign_of(read: Read) -> tuple[bool, float]:
    """Return whether effects are ratios, and the sign that turns them to as measured."""
    plan = read.inputs["plan"]
    ratio = plan["measure"] in ("OR", "RR", "PETO", "IRR", "ROMC", "VRC", "CVRC")
    lower = {t["higher_is_better"] for t in read.inputs["trials"]} == {False}
    return ratio, -1.0 if ratio and lower else 1.0


def value_is(read: Read, text: str, value: float) -> None:
    ratio, sign = sign_of(read)
    same(text, math.exp(sign * value) if ratio else value)


def limits_are(read: Read, low: str, high: str, limits: Sequence[float]) -> None:
    ratio, sign = sign_of(read)
    shown = sorted(math.exp(sign * x) for x in limits) if ratio else list(limits)
    same(low, shown[0])
    same(high, shown[1])


def class_of_interval(low: float, high: float, margin: float | None) -> str:
    """Return the class of an interval: Piaggio 2012, figure 1, written anew."""
    if low > 0:
        return "superior"
    if margin is None:
        return "inferior" if high < 0 else "inconclusive"
    if high <= -margin:
        return "inferior"
    if low > -margin:
        return "noninferior but statistically worse" if high < 0 else "noninferior"
    return "inconclusive, statistically worse" if high < 0 else "inconclusive"


def class_of_limits(limits: Sequence[float], margin: float | None) -> str:
    low, high = limits
    return class_of_interval(low, high, margin)
