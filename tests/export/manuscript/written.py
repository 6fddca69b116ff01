"""A run of made-up effects as the text takes it."""

from __future__ import annotations

from review.export.manuscript.document import Paragraph, Spans, plain
from review.export.manuscript.facts import Analysed, printer_of
from review.export.manuscript.results import result_sentences
from review.export.run_tables import LatestRun
from review.export.table.printing import NumberStyle
from review.living.changes import Snapshot, compare
from tests.conftest import NOW
from tests.living.test_changes import run

KEY = "0123456789ab" + 52 * "0"
KEY_BEFORE = "ba9876543210" + 52 * "0"


def analysed(
    trials: dict[int, tuple[float, float]], *, before: Snapshot | None = None, **plan: object
) -> Analysed:
    """The newest run of trials given as study id to (estimate, variance)."""
    after = run(trials, **plan)
    return Analysed(
        latest=LatestRun("made-up", 2 if before else 1, *after, compare(before, after), KEY),
        created=NOW,
        plan_version=1,
        frozen_at=NOW,
        software={"living-review": "0"},
        before=before[1] if before else None,
        before_key=KEY_BEFORE if before else None,
        versions=None,
    )


def result(found: Analysed) -> str:
    """What the text says the analysis found."""
    printer = printer_of(found, NumberStyle.APA)
    return " ".join(plain(text) for text in result_sentences(found, printer))


def said(spans: list[Spans]) -> str:
    """Sentences as text."""
    return " ".join(Paragraph(text).text for text in spans)
