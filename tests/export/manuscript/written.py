"""A run of made-up effects as the text takes it."""

from __future__ import annotations

from review.export.manuscript.document import Paragraph, Spans, plain
from review.export.manuscript.facts import Analysed, printer_of
from review.export.manuscript.results import result_sentences
from review.export.runs import LatestRun
from review.export.tables.printing import NumberStyle
from review.living.reports.changes import compare
from review.living.runs.results import Snapshot
from tests.conftest import NOW
from tests.living.reports.test_changes import run

KEY = "0123456789ab" + 52 * "0"
KEY_BEFORE = "ba9876543210" + 52 * "0"


def analysed(
    trials: dict[int, tuple[float, float]], *, before: Snapshot | None = None, **plan: object
) -> Analysed:
    """The newest run of trials given as study id to (estimate, variance)."""
    after = run(trials, **plan)
    change = compare(before, after)
    latest = LatestRun("made-up", 1, *after, change, KEY)
    if before is not None:
        latest = LatestRun("made-up", 2, *after, change, KEY, before, KEY_BEFORE)
    return Analysed(
        latest=latest,
        created=NOW,
        plan_version=1,
        frozen_at=NOW,
        software={"living-review": "0"},
    )


def result(found: Analysed) -> str:
    """What the text says the analysis found."""
    printer = printer_of(found, NumberStyle.APA)
    return " ".join(plain(text) for text in result_sentences(found, printer))


def said(spans: list[Spans]) -> str:
    """Sentences as text."""
    return " ".join(Paragraph(text).text for text in spans)
