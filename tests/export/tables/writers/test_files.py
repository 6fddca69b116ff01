from pathlib import Path

import pytest

from review.errors import InvalidDataError
from review.export import Format, write_tables
from tests.export.tables.writers.samples import HOSTILE, POOLED

TABLES = {"pooled": POOLED, "study_results": HOSTILE}


def test_each_format_has_its_files(tmp_path: Path) -> None:
    written = write_tables(TABLES, tmp_path / "new" / "folder")
    assert [path.name for path in written] == [
        "pooled.csv", "study_results.csv", "tables.xlsx", "tables.docx", "pooled.tex",
        "study_results.tex", "tables.html", "pooled.md", "study_results.md",
        "tables.json",
    ]  # fmt: skip
    assert all(path.stat().st_size > 100 for path in written)
    assert sorted((tmp_path / "new" / "folder").iterdir()) == sorted(written)


def test_only_the_formats_asked_for_are_written_once(tmp_path: Path) -> None:
    written = write_tables(TABLES, tmp_path, [Format.XLSX, Format.XLSX])
    assert [path.name for path in tmp_path.iterdir()] == ["tables.xlsx"]
    assert len(written) == 1


def test_written_twice_the_folder_is_the_same(tmp_path: Path) -> None:
    first = {path: path.read_bytes() for path in write_tables(TABLES, tmp_path)}
    assert {path: path.read_bytes() for path in write_tables(TABLES, tmp_path)} == first


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "a b", "a\n", "-rf", "x" * 101])
def test_a_name_that_cannot_be_a_files_is_refused_before_writing(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="cannot name a table"):
        write_tables({"good": POOLED, name: POOLED}, tmp_path / "out")
    assert not (tmp_path / "out").exists()
