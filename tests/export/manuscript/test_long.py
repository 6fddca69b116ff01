"""A manuscript of hundreds of trials: short in its text, whole beside it."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from review.db import Database, database_at
from review.export.contents.variants import variants_data, variants_table
from review.export.manuscript.bundle import write_bundle
from review.export.manuscript.figures import LONGEST, MOST_PAGES
from review.export.runs import latest_runs
from review.export.tracing.provenance import NAME, listing
from review.living.job.repool import repool
from review.living.job.workers import helpers_for
from review.protocol.queries import review_called
from tests.conftest import NOW
from tests.export.manuscript.conftest import BY
from tests.living.fixture import begin, enter
from tests.office import converted, needs_office
from tests.tiers import WHOLE

TRIALS = 240


@pytest.fixture(scope="module")
def many(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Read it only: made-up trials, pooled after some and after all."""
    path = tmp_path_factory.mktemp("many") / "review.db"
    shutil.copy(sqlite_template, path)
    database = database_at(f"sqlite:///{path}")
    begin(database, BY, variants=("fixed", "leave_one_out"))
    for numbers in (range(1, 41), range(41, TRIALS + 1)):
        enter(database, BY, numbers)
        repool(database, actor="tester", now=lambda: NOW)
    yield database
    database.engine.dispose()


@pytest.fixture(scope="module")
def long(many: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    with many.reading() as session:
        for part in write_bundle(session, review_called(session, "fixture"), folder):
            assert all(path.stat().st_size for path in part)
    return folder


def test_the_text_shows_all_effects_by_size_and_says_where_their_names_are(long: Path) -> None:
    text = (long / "manuscript.qmd").read_text("utf-8")
    shown = re.findall(r"!\[([^\]]*)\]\(figures/(summary_forest_\w+)\.png\)", text)
    ((caption, name),) = shown
    assert f"{TRIALS} effects by size" in caption
    assert r"with every trial is the file figures/forest\_alliance.pdf" in caption
    assert (long / "figures" / "forest_alliance.pdf").exists()
    assert f"@fig-{name.replace('_', '-')}" in text, "a sentence points to it"
    for kind in ("svg", "pdf", "png"):
        assert (long / "figures" / f"{name}.{kind}").exists()


def test_the_whole_forest_plot_is_one_pdf_of_pages_that_print(long: Path) -> None:
    found = [path for path in (long / "figures").glob("forest_*") if path.suffix]
    (file,) = found
    pages = PdfReader(file).pages
    assert len(pages) > MOST_PAGES
    for page in pages:
        assert float(page.mediabox.width) <= 72 * 174 / 25.4 + 1
        assert float(page.mediabox.height) <= 72 * 234 / 25.4 + 1
    said = "\n".join(page.extract_text() for page in pages)
    assert len(set(re.findall(r"Synthetic \d+", said))) == TRIALS
    listed = (long / "supplement.qmd").read_text("utf-8")
    assert f"{len(pages)} pages. figures/{file.stem.replace('_', chr(92) + '_')} (PDF)" in listed
    assert f"A figure of more than {MOST_PAGES} pages is a PDF alone" in listed


@needs_office
def test_the_text_of_hundreds_of_trials_prints_on_fifteen_pages(long: Path, tmp_path: Path) -> None:
    pages = PdfReader(converted(long / "manuscript.docx", tmp_path)).pages
    assert 5 <= len(pages) <= 15
    sideways = [page for page in pages if page.mediabox.width > page.mediabox.height]
    assert len(sideways) <= 1  # the pooled estimates have thirteen columns


MOST = {
    ".svg": 1020, ".docx": 900, ".pdf": 390, ".png": 690, ".csv": 350, ".html": 255,
    "provenance": 205, ".tex": 110, ".md": 107, ".xlsx": 107, ".qmd": 86, ".py": 62, ".R": 45,
    ".json": 30, ".gz": 26, ".lua": 1,
}  # fmt: skip
"""Kilobytes by kind of file, a sixth more than there were when they were counted."""


def test_a_folder_of_hundreds_of_trials_can_be_sent_by_mail(long: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    shutil.copytree(long, folder)
    for place in sorted({path.parent for path in folder.rglob("*") if path.is_file()}):
        listing(place, place)  # as the command does
    sizes: Counter[str] = Counter()
    for path in folder.rglob("*.*"):
        sizes["provenance" if path.name == NAME else path.suffix] += path.stat().st_size
    assert set(sizes) == set(MOST)
    assert {kind: size for kind, size in sizes.items() if size > 1000 * MOST[kind]} == {}
    assert sum(MOST.values()) < 5000, "480 trials, with two analyses, stay below 10 MB"


@pytest.mark.skipif(not WHOLE, reason="the long tier: test_bundle.py asks the same of few trials")
def test_two_processes_write_the_same_bytes(many: Database, long: Path, tmp_path: Path) -> None:
    with many.reading() as session, helpers_for(2) as executor:
        again = write_bundle(
            session, review_called(session, "fixture"), tmp_path, executor=executor
        )
        written = [path for part in again for path in part]
    assert len(written) > 50
    for path in written:
        place = path.relative_to(tmp_path)
        assert path.read_bytes() == (long / place).read_bytes(), place


def test_few_trials_stand_in_the_text_with_their_names(bundle: Path) -> None:
    assert LONGEST > 8
    assert not list((bundle / "figures").glob("summary_*"))
    assert "](figures/forest_alliance.png)" in (bundle / "manuscript.qmd").read_text("utf-8")


def test_print_has_what_leaving_out_each_of_many_trials_tells(many: Database) -> None:
    with many.reading() as session:
        review = review_called(session, "fixture")
        (run,) = latest_runs(session, review)
        printed = variants_table(session, review, [run])
    data = variants_data("Synthetic", [run])
    single = [v for v in run.results.variants if v.variant == "leave_one_out"]
    assert len(single) == TRIALS
    ends = sorted(single, key=lambda v: v.estimate or 0.0)
    turned = {v.label for v in single if v.conclusion != run.results.headline.conclusion}
    names = [row[printed.keys.index("label")] for row in printed.rows]
    assert {ends[0].label, ends[-1].label} | turned == {
        n for n in names if str(n).startswith("without ")
    }
    left = len(data.rows) - len(printed.rows)
    assert f"; {left} other lines are in the file" in " ".join(n.text for n in printed.footnotes)
