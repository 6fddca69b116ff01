"""provenance.json beside exported files, and what files say of themselves."""

import hashlib
import json
import lzma
import zlib
from base64 import b64encode, b85decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from sqlalchemy.orm import Session

from review.db import Database
from review.errors import InvalidDataError, NotFoundError
from review.export import Format, Table, write_tables
from review.export.contents.effects import results_table
from review.export.contents.findings import findings_table
from review.export.contents.pooled import pooled_table
from review.export.drawings.forest import forest_of
from review.export.runs import LatestRun
from review.export.tracing.files import FileState, trace_file
from review.export.tracing.numbers import Runs
from review.export.tracing.origins import origin
from review.export.tracing.printed import Piece, pieces
from review.export.tracing.provenance import FORM, list_of, listing, printed_of, write_provenance
from review.figures import forest_plot, save
from review.keeping.anchors import anchors_given
from review.protocol.queries import review_called


@pytest.fixture
def session(delivery: Database) -> Iterator[Session]:
    with delivery.reading() as session:
        yield session


@pytest.fixture
def tables(delivery_runs: list[LatestRun]) -> dict[str, Table]:
    return {"pooled": pooled_table("T", delivery_runs), "effects": results_table(delivery_runs[0])}


def export(session: Session, tables: dict[str, Table], folder: Path) -> dict[str, Path]:
    files = write_tables(tables, folder)
    held = {path: {name: tables[name] for name in names} for path, names in files.items()}
    write_provenance(session, folder, held)
    listing(folder, folder)  # as each command does
    return {path.name: path for path in files}


def test_it_tells_file_run_and_value(
    session: Session, tables: dict[str, Table], delivery_runs: list[LatestRun], tmp_path: Path
) -> None:
    files = export(session, tables, tmp_path)
    told = json.loads((tmp_path / "provenance.json").read_text())
    assert set(told["files"]) == set(files)
    for name, path in files.items():
        assert told["files"][name]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert told["files"]["pooled.csv"]["tables"] == ["pooled"]
    assert told["files"]["tables.docx"]["tables"] == ["pooled", "effects"]
    run = delivery_runs[0]
    assert told["form"] == FORM
    inside = json.loads(lzma.decompress(b85decode(told["packed"])))
    row = inside["numbers"][origin(run.key, "effects", 0)]
    assert row["yi"] == run.results.effects[0].yi
    known = list_of(tmp_path)
    assert known is not None
    number = known["numbers"][origin(run.key, "effects", 0, "yi")]
    assert number == {"value": run.results.effects[0].yi}
    held = told["runs"][run.key[:12]]
    assert held["key"] == run.key
    assert (held["review"], held["analysis"], held["number"]) == ("cbt-delivery", run.analysis, 2)
    assert held["created"] == "2026-11-23T09:15:00.000000Z"
    assert "numpy" in held["software"]
    anchors = anchors_given(str(tmp_path / "provenance.json"))
    assert (held["history"]["seq"], held["history"]["hash"]) in {(a.seq, a.hash) for a in anchors}


def test_every_file_leads_to_the_same_numbers(
    session: Session, tables: dict[str, Table], tmp_path: Path
) -> None:
    files = export(session, tables, tmp_path)
    runs = Runs(session)
    whole = {number.origin for number in trace_file(runs, files["tables.docx"]).numbers}
    assert len(whole) > 300
    for path in files.values():
        traced = trace_file(runs, path)
        assert traced.state is FileState.UNCHANGED
        if path.stem == "tables":
            assert {number.origin for number in traced.numbers} == whole
        else:
            assert {number.origin for number in traced.numbers} < whole
    assert all(number.value is not None for number in traced.numbers)


def test_numbers_that_print_tells_in_words_lead_to_their_run(
    session: Session, delivery_runs: list[LatestRun], tmp_path: Path
) -> None:
    review = review_called(session, "cbt-delivery")
    printed = {"summary_of_findings": findings_table(session, review, delivery_runs)}
    files = export(session, printed, tmp_path)
    for name in ("tables.docx", "tables.html", "summary_of_findings.md"):
        traced = trace_file(Runs(session), files[name])
        assert {holder.key for holder in traced.runs} == {run.key for run in delivery_runs}
        assert {number.column for number in traced.numbers} == {"effect", "participants"}


def test_files_that_carry_origins_need_no_list_and_others_do(
    session: Session, tables: dict[str, Table], tmp_path: Path
) -> None:
    files = export(session, tables, tmp_path)
    (tmp_path / "provenance.json").unlink()
    for name in ("tables.docx", "tables.html", "tables.json"):
        traced = trace_file(Runs(session), files[name])
        assert traced.state is FileState.UNLISTED
        assert traced.numbers
    for name in ("pooled.csv", "tables.xlsx", "pooled.tex", "pooled.md"):
        with pytest.raises(NotFoundError, match="carries no origins itself"):
            trace_file(Runs(session), files[name])


def test_a_changed_file_is_known(
    session: Session, tables: dict[str, Table], tmp_path: Path
) -> None:
    files = export(session, tables, tmp_path)
    page = files["tables.html"]
    page.write_text(page.read_text().replace("0.80", "0.90"))
    assert trace_file(Runs(session), page).state is FileState.CHANGED


def test_numbers_of_another_database_are_named(
    session: Session, tables: dict[str, Table], tmp_path: Path
) -> None:
    files = export(session, tables, tmp_path)
    page = files["tables.html"]
    foreign = page.read_text().replace(tables["effects"].origins[0][:12], "0123456789ab")  # type: ignore[index]
    page.write_text(foreign)
    traced = trace_file(Runs(session), page)
    assert traced.unknown == ("0123456789ab",)
    assert traced.numbers


def test_what_other_commands_wrote_stays_listed_while_it_is_there(
    session: Session, tables: dict[str, Table], tmp_path: Path
) -> None:
    for format_ in (Format.CSV, Format.HTML):
        files = write_tables(tables, tmp_path, [format_])
        write_provenance(session, tmp_path, dict.fromkeys(files, tables))
    told = json.loads((tmp_path / "provenance.json").read_text())
    assert set(told["files"]) == {"pooled.csv", "effects.csv", "tables.html"}
    (tmp_path / "tables.html").unlink()
    (tmp_path / "effects.csv").unlink()
    one = {"pooled": tables["pooled"]}
    write_provenance(session, tmp_path, {tmp_path / "pooled.csv": one})
    listing(tmp_path, tmp_path)
    told = json.loads((tmp_path / "provenance.json").read_text())
    assert set(told["files"]) == {"pooled.csv"}
    known = list_of(tmp_path)
    assert known is not None
    assert set(known["numbers"]) == set(known["files"]["pooled.csv"]["origins"])
    assert told["files"]["pooled.csv"]["origins"] == [[0, len(known["numbers"]) - 1]]


def test_places_of_numbers_are_read_back_as_their_origins_and_so_are_older_lists(
    session: Session, tables: dict[str, Table], tmp_path: Path
) -> None:
    export(session, tables, tmp_path)
    place = tmp_path / "provenance.json"
    known = list_of(tmp_path)
    assert known is not None
    assert known["files"]["pooled.csv"]["origins"] != known["files"]["effects.csv"]["origins"]
    assert set(known["files"]["tables.docx"]["origins"]) == set(known["numbers"])
    place.write_text(json.dumps(known))
    assert list_of(tmp_path) == known, "origins as strings, as earlier versions wrote them"
    told = dict(known, files={"a.csv": {"origins": [[0, len(known["numbers"])]]}})
    place.write_text(json.dumps(told))
    with pytest.raises(InvalidDataError, match="move it away"):
        list_of(tmp_path)


def test_what_files_print_is_kept_once_for_all_and_was_kept_apart_before(
    session: Session, tables: dict[str, Table], tmp_path: Path
) -> None:
    files = export(session, tables, tmp_path)
    listing(tmp_path, tmp_path)
    known = list_of(tmp_path)
    assert known is not None
    printed = printed_of(known)
    assert set(printed) == set(files)
    for name, path in files.items():
        assert printed[name] == pieces(name, path.read_bytes())
    apart = {name: zlib.compress(json.dumps(found).encode()) for name, found in printed.items()}
    for name, file in known["files"].items():
        file["printed"] = b64encode(apart[name]).decode()
    del known["printed"]  # numbers by origin are as they were, too
    place = tmp_path / "provenance.json"
    place.write_text(json.dumps(known))
    again = list_of(tmp_path)
    assert again is not None
    assert printed_of(again) == printed, "a text a file, as earlier versions wrote them"
    page = files["tables.html"]
    page.write_text(page.read_text().replace(">0.80<", ">0.90<", 1))
    assert [one.now for one in trace_file(Runs(session), page).altered] == ["0.90"]
    listing(tmp_path, tmp_path)
    assert set(printed_of(list_of(tmp_path) or {})) == set(files)


def test_what_a_writer_told_of_a_file_is_listed_while_it_is_that_file(
    session: Session, tmp_path: Path
) -> None:
    path = save(Figure(), tmp_path / "figure.pdf")
    told = [["3 of 12", "no number"], ["0.5"]]
    write_provenance(session, tmp_path, {path: {}}, texts={path.name: told})
    listing(tmp_path, tmp_path)
    found = printed_of(list_of(tmp_path) or {})[path.name]
    assert found == [Piece("page 1", "3 of 12"), Piece("page 2", "0.5")]
    figure = Figure()
    figure.text(0.5, 0.5, "0.7")
    save(figure, path)
    listing(tmp_path, tmp_path)
    assert printed_of(list_of(tmp_path) or {})[path.name] == [Piece("page 1", "0.7")]


@pytest.mark.parametrize("packed", [True, False])
def test_lines_of_a_pdf_that_an_earlier_version_listed_are_not_compared_with_its_texts(
    session: Session, tables: dict[str, Table], tmp_path: Path, packed: bool
) -> None:
    files = export(session, tables, tmp_path)
    save(Figure(), tmp_path / "figure.pdf")
    listing(tmp_path, tmp_path)
    place = tmp_path / "provenance.json"
    known = json.loads(place.read_text()) if packed else list_of(tmp_path)
    assert known is not None
    if packed:
        place.write_text(json.dumps(known | {"form": FORM - 1}))
    else:
        for name in known["files"]:
            known["files"][name]["printed"] = b64encode(zlib.compress(b"[]")).decode()
        del known["printed"]
        place.write_text(json.dumps(known))
    printed = printed_of(list_of(tmp_path) or {})
    assert files.keys() <= printed.keys()
    assert "figure.pdf" not in printed


def test_written_twice_it_is_the_same(
    session: Session, tables: dict[str, Table], tmp_path: Path
) -> None:
    export(session, tables, tmp_path)
    first = (tmp_path / "provenance.json").read_bytes()
    export(session, tables, tmp_path)
    assert (tmp_path / "provenance.json").read_bytes() == first


def test_a_foreign_provenance_file_is_not_overwritten(
    session: Session, tables: dict[str, Table], tmp_path: Path
) -> None:
    (tmp_path / "provenance.json").write_text('{"mine": 1}')
    with pytest.raises(InvalidDataError, match="move it away"):
        export(session, tables, tmp_path)
    assert (tmp_path / "provenance.json").read_text() == '{"mine": 1}'


@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_a_figure_says_which_run_it_draws(
    session: Session, delivery_runs: list[LatestRun], tmp_path: Path, suffix: str
) -> None:
    run = delivery_runs[-1]
    figure = forest_plot(forest_of(run.inputs, run.results))
    path = save(figure, tmp_path / f"forest.{suffix}", origin=origin(run.key))
    first = path.read_bytes()
    traced = trace_file(Runs(session), path)
    assert [held.key for held in traced.runs] == [run.key]
    assert traced.state is FileState.UNLISTED
    assert save(figure, path, origin=origin(run.key)).read_bytes() == first
    save(figure, path)
    assert trace_file(Runs(session), path).runs == ()
