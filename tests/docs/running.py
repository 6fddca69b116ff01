"""A page as one program of the shell, and what came of each of its commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.docs.reading import Step, commands
from tests.docs.serving import CLIENT

ROOT: Final = Path(__file__).parents[2]
_MARK: Final = "\x1e"
_SECONDS: Final = 300
OWNERS: Final = {"delivery": "tester", "practice": "ada"}
"""Who made the database that a page begins with, and types the page."""

_OPENING: Final = """\
set -u
status=0
served() { "$PYTHON" -SEs "$CLIENT" "$@"; }
review() { served review "$@"; }
python() { served python "$@"; }
command -v Rscript >/dev/null || Rscript() { :; }  # where there is no R, R checks nothing
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """A command of a page, as it ended."""

    step: Step
    line: int
    status: int
    output: str
    shown: str | None
    """The output that the page shows, or None where it shows none."""

    @property
    def problem(self) -> str | None:
        """What is wrong with the page here, or None."""
        refused = self.shown is not None and self.shown.lstrip().startswith("Error")
        if refused != (self.status != 0):
            wanted = "fail" if refused else "succeed"
            return f"line {self.line}: should {wanted}, ended with {self.status}:\n{self.output}"
        if self.shown is not None and not matches(self.shown, self.output):
            return f"line {self.line}: the page shows\n{self.shown}\nand it gave\n{self.output}"
        return None


def matches(shown: str, output: str) -> bool:
    """Whether an output is the one shown: blanks and line ends apart, ``…`` being any text."""
    parts = [re.escape(" ".join(part.split())) for part in shown.split("…")]
    return re.fullmatch(r"\s*.*?\s*".join(parts), " ".join(output.split()), re.DOTALL) is not None


def _script(steps: list[Step]) -> tuple[str, list[tuple[Step, int, str | None]]]:
    """Return the program, and of each part of it what it is of."""
    lines, parts = [_OPENING], list[tuple[Step, int, str | None]]()

    def add(step: Step, line: int, code: str, shown: str | None) -> None:
        parts.append((step, line, shown))
        lines.append(f"printf '{_MARK}'\n{code}\nstatus=$?\nprintf '{_MARK}%s' $status\n")

    for number, step in enumerate(steps):
        if step.file is not None:
            (name, text) = (step.file, step.text)
            lines.append(f"cat > {name} <<'END OF {number}'\n{text}END OF {number}\n")
        elif step.left_out is not None:
            continue
        elif step.kind == "start":
            lines.append(f"export REVIEW_ACTOR={OWNERS[step.text]}\n")
        elif step.kind == "run":
            add(step, step.line, step.text, None)
        elif step.kind == "sh":
            for line, code in _logical(step):
                add(step, line, code, None)
        elif step.kind == "console":
            at = step.line
            for command, shown in commands(step.text):
                add(step, at, command, shown)
                at += command.count("\n") + shown.count("\n") + 1 + bool(shown)
        elif step.kind == "python":
            name = f"page_{number}.py"
            lines.append(f"cat > {name} <<'END OF {number}'\n{step.text}END OF {number}\n")
            add(step, step.line, f"python {name}", None)
    return "\n".join(lines), parts


def _logical(step: Step) -> list[tuple[int, str]]:
    """The commands of a block, each with the line that it begins on."""
    found: list[tuple[int, str]] = []
    held, begun, closing = list[str](), step.line, ""
    for number, line in enumerate(step.text.splitlines(), start=step.line):
        if not held:
            begun = number
        held.append(line)
        if closing:
            if line == closing:
                closing = ""
            else:
                continue
        elif here := re.search(r"<<'?(\w+)'?", line):
            closing = here[1]
            continue
        if line.endswith("\\") or _quotes(held) % 2:
            continue
        if line.strip() and not (len(held) == 1 and line.lstrip().startswith("#")):
            found.append((begun, "\n".join(held)))
        held = []
    if held:
        raise ValueError(f"line {begun}: a command that does not end: {held[0]}")
    return found


def _quotes(lines: list[str]) -> int:
    """Count the single quotes that open or close a text, those of comments apart."""
    return sum(re.sub(r"(?<!\S)#.*", "", line).count("'") for line in lines)


def run(steps: list[Step], folder: Path, served_at: Path) -> list[Ran]:
    """Run a page in a folder, and say what came of each command."""
    script, parts = _script(steps)
    client = folder / ".client.py"
    client.write_text(CLIENT, encoding="utf-8")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("REVIEW_")
    } | {
        "REVIEW_SERVED_AT": str(served_at), "PYTHON": sys.executable, "CLIENT": str(client),
        "REVIEW_DATABASE_URL": "sqlite:///tour.db", "REVIEW_ACTOR": "ada",
        "CHECKOUT": str(ROOT), "COLUMNS": "100", "LC_ALL": "C.UTF-8", "TZ": "UTC",
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, timeout=_SECONDS, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said = done.stdout.decode("utf-8", errors="replace").split(_MARK)[1:]
    ran = []
    for (step, line, shown), output, status in zip(parts, said[::2], said[1::2], strict=False):
        ran.append(Ran(step, line, int(re.match(r"\d+", status)[0]), output, shown))  # type: ignore[index]  # printf wrote a number
    if len(ran) < len(parts):
        raise AssertionError(f"the page's shell stopped after line {ran[-1].line if ran else 0}")
    return ran
