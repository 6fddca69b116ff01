"""A trial that is being typed enters no analysis, whatever is saved and pooled meanwhile."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from review.db import Database
from review.errors import InvalidDataError, StaleError
from review.extraction.drafts.actions import drop_draft, keep_draft, take_over
from review.extraction.drafts.errors import FormError
from review.extraction.drafts.queries import draft_of
from review.extraction.evidence_queries import evidence
from review.extraction.vocabulary import EntryKind
from review.history.actions import Attribution, writing
from review.history.queries import events, head
from review.living.job.repool import repool
from review.living.runs.queries import newest_of_each, snapshot_of
from tests.conftest import NOW
from tests.extraction.drafts.entering import NEW, begun, opened, place, typed

TYPED = ("", "5", "5.", "5.6", "6o", "NR", "-", "−3", "1e400", "50")
"""What stands in a cell in the middle of typing."""


def _counted(database: Database) -> Mapping[str, tuple[float | int | None, ...]]:
    """Return n, mean and SD of the new trial's arms, as analyses see them."""
    with database.reading() as session:
        review, study = place(session)
        return {
            item.arm.label: (item.numbers.n, item.numbers.mean, item.numbers.sd)
            for _, item in evidence(session, [review.id])
            if item.study_id == study.id
        }


def _in_run(database: Database) -> set[float | int | None]:
    with database.reading() as session:
        review, _ = place(session)
        inputs, _ = snapshot_of(newest_of_each(session, review)[0])
        return {
            number
            for trial in inputs.trials
            if trial.study == NEW
            for arm in (*trial.intervention, *trial.comparator)
            for number in (arm.numbers.n, arm.numbers.mean, arm.numbers.sd)
        }


@pytest.mark.parametrize("kind", [EntryKind.SINGLE, EntryKind.BLIND])
def test_half_typed_trials_never_enter_a_run(
    database: Database, by: Attribution, kind: EntryKind
) -> None:
    begun(database, by)
    chance = random.Random(f"{kind} 1")
    saved: Mapping[str, tuple[float | int | None, ...]] = {}
    for step in range(40 if database.is_sqlite else 12):
        deed = chance.choice(("type", "type", "type", "drop", "save", "finish", "pool"))
        with database.reading() as session:
            before = head(session)
        done = False
        try:
            with writing(database, Attribution(actor="anna", at=NOW, review="r")) as session:
                review, study = place(session)
                draft = draft_of(session, study, "anna")
                version = draft.version if draft is not None else 0
                if deed == "type":
                    _, stored = opened(session, study, "anna", kind)
                    cells = {name: chance.choice(TYPED) for name in ("n", "mean", "sd")}
                    form = typed(cells)
                    if draft is not None:
                        stored = type(stored).model_validate(draft.made_from)
                    keep_draft(
                        session, review, study, version=version, kind=kind, form=form,
                        made_from=stored, person="anna", now=NOW,
                    )  # fmt: skip
                elif deed == "drop":
                    drop_draft(session, study, version=version, person="anna")
                elif deed in ("save", "finish") and version:
                    take_over(
                        session, review, study, version=version, person="anna", now=NOW,
                        finish=deed == "finish",
                    )  # fmt: skip
                    done = True
        except (FormError, StaleError, InvalidDataError):
            pass
        if deed == "pool":
            repool(database, actor="tester", now=lambda: NOW)
            known = {number for numbers in saved.values() for number in numbers}
            assert _in_run(database) <= known, step
            continue
        now = _counted(database)
        if done and kind is EntryKind.SINGLE:
            saved = now
        assert now == saved, (step, deed)
        if deed in ("type", "drop"):
            with database.reading() as session:
                assert head(session) == before  # the history follows no keystrokes
    assert (kind is EntryKind.SINGLE) == bool(saved) or not database.is_sqlite


def test_taking_over_is_one_set_of_events_and_the_draft_is_gone(
    database: Database, by: Attribution
) -> None:
    begun(database, by)
    with writing(database, by) as session:
        review, study = place(session)
        form, stored = typed(), opened(session, study, "anna")[1]
        first = keep_draft(
            session, review, study, version=0, kind=EntryKind.SINGLE, form=form,
            made_from=stored, person="anna", now=NOW,
        ).version  # fmt: skip
    with database.reading() as session:
        seq = head(session)[0]
    one = Attribution(actor="anna", at=NOW, review="r", request="one request")
    with writing(database, one) as session:
        review, study = place(session)
        take_over(session, review, study, version=first, person="anna", now=NOW)
        assert draft_of(session, study, "anna") is None
    with database.reading() as session:
        since = [e for e in events(session, viewer="anna", limit=200) if e.seq > seq]
        assert {(e.actor, e.request) for e in since} == {("anna", "one request")}
        assert sum(e.entity == "result" for e in since) == 2
        assert not [e for e in events(session, viewer="anna", limit=500) if e.entity == "draft"]
