"""Studies and persons that become one: what was typed under the other name is still there."""

from __future__ import annotations

import pytest

from review.db import Database, Session
from review.extraction.drafts.actions import keep_draft
from review.extraction.drafts.form import Form, Stored
from review.extraction.drafts.lines import checked, lines_of
from review.extraction.drafts.queries import draft_of
from review.extraction.mending.merging import merge_studies
from review.extraction.models import Study
from review.extraction.queries import study_called
from review.extraction.vocabulary import EntryKind
from review.history.actions import Attribution, writing
from review.people.actions import merge_persons
from review.protocol.models import Review
from tests.conftest import NOW
from tests.extraction.drafts.entering import NEW, begun, place, typed


def _keep(session: Session, review: Review, study: Study, person: str, n: str) -> None:
    keep_draft(
        session, review, study, version=0, kind=EntryKind.BLIND, form=typed({"n": n}),
        made_from=Stored(), person=person, now=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("both", [False, True])
def test_a_study_that_is_merged_takes_its_drafts_along(
    database: Database, by: Attribution, both: bool
) -> None:
    begun(database, by)
    with writing(database, by) as session:
        review, new = place(session)
        other = study_called(session, review, "Synthetic 1")
        _keep(session, review, new, "anna", "7")
        if both:
            _keep(session, review, other, "anna", "8")
        merge_studies(
            session, review, goes=NEW, stays="Synthetic 1", reason="one trial", person="ada",
            now=NOW,
        )  # fmt: skip
        draft = draft_of(session, study_called(session, review, "Synthetic 1"), "anna")
        assert draft is not None
        form = Form.model_validate(draft.form)
        sizes = [row.cells["n"] for block in form.blocks for row in block.rows[:1]]
        assert sizes == (["8", "7"] if both else ["7"])
        assert len(form.arms) == (4 if both else 2)
        _, wrong = checked(form, list(lines_of(form, "Synthetic 1")), {})
        assert all("called so" in one.message or "same arm" in one.message for one in wrong)
        assert bool(wrong) == both


def test_a_person_who_turns_out_to_be_another_keeps_their_draft(
    database: Database, by: Attribution
) -> None:
    begun(database, by)
    with writing(database, by) as session:
        review, study = place(session)
        _keep(session, review, study, "anna", "7")
        merge_persons(session, "anna", "ben", now=NOW)
        assert draft_of(session, study, "ben") is not None
        assert draft_of(session, study, "ada") is None
