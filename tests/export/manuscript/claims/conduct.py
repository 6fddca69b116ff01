# ruff: noqa: ARG001 - every check takes reader and match; a pattern is one line
"""What is claimed of how records were found, screened, entered and judged."""

from __future__ import annotations

import re
from typing import Final

from tests.export.manuscript.claims.reading import Read, claim, decoded, number


@claim(
    r"No search is recorded in the database; the authors describe sources and dates\."
    r"|How they were found is for the authors to report\."
)
def _no_search_recorded(read: Read, m: re.Match[str]) -> None:
    assert read.one("select count(*) from search where review_id = :r") == 0


@claim(r"No record was imported into the database; the authors describe screening\.")
def _no_record(read: Read, m: re.Match[str]) -> None:
    assert read.one("select count(*) from record where review_id = :r") == 0


@claim(r"The sources searched were (.+?)(?: \(search_strategies\))?\. (?=Reporting)")
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
        "where c.review_id = :r and d.stage in (:a, :b) and not exists "
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


@claim(r"The criteria of eligibility are for the authors to report\.")
def _no_criteria(read: Read, m: re.Match[str]) -> None:
    assert read.one("select count(*) from eligibility where review_id = :r") == 0


def _criteria(read: Read) -> tuple[int, list[str], list[str]]:
    (row,) = read.all(
        "select number, include, exclude from eligibility where review_id = :r "
        "order by number desc limit 1"
    )
    return row[0], decoded(row[1]), decoded(row[2])


@claim(r"Studies were eligible by these criteria: (.+?)\.(?= Reasons| These|$)")
def _eligible(read: Read, m: re.Match[str]) -> None:
    assert re.findall(r"“(.+?)”", m[1]) == _criteria(read)[1]


@claim(r"Reasons to exclude were: (.+?)\.(?= These|$)")
def _unwanted(read: Read, m: re.Match[str]) -> None:
    assert re.findall(r"“(.+?)”", m[1]) == _criteria(read)[2]


@claim(r"These are the criteria in their version #; earlier ones differed\.")
def _criteria_changed(read: Read, m: re.Match[str]) -> None:
    assert number(m[1]) == _criteria(read)[0] > 1


@claim(
    r"The numbers of (?:# of |all )?# (?:study|studies) were entered twice by two people, neither "
    r"of whom saw the other’s entry, and settled by consensus\."
)
def _twice(read: Read, m: re.Match[str]) -> None:
    assert number(m[1] or m[2]) == sum("consensus" in k for k in read.entered().values())
    assert number(m[2]) == read.studies


@claim(
    r"The numbers of (?:# of |all )?# (?:study|studies) were entered by one person and not checked "
    r"by a second entry\."
)
def _once(read: Read, m: re.Match[str]) -> None:
    assert number(m[1] or m[2]) == len(_single(read)) - len(_from_files(read))
    assert number(m[2]) == read.studies


@claim(
    r"The numbers of (?:# of |all )?# (?:study|studies) were taken over from files that hold "
    r"them, studies in brackets: (.+?)\. Who had entered them there is not in the database; here "
    r"no second entry checked them\."
)
def _from_file(read: Read, m: re.Match[str]) -> None:
    assert number(m[1] or m[2]) == len(_from_files(read))
    assert number(m[2]) == read.studies
    assert sum(int(n) for n in re.findall(r"\((\d+)\)", m[3])) == len(_from_files(read))


def _single(read: Read) -> set[int]:
    return {study for study, kinds in read.entered().items() if kinds == {"single"}}


def _from_files(read: Read) -> set[int]:
    """Return studies whose results were all inserted by events of an import."""
    imports = [
        (decoded(new), seq)
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


@claim(r"Extraction or consensus is awaited for # (?:study|studies)\.")
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


@claim(
    r"Of # results? judged with .+?, overall: (.+?)(?:; # not settled yet)?"
    r"(?: \(risk_of_bias_\S+?\))*\."
)
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
    (rating, start) = next((r[0], r[1]) for r in rows if decoded(r[2])["title"] == read.analysis)
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
