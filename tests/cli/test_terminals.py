"""Titles that would colour, empty or turn a terminal reach it as words; pipes get what there is."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from review.cli.terminals import _Terminal
from review.config import settings
from tests.loaded import PATIENCE

EVIL = "\x1b]0;owned\x07\x1b[2J\x1b[31mA trial\u202e lairt \x9b2J of sleep in nurses by night"
OBEYED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]")
STYLE = re.compile(r"\x1b\[[0-9;]*m")


def _environment(folder: Path) -> dict[str, str]:
    url = f"sqlite:///{folder / 'review.db'}"
    return {**os.environ, "REVIEW_DATABASE_URL": url, "REVIEW_ACTOR": "tester", "TERM": "xterm"}


def _at_terminal(folder: Path, *words: str) -> str:
    """Return what a command writes to a terminal."""
    parent, child = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-m", "review", *words], stdout=child, stderr=child, stdin=child,
        env=_environment(folder), cwd=folder,
    )  # fmt: skip
    os.close(child)
    told = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        told += part
    program.wait(PATIENCE)
    os.close(parent)
    return told.decode()


def test_what_files_hold_reaches_a_terminal_as_words(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from review.cli import main

    shutil.copy(sqlite_template, tmp_path / "review.db")
    for name, value in _environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    monkeypatch.chdir(tmp_path)
    Path("a.ris").write_text(f"TY  - JOUR\nTI  - {EVIL}\nAU  - Alm, A\nER  - \n")
    Path("b.ris").write_text(f"{EVIL}\n")
    runner = CliRunner()
    for words in ("new sleep --title Sleep", "import a.ris"):
        assert runner.invoke(main, words.split()).exit_code == 0
    for words in ("records list", "import b.ris"):
        told = STYLE.sub("", _at_terminal(tmp_path, *words.split()))
        assert OBEYED.search(told) is None, (words, told)
        assert "lairt" in told
    piped = runner.invoke(main, ["records", "list", "--json"]).stdout
    assert "\u202e lairt" in piped
    settings.cache_clear()


def test_styles_of_tables_are_kept_and_nothing_else() -> None:
    class Kept:
        def __init__(self) -> None:
            self.text = ""

        def write(self, text: str) -> int:
            self.text += text
            return len(text)

    kept = Kept()
    _Terminal(kept).write("\x1b[1mbold\x1b[0m\nplain\t\x1b[2J\r")  # type: ignore[arg-type] # a stream in what it needs
    assert kept.text == "\x1b[1mbold\x1b[0m\nplain\t\\x1b[2J\\r"
