"""76 real trials through the database: each pooled line is metafor's.

cbt_delivery_expected.json is what metafor makes of them (cbt_delivery_expected.R, REML with
test="adhoc", stopping at 1e-12); the R script reads the file that seeds/cbt-delivery was made from.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review.config import shipped
from review.db import Database
from review.extraction.seeds import load_seed, seed_called
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.living.job.report import RepoolReport
from review.living.runs.models import JobOutcome
from review.living.runs.queries import run_numbered, snapshot_of
from review.living.runs.results import PooledLine
from review.protocol.queries import review_called
from tests.conftest import NOW, Prepared
from tests.tiers import MOSTLY_ON_SQLITE

EXPECTED = json.loads((Path(__file__).parent / "cbt_delivery_expected.json").read_text())
TOLERANCE = 1e-6
MULTIMEDIA_YEARS = [1983, 2002, 2005, *range(2007, 2016)]
"""Years in which a trial of multimedia CBT against a control was published."""
MULTIMEDIA_CLASSES = [(1983, "superior"), (2002, "inconclusive"), (2009, "superior")]
"""Where the class changed; metafor 3.8-1 gives the same from the trials up to each year (REML,
test="adhoc"): 1983 [0.7949, 2.9729], 2002 [-10.2863, 12.1240], 2008 [-0.1721, 1.3272], 2009
[0.2229, 1.1541], 2015 [0.5045, 1.0948]."""
FIELDS: dict[str, Callable[[Any], Any]] = {
    "estimate": lambda line: line.estimate,
    "se": lambda line: line.se,
    "ci": lambda line: line.ci,
    "p": lambda line: line.p,
    "z_ci": lambda line: line.z_ci,
    "pi": lambda line: line.pi,
    "tau2": lambda line: line.tau2,
    "I2": lambda line: line.I2,
    "Q": lambda line: line.Q,
}


def load(database: Database, by: Attribution, until: int | None) -> None:
    with writing(database, by) as session:
        seed = seed_called("cbt-delivery")
        load_seed(session, seed, until=until, person="tester", now=NOW)


def pooled(database: Database, analysis: str, number: int) -> PooledLine:
    with database.reading() as session:
        review = review_called(session, "cbt-delivery")
        return snapshot_of(run_numbered(session, review, analysis, number))[1].pooled


@pytest.fixture
def both_states(
    database: Database, by: Attribution, prepared: Prepared[list[RepoolReport]]
) -> tuple[Database, list[RepoolReport]]:
    """The database after the trials up to 2008 and then all of them were pooled."""

    def make() -> list[RepoolReport]:
        reports = []
        for until in (2008, None):
            load(database, by, until)
            reports.append(repool(database, actor="tester"))
        return reports

    return database, prepared(make)


def test_the_expected_file_has_all_six_lines() -> None:
    assert len(EXPECTED) == 6
    assert all(FIELDS.keys() <= line.keys() for line in EXPECTED)


@MOSTLY_ON_SQLITE
def test_all_six_pooled_lines_are_metafors(
    both_states: tuple[Database, list[RepoolReport]],
) -> None:
    database, _ = both_states
    for expected in EXPECTED:
        number = 1 if expected["trials"] == "published up to 2008" else 2
        line = pooled(database, expected["analysis"].replace("_", "-"), number)
        assert line.k == expected["k"]
        for name, value in FIELDS.items():
            np.testing.assert_allclose(
                value(line), expected[name], rtol=TOLERANCE, atol=0, err_msg=f"{expected} {name}"
            )


def test_the_change_report_says_what_moved_and_why(
    both_states: tuple[Database, list[RepoolReport]],
) -> None:
    _, (first, second) = both_states
    assert first.outcome is second.outcome is JobOutcome.RECOMPUTED
    (multimedia,) = (r for r in second.recomputed if r.name.analysis == "multimedia")
    report = multimedia.report
    assert report.sentence == (
        "With 11 trials added (6 to 17 trials), multimedia CBT against control moved from "
        "0.58 [-0.17, 1.33] to 0.80 [0.50, 1.09]; the conclusion changed from inconclusive to "
        "superior."
    )
    assert report.direction == "Positive values favour multimedia CBT."
    assert report.flipped
    assert (len(report.added), report.removed, report.corrected) == (11, (), ())


def test_a_second_job_finds_nothing_new(
    both_states: tuple[Database, list[RepoolReport]],
) -> None:
    database, _ = both_states
    again = repool(database, actor="tester")
    assert again.outcome is JobOutcome.NOTHING_NEW
    assert (again.recomputed, again.unchanged) == ([], 3)


def test_loading_again_changes_nothing(database: Database, by: Attribution) -> None:
    load(database, by, None)
    with writing(database, by) as session:
        seed = seed_called("cbt-delivery")
        report = load_seed(session, seed, until=None, person="tester", now=NOW)
    assert report.nothing_new
    assert report.results_unchanged == 172


@MOSTLY_ON_SQLITE
def test_year_by_year_each_changed_analysis_has_one_run(
    database: Database, by: Attribution
) -> None:
    """The review as it would have lived from 1977 to 2016."""
    seed = seed_called("cbt-delivery")
    years = sorted({row.row.year for row in seed.rows if row.row.year is not None})
    assert (years[0], years[-1]) == (1977, 2016)
    with writing(database, by) as session:
        load_seed(session, seed, until=years[0], person="tester", now=NOW)
    made: dict[str, list[tuple[int, int]]] = {"multimedia": [], "face-to-face": [], "any-cbt": []}
    classes: list[tuple[int, str]] = []
    for year in years:
        load(database, by, year)
        report = repool(database, actor="tester")
        names = [item.name.analysis for item in report.recomputed]
        assert len(names) == len(set(names))
        assert report.failed == []
        for item in report.recomputed:
            made[item.name.analysis].append((year, item.number))
            if item.name.analysis == "multimedia":
                classes.append((year, item.report.readings[0].after.conclusion.value))  # type: ignore[union-attr]
        assert repool(database, actor="tester").outcome is JobOutcome.NOTHING_NEW
    for history in made.values():
        assert [number for _, number in history] == list(range(1, len(history) + 1))
    assert [year for year, _ in made["multimedia"]] == MULTIMEDIA_YEARS
    assert [step for i, step in enumerate(classes) if i == 0 or step[1] != classes[i - 1][1]] == (
        MULTIMEDIA_CLASSES
    )
    for expected in EXPECTED:
        if expected["trials"] != "published up to 2008":
            analysis = expected["analysis"].replace("_", "-")
            line = pooled(database, analysis, made[analysis][-1][1])
            for name, value in FIELDS.items():
                np.testing.assert_allclose(value(line), expected[name], rtol=TOLERANCE, atol=0)


def _source(name: str) -> list[dict[str, Any]]:
    path = Path(__file__).parents[3] / "shared" / "cbt_delivery" / name
    if not path.exists():
        pytest.skip(f"{name} is kept outside the repository")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_seed_is_the_source_file_with_its_variances_called_so() -> None:
    source = _source("lopez2019.csv")
    with (shipped("seeds") / "cbt-delivery" / "results.csv").open(encoding="utf-8") as file:
        seeded = list(csv.DictReader(file))
    renamed = {
        "study": "study",
        "year": "year",
        "treatment": "treatment",
        "n": "n",
        "estimate": "diff",
        "variance": "se",
    }
    assert [{new: row[new] for new in renamed} for row in seeded] == [
        {new: row[old] for new, old in renamed.items()} for row in source
    ]
    assert len({row["study"] for row in seeded}) == 76
