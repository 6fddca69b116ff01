"""References of included studies: which reports, and import(export(x)) == x for each format."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from review.citations.formats.entry import Entry
from review.citations.formats.markup import without_tags
from review.citations.formats.reading import read_citations
from review.db import Database
from review.export.reproduction.folder import write_reproduction
from review.export.reproduction.references import (
    REFERENCES,
    included_references,
    record_references,
)
from review.extraction.linking.actions import link_report
from review.extraction.models import Report
from review.extraction.queries import study_called
from review.history.actions import writing
from review.protocol.queries import review_called
from review.screening.retrieval import note_retrieval
from review.screening.vocabulary import RetrievalOutcome, Stage, Verdict
from tests.conftest import NOW
from tests.export.reproduction.synthetic import NASTY
from tests.screening.builders import attributed, import_records, make_review, say, the_review

PIECES = (
    *(" ".join(text.split()) for text in NASTY),
    "a--b ---c", "``q''", "TY  - JOUR", "ER  - ", "50% of {them}", r"\alpha $\beta$", "{", "}",
    "a and b", "x; y", "5 < 6 > 3", "<i>t</i>", "~tilde^", "@article{a,", r"\u0041", "?`!`",
    "$5 to $6", "%", "\\", r"\'e", '{\\"o}', "+1", "-1",
)  # fmt: skip
SURNAMES = ("Müller", "O'Brien", "de la Cruz", "Smith-Jones", "Ng")


def nasty_entries(count: int) -> list[Entry]:
    """Entries as readers make them, of text that formats escape, at random but always the same."""
    chance = random.Random("references")

    def text() -> str:
        return " ".join(" ".join(chance.choices(PIECES, k=chance.randint(1, 3))).split())

    def maybe(value: str) -> str | None:
        return chance.choice((None, value))

    return [
        Entry(
            line=0, raw="", kind="JOUR", title=text(), abstract=text(), journal=text(),
            authors=tuple(
                dict.fromkeys(
                    f"{chance.choice(SURNAMES)}, {chance.choice(('A B', 'Jörg', 'X.'))}"
                    for _ in range(chance.randint(0, 4))
                )
            ),
            year=chance.choice((None, 1999, 2020)), volume=str(i), issue=maybe("Suppl 1"),
            pages=chance.choice((None, "193-194", "e12", "S1-S9")),
            doi=maybe(f"10.1234/a_b({i})"), pmid=maybe(str(10_000_000 + i)),
            issn=maybe("1234-5678"), url=maybe("https://example.org/a?b=c_d&e=%20f#g"),
            language=maybe("en"),
            keywords=tuple(
                dict.fromkeys(chance.choices(("a_b", "c&d", "{x}", "50%", "läng"), k=2))
            ),
        )
        for i in range(1, count + 1)
    ]  # fmt: skip


MISSING = ("NA", "NaN", "nan", "NULL", "null", "N/A", "n/a")


@pytest.mark.parametrize("name", REFERENCES)
def test_import_of_the_export_is_what_was_exported(name: str) -> None:
    """T18: 500 references of nasty strings."""
    entries = nasty_entries(500)
    text = REFERENCES[name](entries, ())
    assert REFERENCES[name](nasty_entries(500), ()) == text
    reading = read_citations(text.encode(), file="x")
    assert (len(reading.entries), len(reading.rejects)) == (500, 0)
    fields = [n for n in Entry._fields if n not in ("line", "raw", "remarks", "kind")]
    for one, other in zip(entries, reading.entries, strict=True):
        said = {n: getattr(one, n) for n in fields}
        for name in ("title", "abstract", "journal"):  # tags of HTML are no part of them
            said[name] = without_tags(said[name]) or None if said[name] else said[name]
        said["keywords"] = tuple(map(without_tags, one.keywords))
        for name in fields:  # what R and others write for a value that is missing
            said[name] = None if said[name] in MISSING else said[name]
        assert said == {n: getattr(other, n) for n in fields}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_included_are_linked_and_waiting_reports_but_no_duplicate_or_excluded_one(
    database: Database,
) -> None:
    make_review(database)
    records = import_records(database, ["Linked", "Waiting", "Out", "Of a study taken out"])
    kept = [records[0], records[1], records[3]]
    for who in ("anna", "ben"):
        say(database, who, Verdict.INCLUDE, *kept)
        say(database, who, Verdict.EXCLUDE, records[2])
    with writing(database, attributed("anna")) as session:
        note_retrieval(
            session, the_review(session), kept, outcome=RetrievalOutcome.RETRIEVED,
            handle="anna", now=NOW,
        )  # fmt: skip
    for who in ("anna", "ben"):
        say(database, who, Verdict.INCLUDE, *kept, stage=Stage.FULL_TEXT)
    with writing(database, attributed("anna")) as session:
        review = the_review(session)
        for record, label in ((records[0], "Day 2002"), (records[3], "Gone 2003")):
            link_report(session, review, record, label, handle="anna", now=NOW, new=True)
        study_called(session, review, "Gone 2003").excluded_because = "retracted"
        # a report of the study that no record has
        day = study_called(session, review, "Day 2002")
        session.add(Report(study_id=day.id, citation="Day, thesis", year=2001))
    with database.reading() as session:
        found = included_references(session, the_review(session))
        all_records = record_references(session, the_review(session))
    assert [(r.study, r.entry.title, r.cited) for r in found] == [
        (None, "Waiting", None),
        ("Day 2002", "Day, thesis", "Day, thesis"),
        ("Day 2002", "Linked", None),
    ]
    assert [r.entry.title for r in all_records] == [
        "Linked", "Waiting", "Out", "Of a study taken out",
    ]  # fmt: skip


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_typed_citations_are_references_and_told(cli: Callable[..., Result]) -> None:
    cli("seed", "load", "founding")
    done = cli("export", "bibliography", "--style", "apa")
    lines = done.stdout.splitlines()
    assert "Acierno et al. 2017. https://doi.org/10.1016/j.brat.2016.11.009" in lines
    assert lines == sorted(lines, key=str.casefold)
    assert f"{len(lines)} reports have no record" in done.stderr
    items = json.loads(cli("export", "references", "--format", "csl-json").stdout)
    assert len(items) == len(lines) == 28
    assert items[1]["DOI"] == "10.1016/j.brat.2016.11.009"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_a_report_the_remedy_is_named(cli: Callable[..., Result]) -> None:
    cli("seed", "load", "cbt-delivery")
    told = cli("export", "bibliography", status=1).stderr
    assert "review reports link" in told


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_one_call_writes_all_that_lets_others_check(
    cli: Callable[..., Result], database: Database, tmp_path: Path
) -> None:
    cli("seed", "load", "founding")
    with database.reading() as session:
        review = review_called(session, "founding")
        written = write_reproduction(session, review, tmp_path / "one", style="bmj")
        again = write_reproduction(session, review, tmp_path / "two", style="bmj")
    names = [path.name for path in written]
    assert names == [
        "references.json", "references.ris", "references.bib",
        "bibliography.txt", "bibliography.html", "bibliography.md",
    ]  # fmt: skip
    assert [p.read_bytes() for p in written] == [p.read_bytes() for p in again]
    assert written[3].read_text().startswith("1 Acierno et al. 2016.\n")
