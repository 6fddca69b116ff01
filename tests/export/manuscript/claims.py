# ruff: noqa: ARG001, E501 - every check takes reader and match; a pattern is one line
"""What each sentence of a manuscript claims, checked against the tables by another reading of them.

A manuscript is read as its readers read it: as text. Each claim is a pattern with a check that asks
the tables in SQL, or the stored JSON of a run, and shares no function with what wrote the sentence.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from scipy import stats
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
        plans = [_json(row[0]) for row in rows]
        return {plan["title"]: plan for plan in plans}

    def runs(self, title: str | None = None) -> list[Any]:
        """Return the runs of the analysis at hand, or of one by its title, the newest first."""
        wanted = title or self.analysis
        rows = self.all(
            "select r.results, r.inputs, r.number, r.created from run r "
            "join analysis a on a.id = r.analysis_id where a.review_id = :r order by r.number desc"
        )
        found = [(_json(row[0]), _json(row[1]), row[2], str(row[3])) for row in rows]
        of = [row for row in found if row[1]["plan"]["title"] == wanted]
        assert of, f"{wanted} has no run"
        return of

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


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str | bytes) else value


def claims_in(read: Read, document: Manuscript) -> Iterator[tuple[Claim, str]]:
    """Read a document from top to end, check each sentence, and yield it.

    Raises AssertionError for a false one, and for one that no claim is made of.
    """
    titles = read.plans.keys() | {
        _json(row[0])["plan"]["title"]
        for row in read.all(
            "select r.inputs from run r join analysis a on a.id = r.analysis_id "
            "where a.review_id = :r"
        )
    }
    for block in document.blocks:
        if isinstance(block, Heading):
            read.analysis = block.text if block.text in titles else None
        elif isinstance(block, Paragraph):
            yield from _of_paragraph(read, block.text)


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


# ---- abstract -------------------------------------------------------------------------------


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
    _value(read, m[3], line["estimate"])
    _limits(read, m[4], m[5], line["ci"])
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


# ---- conduct --------------------------------------------------------------------------------


@claim(
    r"No search is recorded in the database; the authors describe sources and dates\."
    r"|How they were found is for the authors to report\."
)
def _no_search_recorded(read: Read, m: re.Match[str]) -> None:
    assert read.one("select count(*) from search where review_id = :r") == 0


@claim(r"No record was imported into the database; the authors describe screening\.")
def _no_record(read: Read, m: re.Match[str]) -> None:
    assert read.one("select count(*) from record where review_id = :r") == 0


@claim(r"Searched were (.+?)\. (?=Reporting)")
def _searched(read: Read, m: re.Match[str]) -> None:
    rows = read.all(
        "select source, platform, max(ran_on) from search where review_id = :r "
        "group by source, platform"
    )
    assert m[1].count("last on") == len(rows)
    for source, platform, day in rows:
        assert f"{source}{f' ({platform})' if platform else ''}, last on {day}" in m[1]


@claim(
    r"Reporting follows PRISMA 2020 page2021(?: and its extension for living reviews akl2024)?\."
)
def _reporting(read: Read, m: re.Match[str]) -> None:
    stated = read.one("select count(*) from living_mode where review_id = :r") + read.one(
        "select count(*) from search_interval where review_id = :r"
    )
    assert ("akl2024" in m[0]) is (stated > 0)


@claim(
    r"(Titles and abstracts|Full texts) were judged by (one reviewer|two or more reviewers "
    r"independently(?:, blind to one another)?(?: \(# of #\) or by one so far)?)"
    r"(?:; another person settled # disagreements?)?\."
)
def _judged_by(read: Read, m: re.Match[str]) -> None:
    stage = {"T": "title_abstract", "F": "full_text"}[m[1][0]]
    stages = (stage, stage.upper())
    people: dict[int, set[int]] = {}
    for record, person in read.all(
        "select d.record_id, d.person_id from decision d join record c on c.id = d.record_id "
        "where c.review_id = :r and d.stage in (:a, :b) and d.pilot_id is null and not exists "
        "(select 1 from decision_withdrawal w where w.decision_id = d.id)",
        a=stages[0], b=stages[1],
    ):  # fmt: skip
        people.setdefault(record, set()).add(person)
    several = sum(len(of) > 1 for of in people.values())
    if m[2] == "one reviewer":
        assert several == 0
    elif m[3]:
        assert number(m[3]) == several
        assert several < number(m[4]) <= len(people)
    else:
        assert several
    settled = read.one(
        "select count(distinct record_id) from adjudication j join record c on c.id = j.record_id "
        "where c.review_id = :r and j.stage in (:a, :b)", a=stages[0], b=stages[1],
    )  # fmt: skip
    assert number(m[5] or "0") == settled


@claim(
    r"The numbers of # of # (?:study|studies) were entered twice by two people, neither of whom "
    r"saw the other's entry, and settled by consensus\."
)
def _twice(read: Read, m: re.Match[str]) -> None:
    assert number(m[1]) == sum("consensus" in kinds for kinds in read.entered().values())
    assert number(m[2]) == read.studies


@claim(
    r"The numbers of # of # (?:study|studies) were entered by one person and not checked by a "
    r"second entry\."
)
def _once(read: Read, m: re.Match[str]) -> None:
    assert number(m[1]) == len(_single(read)) - len(_from_files(read))
    assert number(m[2]) == read.studies


@claim(
    r"The numbers of # of # (?:study|studies) were taken over from files that hold them, studies "
    r"in brackets: (.+?)\. Who had entered them there is not in the database; here no second entry "
    r"checked them\."
)
def _from_file(read: Read, m: re.Match[str]) -> None:
    assert number(m[1]) == len(_from_files(read))
    assert number(m[2]) == read.studies
    assert sum(int(n) for n in re.findall(r"\((\d+)\)", m[3])) == number(m[1])


def _single(read: Read) -> set[int]:
    return {study for study, kinds in read.entered().items() if kinds == {"single"}}


def _from_files(read: Read) -> set[int]:
    """Return studies whose results were all inserted by events of an import."""
    imports = [
        (_json(new), seq)
        for new, seq in read.all(
            "select new, seq from event where review = :slug and entity = 'extraction' "
            "and action = 'import'", slug=read.slug,
        )
    ]  # fmt: skip
    spans = [(new["first"], seq) for new, seq in imports if new and new.get("first")]
    typed: set[int] = set()
    for study, seq in read.all(
        "select e.study_id, v.seq from result x join entry e on e.id = x.entry_id "
        "join study s on s.id = e.study_id join event v on v.entity = 'result' "
        "and v.entity_id = x.id and v.action = 'insert' where s.review_id = :r"
    ):
        if not any(first <= seq <= last for first, last in spans):
            typed.add(study)
    return _single(read) - typed


@claim(r"Extraction or consensus is awaited for #\.")
def _awaited(read: Read, m: re.Match[str]) -> None:
    done = [k for k in read.entered().values() if "consensus" in k or k == {"single"}]
    assert number(m[1]) == read.studies - len(done)


@claim(r"Of # (?:study|studies), none has extracted numbers yet\.")
def _none_entered(read: Read, m: re.Match[str]) -> None:
    assert number(m[1]) == read.studies
    assert not [k for k in read.entered().values() if "consensus" in k or k == {"single"}]


APPRAISED: Final = (
    "select p.study_id, p.instrument_id, p.timepoint, p.outcome_id, count(distinct p.person_id) "
    "from appraisal p join study s on s.id = p.study_id where s.review_id = :r and "
    "s.excluded_because is null and lower(p.kind) <> 'consensus' "
    "group by p.study_id, p.instrument_id, p.timepoint, p.outcome_id"
)


@claim(r"Risk of bias has not been judged in the database\.")
def _not_judged(read: Read, m: re.Match[str]) -> None:
    assert not read.all(APPRAISED)


@claim(
    r"Risk of bias was judged with .+?: (?:# results?, each by (two or more assessors "
    r"independently|one assessor)|# of # results? by two or more assessors independently, the "
    r"others by one so far)\."
)
def _tool(read: Read, m: re.Match[str]) -> None:
    found = read.all(APPRAISED)
    twice = sum(row[-1] > 1 for row in found)
    if m[1]:
        assert number(m[1]) == len(found)
        assert twice == (len(found) if m[2].startswith("two") else 0)
    else:
        assert (number(m[3]), number(m[4])) == (twice, len(found))


@claim(r"Of # results? judged with .+?, overall: (.+?)(?:; # not settled yet)?\.")
def _judgements(read: Read, m: re.Match[str]) -> None:
    assert number(m[1]) == len(read.all(APPRAISED))
    counted = sum(int(n) for n in re.findall(r"(\d+) “", m[2]))
    assert counted + number(m[3] or "0") == number(m[1])


RATED: Final = (
    "select count(*) from certainty_rating c join analysis_version v on "
    "v.id = c.analysis_version_id join analysis a on a.id = v.analysis_id where a.review_id = :r"
)


@claim(r"The certainty of evidence (?:was rated by GRADE guyatt2011|has not been rated)\.")
def _certainty_rated(read: Read, m: re.Match[str]) -> None:
    assert ("guyatt" in m[0]) is (read.one(RATED) > 0)


@claim(r"The certainty of the evidence \(GRADE\) is (\S+): (.+?)\.(?= Open| The|$)")
def _certainty(read: Read, m: re.Match[str]) -> None:
    ladder = ["very low", "low", "moderate", "high"]
    rows = read.all(RATED.replace("count(*)", "c.id, c.start, v.plan") + " order by c.id desc")
    (rating, start) = next((r[0], r[1]) for r in rows if _json(r[2])["title"] == read.analysis)
    assert start.replace("_", " ").lower() in ladder
    steps = read.all("select * from certainty_step where rating_id = :c", c=rating)
    assert len(steps) == m[2].count("down ") + m[2].count("up ")
    downs = sum(int(n) for n in re.findall(r"down (\d)", m[2]))
    ups = sum(int(n) for n in re.findall(r"up (\d)", m[2]))
    begun = ladder.index(start.replace("_", " ").lower())
    assert ladder[max(0, min(3, begun - downs + ups))] == m[1]


@claim(r"The review is (living|paused|retired|dormant|not living)(?: \(.+?\))?\.")
def _living(read: Read, m: re.Match[str]) -> None:
    status = read.one("select status from living_mode where review_id = :r")
    assert status is None or str(status).lower().replace("_", " ") == m[1]


@claim(r"Searches are repeated: (.+?)\.")
def _repeated(read: Read, m: re.Match[str]) -> None:
    rows = read.all("select source, days from search_interval where review_id = :r")
    assert set(re.split(r", | and ", m[1])) == {f"{s} every {d} days" for s, d in rows}


@claim(r"It (is updated|leaves the living mode) when (.+?)\.")
def _when(read: Read, m: re.Match[str]) -> None:
    column = "update_when" if m[1] == "is updated" else "retire_when"
    assert m[2] in read.one(f"select {column} from living_mode where review_id = :r")


# ---- plans ----------------------------------------------------------------------------------


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


def _for(read: Read, m: re.Match[str]) -> list[dict[str, Any]]:
    named = re.findall(r"“(.+?)”", m[1]) if m[1] else list(read.plans)
    return [read.plans[title] for title in named]


@claim(FOR + r"[Pp]ositive values favour ([^.]+?)\.(?= [A-Z]|$)")
def _direction(read: Read, m: re.Match[str]) -> None:
    plans = [read.plans[read.analysis]] if read.analysis else _for(read, m)
    assert {plan["intervention"]["label"] for plan in plans} == {m[2]}


@claim(
    FOR
    + r"(?:[Ee]ffects (are|were) (?!pooled|to be)(.+?)|[Tt]he effect was (.+?))\. (?=Effects|For)"
)
def _measure(read: Read, m: re.Match[str]) -> None:
    words = m[3] or m[4]
    for plan in _for(read, m):
        if plan["measure"] == "SMD":
            assert "standardized mean difference" in words
        elif plan["measure"] in ("OR", "RR", "RD"):
            kind = {"OR": "odds ratio", "RR": "risk ratio", "RD": "risk difference"}
            assert kind[plan["measure"]] in words


ESTIMATORS: Final = {
    "REML": "restricted maximum likelihood", "ML": "by maximum likelihood",
    "DL": "DerSimonian and Laird", "PM": "Paule and Mandel", "EE": "common-effect",
    "MH": "Mantel-Haenszel", "PETO": "Peto",
}  # fmt: skip
TESTS: Final = {
    "z": "normal intervals", "t": " t intervals", "knha": "Hartung-Knapp intervals",
    "adhoc": "whose variance factor is at least 1",
}  # fmt: skip


@claim(FOR + r"[Ee]ffects (were|are to be) pooled by (.+?), with (.+?)\.(?= [A-Z]|$)")
def _model(read: Read, m: re.Match[str]) -> None:
    for plan in _for(read, m):
        assert ESTIMATORS.get(plan["method"], plan["method"]) in m[3]
        assert TESTS[plan["test"]] in f" {m[4]}"
        ran = bool(
            [
                row
                for row in read.all(
                    "select r.inputs from run r join analysis a on a.id = r.analysis_id "
                    "where a.review_id = :r"
                )
                if _json(row[0])["plan"]["title"] == plan["title"]
            ]
        )
        assert ran is (m[2] == "were")


@claim(
    r"Heterogeneity is given as τ² with its Q-profile interval viechtbauer2007, I² higgins2002 "
    r"and the prediction interval riley2011\."
)
def _spread_given(read: Read, m: re.Match[str]) -> None:
    assert any(plan["method"] not in ("EE", "MH", "PETO") for plan in read.plans.values())


@claim(FOR + r"[Nn]o noninferiority margin was planned; intervals were read against zero\.")
def _no_margin(read: Read, m: re.Match[str]) -> None:
    assert all(plan["margin"] is None for plan in _for(read, m))


@claim(
    FOR + r"[Tt]he noninferiority margin was (?:an? .+? of )?#(?:, and beside it (.+?))?"
    r"( on the log scale)?; the test of noninferiority is one-sided at #\."
)
def _margin(read: Read, m: re.Match[str]) -> None:
    for plan in _for(read, m):
        if " of " not in m[0].partition(";")[0].partition(" was ")[2]:
            same(m[2], plan["margin"])
        others = [x for x in plan["other_margins"] if x != plan["margin"]]
        assert len(re.findall(NUMBER, m[3] or "")) == len(others)
        same(m[5], (1 - plan["level"]) / 2)


@claim(r"Intervals were classed after Piaggio and colleagues piaggio2012\.")
def _classed(read: Read, m: re.Match[str]) -> None:
    assert any(plan["margin"] is not None for plan in read.plans.values())


@claim(FOR + r"[Ss]everal (?:intervention )?arms of .+?\.(?= [A-Z]|$)")
def _arms(read: Read, m: re.Match[str]) -> None:
    said = {
        "combine": "combined into one", "split": "share of the comparator",
        "covariance": "covariance",
    }  # fmt: skip
    assert all(said[plan["several_arms"]] in m[0] for plan in _for(read, m))


@claim(FOR + r"[Oo]f several results of a trial the first in this order counted \((.+?)\)\.")
def _order(read: Read, m: re.Match[str]) -> None:
    assert not re.search(r"\bitt\b|_", m[2])
    for plan in _for(read, m):
        for key, called in (("raters", "raters"), ("timepoints", "timepoints")):
            told = " then ".join(x.replace("_", " ") for x in plan[key])
            assert not told or f"{called}: {told}" in m[2]


@claim(FOR + r"[Pp]lanned sensitivity analyses were .+?\.(?= [A-Z]|$)")
def _variants_planned(read: Read, m: re.Match[str]) -> None:
    assert all(plan["variants"] for plan in _for(read, m))
    words = {"fixed": "common-effect", "leave_one_out": "one trial at a time"}
    for plan in _for(read, m):
        assert all((key in plan["variants"]) is (said in m[0]) for key, said in words.items())


@claim(FOR + r"[Pp]lanned were (?:subgroup|meta-|a meta).+?\.(?= [A-Z]|$)")
def _moderators_planned(read: Read, m: re.Match[str]) -> None:
    for plan in _for(read, m):
        assert bool(plan["subgroups"]) is ("subgroup" in m[0])
        assert bool(plan["moderators"]) is ("meta-regression" in m[0])


@claim(
    r"Small-study effects were looked at in contour-enhanced funnel plots of analyses of 10 trials "
    r"or more peters2008, and their asymmetry was tested by the regression of Egger and "
    r"colleagues egger1997\."
)
def _funnels(read: Read, m: re.Match[str]) -> None:
    newest = [read.runs(title)[0][0]["pooled"]["k"] for title in _ran(read)]
    assert max(newest) >= 10


def _ran(read: Read) -> set[str]:
    rows = read.all(
        "select r.inputs from run r join analysis a on a.id = r.analysis_id where a.review_id = :r"
    )
    return {_json(row[0])["plan"]["title"] for row in rows} & set(read.plans)


@claim(r"No analysis has been run yet\.")
def _no_run(read: Read, m: re.Match[str]) -> None:
    assert not _ran(read)


@claim(r"Analyses were run with (.+?); the formulae are those of metafor viechtbauer2010\.")
def _software(read: Read, m: re.Match[str]) -> None:
    used = [
        _json(row[0])
        for row in read.all(
            "select r.software from run r join analysis a on a.id = r.analysis_id "
            "where a.review_id = :r"
        )
    ]
    assert any(all(f"{k} {v}" in m[1] for k, v in one.items()) for one in used)


# ---- selection ------------------------------------------------------------------------------


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


# ---- results --------------------------------------------------------------------------------


@claim(r"See (.+?)\.$")
def _tables(read: Read, m: re.Match[str]) -> None:
    assert " in " in m[1]


def _sign(read: Read) -> tuple[bool, float]:
    """Return whether effects are ratios, and the sign that turns them to as measured."""
    plan = read.inputs["plan"]
    ratio = plan["measure"] in ("OR", "RR", "PETO")
    lower = any(not t["higher_is_better"] for t in read.inputs["trials"])
    return ratio, -1.0 if ratio and lower else 1.0


def _value(read: Read, text: str, value: float) -> None:
    ratio, sign = _sign(read)
    same(text, math.exp(sign * value) if ratio else value)


def _limits(read: Read, low: str, high: str, limits: Sequence[float]) -> None:
    ratio, sign = _sign(read)
    shown = sorted(math.exp(sign * x) for x in limits) if ratio else list(limits)
    same(low, shown[0])
    same(high, shown[1])


@claim(
    rf"The pooled (.+?) was #, {CI}(?:, ({P}))?, from (?:# arms of )?# trials?"
    r"(?: \(# participants\))?(?: \(forest_\S+\))?\. (?=\S)"
)
def _pooled(read: Read, m: re.Match[str]) -> None:
    line, effects = read.results["pooled"], read.results["effects"]
    _value(read, m[2], line["estimate"])
    _limits(read, m[3], m[4], line["ci"])
    if m[5]:
        p_is(m[5], line["p"])
    assert number(m[7]) == len({e["study_id"] for e in effects})
    if m[8]:
        assert number(m[8]) == sum(e["n_intervention"] + e["n_comparator"] for e in effects)
    yi, vi = (np.array([e[name] for e in effects]) for name in ("yi", "vi"))
    if line["tau2"] is not None and line["method"] not in ("MH", "PETO"):
        weights = 1 / (vi + line["tau2"])  # the estimate again, from the effects
        assert abs(float(weights @ yi / weights.sum()) - line["estimate"]) < 1e-6


@claim(
    rf"One trial, (.+?), is all there is so far \(k = 1\): (.+?) #, {CI}(?:, ({P}))?, by its own "
    r"normal interval(?: \(forest_\S+\))?\. Nothing was pooled, and heterogeneity cannot be told\."
)
def _lone(read: Read, m: re.Match[str]) -> None:
    (effect,) = read.results["effects"]
    label = read.all("select label from study where id = :s", s=effect["study_id"])
    assert m[1] in (effect["study"], label[0][0])
    _value(read, m[3], effect["yi"])
    half = stats.norm.ppf(0.5 + read.inputs["plan"]["level"] / 2) * math.sqrt(effect["vi"])
    _limits(read, m[4], m[5], (effect["yi"] - half, effect["yi"] + half))


def _class(low: float, high: float, margin: float | None) -> str:
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


def _class_of_limits(limits: Sequence[float], margin: float | None) -> str:
    low, high = limits
    return _class(low, high, margin)


SAID: Final = {
    "superior": r"[^.]+? was superior to .+? as well\.|The result favoured (?:.+?) over .+?: the "
    r"interval lay wholly (?:above zero|above 1|below 1)\.",
    "noninferior": r"[^.]+? was noninferior to .+?\. The interval included (?:zero|1), so that neither "
    r"was shown to be better\.",
    "noninferior but statistically worse": r"[^.]+? was noninferior to .+? and, at the same time, .+?\. A "
    r"disadvantage was shown, and one as large as the margin was ruled out\.",
    "inconclusive": r"The result was inconclusive: .+?(?:was shown|that they are alike)\.",
    "inconclusive, statistically worse": r"The result was inconclusive about noninferiority, and "
    r".+? was not\.",
    "inferior": r"[^.]+? was inferior to .+?: the interval lay .+? margin of .+?\.(?= |$)|The result "
    r"favoured .+? over .+?: the interval lay wholly (?:below zero|below 1|above 1)\.",
}


@claim("|".join(f"(?:{pattern})" for pattern in SAID.values()))
def _class_of(read: Read, m: re.Match[str]) -> None:
    low, high = read.results["pooled"]["ci"]
    plan = read.inputs["plan"]
    found = _class(low, high, plan["margin"])
    assert re.fullmatch(SAID[found], m[0]), found
    if m[0].startswith("The result favoured"):
        better, worse = plan["intervention"]["label"], plan["comparator"]["label"]
        assert f"favoured {better if low > 0 else worse} over" in m[0]


@claim(rf"The one-sided test of noninferiority at that margin gave ({P})\.")
def _noninferiority(read: Read, m: re.Match[str]) -> None:
    line, margin = read.results["pooled"], read.inputs["plan"]["margin"]
    stat = (line["estimate"] + margin) / line["se"]
    law = stats.norm if line["ddf"] is None else stats.t(line["ddf"])
    p_is(m[1], float(law.sf(stat)))


@claim(r"Against the other margins the result was (.+?)\.(?= [A-Z]|$)")
def _others(read: Read, m: re.Match[str]) -> None:
    low, high = read.results["pooled"]["ci"]
    for word, margins in re.findall(r"“(.+?)” at (.+?)(?=, “| and “|$)", m[1]):
        for text in re.findall(rf"(?<![\d.=< ]) ?({NUMBER})(?= \(p|,|$| and)", margins):
            if not _sign(read)[0]:
                assert _class(low, high, number(text)) == word


@claim(r"By the normal interval, as older reviews print it, it would be “(.+?)”\.")
def _by_normal(read: Read, m: re.Match[str]) -> None:
    assert _class_of_limits(read.results["pooled"]["z_ci"], read.inputs["plan"]["margin"]) == m[1]


@claim(
    rf"Heterogeneity: (?:τ² = # \({CI}\), |τ² = #(?: \(Q-profile interval empty\))?, )?I² = #% "
    rf"\((.+?) by the bands of the Cochrane Handbook deeks2024\), Q\(#\) = #(?:, ({P}))?\."
)
def _heterogeneity(read: Read, m: re.Match[str]) -> None:
    line = read.results["pooled"]
    if m[1] or m[4]:
        same(m[1] or m[4], line["tau2"])
    same(m[5], line["I2"])
    bands = {"perhaps unimportant": (0, 40), "moderate": (30, 60), "substantial": (50, 90),
             "considerable": (75, 100)}  # fmt: skip
    assert set(m[6].split(" to ")) == {w for w, (a, b) in bands.items() if a <= line["I2"] <= b}
    yi, vi = (np.array([e[n] for e in read.results["effects"]]) for n in ("yi", "vi"))
    same(m[7], line["Q_df"])
    same(m[8], line["Q"])
    if line["method"] not in ("MH", "PETO"):
        q = float((((yi - (yi / vi).sum() / (1 / vi).sum()) ** 2) / vi).sum())
        same(m[8], q)
        p_is(m[9], float(stats.chi2.sf(q, len(yi) - 1)))


@claim(
    r"The \d+% prediction interval \[#, #\], (.+?), is where the effect of a further trial like "
    r"these is to be expected\."
)
def _prediction(read: Read, m: re.Match[str]) -> None:
    low, high = read.results["pooled"]["pi"]
    _limits(read, m[1], m[2], (low, high))
    assert ("include" in m[3]) is (low <= 0 <= high)
    margin = read.inputs["plan"]["margin"]
    if margin is not None and low <= 0 <= high:
        assert ("reaches the margin" in m[3]) is (low <= -margin)


@claim(
    rf"Egger’s test egger1997 (showed an asymmetry|did not show an asymmetry) of the funnel plot"
    rf"(?: \(funnel_\S+\))? \(intercept t\(#\) = #, ({P})\)\."
)
def _egger(read: Read, m: re.Match[str]) -> None:
    yi, vi = (np.array([e[n] for e in read.results["effects"]]) for n in ("yi", "vi"))
    fit = stats.linregress(1 / np.sqrt(vi), yi / np.sqrt(vi))  # as Egger et al. 1997 wrote it
    stat = fit.intercept / fit.intercept_stderr
    p = 2 * stats.t.sf(abs(stat), len(yi) - 2)
    assert number(m[2]) == len(yi) - 2
    same(m[3], stat)
    p_is(m[4], float(p))
    assert bool(p < 0.05) is m[1].startswith("showed")


@claim(r"Not entered: # further (?:study|studies); (.+?)\.(?= [A-Z]|$)")
def _not_entered(read: Read, m: re.Match[str]) -> None:
    if read.analysis in _ran(read):
        used = {t["study_id"] for t in read.inputs["trials"]}
        kept = read.all("select id from study where review_id = :r")
        assert number(m[1]) <= len({row[0] for row in kept} - used)
    else:
        assert number(m[1]) <= read.studies


@claim(r"Results of the outcome in # (?:study|studies) compared something else\.")
def _something_else(read: Read, m: re.Match[str]) -> None:
    used = {t["study_id"] for t in read.inputs["trials"]}
    outcome = read.inputs["plan"]["outcome"]
    measured = {
        row[0]
        for row in read.all(
            "select distinct e.study_id from result x join entry e on e.id = x.entry_id "
            "join instrument i on i.id = x.instrument_id join outcome o on o.id = i.outcome_id "
            "where o.review_id = :r and o.slug = :o", o=outcome,
        )
    }  # fmt: skip
    assert number(m[1]) <= len(measured - used)


@claim(r"Open about the numbers that entered: # doubts?\.")
def _doubts(read: Read, m: re.Match[str]) -> None:
    assert number(m[1]) > 0


@claim(
    r"The plan was changed after results had been seen: version # of (\S+), made by .+?\. (?=Changed)"
)
def _plan_changed(read: Read, m: re.Match[str]) -> None:
    rows = read.all(
        "select v.number, v.frozen_at, v.plan from analysis_version v join analysis a on "
        "a.id = v.analysis_id where a.review_id = :r"
    )
    assert any(
        (row[0], str(row[1])[:10], _json(row[2])["title"]) == (number(m[1]), m[2], read.analysis)
        for row in rows
    )


@claim(r"Changed: .+?\. (?=By version)")
def _plan_changes(read: Read, m: re.Match[str]) -> None:
    assert "_" not in m[0]


@claim(r"By version # the data of today give: .+?\.(?=\s[A-Z][a-z]+ |$)")
def _by_version(read: Read, m: re.Match[str]) -> None:
    assert number(m[1]) >= 1


@claim(
    r"No trial(?: comparing .+?)? has contributed a usable result to this analysis yet\. It has no "
    r"estimate, and nothing is concluded from that\."
)
def _no_trial(read: Read, m: re.Match[str]) -> None:
    assert read.analysis not in _ran(read)


# ---- sensitivity ----------------------------------------------------------------------------


def _computed(read: Read) -> list[dict[str, Any]]:
    return [v for v in read.results["variants"] if v["estimate"] is not None]


@claim(r"The conclusion \(“(.+?)”\) was the same in # sensitivity (?:analysis|analyses)\.")
def _held(read: Read, m: re.Match[str]) -> None:
    margin = read.inputs["plan"]["margin"]
    assert {_class_of_limits(v["ci"], margin) for v in _computed(read)} == {m[1]}
    assert number(m[2]) == len(_computed(read))


@claim(
    r"Of # sensitivity (?:analysis|analyses), # changed the conclusion \(“(.+?)”\): it was "
    r"(.+?)\.(?= Leaving| Not comp| By | Meta|$)"
)
def _changed(read: Read, m: re.Match[str]) -> None:
    margin = read.inputs["plan"]["margin"]
    classes = [_class_of_limits(v["ci"], margin) for v in _computed(read)]
    assert (number(m[1]), number(m[2])) == (len(classes), sum(c != m[3] for c in classes))


@claim(
    r"Leaving out one trial at a time moved the estimate from # \((.+?)\) to # \((.+?)\)\."
    r"(?= Not comp| By | Meta|$)"
)
def _one_out(read: Read, m: re.Match[str]) -> None:
    single = [v["estimate"] for v in _computed(read) if v["variant"] == "leave_one_out"]
    ratio, sign = _sign(read)
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


# ---- change ---------------------------------------------------------------------------------


def _before(read: Read, since: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return results and inputs of what a sentence says it compares with."""
    if found := re.match(r"run (\d+) of", since):
        (row,) = [r for r in read.runs() if r[2] == int(found[1])]
    else:
        version = re.match(r"version (\S+) of", since)
        assert version
        manifest = _json(
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
    _value(read, m[3], old["pooled"]["estimate"])
    _limits(read, m[4], m[5], old["pooled"]["ci"])
    _value(read, m[7], new["pooled"]["estimate"])
    _limits(read, m[8], m[9], new["pooled"]["ci"])
    assert (number(m[6]), number(m[10])) == (old["pooled"]["k"], new["pooled"]["k"])
    ids = [{t["study_id"] for t in inputs["trials"]} for inputs in (was, now)]
    added, removed = (re.search(rf"(\d+) trials? {word}", m[2]) for word in ("added", "removed"))
    assert int(added[1] if added else 0) == len(ids[1] - ids[0])
    assert int(removed[1] if removed else 0) == len(ids[0] - ids[1])
    assert ("plan" in m[2]) is (was["plan"] != now["plan"])


@claim(r"The conclusion (?:is still “(.+?)”|changed from “(.+?)” to “(.+?)”)\.")
def _flip(read: Read, m: re.Match[str]) -> None:
    now = _class_of_limits(read.results["pooled"]["ci"], read.inputs["plan"]["margin"])
    assert now == (m[1] or m[3])
    if m[2]:
        classes = {
            _class_of_limits(r[0]["pooled"]["ci"], r[1]["plan"]["margin"]) for r in read.runs()[1:]
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
