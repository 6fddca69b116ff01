"""Folders are replaced whole: no reader sees half of one, or none."""

import ctypes
import threading
from pathlib import Path

import pytest

from review import files
from review.files import replace_folder, workplace

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
        monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
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
    if not files._exchanged(_folder(probe, 0), _folder(tmp_path / "other", 0)):
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
