"""No command replaces a file that may hold work; what it writes is there whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from review.cli import main
from review.config import settings
from review.db import Database
from review.errors import AlreadyExistsError, InvalidDataError

WORK = "hours of work\n"

FILES = (
    ("extract", "template", "--out", "form.csv"),
    ("extract", "template", "--out", "form.xlsx"),
    ("extract", "export", "--out", "held.csv"),
    ("records", "export", "--format", "csv", "--out", "records.csv"),
    ("screen", "export", "anna.csv"),
    ("runs", "diff", "multimedia", "1", "2", "--out", "diff.md"),
    ("schedule", "--systemd", "--out", "units"),
    ("plot", "forest", "multimedia", "--out", "forest.svg"),
    ("plot", "forest", "multimedia", "--out", "forest.png"),
    ("plot", "forest", "multimedia", "--out", "forest.pdf"),
    ("flow", "--out", "flow.svg"),
    ("export", "script", "--out", "script"),
    ("export", "tables", "--out", "tables", "--table", "pooled_estimates"),
    ("export", "checklists", "--out", "checklists", "--format", "csv"),
)
"""Commands of each kind, with what they write."""


def _commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _commands(found, (*path, name))
    options = {option for parameter in command.params for option in parameter.opts}
    if options & {"--out", "--plot"} and path != ("release", "create"):  # which wants a new folder
        assert "--force" in options, f"{' '.join(path)} writes a file and has no --force"
        yield path


def test_every_command_that_writes_can_be_forced_and_so_refuses() -> None:
    assert len(list(_commands(main))) >= 30


@pytest.fixture
def run(
    delivery: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Result]]:
    """Run a command in an empty folder on a copy of the pooled seed."""
    copy = tmp_path / "db" / "review.db"
    copy.parent.mkdir()
    shutil.copy(delivery.file, copy)
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{copy}")
    monkeypatch.setenv("REVIEW_ACTOR", "tester")
    settings.cache_clear()

    def call(*arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, list(arguments))
        assert result.exit_code == status, result.output
        return result

    yield call
    settings.cache_clear()


@pytest.mark.parametrize("arguments", FILES, ids=" ".join)
def test_a_file_that_holds_work_is_kept(
    run: Callable[..., Result], arguments: tuple[str, ...]
) -> None:
    run(*arguments)
    written = [path for path in Path().rglob("*") if path.is_file()]
    assert written
    assert not list(Path().rglob(".*"))  # nothing is left beside it
    work = next(path for path in written if path.name != "provenance.json")
    work.write_text(WORK)
    others = {path: path.read_bytes() for path in written}
    refused = run(*arguments, status=1)
    assert work.name in refused.output
    assert "--force" in refused.output
    assert {path: path.read_bytes() for path in written} == others  # all or nothing
    run(*arguments, "--force")
    assert work.read_bytes() != WORK.encode()


@pytest.mark.parametrize(
    "arguments",
    [
        ("plot", "forest", "multimedia", "--out", "x.svg"),
        ("plot", "forest", "multimedia", "--out", "x.png"),
        ("plot", "forest", "multimedia", "--out", "x.pdf"),
        ("export", "tables", "--out", "tables", "--table", "pooled_estimates"),
        ("export", "script", "--out", "script"),
    ],
    ids=" ".join,
)
def test_what_the_program_wrote_and_nobody_changed_is_replaced(
    run: Callable[..., Result], arguments: tuple[str, ...]
) -> None:
    run(*arguments)
    kept = [path for path in Path().rglob("*") if path.is_file()]
    run("study", "exclude", "Choi (2012)", "--reason", "synthetic")
    run("repool")
    run(*arguments)
    assert sorted(path for path in Path().rglob("*") if path.is_file()) == sorted(kept)


def test_a_figure_that_was_retouched_is_work(run: Callable[..., Result]) -> None:
    run("plot", "forest", "multimedia", "--out", "x.svg")
    figure = Path("x.svg")
    figure.write_text(figure.read_text().replace("<svg ", '<svg xmlns:inkscape="x" ', 1))
    assert "--force" in run("plot", "forest", "multimedia", "--out", "x.svg", status=1).output


def test_a_file_of_ours_beside_the_authors_own_leaves_theirs(run: Callable[..., Result]) -> None:
    folder = Path("paper")
    folder.mkdir()
    (folder / "notes.md").write_text(WORK)
    (folder / "tables").mkdir()
    (folder / "tables" / "own.csv").write_text(WORK)
    run("export", "tables", "--out", "paper", "--table", "pooled_estimates", "--format", "csv")
    assert (folder / "notes.md").read_text() == WORK
    assert (folder / "tables" / "own.csv").read_text() == WORK
    listed = json.loads((folder / "provenance.json").read_text())["files"]
    assert "notes.md" not in listed


def test_a_link_stays_a_link_and_permissions_stay(run: Callable[..., Result]) -> None:
    real = Path("elsewhere.svg")
    run("plot", "forest", "multimedia", "--out", str(real))
    real.chmod(0o640)
    Path("link.svg").symlink_to(real)
    run("plot", "forest", "multimedia", "--out", "link.svg", "--dpi", "100")
    assert Path("link.svg").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_place_that_cannot_be_written_is_said(run: Callable[..., Result]) -> None:
    Path("taken").write_text("a file")
    for target in ("taken/x.csv", "folder"):
        Path("folder").mkdir(exist_ok=True)
        refused = run("extract", "template", "--out", target, status=1)
        assert "Error" in refused.output
    assert Path("taken").read_text() == "a file"


def test_a_pipe_is_written_to(run: Callable[..., Result]) -> None:
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    run("extract", "template", "--empty", "--out", "pipe")
    assert os.read(reader, 5) == b"study"
    os.close(reader)


def test_a_folder_that_is_replaced_whole_loses_nothing_of_a_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from review.cli.files import new_files

    folder = tmp_path / "bundle"

    def export(*names: str) -> None:
        with click.Context(main), new_files(folder, whole=True) as place:
            for name in names:
                (place / name).parent.mkdir(exist_ok=True)
                (place / name).write_text(f"{name}: 0.38")

    export("a.md", "figures/old.svg", "figures/edited.md", "figures/kept.svg")
    (folder / "figures" / "edited.md").write_text(WORK)
    (folder / "thesis.txt").write_text(WORK)
    assert capsys.readouterr().err == ""
    export("a.md", "figures/kept.svg")
    told = capsys.readouterr().err
    assert "Removed, since this export has them no more: figures/old.svg\n" in told
    assert "Kept, though not of this export: figures/edited.md, thesis.txt\n" in told
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == {
        "a.md", "figures/kept.svg", "figures/edited.md", "thesis.txt", "provenance.json",
        "figures/provenance.json",
    }  # fmt: skip
    assert (folder / "thesis.txt").read_text() == (folder / "figures/edited.md").read_text() == WORK
    listed = json.loads((folder / "figures" / "provenance.json").read_text())["files"]
    assert set(listed) == {"kept.svg", "edited.md"}
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def exported(folder: Path, content: str, *, stop: bool = False) -> None:
    from review.cli.files import new_files

    with click.Context(main), new_files(folder, whole=True) as place:
        (place / "figures").mkdir()
        for name in ("a.md", "b.md", "figures/c.svg"):
            (place / name).write_text(content)
        if stop:
            raise InvalidDataError("no more")


def test_a_reader_sees_the_folder_before_or_after_and_never_some_files_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is looked at whenever anything in it could have changed: at each call of os."""
    folder = tmp_path / "bundle"
    exported(folder, "0.38")
    (folder / "notes.txt").write_text(WORK)
    seen = set()

    def look() -> None:
        names = ("a.md", "b.md", "figures/c.svg")
        seen.add(tuple((folder / name).read_text() for name in names))
        assert (folder / "notes.txt").read_text() == WORK

    for name in ("replace", "rename", "link", "unlink", "fsync", "open"):
        was = getattr(os, name)

        def call(*given: object, was: Callable[..., Any] = was, **more: object) -> Any:
            if not looking:
                looking.append(True)
                look()
                looking.clear()
            return was(*given, **more)

        monkeypatch.setattr(os, name, call)
    looking: list[bool] = []
    exported(folder, "0.41")
    look()
    assert seen == {("0.38",) * 3, ("0.41",) * 3}


def test_links_and_rights_of_a_folder_stay_when_it_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    exported(folder, "0.38")
    folder.chmod(0o750)
    (folder / "to nowhere").symlink_to("gone")
    (folder / "mine").mkdir()
    (folder / "mine" / "plan.txt").write_text(WORK)
    inode = (folder / "mine" / "plan.txt").stat().st_ino
    exported(folder, "0.41")
    assert (folder / "to nowhere").readlink() == Path("gone")
    assert (folder / "mine" / "plan.txt").stat().st_ino == inode
    assert folder.stat().st_mode & 0o777 == 0o750
    assert (folder / "b.md").read_text() == "0.41"


def test_an_export_that_fails_or_would_lose_work_leaves_the_folder_as_it_was(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "bundle"
    exported(folder, "0.38")
    with pytest.raises(InvalidDataError):
        exported(folder, "0.41", stop=True)
    (folder / "b.md").write_text(WORK)
    with pytest.raises(AlreadyExistsError, match=r"b\.md"):
        exported(folder, "0.41")
    assert (folder / "a.md").read_text() == "0.38"
    assert (folder / "b.md").read_text() == WORK
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


@pytest.mark.parametrize("how", ["link", "inside"])
def test_a_folder_that_cannot_change_its_name_is_replaced_file_by_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    folder = tmp_path / "bundle"
    exported(folder, "0.38")
    inode = folder.stat().st_ino
    if how == "link":
        (tmp_path / "named").symlink_to(folder)
        exported(tmp_path / "named", "0.41")
    else:
        monkeypatch.chdir(folder)
        exported(Path(), "0.41")
    assert folder.stat().st_ino == inode
    assert (folder / "figures" / "c.svg").read_text() == "0.41"
