"""Each word that a report prints is explained, and the documentation says the same."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from review.db import Database
from review.glossary import GLOSSARY, used_in
from review.history.actions import Attribution
from review.living.job.repool import repool
from review.living.reports.full import FullReport, full_report
from review.protocol.queries import review_called
from review.synthesis import Conclusion, SignalKind
from tests.living.fixture import begin, enter

WORDS = Path(__file__).parents[1] / "docs" / "words.py"

PLAIN = frozenset(
    {
        "", "in", "who", "why", "last (UTC)", "changes", "made (UTC)", "value", "old", "new",
        "where", "now", "before", "after", "met", "wanted", "criterion", "note", "note before",
        "flip", "total", "participants", "its class",
        "participants an arm", "any change", "size",
    }
)  # fmt: skip
"""Words of a report that need no explanation."""


def test_the_documentation_is_the_glossary() -> None:
    words = runpy.run_path(str(WORDS))
    assert words["OUT"].read_text(encoding="utf-8") == words["written"](), (
        "run python docs/words.py"
    )


def test_terms_are_in_order_and_explained_once() -> None:
    terms = [entry.term for entry in GLOSSARY]
    assert terms == sorted(terms, key=lambda term: (term[0] > "z", term.casefold()))
    assert len(set(terms)) == len(terms)
    forms = [form.casefold() for entry in GLOSSARY for form in (entry.term, *entry.also)]
    assert len(set(forms)) == len(forms)


def test_a_word_is_used_where_it_stands_alone() -> None:
    assert [entry.term for entry in used_in("margin 0.50: noninferior")] == [
        "margin",
        "noninferior",
    ]
    assert "p" in {entry.term for entry in used_in("one-sided p, margin 0.50")}
    assert "p" not in {entry.term for entry in used_in("people")}


@pytest.mark.parametrize("word", [*Conclusion, *SignalKind])
def test_each_class_and_signal_is_explained(word: str) -> None:
    assert used_in(str(word))


@pytest.fixture
def report(database: Database, by: Attribution) -> FullReport:
    if database.engine.dialect.name != "sqlite":
        pytest.skip("a report is the same on both databases")
    begin(database, by, variants=("fixed", "leave_one_out", "trim_and_fill"))
    for numbers in (range(1, 6), range(6, 9)):
        enter(database, by, numbers)
        repool(database, actor="t")
    with database.reading() as session:
        review = review_called(session, "fixture")
        return full_report(session, review, "alliance", None, None, newest=True)


def test_each_heading_and_label_of_a_whole_report_is_explained(report: FullReport) -> None:
    headings = {section.heading for section in report.sections}
    labels = {
        label
        for section in report.sections
        for label in (*section.headers, *(row[0] for row in section.rows))
        if not label.startswith(("Synthetic", "without Synthetic"))
    }
    unexplained = {label for label in labels - PLAIN if not label.isdigit() and not used_in(label)}
    assert unexplained == set()
    assert headings >= {"What moved", "Who moved it", "Signals", "Conclusion classes"}


def test_half_a_page_opens_with_the_sentence_and_two_lines_of_numbers(report: FullReport) -> None:
    first, numbers, movers, *rest = report.brief
    assert first.sentences[0] == report.report.sentence
    assert [row[0] for row in numbers.rows] == ["before", "now"]
    assert numbers.rows[1][1:3] == ("8", "-0.11")
    assert movers.heading == "Who moved it"
    assert movers.sentences[0] == (
        "Synthetic 6 added: the estimate rose by 0.06, the lower limit rose by 0.09."
    )
    words = " ".join(s for section in report.brief for s in section.sentences)
    assert "Shapley" not in words
    assert len(words) < 1500
    assert not rest
