"""Networks of a database, computed again by metafor's rma.mv and by a Python of its own."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping
from pathlib import Path

import pytest

from review.db import Database
from review.export.reproduction.script import write_scripts
from review.export.runs import latest_runs
from review.history.actions import Attribution
from review.living.job.repool import repool
from review.protocol.queries import review_called
from tests.conftest import NOW, Prepared
from tests.export.reproduction.programs import furthest, python, rscript
from tests.living.estimates.test_networks import COUNTS
from tests.living.networks import TRIALS, Numbers, begin, enter, means, network_plan
from tests.tiers import MOSTLY_ON_SQLITE

YEARS = (1999, 2004, 2001, 2010, 2007, 2012, 2003, 2009, 2015, 2011)
COUNTRIES = (
    "Japan",
    "Chile",
    "Japan",
    "Chile",
    "Japan",
    "Chile",
    "Chile",
    "Japan",
    "Kenya",
    "Peru",
)

SCORES: Mapping[str, Mapping[str, Numbers]] = {
    name: {
        arm: {**numbers, "year": YEARS[i], "country": COUNTRIES[i]} for arm, numbers in arms.items()
    }
    for i, (name, arms) in enumerate(
        {
            **TRIALS,
            "Synthetic 9": {"video": means(18, 20.2, 6.0), "book": means(17, 24.4, 6.0)},
            "Synthetic 10": {"video": means(20, 20.4, 6.0), "in person": means(21, 20.9, 6.2)},
        }.items()
    )
}
MODERATED = {
    "subgroups": ["country"],
    "moderators": ["year", "country", "year + country", "0 + country"],
}
"""In Kenya no trial has the reference, so that there is no network; in Peru there is one trial."""

EXPLAINED = {
    "subgroups by country", "meta-regression by year", "meta-regression by country",
    "meta-regression by year + country", "meta-regression by 0 + country",
    "meta-regression by year: each treatment",
    "meta-regression by country: each treatment",
    "meta-regression by year + country: each treatment",
}  # fmt: skip
VARIED = ("fixed", "z_test", "dersimonian_laird", "leave_one_out", "by_rater")
VARIANTS = (*VARIED, "itt_only", "low_risk_only")
"""Those of a network; no trial is by intention to treat here, or judged."""

PLANS = (
    network_plan(title="MD by REML", margin=2.0, variants=VARIANTS, **MODERATED),
    network_plan(title="SMD", measure="SMD", test="knha", variants=VARIANTS, **MODERATED),
    network_plan(title="MD by DL", method="DL", test="z", **MODERATED),
    network_plan(title="MD by PM", method="PM", test="t", **MODERATED),
    network_plan(title="MD by EE", method="EE", test="z", **MODERATED),
    network_plan(title="MD by ML", method="ML", **MODERATED),
    network_plan(title="MD by SJ", method="SJ"),
    network_plan(title="A star", other_treatments=[{"label": "book", "treatment": ["book"]}]),
)


pytestmark = MOSTLY_ON_SQLITE


@pytest.fixture
def folder(database: Database, by: Attribution, prepared: Prepared[None], tmp_path: Path) -> Path:
    def pooled() -> None:
        begin(database, by, *PLANS)
        enter(database, by, SCORES)
        events = [network_plan("wait list", measure=m, title=m) for m in ("OR", "RR", "RD")]
        begin(database, by, *events, slug="counts", higher_is_better=False)
        enter(database, by, COUNTS, slug="counts")
        assert repool(database, actor="t", now=lambda: NOW).failed == []

    prepared(pooled)
    for slug in ("networks", "counts"):
        with database.reading() as session:
            runs = latest_runs(session, review_called(session, slug))
            write_scripts(slug, runs, tmp_path / slug)
    return tmp_path


@pytest.mark.parametrize("slug", ["networks", "counts"])
def test_r_computes_every_number_again(folder: Path, slug: str) -> None:
    done = rscript(folder / slug / "reproduce.R")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    with gzip.open(folder / slug / "expected.csv.gz", "rt", encoding="utf-8") as file:
        expected = list(csv.DictReader(file))
    assert f"{len(expected)} numbers of {len(expected)} compared" in done.stdout
    parts = {"pooled", "margins", "network", "network evidence", "designs", "treatments"}
    more = {*VARIED, *EXPLAINED} if slug == "networks" else set()
    assert {row["part"] for row in expected} == parts | more
    assert len(expected) > 200
    assert furthest(done.stdout) < 1e-6


@pytest.mark.parametrize("slug", ["networks", "counts"])
def test_python_computes_the_network_again(folder: Path, slug: str) -> None:
    done = python(folder / slug / "reproduce.py")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert "all agree" in done.stdout
    with gzip.open(folder / slug / "expected.csv.gz", "rt", encoding="utf-8") as file:
        count = len(list(csv.DictReader(file)))
    assert f"{count} numbers of {count} compared" in done.stdout


def test_an_altered_number_is_found(folder: Path) -> None:
    place = folder / "networks" / "effects_network.csv"
    lines = place.read_text("utf-8-sig").splitlines()
    rows = list(csv.DictReader(lines))
    rows[0]["yi"] = str(float(rows[0]["yi"]) + 0.01)
    with place.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    done = python(folder / "networks" / "reproduce.py")
    assert done.returncode == 1
    assert "DIFFERS" in done.stdout
