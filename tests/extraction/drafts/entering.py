"""A synthetic review with trials that count, and one that is to be entered."""

from __future__ import annotations

from typing import Any

from review.db import Database, Session
from review.extraction.actions import import_extraction
from review.extraction.drafts.form import Form, Stored
from review.extraction.drafts.queries import form_of, own_entry, stored_of
from review.extraction.models import Study
from review.extraction.queries import entries, study_called
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.extraction.vocabulary import EntryKind
from review.history.actions import Attribution, writing
from review.protocol.actions import add_instrument, add_outcome, new_review, plan_analysis
from review.protocol.models import Review
from review.protocol.queries import review_called
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from tests.conftest import NOW
from tests.joining import joined
from tests.living.fixture import V, Y, trial
from tests.living.job.test_repool import plan

NEW = "New (2025)"


def fill(session: Session, review: Review) -> None:
    """Give a review an instrument, a plan, eight synthetic trials and an empty one."""
    add_outcome(session, review, OutcomeSpec(slug="alliance", name="Alliance"))
    spec = InstrumentSpec(slug="wai", name="WAI", outcome="alliance", higher_is_better=True)
    add_instrument(session, review, spec)
    planned = plan(method="DL", test="z", other_margins=(0.25, 0.3))
    plan_analysis(session, review, AnalysisSpec(slug="alliance", plan=planned), now=NOW)
    rows = [trial(n, Y[n - 1], V[n - 1]) for n in range(1, 9)]
    new = NumberedRow(20, ExtractionRow.model_validate({"study": NEW}))
    import_extraction(session, review, [*rows, new], file="synthetic", person="ada")


def begun(database: Database, by: Attribution) -> Database:
    """Make the review with two people, anna and ben."""
    with writing(database, by) as session:
        review = new_review(session, ReviewSpec(slug="r", title="Synthetic"), owner="tester")
        for who in ("ada", "anna", "ben"):
            joined(session, review, who)
        fill(session, review)
    return database


def place(session: Session) -> tuple[Review, Study]:
    """Return the review and the trial that is to be entered."""
    review = review_called(session, "r")
    return review, study_called(session, review, NEW)


def opened(
    session: Session, study: Study, person: str, kind: EntryKind = EntryKind.SINGLE
) -> tuple[Form, Stored]:
    """Return the form that a person opens, and what it is made from."""
    stored = stored_of(session, study, kind, own_entry(entries(session, [study.id]), kind, person))
    return form_of(stored), stored


def typed(
    video: dict[str, str] | None = None, person: dict[str, str] | None = None, **more: Any
) -> Form:
    """Return a form of two arms on one instrument, as somebody types it."""
    return Form.model_validate(
        {
            "study": {"cells": {"year": "2025"}},
            "arms": [
                {"key": "a1", "label": "Video",
                 "cells": {"treatment": "CBT", "delivery_mode": "videoconference"}},
                {"key": "a2", "label": "In person",
                 "cells": {"treatment": "CBT", "delivery_mode": "face_to_face"}},
            ],
            "reports": [{"key": "r1", "citation": "A synthetic report"}],
            "blocks": [
                {
                    "key": "b1", "instrument": "wai", "rater": "client", "timepoint": "post",
                    "analysis_set": "itt",
                    "source": {"report": "r1", "page": "Table 2", "pdf_page": 4},
                    "rows": [
                        {"key": "x1", "arm": "a1",
                         "cells": video or {"n": "50", "mean": "5.6", "sd": "0.9"}},
                        {"key": "x2", "arm": "a2",
                         "cells": person or {"n": "49", "mean": "5.8", "sd": "0.8"}},
                    ],
                }
            ],
            **more,
        }
    )  # fmt: skip
