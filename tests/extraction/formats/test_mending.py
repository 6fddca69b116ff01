"""A later release leaves alone what a person mended here, and a release can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from review.db import Database
from review.errors import InvalidDataError
from review.extraction import queries
from review.extraction.formats.actions import import_release
from review.extraction.formats.queries import releases
from review.extraction.formats.reading import read_file
from review.extraction.formats.report import ReleaseReport
from review.extraction.formats.source import Directions
from review.extraction.mending import merging, renaming, results, undoing
from review.extraction.models import Arm, Result, Study
from review.extraction.past_imports import past_imports
from review.extraction.vocabulary import Format
from review.history.actions import Attribution, writing
from review.history.queries import verify
from review.protocol.actions import new_review
from review.protocol.models import Instrument
from review.protocol.queries import review_called
from review.protocol.specs import ReviewSpec
from tests.conftest import NOW
from tests.extraction.formats.files import metapsy, trial

BY = Attribution(actor="tester", review="r", reason="a test", at=NOW)


class Source:
    """A review that takes releases of one source."""

    def __init__(self, database: Database, folder: Path):
        self.database, self.folder, self.number = database, folder, 0
        with writing(database, BY) as session:
            new_review(session, ReviewSpec(slug="r", title="R"), owner="tester")

    def take(self, rows: Sequence[Mapping[str, str]]) -> ReleaseReport:
        self.number += 1
        path = self.folder / f"v{self.number}.csv"
        path.write_bytes(metapsy(rows))
        with writing(self.database, BY) as session:
            return import_release(
                session,
                review_called(session, "r"),
                read_file(path, Format.METAPSY),
                source="db",
                person="tester",
                directions=Directions(False),
                now=NOW,
            )

    def does(self, act: Callable[..., Any], **values: Any) -> Any:
        with writing(self.database, BY) as session:
            return act(session, review_called(session, "r"), **values)

    def holds(self) -> dict[tuple[str, str, str | None], float | None]:
        """Return what counts: estimates by study and arms."""
        with self.database.reading() as session:
            assert verify(session).intact
            return {
                (
                    r.entry.study.label,
                    r.arm.label,
                    r.versus_arm.label if r.versus_arm else None,
                ): r.numbers.estimate
                for r in session.scalars(sa.select(Result))
            }


@pytest.fixture
def source(database: Database, tmp_path: Path) -> Source:
    made = Source(database, tmp_path)
    made.take([trial("A 2001"), trial("B 2002", **{".g": "0.2"})])
    return made


def test_a_renamed_study_is_the_same_study_in_the_next_release(source: Source) -> None:
    source.does(renaming.rename_study, label="A 2001", to="Alpha 2001")
    before = source.holds()
    report = source.take(
        [trial("A 2001", **{".g": "0.7"}), trial("B 2002", **{".g": "0.2"}), trial("C 2003")]
    )
    assert report.studies_added == ["C 2003"]
    after = source.holds()
    assert {study for study, *_ in after} == {"Alpha 2001", "B 2002", "C 2003"}
    ((changed, value),) = [
        (key, abs(after[key] or 0)) for key in before if after[key] != before[key]
    ]
    assert (changed[0], value) == ("Alpha 2001", 0.7)


@pytest.mark.parametrize("act", ["arm", "instrument"])
def test_what_was_renamed_here_is_the_same_in_the_next_release(source: Source, act: str) -> None:
    with source.database.reading() as session:
        study = queries.study_called(session, review_called(session, "r"), "A 2001")
        (result, *_) = renaming.results_of_study(session, study)
        number, arm = result.id, session.get_one(Arm, result.arm_id).label
    if act == "arm":
        source.does(renaming.rename_arm, study="A 2001", label=arm, to="Another name")
    else:
        source.does(renaming.rename_instrument, slug="msd-bdi", to="bdi")
    before = source.holds()
    source.take([trial("A 2001", **{".g": "0.7"}), trial("B 2002", **{".g": "0.2"})])
    assert source.holds().keys() == before.keys()
    with source.database.reading() as session:
        assert abs(session.get_one(Result, number).numbers.estimate or 0) == 0.7
        slugs = {i.slug for i in session.scalars(sa.select(Instrument))}
    assert slugs == ({"bdi"} if act == "instrument" else {"msd-bdi"})
    source.take([trial("A 2001", **{".g": "0.7"}), trial("B 2002"), trial("D 2004")])
    assert {study for study, *_ in source.holds()} == {"A 2001", "B 2002", "D 2004"}


@pytest.mark.parametrize("act", ["withdraw", "rekey"])
def test_what_was_mended_here_does_not_come_back(source: Source, act: str) -> None:
    with source.database.reading() as session:
        review = review_called(session, "r")
        study = queries.study_called(session, review, "A 2001")
        (result, *_) = renaming.results_of_study(session, study)
        number = result.id
    if act == "rekey":
        key = results.NewKey(timepoint="one year")
        source.does(
            results.rekey_result, number=number, key=key, person="tester", reason="it was later"
        )
    else:
        source.does(
            results.withdraw_result, number=number, person="tester", reason="of another trial"
        )
    before = source.holds()
    report = source.take([trial("A 2001", **{".g": "0.7"}), trial("B 2002", **{".g": "0.2"})])
    assert source.holds() == before
    edited = [flag for flag in report.flags if flag.kind == "edited_here"]
    assert "A 2001" in {flag.study for flag in edited}
    again = source.take(
        [trial("A 2001", **{".g": "0.8"}), trial("B 2002", **{".g": "0.2"}), trial("D 2004")]
    )
    assert set(source.holds()) - set(before) == {
        key for key in source.holds() if key[0] == "D 2004"
    }
    assert again.studies_added == ["D 2004"]


def test_a_merged_study_is_not_made_again(source: Source) -> None:
    source.does(
        merging.merge_studies, goes="B 2002", stays="A 2001", reason="one trial", keep="A 2001",
        person="tester", now=NOW,
    )  # fmt: skip
    before = source.holds()
    source.take([trial("A 2001"), trial("B 2002", **{".g": "0.3"}), trial("C 2003")])
    after = source.holds()
    assert {key: after[key] for key in before} == before
    assert {study for study, *_ in after} == {"A 2001", "C 2003"}


_undo = partial(undoing.undo_import, person="tester")


def test_a_release_is_taken_back_and_the_one_before_is_the_newest_again(source: Source) -> None:
    before = source.holds()
    source.take([trial("A 2001", **{".g": "0.9"}), trial("C 2003")])
    with source.database.reading() as session:
        newest, first = past_imports(session, review_called(session, "r"))
    with pytest.raises(InvalidDataError, match="release 2 of db"):
        source.does(_undo, number=first.number, reason="x")
    source.does(_undo, number=newest.number, reason="not yet published")
    assert source.holds() == before
    with source.database.reading() as session:
        review = review_called(session, "r")
        assert [r.number for r in releases(session, review)] == [1]
        labels = set(session.scalars(sa.select(Study.label)))
        assert labels == {"A 2001", "B 2002"}
    report = source.take([trial("A 2001", **{".g": "0.9"}), trial("B 2002", **{".g": "0.2"})])
    assert (report.release, report.corrected) == (2, 1)
    source.does(_undo, number=_newest(source), reason="again")
    source.does(_undo, number=first.number, reason="all of it")
    assert source.holds() == {}


def _newest(source: Source) -> int:
    with source.database.reading() as session:
        found = past_imports(session, review_called(session, "r"))
    return next(past.number for past in found if past.undone is None)
