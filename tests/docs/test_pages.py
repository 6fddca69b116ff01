"""Every command that a page shows works, and gives what the page shows."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from review.cli import main
from tests.docs.reading import RUN, Step, steps
from tests.docs.running import ROOT, matches, run

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMAND = re.compile(r"(?:^|[\s(`|])review(?= )(?P<rest>[^`\n|]*)")


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(scope="session")
def served_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the program waits for what a page types."""
    path = tmp_path_factory.mktemp("served") / "s"
    process = subprocess.Popen([sys.executable, "-m", "tests.docs.serving", str(path)], cwd=ROOT)
    try:
        for _ in range(600):
            if path.exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        yield path
    finally:
        process.terminate()
        process.wait()


def _database(start: str, request: pytest.FixtureRequest, folder: Path) -> None:
    database = request.getfixturevalue(start)
    shutil.copy(database.url.database, folder / "tour.db")


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(s.kind in RUN for s in steps(page))], ids=_name
)
def test_the_commands_of_a_page_work(
    page: Path, served_at: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    read = list(steps(page))
    for step in read:
        if step.kind == "start":
            _database(step.text, request, tmp_path)
    ran = run(read, tmp_path, served_at)
    problems = [one.problem for one in ran if one.problem]
    before = {}
    for at, step in enumerate(read):
        if step.kind != "shows":
            before[at] = step
            continue
        block = before[max(before)]
        printed = " ".join(" ".join(one.output for one in ran if one.step is block).split())
        if step.text not in printed:
            problems.append(f"line {step.line}: not printed: {step.text}\n{printed}")
    assert not problems, f"{_name(page)}\n" + "\n\n".join(problems)


def test_an_output_matches_as_it_is_shown() -> None:
    assert matches("k  5\n  … run 2", "k 5\nand so on, run 2\n")
    assert not matches("k 5", "k 5, and more")
    assert not matches("run 2 …", "run 3 and so on")


def _resolved(words: list[str]) -> str | None:
    """Return what is wrong with the words after ``review``, or None."""
    command: click.Command = main
    path = ["review"]
    options: list[str] = []
    for word in words:
        if word.startswith("-") and word.strip("-"):
            options.append(word.split("=")[0])
        elif isinstance(command, click.Group) and not options:
            found = command.get_command(click.Context(command), word)
            if found is None:
                return None if command.invoke_without_command else f"no command {word}"
            command = found
            path.append(word)
    known = {"--help", *(o for p in command.params for o in (*p.opts, *p.secondary_opts))}
    wrong = [o for o in options if o not in known and re.fullmatch(r"--?[a-z][a-z-]*", o)]
    return f"{' '.join(path)} has no {wrong[0]}" if wrong else None


def _before_a_bracket(words: list[str]) -> list[str]:
    """Return the words of a command that a printed sentence names in brackets: ``(see: …).``"""
    end = next((i for i, w in enumerate(words) if ")" in w and "(" not in w), None)
    return words if end is None else [*words[:end], words[end].partition(")")[0]]


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = [*re.findall(r"`(review [^`]*)`", text)]
    code += [s.text.replace("\\\n", " ") for s in steps(page) if s.kind in (*RUN, "text", "")]
    problems = []
    for found in COMMAND.finditer("\n".join(code)):
        try:
            words = shlex.split(found["rest"], comments=True)
        except ValueError:
            continue
        stop = next((i for i, w in enumerate(words) if w in (">", "&&", ";", "||")), len(words))
        words = _before_a_bracket([w for w in words[:stop] if w != "…"])
        if words and re.fullmatch(r"[a-z-]+", words[0]) and (wrong := _resolved(words)):
            problems.append(f"review{found['rest']}: {wrong}")
    assert not problems


def _blocks(page: Path) -> list[Step]:
    return [step for step in steps(page) if step.kind not in ("start", "run", "shows")]


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_block_says_what_it_is(page: Path) -> None:
    unsaid = [step.line for step in _blocks(page) if not step.kind]
    assert unsaid == []
    indented = re.findall(
        r"^\n {4}(?:\$ )?(?:review|python|Rscript|pip|sqlite3|make) .*",
        page.read_text(),
        re.MULTILINE,
    )
    assert indented == [], "commands stand in a block ```sh or ```console, which are run"


def test_the_readme_leads_to_every_page_of_a_task() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    of_the_site_alone = {"index.md", "changelog.md", "contributing.md"}
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - of_the_site_alone
    assert {page for page in pages if f"docs/{page}" not in readme} == set()
