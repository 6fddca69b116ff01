"""What the newest run is held against: the last version that readers saw, or older data."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy.orm import Session

from review.db import Database
from review.export.contents.registry import collect
from review.export.manuscript.change import change_sentences
from review.export.manuscript.document import Paragraph
from review.export.manuscript.facts import facts_of
from review.export.manuscript.writing import manuscript
from review.export.runs import latest_run, latest_runs, version_now
from review.export.tables.printing import NumberStyle
from review.history.actions import writing
from review.living.job.repool import repool
from review.living.releases.releases import ReleaseSpec, create_release
from review.protocol.actions import revise_analysis
from review.protocol.queries import current_versions, plan_of, review_called
from review.protocol.specs import AnalysisSpec
from review.protocol.vocabulary import Variant
from tests.conftest import NOW
from tests.export.manuscript.written import said
from tests.screening.builders import attributed

AT = "multimedia"


def _revise(database: Database) -> None:
    with writing(database, attributed("tester")) as session:
        review = review_called(session, "cbt-delivery")
        (version,) = [v for v in current_versions(session, review) if v.analysis.slug == AT]
        plan = plan_of(version).model_copy(update={"variants": (Variant.FIXED,)})
        revise_analysis(session, review, AnalysisSpec(slug=AT, plan=plan), now=NOW)
    repool(database, actor="tester", now=lambda: NOW)


def _release(database: Database, version: str, folder: Path) -> None:
    with writing(database, attributed("tester")) as session:
        review = review_called(session, "cbt-delivery")
        create_release(session, review, ReleaseSpec(version, "test"), folder=folder, now=NOW)


def _told(session: Session) -> str:
    facts = facts_of(session, review_called(session, "cbt-delivery"))
    (found,) = [a for a in facts.analysed if a.slug == AT]
    return said(change_sentences(found, NumberStyle.APA))


def test_a_new_plan_hides_no_change_of_data(delivered: Database) -> None:
    _revise(delivered)
    with delivered.reading() as session:
        run = latest_run(session, review_called(session, "cbt-delivery"), AT)
        told = _told(session)
    assert (run.before_number, run.number) == (1, 3)
    assert told.startswith(
        "Since the results of 2026-11-23 (run 1), with a changed plan and 11 trials added, "
    )
    assert "The conclusion changed from “inconclusive” to “superior”." in told
    assert "Changed in the plan: sensitivity analyses from none to common effect." in told


def test_what_readers_saw_is_the_last_release_before_these_results(
    delivered: Database, tmp_path: Path
) -> None:
    _release(delivered, "1.0", tmp_path / "one")
    with delivered.reading() as session:
        review = review_called(session, "cbt-delivery")
        assert version_now(session, review) == "1.0"
        assert latest_run(session, review, AT).before_number == 1, "1.0 is what is exported now"
    _revise(delivered)
    with delivered.reading() as session:
        review = review_called(session, "cbt-delivery")
        assert version_now(session, review) is None
        runs = {run.analysis: run for run in latest_runs(session, review)}
        assert (runs[AT].before_number, runs[AT].since) == (2, "version 1.0 of 2026-11-23")
        assert runs["face-to-face"].unchanged
        told = _told(session)
    assert told.startswith("Since version 1.0 of 2026-11-23, with a changed plan, ")
    _release(delivered, "1.1", tmp_path / "two")
    with delivered.reading() as session:
        review = review_called(session, "cbt-delivery")
        assert version_now(session, review) == "1.1"
        assert latest_run(session, review, AT).since == "version 1.0 of 2026-11-23"
        facts = facts_of(session, review)
        (same,) = [a for a in facts.analysed if a.slug == "face-to-face"]
    assert said(change_sentences(same, NumberStyle.APA)) == (
        "This is the result of version 1.0 of 2026-11-23; nothing in it has changed."
    )


def test_no_sentence_begins_with_a_numeral(delivered: Database) -> None:
    _revise(delivered)
    with delivered.reading() as session:
        review = review_called(session, "cbt-delivery")
        facts = facts_of(session, review)
        tables = collect(session, review, [a.latest for a in facts.analysed]).printed
    texts = [b.text for b in manuscript(facts, tables, {}).blocks if isinstance(b, Paragraph)]
    assert len(texts) > 10
    for text in texts:
        assert not re.search(r"(?:^|[.!?]\s)[−\d]", text), text
