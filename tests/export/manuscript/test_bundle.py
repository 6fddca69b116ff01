"""The folder that authors take away: complete, readable by others' programs, the same each time."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from docx import Document
from pypdf import PdfReader

from review.db import Database, database_at
from review.errors import NotFoundError
from review.export.manuscript.bundle import DocumentFormat, write_bundle
from review.export.manuscript.facts import facts_of
from review.export.runs import latest_runs
from review.export.tables.writers.docx_origins import docx_origins
from review.export.tracing.origins import found_at
from review.export.tracing.provenance import list_of
from review.extraction.seeds import load_seed, seed_called
from review.history.actions import Attribution, writing
from review.living.runs.queries import runs, snapshot_of
from review.protocol.actions import new_review
from review.protocol.queries import review_called
from review.protocol.specs import ReviewSpec
from tests.conftest import NOW
from tests.loaded import PATIENCE
from tests.office import converted, needs_office

BY = Attribution(actor="tester", reason="test", at=NOW)
SPAN = re.compile(r'\[((?:[^\]\\]|\\.)*)\]\{\.number key="([^"]+)" origin="([^"]+)"\}')


def _plain(markdown: str) -> str:
    return re.sub(r"\\(.)", r"\1", markdown)


def _read_back(text: str) -> list[float]:
    """The numbers of a printed text."""
    found = re.findall(r"−?(?:\d+\.?\d*|\.\d+)", text)
    return [float(number.replace("−", "-")) for number in found]


def test_the_folder_holds_every_part(bundle: Path) -> None:
    there = {str(path.relative_to(bundle)) for path in bundle.rglob("*") if path.is_file()}
    assert {
        "manuscript.docx", "manuscript.qmd", "supplement.docx", "supplement.qmd",
        "numbers.json", "numbers.lua", "literature.json",
        "figures/forest_alliance.svg", "figures/forest_alliance.png",
        "figures/cumulative_alliance.pdf", "figures/margins_alliance.png",
        "figures/versions_alliance.svg", "figures/leave_one_out_alliance.pdf",
        "figures/baujat_alliance.svg", "figures/influence_alliance.pdf",
        "figures/gosh_alliance.pdf", "figures/drapery_alliance.svg",
        "figures/sequential_alliance.pdf", "figures/classes_alliance.svg",
        "figures/specification_alliance.svg", "figures/classes.pdf",
        "tables/pooled_estimates.csv", "tables/tables.docx",
        "checklists/prisma_2020.csv", "checklists/checklists.xlsx", "reproduction/reproduce.R",
        "provenance.json", "figures/provenance.json", "tables/provenance.json",
    } <= there  # fmt: skip


def test_supplementary_figures_are_listed_and_not_shown(bundle: Path) -> None:
    text = (bundle / "supplement.qmd").read_text("utf-8")
    lines = _plain(text[text.index("# Figures beside this document") :]).split("\n\n")[1:]
    listed = [re.fullmatch(r"(.+)\. figures/(\w+) \(SVG, PDF\)", line) for line in lines[:-1]]
    names = [found[2] for found in listed if found]
    assert names == [*(f"{name}_alliance" for name in (
        "baujat", "influence", "gosh", "drapery", "sequential", "classes", "specification"
    )), "classes"]  # fmt: skip
    assert not any(f"](figures/{name}.png)" in text for name in names)
    files = {path.name for path in (bundle / "figures").iterdir()}
    assert {f"{name}.{kind}" for name in names for kind in ("svg", "pdf")} <= files
    assert not {f"{name}.png" for name in names} & files, "no document shows them"
    assert lines[-1].startswith("Not drawn: a funnel plot in a manuscript needs at least 10 trials")
    assert "progress of screening needs decisions" in lines[-1]


def test_numbers_of_the_text_are_those_of_the_runs(bundle: Path, small: Database) -> None:
    with small.reading() as session:
        snapshots = {
            run.key[:12]: snapshot_of(run)
            for run in runs(session, review_called(session, "fixture"))
        }
    spans = SPAN.findall((bundle / "manuscript.qmd").read_text("utf-8"))
    kept = json.loads((bundle / "numbers.json").read_text("utf-8"))["numbers"]
    assert {key for _, key, _ in spans} == set(kept)
    checked = 0
    for text, key, origin in spans:
        assert kept[key]["text"] == _plain(text)
        assert kept[key]["origin"] == origin
        run, *path = origin.split("/")
        if run == "ledger":
            continue
        stands = found_at(snapshots[run], path)
        if isinstance(stands, float | int) or path[-1] in ("ci", "pi", "tau2_ci"):
            value = kept[key]["value"]
            assert value == (list(stands) if isinstance(stands, tuple) else stands)
            exact = value if isinstance(value, list) else [value]
            for shown, number in zip(_read_back(_plain(text)), exact, strict=True):
                assert shown == pytest.approx(number, abs=0.0051 if "I2" not in key else 0.051)
            checked += 1
    assert checked > 20


def test_a_count_has_its_number_in_the_list_of_origins_and_not_all_that_is_counted(
    bundle: Path,
) -> None:
    known = list_of(bundle)
    assert known is not None
    numbers = known["numbers"]
    counted = {at: one["value"] for at, one in numbers.items() if one.get("counted")}
    assert any(at.endswith("/trials") for at in counted)
    assert all(isinstance(value, int) and value > 0 for value in counted.values())
    for at, one in numbers.items():
        parts = one["value"] if isinstance(one["value"], list) else ()
        assert not any(isinstance(part, dict) for part in parts), at


def test_runs_are_held_against_those_before_as_in_the_tables(small: Database) -> None:
    with small.reading() as session:
        review = review_called(session, "fixture")
        latest = [analysed.latest for analysed in facts_of(session, review).analysed]
        assert latest == latest_runs(session, review)
    assert [run.before is not None for run in latest] == [True]


def test_the_word_file_has_headings_captions_and_alternative_texts(bundle: Path) -> None:
    document = Document(str(bundle / "manuscript.docx"))
    styles = [paragraph.style.name for paragraph in document.paragraphs if paragraph.style]
    assert {"Title", "Heading 1", "Heading 2", "Heading 3", "Caption", "Bibliography"} <= {*styles}
    fields = document.element.xpath(".//w:fldSimple/@w:instr")
    assert sum("SEQ Figure" in field for field in fields) == 1
    bookmarks = document.element.xpath(".//w:bookmarkStart/@w:name")
    referred = {field.split()[1] for field in fields if field.split()[0] == "REF"}
    assert referred <= {*bookmarks}
    assert len(bookmarks) == len({*bookmarks})
    pictures = document.element.xpath(".//wp:docPr/@descr")
    more = Document(str(bundle / "supplement.docx"))
    assert sum("SEQ Figure" in f for f in more.element.xpath(".//w:fldSimple/@w:instr")) == 4
    captions = [p.text for p in more.paragraphs if p.style and p.style.name == "Caption"]
    assert [text.split("\n")[0] for text in captions[:2]] == [
        "Figure S"
    ] * 2  # its number is a field
    assert any(text.startswith("Table S") for text in captions)
    assert "Table\u00a0S1" in " ".join(paragraph.text for paragraph in document.paragraphs)
    assert pictures[0].startswith("Forest plot. 8 effects; Hedges g −0.11, 95% CI [−0.26, 0.03]")


def test_every_number_of_the_word_file_says_where_it_stands(bundle: Path) -> None:
    origins = docx_origins((bundle / "manuscript.docx").read_bytes(), "manuscript.docx")
    kept = json.loads((bundle / "numbers.json").read_text("utf-8"))["numbers"]
    of_runs = {n["origin"] for n in kept.values() if not n["origin"].startswith("ledger/")}
    assert of_runs <= {*origins}


def test_tables_and_figures_are_cited_in_the_order_of_their_numbers(bundle: Path) -> None:
    """Each is mentioned before it stands, those of the supplement too, and none is left out."""
    root = Document(str(bundle / "manuscript.docx")).element
    words = [
        "".join(node.itertext()) for node in root.iter(f"{{{root.nsmap['w']}}}p")
        if "SEQ " not in "".join(node.xpath(".//w:fldSimple/@w:instr"))
    ]  # fmt: skip
    text = " ".join(words)
    for word in ("Table", "Figure"):
        for mark in ("", "S"):
            cited = [int(n) for n in re.findall(rf"{word}\s{mark}(\d+)", text)]
            first = list(dict.fromkeys(cited))
            assert first == sorted(first), (word, mark, first)
            assert first == list(range(1, len(first) + 1)), (word, mark, first)
    more = Document(str(bundle / "supplement.docx"))
    fields = more.element.xpath(".//w:fldSimple/@w:instr")
    for word in ("Table", "Figure"):
        in_supplement = sum(f"SEQ {word}" in field for field in fields)
        assert f"{word}\u00a0S{in_supplement}" in text, f"the last {word} S is cited too"


def test_works_that_are_cited_are_listed(bundle: Path) -> None:
    text = (bundle / "manuscript.qmd").read_text("utf-8")
    listed = {work["id"] for work in json.loads((bundle / "literature.json").read_text("utf-8"))}
    assert set(re.findall(r"\[@(\w+)\]", text)) == listed
    assert {"piaggio2012", "riley2011", "dersimonian1986"} <= listed


@needs_office
def test_libreoffice_opens_it_and_pages_can_be_seen(bundle: Path, tmp_path: Path) -> None:
    pages = PdfReader(converted(bundle / "manuscript.docx", tmp_path)).pages
    text = " ".join(" ".join(page.extract_text().split()) for page in pages)
    assert "95% CI [−0.26, 0.03]" in text
    assert "(Figure 1)" in text
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm is not installed")
    subprocess.run(
        ["pdftoppm", "-r", "40", "-png", "-l", "1", "manuscript.pdf", "page"],
        cwd=tmp_path / "out", check=True, timeout=PATIENCE,
    )  # fmt: skip
    (image,) = tmp_path.glob("out/page*.png")
    assert image.read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(shutil.which("pandoc") is None, reason="pandoc is not installed")
def test_pandoc_reads_it_and_fills_the_newest_numbers(bundle: Path, tmp_path: Path) -> None:
    kept = json.loads((bundle / "numbers.json").read_text("utf-8"))
    kept["numbers"]["alliance/pooled/estimate"]["text"] = "−9.99"
    (tmp_path / "newer.json").write_text(json.dumps(kept), "utf-8")
    done = subprocess.run(
        ["pandoc", "--from", "markdown", "--to", "json", "--lua-filter", "numbers.lua",
         "--metadata-file", str(tmp_path / "newer.json"), "manuscript.qmd"],
        cwd=bundle, check=True, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.stderr.replace("[WARNING] Could not deduce format", "") == done.stderr
    spans = re.findall(r'\["key","([^"]+)"\]', done.stdout.replace(" ", ""))
    qmd = SPAN.findall((bundle / "manuscript.qmd").read_text("utf-8"))
    assert spans == [key for _, key, _ in qmd], "every span is one to pandoc too"
    assert '{"t":"Str","c":"−9.99"}' in done.stdout.replace(" ", "")


def test_the_same_state_gives_the_same_bytes_in_any_process(
    small: Database, bundle: Path, tmp_path: Path
) -> None:
    environment = {
        **os.environ, "PYTHONHASHSEED": "7",
        "REVIEW_DATABASE_URL": small.url.render_as_string(hide_password=False),
    }  # fmt: skip
    subprocess.run(
        [sys.executable, "-m", "review", "export", "manuscript", "--processes", "2",
         "--out", str(tmp_path / "again")],
        env=environment, check=True, capture_output=True, timeout=PATIENCE,
    )  # fmt: skip
    first = {p.relative_to(bundle): p.read_bytes() for p in bundle.rglob("*") if p.is_file()}
    again = tmp_path / "again"
    second = {p.relative_to(again): p.read_bytes() for p in again.rglob("*") if p.is_file()}
    # the command also notes, folder by folder, what it wrote, so that it may replace it later
    assert {path.name for path in second.keys() - first.keys()} <= {"provenance.json"}
    assert first.keys() <= second.keys()
    differ = [name for name in first if first[name] != second[name]]
    assert [name for name in differ if name.name != "provenance.json"] == []


def test_a_review_without_any_run_has_a_text_too(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "review.db")
    database = database_at(f"sqlite:///{tmp_path / 'review.db'}")
    with writing(database, BY) as session:
        load_seed(session, seed_called("founding"), until=None, person="tester", now=NOW)
        empty = new_review(session, ReviewSpec(slug="empty", title="Empty"), owner="tester")
        with pytest.raises(NotFoundError, match="has no planned analysis"):
            facts_of(session, empty)
    with database.reading() as session:
        review = review_called(session, "founding")
        parts = list(write_bundle(session, review, tmp_path / "out", formats=[DocumentFormat.QMD]))
    database.engine.dispose()
    assert not (tmp_path / "out" / "manuscript.docx").exists()
    text = (tmp_path / "out" / "manuscript.qmd").read_text("utf-8")
    assert "The noninferiority margin was [0.50]" in text
    assert text.count("has contributed a usable result yet to “Client-rated") == 1, "told once"
    assert parts
