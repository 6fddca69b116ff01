"""Any number that is altered in any file of the bundle is named, with what the ledger gave."""

from __future__ import annotations

import gzip
import json
import random
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from pypdf import PdfWriter

from review.cli import main
from review.config import settings
from review.db import Database
from review.export.tracing.files import FileState, trace_file
from review.export.tracing.numbers import Runs
from review.export.tracing.printed import pieces
from review.export.tracing.provenance import NAME, list_of, listing, printed_of
from review.files import GZIP

PLACES = {
    ".docx": (r"<w:t(?: [^>]*)?>([^<]+)</w:t>", "word/document.xml"),
    ".xlsx": (r"<v>([^<]+)</v></c>", "xl/worksheets/sheet6.xml"),
    ".html": (r"<td[^>]*>([^<]+)<", ""),
    ".svg": (r' d="([^"]+)"', ""),  # letters are drawn there, as lines are
}
"""Where a kind of file prints its numbers, and in which part of it; of others anywhere."""
WORDS, LINES = r"(?<![\w.,])\d+\.\d+(?![\w.])", r"(?<![\d.])\d+\.\d+"
"""A number among words, and one that may stand beside the letter of a line."""
UNREAD = {".png", ".pdf"}


@pytest.fixture
def exported(bundle: Path, tmp_path: Path) -> Path:
    """The bundle with the lists that the command leaves in each of its folders."""
    folder = tmp_path / "out"
    shutil.copytree(bundle, folder)
    for place in sorted({path.parent for path in folder.rglob("*") if path.is_file()}):
        listing(place, place)
    return folder


def altered_in(path: Path, chance: random.Random) -> tuple[str, str] | None:
    """Change one digit of one number that a file prints; return the number before and after."""
    pattern, part = PLACES.get(path.suffix, (r"([^\n]+)", ""))
    parts = {}
    if path.suffix == GZIP:
        inner = path.with_name(path.stem)
        inner.write_bytes(gzip.decompress(path.read_bytes()))
        change = altered_in(inner, chance)
        path.write_bytes(gzip.compress(inner.read_bytes()))
        inner.unlink()
        return change
    if part:
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    raw = parts.get(part, b"") if part else path.read_bytes()
    text = raw.decode()
    found = [
        (place.start(1) + number.start(), number[0])
        for place in re.finditer(pattern, text)
        for number in re.finditer(LINES if path.suffix == ".svg" else WORDS, place[1])
        if path.suffix != ".json" or place[1][: number.start()].endswith((": ", " ", "-", "["))
    ]
    if not found:
        return None
    at, before = chance.choice(found)
    point = before.index(".") + 1
    after = f"{before[:point]}{(int(before[point]) + 1) % 10}{before[point + 1 :]}"
    changed = (text[:at] + after + text[at + len(before) :]).encode()
    if part:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, changed if name == part else content)
    else:
        path.write_bytes(changed)
    return before, after


def test_any_altered_number_of_any_file_is_named(small: Database, exported: Path) -> None:
    chance = random.Random(17)
    tried: set[str] = set()
    with small.reading() as session:
        runs = Runs(session)
        for path in sorted(p for p in exported.rglob("*") if p.is_file() and p.name != NAME):
            if path.suffix in UNREAD:
                continue
            change = altered_in(path, chance)
            if change is None:
                continue
            tried.add(path.suffix)
            before, after = change
            trace = trace_file(runs, path)
            assert trace.state is FileState.CHANGED
            assert len(trace.altered) == 1, (path.name, change, trace.altered)
            one = trace.altered[0]
            was, now = (float(re.sub("[−-]", "", text)) for text in (one.was, one.now))
            assert (was, now) == (float(before), float(after)), path.name
            assert one.place, path.name
    assert tried >= {
        ".docx",
        ".xlsx",
        ".html",
        ".svg",
        ".csv",
        ".json",
        ".md",
        ".tex",
        ".qmd",
        GZIP,
    }


def test_a_digit_that_was_drawn_anew_in_a_figure_is_named(small: Database, exported: Path) -> None:
    path = exported / "figures" / "forest_alliance.svg"
    text = path.read_text("utf-8")
    shown = re.findall(r"<!-- (\S+) -->\n?<g [^>]*>(?:<defs>.*?</defs>)?(.*?)</g>", text)
    letters: dict[str, str] = {}
    for said, drawn in shown:
        names = re.findall(r'href="#(g[0-9a-f]+)"', drawn)
        letters |= dict(zip(said, names, strict=len(said) == len(names)))
    said, drawn = next(one for one in shown if re.fullmatch(r"100\.0%", one[0]))
    place = text.index(f"<!-- {said} -->")
    at = text.index(f'href="#{letters["1"]}"', place) + len('href="#')
    path.write_text(text[:at] + letters["9"] + text[at + len(letters["1"]) :], "utf-8")
    with small.reading() as session:
        found = trace_file(Runs(session), path).altered
    assert [(one.was, one.now) for one in found] == [("100.0", "900.0")]


def test_a_file_that_was_saved_again_has_no_altered_number(small: Database, exported: Path) -> None:
    from docx import Document

    path = exported / "manuscript.docx"
    Document(str(path)).save(str(path))
    with path.open("ab") as file:
        file.write(b"")
    with small.reading() as session:
        assert trace_file(Runs(session), path).altered == ()


def test_what_the_writer_of_a_pdf_told_is_what_is_read_in_it(bundle: Path, exported: Path) -> None:
    place = exported / "figures"
    told = json.loads((bundle / "figures" / NAME).read_text())["printed"]
    printed = printed_of(list_of(place) or {})
    names = {path.name for path in place.glob("*.pdf")}
    assert len(names) > 10
    assert told.keys() == names, "none was read again"
    for name in names:
        assert printed[name] == pieces(name, (place / name).read_bytes()), name
        assert printed[name], name


def test_a_number_altered_in_a_pdf_is_named_and_a_pdf_saved_again_is_not(
    small: Database, exported: Path
) -> None:
    path = exported / "figures" / "forest_alliance.pdf"
    for altered in (False, True):
        writer = PdfWriter(clone_from=path)
        content = writer.pages[0].get_contents()
        assert content is not None
        if altered:  # the letters are two bytes each
            data = content.get_data()
            at = data.index(b"\x00.\x00") + 3
            assert data[at : at + 1].isdigit()
            other = b"9" if data[at : at + 1] != b"9" else b"1"
            content.set_data(data[:at] + other + data[at + 1 :])
            writer.pages[0].replace_contents(content)
        writer.write(path)
        with small.reading() as session:
            trace = trace_file(Runs(session), path)
        assert trace.state is FileState.CHANGED
        assert len(trace.altered) == altered
        assert all(one.now and one.was and one.now != one.was for one in trace.altered)


def test_what_was_changed_added_and_removed_in_a_folder_is_named(
    small: Database, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_DATABASE_URL", small.url.render_as_string())
    settings.cache_clear()

    def told(status: int) -> str:
        done = CliRunner().invoke(main, ["trace", str(exported)])
        assert done.exit_code == status, done.output
        return done.output

    assert "none is missing and none was added" in told(0)
    csv = exported / "tables" / "pooled_estimates.csv"
    rows = csv.read_text("utf-8").splitlines(keepends=True)
    number = next(cell for cell in rows[1].split(",") if re.fullmatch(r"-?\d\.\d{5,}", cell))
    csv.write_text(rows[0] + rows[1].replace(number, "0.123", 1) + "".join(rows[2:]), "utf-8")
    (exported / "notes.txt").write_text("mine")
    (exported / "checklists" / "checklists.docx").unlink()
    shutil.rmtree(exported / "figures")
    output = told(1)
    assert "tables/pooled_estimates.csv was CHANGED" in output
    assert re.search(rf"printed 0.123, the ledger gave {re.escape(number)} \(event \d+, ", output)
    assert "notes.txt was ADDED" in output
    assert "checklists/checklists.docx was REMOVED" in output
    assert "figures/ was REMOVED" in output
    settings.cache_clear()
