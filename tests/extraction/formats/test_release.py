"""A file is a release: what it corrected changes, what people changed stays, or nothing is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result as Ran

from review.db import Database
from review.errors import InvalidDataError
from review.extraction.formats.actions import import_release
from review.extraction.formats.models import ImportedRelease, SourceLine, SourceResult
from review.extraction.formats.queries import newest_release, rows_of
from review.extraction.formats.reading import read_file
from review.extraction.formats.report import ReleaseReport
from review.extraction.formats.source import Directions
from review.extraction.models import Entry, Result, Study
from review.extraction.vocabulary import EntryKind, Format
from review.history.actions import Attribution, writing
from review.history.models import Event
from review.history.queries import verify
from review.protocol.actions import new_review
from review.protocol.queries import instruments, review_called
from review.protocol.specs import ReviewSpec
from tests.conftest import NOW
from tests.extraction.formats.files import metapsy, sample, trial
from tests.tiers import MOSTLY_ON_SQLITE


@pytest.fixture
def take(database: Database, by: Attribution, tmp_path: Path) -> Callable[..., ReleaseReport]:
    """Take rows as the next release of a new review's database."""
    with writing(database, by) as session:
        new_review(session, ReviewSpec(slug="r", title="R"), owner="tester")
    numbers = iter(range(1, 100))

    def take(rows: Sequence[Mapping[str, str]], *, source: str = "db") -> ReleaseReport:
        path = tmp_path / f"v{next(numbers)}.csv"
        path.write_bytes(metapsy(rows))
        with writing(database, by) as session:
            return import_release(
                session,
                review_called(session, "r"),
                read_file(path, Format.METAPSY),
                source=source,
                person="tester",
                directions=Directions(False),
                now=NOW,
            )

    return take


def estimates(database: Database) -> dict[str, float | None]:
    with database.reading() as session:
        rows = session.scalars(sa.select(Result))
        return {row.entry.study.label: row.numbers.estimate for row in rows}


def events(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Event)) or 0


def test_the_first_release_makes_studies_instruments_and_results(
    database: Database, take: Callable[..., ReleaseReport]
) -> None:
    report = take([trial("A 2001"), trial("B 2002", **{".g": "0.2"})])
    assert (report.release, report.read, report.added) == (1, 2, 2)
    assert (report.results_added, report.studies_added) == (2, ["A 2001", "B 2002"])
    assert estimates(database) == {"A 2001": -0.5, "B 2002": 0.2}
    with database.reading() as session:
        review = review_called(session, "r")
        (instrument,) = instruments(session, review)
        assert (instrument.slug, instrument.higher_is_better) == ("msd-bdi", False)
        release = newest_release(session, review, "db")
        assert release is not None
        kept = rows_of(session, release)
        assert [row.cells["country"] for row in kept] == ["Norway", "Norway"]
        assert next(iter(kept[0].key)) == "study"
        assert session.scalar(sa.select(sa.func.count()).select_from(SourceResult)) == 2


def test_the_same_file_again_changes_nothing(
    database: Database, take: Callable[..., ReleaseReport]
) -> None:
    take([trial("A 2001")])
    before = events(database)
    report = take([trial("A 2001")])
    assert (report.unchanged, report.nothing_new, report.flags) == (1, True, [])
    assert events(database) == before


def test_a_correction_changes_its_result_and_the_old_value_stays_in_history(
    database: Database, take: Callable[..., ReleaseReport]
) -> None:
    take([trial("A 2001"), trial("B 2002")])
    report = take([trial("B 2002"), trial("A 2001", **{".g": "0.5"})])
    assert (report.corrected, report.unchanged, report.results_corrected) == (1, 1, 1)
    assert [flag.kind for flag in report.flags] == ["sign_flip"]
    assert estimates(database) == {"A 2001": 0.5, "B 2002": -0.5}
    with database.reading() as session:
        newest = session.scalars(
            sa.select(Event).where(Event.entity == "result").order_by(Event.seq.desc())
        ).first()
        assert newest is not None
        assert newest.old is not None
        assert newest.old["estimate"] == -0.5
        assert verify(session) is not None


def test_what_a_release_no_longer_has_loses_its_numbers_and_comes_back(
    database: Database, take: Callable[..., ReleaseReport]
) -> None:
    a, b = trial("A 2001"), trial("B 2002")
    take([a, b])
    report = take([a])
    assert (report.removed, report.results_withdrawn, report.studies_withdrawn) == (
        1, 1, ["B 2002"],
    )  # fmt: skip
    assert estimates(database) == {"A 2001": -0.5, "B 2002": None}
    with database.reading() as session:
        gone = session.scalar(sa.select(Study).where(Study.label == "B 2002"))
        assert gone is not None
        assert gone.excluded_because == "not in release 2 of db (v2.csv)"
    back = take([a, {**b, ".g": "-0.6"}])
    assert (back.added, back.results_corrected) == (1, 1)
    assert estimates(database) == {"A 2001": -0.5, "B 2002": -0.6}
    with database.reading() as session:
        assert set(session.scalars(sa.select(Study.excluded_because))) == {None}


def test_what_a_person_changed_here_is_kept_and_flagged(
    database: Database, by: Attribution, take: Callable[..., ReleaseReport]
) -> None:
    take([trial("A 2001"), trial("B 2002")])
    with writing(database, by) as session:
        for result in session.scalars(sa.select(Result)):
            result.numbers = result.numbers._replace(estimate=-0.45)
    unrelated = take([trial("A 2001", n_arm1="21"), trial("B 2002")])
    assert [f.kind for f in unrelated.flags] == []
    clash = take([trial("A 2001", n_arm1="21", **{".g": "-0.7"})])
    assert [(f.kind, f.study, f.column, f.old, f.new) for f in clash.flags] == [
        ("effect_changed", "A 2001", ".g", "-0.5", "-0.7"),
        ("edited_here", "A 2001", "estimate", "-0.45", "-0.7"),
        ("edited_here", "B 2002", "result", "cbt, msd-bdi", None),
    ]
    assert estimates(database) == {"A 2001": -0.45, "B 2002": -0.45}
    assert clash.studies_withdrawn == []


def test_a_consensus_is_not_touched_and_it_is_said(
    database: Database, by: Attribution, take: Callable[..., ReleaseReport]
) -> None:
    take([trial("A 2001")])
    with writing(database, by) as session:
        (entry,) = session.scalars(sa.select(Entry))
        session.add(
            Entry(study_id=entry.study_id, person_id=entry.person_id, kind=EntryKind.CONSENSUS)
        )
    report = take([trial("A 2001", n_arm1="21")])
    assert [(flag.kind, flag.study) for flag in report.flags] == [("consensus_stands", "A 2001")]
    with database.reading() as session:
        kinds = [result.entry.kind for result in session.scalars(sa.select(Result))]
    assert kinds == [EntryKind.SINGLE]


def test_a_release_with_nothing_in_common_is_of_another_source(
    database: Database, take: Callable[..., ReleaseReport]
) -> None:
    take([trial("A 2001")])
    with pytest.raises(InvalidDataError, match="--source"):
        take([trial("X 1999")])
    assert take([trial("X 1999")], source="other").release == 1
    assert set(estimates(database)) == {"A 2001", "X 1999"}


def test_rows_of_a_release_are_frozen(
    database: Database, take: Callable[..., ReleaseReport]
) -> None:
    take([trial("A 2001")])
    for model in (ImportedRelease, SourceLine, SourceResult):
        for verb in (
            f"UPDATE {model.__tablename__} SET id = id",
            f"DELETE FROM {model.__tablename__}",
        ):
            with (
                pytest.raises(sa.exc.DatabaseError, match="never changed"),
                database.engine.begin() as connection,
            ):
                connection.exec_driver_sql(verb)


def test_a_rejected_cell_stores_nothing_and_is_named_in_json(
    cli: Callable[..., Ran], tmp_path: Path, database: Database
) -> None:
    cli("init")
    cli("new", "r", "--title", "R")
    path = tmp_path / "bad.csv"
    path.write_bytes(metapsy([trial("A 2001"), trial("B 2002", **{".g": "minus"})]))
    before = events(database)
    ran = cli("extract", "import", "--format", "metapsy", path, "--json", status=1)
    report = json.loads(ran.stdout)
    assert report["rejected"] == 1
    assert report["rejects"] == [{"line": 3, "column": ".g", "reason": '"minus" is not a number'}]
    assert "nothing was stored" in ran.stderr
    assert events(database) == before


def test_two_releases_from_the_command_line(cli: Callable[..., Ran], tmp_path: Path) -> None:
    cli("init")
    cli("new", "r", "--title", "R")
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_bytes(metapsy([trial("A 2001"), trial("B 2002")]))
    two.write_bytes(metapsy([trial("A 2001", **{".g": "0.5"}), trial("C 2003")], delimiter=";"))

    def take(path: Path, *options: str) -> dict[str, Any]:
        ran = cli("extract", "import", "-r", "r", "--format", "metapsy", path, "--json", *options)
        found: dict[str, Any] = json.loads(ran.stdout)
        return found

    assert take(one)["without_direction"] == ["msd-bdi"]
    again = take(one, "--better", "lower")
    assert (again["unchanged"], again["without_direction"]) == (2, [])
    found = take(two)
    counts = {name: found[name] for name in COUNTS}
    assert counts == {
        "read": 2, "added": 1, "unchanged": 0, "corrected": 1, "removed": 1, "rejected": 0,
    }  # fmt: skip
    assert [flag["kind"] for flag in found["flags"]] == ["sign_flip", "rekeyed"]
    shown = cli("extract", "import", "-r", "r", "--format", "metapsy", two).stdout
    assert "nothing new in 2 rows" in shown
    back = cli("extract", "import", "-r", "r", "--format", "metapsy", one).stdout
    assert "1 added, 0 unchanged, 1 corrected, 1 removed" in back
    assert "Sign flip: 1" in back


COUNTS = ("read", "added", "unchanged", "corrected", "removed", "rejected")


def test_options_of_other_formats_need_a_format(cli: Callable[..., Ran], tmp_path: Path) -> None:
    ran = cli("extract", "import", tmp_path / "x.csv", "--better", "lower", status=2)
    assert "go with --format" in ran.stderr


@MOSTLY_ON_SQLITE
def test_the_published_releases_through_the_database(
    cli: Callable[..., Ran], database: Database
) -> None:
    cli("init")
    cli("new", "suicide", "--title", "Suicide")
    found = []
    for version in ("23.0.0", "23.1.1", "23.1.1"):
        file = sample(f"metapsy/suicide-psyctr_v{version}_data.csv")
        ran = cli("extract", "import", "-r", "suicide", "--format", "metapsy", file, "--json")
        found.append(json.loads(ran.stdout))
    counts = [tuple(report[name] for name in COUNTS) for report in found]
    assert counts == [(190, 190, 0, 0, 0, 0), (190, 0, 100, 90, 0, 0), (190, 0, 190, 0, 0, 0)]
    flips = [f for f in found[1]["flags"] if f["kind"] == "sign_flip"]
    assert [f["study"] for f in flips] == ["Ryberg 2019", "Springer 1996"]
    assert len(found[1]["flags"]) == 90
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SourceLine)) == 380
