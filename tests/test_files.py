"""Folders are replaced whole: no reader sees half of one, or none."""

import ctypes
import errno
import os
import threading
from pathlib import Path

import pytest

from review import files
from review.files import name_anew, replace_folder, workplace

EACH = 40


def _folder(place: Path, number: int) -> Path:
    place.mkdir()
    for name in ("a", "b", "c"):
        (place / name).write_text(str(number))
    return place


def test_a_new_folder_gets_its_name(tmp_path: Path) -> None:
    replace_folder(_folder(tmp_path / "made", 1), tmp_path / "site")
    assert (tmp_path / "site" / "c").read_text() == "1"
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("exchanges", [True, False])
def test_another_one_is_replaced_whole_and_the_old_one_goes(
    exchanges: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchanges:  # a system that cannot exchange names
        monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    target = _folder(tmp_path / "site", 0)
    (target / "stale").write_text("of the old one")
    for number in range(1, 4):
        with workplace(tmp_path) as place:
            replace_folder(_folder(place / "site", number), target)
        assert {path.name: path.read_text() for path in target.iterdir()} == dict.fromkeys(
            "abc", str(number)
        )
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_reader_always_finds_the_folder(tmp_path: Path) -> None:
    probe = tmp_path / "probe"
    if files._renamed(_folder(probe, 0), _folder(tmp_path / "other", 0), files._EXCHANGE) != 0:
        pytest.skip("this system cannot exchange two names in one step")
    target, seen, over = _folder(tmp_path / "site", 0), set[str](), threading.Event()
    missing: list[OSError] = []

    def read() -> None:
        while not over.is_set():
            try:
                seen.add((target / "b").read_text())
            except OSError as error:
                missing.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(1, EACH):
            with workplace(tmp_path) as place:
                replace_folder(_folder(place / "site", number), target)
    finally:
        over.set()
        reader.join()
    assert missing == []
    assert len(seen) > 1, "the reader saw it change"


def _refused(*_: object, **__: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize("system", ["links", "renames anew", "neither"])
def test_a_file_named_anew_takes_the_place_of_no_other(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on FAT, which has no second names, and where a system cannot rename so either."""
    if system != "links":
        monkeypatch.setattr(os, "link", _refused)
    if system == "neither":
        monkeypatch.setattr(ctypes, "CDLL", _refused)
    for number in (1, 2, 3):
        (made := tmp_path / "made").write_text(f"whole {number}")
        named = name_anew(made, (tmp_path / f"kept-{n}" for n in (1, 2, 3)))
        assert named == tmp_path / f"kept-{number}"
        assert not made.exists()
    (made := tmp_path / "made").write_text("one too many")
    with pytest.raises(FileExistsError, match="every name is taken"):
        name_anew(made, [tmp_path / "kept-1"])
    kept = {path.name: path.read_text() for path in tmp_path.glob("kept-*")}
    assert kept == {f"kept-{n}": f"whole {n}" for n in (1, 2, 3)}
