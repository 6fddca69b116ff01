"""What analyses see of rows that nobody stored is what they see of the same rows stored."""

from __future__ import annotations

import pytest

from review.db import Database
from review.export.views.entering import check_form
from review.extraction.doubts import doubts
from review.extraction.drafts.evidence import TYPED, evidence_of_rows
from review.extraction.drafts.queries import field_versions
from review.extraction.drafts.taking import take_form
from review.extraction.evidence_queries import evidence
from review.extraction.rows import numbered
from review.extraction.sheet import entry_rows
from review.extraction.vocabulary import EntryKind
from review.history.actions import Attribution, writing
from review.history.queries import head
from review.protocol.queries import current_versions, plan_of, review_called, reviews
from tests.conftest import NOW
from tests.extraction.drafts.entering import begun, opened, place, typed


@pytest.mark.parametrize("which", ["delivery", "demonstration", "practice"])
def test_rows_typed_give_the_evidence_of_rows_stored(
    which: str, request: pytest.FixtureRequest
) -> None:
    database: Database = request.getfixturevalue(which)
    with database.reading() as session:
        seq = head(session)
        for review in reviews(session):
            names = frozenset(
                n for v in current_versions(session, review) for n in plan_of(v).names
            )
            stored = [item for _, item in evidence(session, [review.id], names=names)]
            by_place = {(item.study, item.place): item for item in stored}
            cells = [
                {name: value for name, value in row.items() if value is not None}
                for row in entry_rows(session, review)
            ]
            rows = [numbered(line, row, field_versions(session, review))[0]
                    for line, row in enumerate(cells, start=2)]  # fmt: skip
            found = evidence_of_rows(session, review, rows, "nobody", names=names)
            assert len(found) == len(stored)
            for item in found:
                same = by_place[item.study, item.place]
                facts = same.facts
                if facts is not None and item.facts is not None:
                    assert item.facts.study == facts.study
                    assert item.facts.arm.items() >= facts.arm.items()
                    facts = item.facts
                assert item == same._replace(
                    result_id=item.result_id, entry_kind=TYPED, facts=facts
                ), item.place
        assert head(session) == seq


def test_doubts_of_a_form_are_those_of_the_entry_it_becomes(
    database: Database, by: Attribution
) -> None:
    begun(database, by)
    form = typed({"n": "50", "mean": "15.6", "sd": "0.9"})
    with database.reading() as session:
        review, study = place(session)
        _, stored = opened(session, study, "anna")
        told = check_form(
            session, review, study.id, kind=EntryKind.SINGLE, form=form, made_from=stored,
            viewer="anna",
        )  # fmt: skip
    assert told.doubts
    with writing(database, by) as session:
        review, study = place(session)
        take_form(session, review, study, EntryKind.SINGLE, form, stored, "anna", NOW, "typed")
        after = doubts(session, review_called(session, "r"), study=study.label)
        assert {d.finding.key for d in after} == {d.key for d in told.doubts}
