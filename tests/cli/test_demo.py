"""`review demo` opens what it made, and leaves everything else alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from review.cli import main


def test_a_demonstration_is_opened_as_it_was_left(demonstration_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "demonstration.db"
    shutil.copy(demonstration_file, file)
    before = file.read_bytes()
    result = CliRunner().invoke(main, ["demo", str(tmp_path), "--no-serve"])
    assert (result.exit_code, result.stdout.strip()) == (0, str(file))
    assert file.read_bytes() == before


@pytest.mark.parametrize("what", ["another database", "no database"])
def test_a_file_that_is_no_demonstration_stays(
    what: str, sqlite_template: Path, tmp_path: Path
) -> None:
    file = tmp_path / "demonstration.db"
    content = sqlite_template.read_bytes() if what == "another database" else b"my thesis"
    file.write_bytes(content)
    result = CliRunner().invoke(main, ["demo", str(tmp_path), "--no-serve"])
    assert result.exit_code == 1
    assert "is no demonstration, and stays as it is" in result.output
    assert file.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == ["demonstration.db"]
