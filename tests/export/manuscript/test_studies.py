"""What was found before pooling: the flow, how records were judged, risk of bias, certainty."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy.orm import Session

from review.citations.models import Search
from review.citations.vocabulary import SourceKind
from review.db import Database, database_at
from review.export.flow.counting import count_flow
from review.export.manuscript.checklists import checklists_of
from review.export.manuscript.document import Heading, Paragraph, Reference
from review.export.manuscript.facts import Appraised, Facts, StageRead, facts_of
from review.export.manuscript.figures import drawings
from review.export.manuscript.methods import methods
from review.export.manuscript.quarto import render_quarto
from review.export.manuscript.studies import risk_of_bias, selection
from review.export.manuscript.word import render_word
from review.export.manuscript.writing import manuscript
from review.export.tables.printing import NumberStyle
from review.extraction.appraisal.actions import appraise, set_assessors
from review.extraction.appraisal.certainty import rate_certainty
from review.extraction.appraisal.grade import Step
from review.extraction.appraisal.vocabulary import Consideration, Design
from review.figures.saving import FigureFormat
from review.history.actions import Attribution, writing
from review.protocol.queries import review_called
from review.screening.vocabulary import Stage
from tests.conftest import NOW
from tests.export.flow.test_prisma import inputs
from tests.export.manuscript.written import analysed
from tests.extraction.appraisal.samples import a_review, form, the_review
from tests.loaded import PATIENCE

APA = NumberStyle.APA


def _text(blocks: object) -> str:
    assert isinstance(blocks, list)
    return " ".join(block.text for block in blocks if isinstance(block, Paragraph | Heading))


@pytest.fixture(scope="module")
def plain_facts(delivery: Database) -> Facts:
    with delivery.reading() as session:
        return facts_of(session, review_called(session, "cbt-delivery"))


@pytest.fixture(scope="module")
def screened(plain_facts: Facts) -> Facts:
    """The review as if the made-up flow of the PRISMA tests were its own."""
    searches = tuple(
        Search(
            kind=SourceKind.DATABASE, source=source, platform=platform, strategy=strategy,
            ran_on=day, searched_by="tester",
        )
        for source, platform, strategy, day in (
            ("PsycINFO", "Ovid", "exp Psychotherapy/", "2026-10-01"),
            ("PsycINFO", "Ovid", "exp Psychotherapy/", "2026-11-01"),
            ("PubMed", None, None, "2026-11-02"),
        )
    )  # fmt: skip
    stages = (
        StageRead(
            Stage.TITLE_ABSTRACT, 2, blind=True, decided=9, adjudicated=1, compared=9, equal=8
        ),
        StageRead(Stage.FULL_TEXT, 1, blind=True, decided=5, adjudicated=0, compared=0, equal=0),
    )
    flow = count_flow(inputs())
    return replace(plain_facts, flow=flow, searches=searches, stages=stages, reasons=3)


def test_the_flow_is_told_in_its_own_numbers(screened: Facts) -> None:
    told = _text(selection(screened, APA))
    assert (
        "In all, 12 records were identified (prisma_flow); before screening, 1 duplicate, 1 "
        in told
    )
    assert "Of 8 records screened, 2 were excluded; 6 reports were sought for retrieval" in told
    assert "Of 5 reports assessed in full text, 2 were excluded (wrong population, 1; and " in told
    assert (
        "Included were 2 studies in 3 reports (characteristics). Still awaited: 1 screening."
        in told
    )
    outside = replace(inputs(), studies=frozenset(range(70, 76)), links={1: 70, 8: 70})
    told = _text(selection(replace(screened, flow=count_flow(outside)), APA))
    assert "Included were 1 study in 2 reports (characteristics)." in told
    assert told.endswith(
        "Not linked to a study yet: 1 included report. Not in this flow, since no included record "
        "leads there: 5 further studies that the review holds."
    )


def test_the_conduct_of_screening_is_told_stage_by_stage(screened: Facts) -> None:
    told = _text(methods(screened, APA))
    assert (
        "The sources searched were PsycINFO (Ovid), last on 2026-11-01 and PubMed, last on "
        "2026-11-02 (search_strategies)." in told
    )
    assert (
        "Titles and abstracts were judged by two or more reviewers independently, blind to one "
        "another; another person settled 1 disagreement. Full texts were judged by one reviewer."
    ) in told
    halfway = replace(screened.stages[0], compared=4, adjudicated=0)
    told = _text(methods(replace(screened, stages=(halfway,)), APA))
    assert "blind to one another (4 of 9) or by one so far." in told


def test_the_audit_follows_the_conduct(screened: Facts) -> None:
    table = checklists_of(screened)["amstar_2"]
    answers = {str(row[0]): (row[4], row[5]) for row in table.rows}
    assert answers["5"][0] == "No", "full texts were judged by one person"
    because = "2 databases, 0 registers, citation searching not recorded, 2 of 3 searches with full"
    assert answers["4"] == ("No", f"{because} strategy")
    assert answers["7"][0] == "Yes"


def _answer(facts: Facts, item: str) -> str:
    return {str(row[0]): str(row[4]) for row in checklists_of(facts)["amstar_2"].rows}[item]


UNTOLD = "Cannot be told from the database"


@pytest.mark.parametrize(
    ("second", "answer"),
    [
        ({"required": 2}, "Yes"),
        ({"required": 2, "blind": False}, UNTOLD),
        ({"compared": 10, "equal": 8}, "Yes"),
        ({"compared": 10, "equal": 7}, "No"),
    ],
)
def test_selection_is_in_duplicate_by_two_blind_reviewers_or_a_sample_that_agreed(
    screened: Facts, second: dict[str, Any], answer: str
) -> None:
    first, other = screened.stages
    assert _answer(replace(screened, stages=(first, replace(other, **second))), "5") == answer


def test_a_strategy_for_two_databases_is_half_of_item_4_and_limits_want_a_reason(
    screened: Facts,
) -> None:
    def searched(strategy: str | None, limits: str | None) -> Facts:
        more = Search(
            kind=SourceKind.DATABASE, source="CINAHL", strategy=strategy, limits=limits,
            ran_on="2026-11-02", searched_by="tester",
        )  # fmt: skip
        return replace(screened, searches=(*screened.searches, more))

    found = [searched(None, None), searched("video*", None), searched("video*", "English")]
    assert [_answer(facts, "4") for facts in found] == ["No", "Partial yes", UNTOLD]


def test_no_list_of_excluded_reports_before_one_was_assessed(screened: Facts) -> None:
    assert screened.flow is not None
    boxes = {
        key: replace(box, n=0) if key.endswith("reports_assessed") else box
        for key, box in screened.flow.boxes.items()
    }
    assert _answer(replace(screened, flow=replace(screened.flow, boxes=boxes)), "7") == UNTOLD


def test_a_mention_of_a_figure_that_is_not_there_is_left_out(screened: Facts) -> None:
    document = manuscript(screened, {}, {})
    spans = [span for b in document.blocks if isinstance(b, Paragraph) for span in b.spans]
    assert not [span for span in spans if isinstance(span, Reference)]
    (flow,) = [
        b.text for b in document.blocks if isinstance(b, Paragraph) and "identified" in b.text
    ]
    assert flow.startswith("In all, 12\u00a0records were identified; before screening")


HOSTILE = 'no "real" [control]{.x} | *a* _b_ $c$ <i>d</i> `e` ^f^ ~g~ \\h @i #j 100%/k\nl'


@pytest.mark.skipif(shutil.which("pandoc") is None, reason="pandoc is not installed")
def test_hostile_words_stay_words(screened: Facts) -> None:
    flow = count_flow(replace(inputs(), reasons=("wrong", HOSTILE, "none")))
    document = manuscript(replace(screened, flow=flow, title=HOSTILE), {}, {})
    done = subprocess.run(
        ["pandoc", "--from", "markdown", "--to", "plain", "--wrap", "none", "--standalone"],
        input=render_quarto(document, APA), check=True, capture_output=True, text=True,
        timeout=PATIENCE,
    )  # fmt: skip
    told = " ".join(done.stdout.split())
    assert told.count(" ".join(HOSTILE.split())) == 2, "as title and as reason"
    assert "data-" not in done.stdout
    number = document.numbers[f"flow/reports_excluded/{quote(HOSTILE, safe='')}"]
    assert (number.text, number.value) == ("1", 1)
    assert render_word(document).startswith(b"PK")


@pytest.fixture
def judging(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[Session, Facts]]:
    """A review whose results were judged for bias and rated for certainty."""
    shutil.copy(sqlite_template, tmp_path / "review.db")
    database = database_at(f"sqlite:///{tmp_path / 'review.db'}")
    by = Attribution(actor="tester", reason="test", at=NOW)
    a_review(database, by, "rob2-parallel")
    with writing(database, by) as session:
        review = the_review(session)
        set_assessors(session, review, 1)
        appraise(session, review, "rob2-parallel", form(), handle="ada", now=NOW)
        rate_certainty(
            session, review, "alliance", handle="ada", now=NOW, design=Design.RANDOMISED,
            steps={Consideration.IMPRECISION: Step(-1, "wide interval")},
        )  # fmt: skip
        yield session, facts_of(session, review)
    database.engine.dispose()


@pytest.fixture
def judged(judging: tuple[Session, Facts]) -> Facts:
    return judging[1]


def test_risk_of_bias_and_certainty_are_told_and_drawn(judging: tuple[Session, Facts]) -> None:
    session, facts = judging
    told = _text(risk_of_bias(facts, APA))
    assert "Of 1 result judged with RoB 2, individually randomised parallel-group trials" in told
    assert "overall: 1 “" in told
    conduct = _text(methods(facts, APA))
    assert "sterne2019, guidance of 22 August 2019, riskofbias.info: 1 result, each by" in conduct
    assert "The certainty of evidence was rated by GRADE" in conduct
    found = drawings(session, the_review(session), facts, APA)
    drawn = {drawing.name: drawing for drawing in found.drawn}
    assert set(drawn) == {"risk_of_bias_rob2_summary", "risk_of_bias_rob2_traffic_light"}
    assert all(set(drawing.made().files) == set(FigureFormat) for drawing in drawn.values())
    (left_out,) = found.supplement
    assert left_out == (
        "Not drawn: conclusions by job need a run, and there is none; progress of screening needs "
        "decisions, and there are none."
    )


def test_items_on_risk_of_bias_count_every_pooled_study(judged: Facts) -> None:
    (rob,) = judged.appraised
    (day,) = rob.standings
    pooled = replace(judged, analysed=(analysed({day.study_id: (0.3, 0.04), 99: (0.1, 0.04)}),))

    def answers(*appraised: Appraised) -> list[str]:
        facts = replace(pooled, appraised=appraised)
        return [_answer(facts, item) for item in ("9", "12", "13")]

    assert answers(rob) == ["No", "No", UNTOLD], "one of two is judged"
    both = replace(rob, standings=(day, replace(day, study_id=99)))
    assert answers(both) == ["Yes", "Yes", "Yes"], "both at low risk"
    waiting = replace(day, study_id=99, counts=None)
    assert answers(replace(both, standings=(*both.standings, waiting)))[1:] == ["No", UNTOLD]
    assert answers(replace(both, family="ours")) == [UNTOLD, "No", UNTOLD]


def test_a_description_is_at_most_half_told_and_not_while_extraction_waits(judged: Facts) -> None:
    reported = {**dict.fromkeys(judged.extracted.reported, 2)}

    def described(**states: int) -> str:
        named = {name.replace("_", " "): n for name, n in states.items()}
        read = replace(judged.extracted, studies=2, reported=reported, states=named)
        return _answer(replace(judged, extracted=read), "8")

    assert described(extracted_by_one_person=2) == "Partial yes"
    assert described(extracted_by_one_person=1, awaiting_extraction=1) == "No"


def test_why_studies_were_combined_is_never_told(judged: Facts) -> None:
    alike = analysed({1: (0.30, 0.04), 2: (0.31, 0.04)})
    assert alike.latest.results.pooled.I2 < 50
    assert _answer(replace(judged, analysed=(alike,)), "11") == UNTOLD
