"""What B is refused, and what B is told, is the same whatever A entered blind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from review.db import Database, Session
from review.errors import ReviewError
from review.extraction.intake import import_extraction
from review.extraction.mending import instruments, merging, renaming, results, undoing
from review.extraction.past_imports import past_imports
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.extraction.sheet import entry_rows
from review.extraction.vocabulary import EntryKind
from review.history.actions import Attribution, writing
from review.protocol.actions import add_instrument, add_outcome, new_review
from review.protocol.models import Review
from review.protocol.queries import review_called
from review.protocol.specs import InstrumentSpec, OutcomeSpec, ReviewSpec
from tests.conftest import NOW
from tests.joining import joined
from tests.tiers import MOSTLY_ON_SQLITE

WHY: dict[str, Any] = {"reason": "a test", "person": "ben"}
WORLDS = ("one", "two")
KNOWN = [
    {"study": study, "arm": arm, "treatment": arm, "citation": cited}
    for study in ("Adams", "Brown")
    for arm, cited in (("Video", "first report"), ("In person", "second report"))
]
"""What everybody sees: studies with their arms and reports, agreed on before anybody enters."""


def _entered(world: str) -> list[dict[str, Any]]:
    """What A enters blind: the second world has another time, another mean, more results."""
    other = world == "two"
    rows: list[dict[str, Any]] = [
        {"instrument": "bdi", "arm": arm, "mean": mean, "timepoint": "Later" if other else "post"}
        for arm, mean in (("Video", 5), ("In person", 9 if other else 5))
    ]
    if other:
        rows.append({"instrument": "bdi-2", "arm": "Video", "mean": 7, "timepoint": "post"})
        rows.append({
            "instrument": "bdi", "arm": "Video", "versus_arm": "In person", "estimate": 0.1,
            "se": 0.1, "metric": "MD",
        })  # fmt: skip
    return [
        {"study": "Adams", "citation": "first report", **({"n": 4, "sd": 1} if "mean" in r else {}),
         **r}
        for r in rows
    ]  # fmt: skip


def _take(
    session: Session, review: Review, rows: list[dict[str, Any]], person: str, **more: Any
) -> None:
    numbered = [
        NumberedRow(line, ExtractionRow.model_validate(row))
        for line, row in enumerate(rows, start=2)
    ]
    import_extraction(session, review, numbered, file=f"{person}.csv", person=person, **more)


@pytest.fixture
def worlds(database: Database) -> Database:
    """Two reviews that differ in nothing but what A entered blind."""
    for world in WORLDS:
        with writing(database, Attribution("tester", review=world, at=NOW)) as session:
            review = new_review(session, ReviewSpec(slug=world, title="Synthetic"), owner="tester")
            add_outcome(session, review, OutcomeSpec(slug="mood", name="Mood"))
            for slug in ("bdi", "bdi-2"):
                spec = InstrumentSpec(
                    slug=slug, name=slug.upper(), outcome="mood", higher_is_better=False
                )
                add_instrument(session, review, spec)
            for who in ("anna", "ben"):
                joined(session, review, who)
            _take(session, review, KNOWN, "tester")
        with writing(database, Attribution("anna", review=world, at=NOW)) as session:
            review = review_called(session, world)
            _take(session, review, _entered(world), "anna", kind=EntryKind.BLIND)
    return database


def _undo(session: Session, review: Review) -> object:
    number = past_imports(session, review)[0].number
    try:
        return undoing.undo_import(session, review, number=number, **WHY)
    except ReviewError as error:
        raise type(error)(str(error).replace(f"import {number}", "import N")) from None


ACTS: dict[str, Callable[[Session, Review], object]] = {
    "an arm merged": lambda s, r: merging.merge_arms(
        s, r, study="Adams", goes="Video", stays="In person", **WHY
    ),
    "a report merged": lambda s, r: merging.merge_reports(
        s, r, study="Adams", goes="first report", stays="second report", now=NOW, **WHY
    ),
    "a study merged": lambda s, r: merging.merge_studies(
        s, r, goes="Adams", stays="Brown", now=NOW, **WHY
    ),
    "a study merged into it": lambda s, r: merging.merge_studies(
        s, r, goes="Brown", stays="Adams", now=NOW, **WHY
    ),
    "an instrument merged": lambda s, r: instruments.merge_instruments(
        s, r, goes="bdi-2", stays="bdi", **WHY
    ),
    "a time renamed": lambda s, r: results.rename_timepoint(
        s, r, name="Later", to="one year", person="ben"
    ),
    "a time of a study renamed": lambda s, r: results.rename_timepoint(
        s, r, name="post", to="Later", study="Adams", person="ben"
    ),
    "an arm renamed": lambda s, r: renaming.rename_arm(
        s, r, study="Adams", label="Video", to="By video"
    ),
    "a treatment renamed": lambda s, r: renaming.rename_treatment(s, r, name="Video", to="Online"),
    "an import undone": _undo,
}


@MOSTLY_ON_SQLITE
@pytest.mark.parametrize("act", ACTS)
def test_what_is_said_does_not_depend_on_what_others_entered_blind(
    worlds: Database, act: str
) -> None:
    told = []
    for world in WORLDS:
        said: object
        try:
            with writing(worlds, Attribution("ben", review=world, at=NOW)) as session:
                said = ACTS[act](session, review_called(session, world))
        except ReviewError as error:
            said = type(error), error.told.replace(f"review {world}", "review")
        told.append(said)
    assert told[0] == told[1]


def test_a_name_is_not_spelled_as_in_an_entry_that_is_not_seen(worlds: Database) -> None:
    row = {"study": "Adams", "arm": "Video", "instrument": "bdi", "mean": 4, "n": 4, "sd": 1}
    found = []
    for world in WORLDS:
        with writing(worlds, Attribution("ben", review=world, at=NOW)) as session:
            review = review_called(session, world)
            _take(session, review, [{**row, "timepoint": "LATER"}], "ben", kind=EntryKind.BLIND)
            (mine,) = entry_rows(session, review, kind=EntryKind.BLIND, person="ben", viewer="ben")
            found.append(mine["timepoint"])
    assert found == ["LATER", "LATER"]
