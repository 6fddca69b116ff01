"""One English: no word of the other variety is printed, and people's own words stay as they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import Result

from review.db import Database
from review.export.contents.registry import collect
from review.export.manuscript.document import Heading, Manuscript, Paragraph, TableBlock
from review.export.manuscript.facts import facts_of
from review.export.manuscript.spelled import spell
from review.export.manuscript.word import render_word
from review.export.manuscript.writing import manuscript, supplement
from review.export.spelling import PAIRS, QUOTED, Spelling
from review.history.actions import writing
from review.protocol.actions import choose_english
from review.protocol.queries import review_called
from review.protocol.vocabulary import English
from tests.screening.builders import attributed

ROOT = Path(__file__).parents[2] / "review"
PRINTED = ("export", "living/reports", "living/runs", "living/estimates", "living/inputs",
           "figures", "measures.py", "wording.py", "protocol")  # fmt: skip
"""Where texts stand that are printed."""

SUSPECT = re.compile(
    r"\w+our(?:s|ed|ing|able|ably)?|\w+(?:is|iz)(?:e|es|ed|ing|ation|ations)|\w+ly[sz](?:e|es|ed|ing)"
    r"|\w+(?:tre|tres|centred|centring)|center\w*|\w*(?:catalog|dialog|analog)(?:ue|ues)?"
    r"|\w+(?:fence|fense|licence|license|pretence|pretense)|\w+[ae]ll(?:ed|ing|er)|gr[ae]y\w*"
    r"|judge?ments?|programmes?|paed\w+|haem\w+|oed\w+|practi[cs]e\w*|art[ei]facts?|fulfil\w*"
    r"|age?ing|learnt|towards?|whilst|amongst|(?:labor|favor|behavior|color|neighbor)\w*",
    re.IGNORECASE,
)
"""Words that may be spelled in two ways."""

NEUTRAL = frozenset(
    [
        "advised",
        "analyses",
        "appraise",
        "appraised",
        "called",
        "center",
        "centering",
        "centred",
        "centering",
        "color",
        "contour",
        "contours",
        "detokenize",
        "four",
        "filled",
        "footnotesize",
        "informationsize",
        "installed",
        "neighbours",
        "otherwise",
        "practice",
        "precise",
        "raise",
        "raises",
        "randomised",
        "revise",
        "revised",
        "rise",
        "samplesize",
        "scriptsize",
        "size",
        "sized",
        "sizes",
        "smaller",
        "your",
        "yours",
        "standardise",
        "standardize",
        "standardizes",
        "hour",
        "hours",
        "exercise",
        "noise",
        "likewise",
        "concise",
        "wise",
        "arise",
        "comprise",
        "promise",
        "programme",
        "license",
        "licence",
        "programs",
        "disguise",
        "advise",
        "equalled",
        "recalled",
        "pour",
        "tour",
        "surprise",
    ]
)
"""Spelled in one way, or names of code that nobody reads."""


def _texts(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    docs = {
        id(node.value) for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def test_every_word_with_two_spellings_is_known() -> None:
    known = {word for pair in PAIRS for word in pair} | NEUTRAL
    known |= {re.sub("is(e|ed|es|ation)$", r"iz\1", word) for word in known}
    unknown: dict[str, str] = {}
    for place in PRINTED:
        files = [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py"))
        for path in files:
            for text in _texts(path):
                for word in re.findall(r"[A-Za-z]+", text):
                    if SUSPECT.fullmatch(word) and word.lower() not in known:
                        unknown[word.lower()] = path.name
    assert unknown == {}


def _printed(document: Manuscript) -> Iterator[str]:
    yield from (document.title, document.subtitle)
    for block in document.blocks:
        if isinstance(block, Heading | Paragraph):
            yield block.text
        elif isinstance(block, TableBlock):
            table = block.table
            yield table.title
            yield from (column.header for column in table.columns)
            yield from table.general
            yield from (note.text for _, note in table.marked)


@pytest.mark.parametrize("english", list(English))
def test_no_word_of_the_other_variety_is_in_a_document(
    delivered: Database, english: English
) -> None:
    with writing(delivered, attributed("tester", slug="cbt-delivery")) as session:
        choose_english(session, review_called(session, "cbt-delivery"), english)
    with delivered.reading() as session:
        review = review_called(session, "cbt-delivery")
        facts = facts_of(session, review)
        tables = collect(session, review, [a.latest for a in facts.analysed]).printed
    documents = [manuscript(facts, tables, {}), supplement(facts, tables, {})]
    american = english is English.US
    other = {(gb if american else us) for gb, us in PAIRS}
    seen = set()
    for document in documents:
        for text in _printed(document):
            ours = re.sub(QUOTED, "", text)
            for own in sorted(facts.spelling.own, key=len, reverse=True):
                ours = re.sub(re.escape(own), "", ours, flags=re.IGNORECASE)
            words = {word.lower() for word in re.findall(r"[A-Za-z]+", ours)}
            assert not words & other, text
            seen |= words
    assert ("favor" if american else "favour") in seen
    with ZipFile(BytesIO(render_word(documents[0]))) as word:
        styles = word.read("word/styles.xml").decode()
    assert re.findall(r'<w:lang [^>]*w:val="([^"]+)"', styles) == [english.value]


def test_what_people_wrote_stays() -> None:
    own = ("Centre for randomised trials", "12 weeks, standardised")
    american = Spelling(English.US, own)
    told = "Centre for randomised trials: 3 were randomised; “favour” (12 weeks, standardised)"
    assert american.text(told) == told.replace("were randomised", "were randomized")
    assert american.text("Judgements favoured grey") == "Judgments favored gray"
    british = Spelling(English.GB)
    assert british.text("Standardized mean difference") == "Standardised mean difference"
    for word, other in PAIRS:
        assert american.text(word) == other
        assert british.text(other) == word


def test_figures_are_spelled_too() -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    axes.set_xlabel("Favours video")
    spell(figure, Spelling(English.US))
    assert axes.get_xlabel() == "Favors video"


def test_a_review_chooses_once(cli: Callable[..., Result]) -> None:
    cli("new", "video", "--title", "Video")
    assert "video is printed in en-GB." in cli("english").output
    assert "video is printed in en-US." in cli("english", "en-US").output
    assert '"english": "en-US"' in cli("english", "--json").output
    assert cli("english", "fr", status=2).exit_code == 2
