"""Time the start of commands: processor seconds of each, each in a process of its own.

The database is the seed cbt-delivery, pooled once, so that ``repool`` finds nothing new. With
``--against FOLDER``, another checkout of the program is timed on a database of its own, in turn
with this one: on a machine that is busy the ratios hold where the seconds do not. The least of the
repetitions counts. Run: python benchmarks/startup.py [--repeat 5] [--against FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

COMMANDS = {
    "--help": ["--help"],
    "list": ["list"],
    "screen next": ["screen", "next"],
    "repool, nothing new": ["repool"],
    "pool --help": ["pool", "--help"],
}
TARGETS = {"--help": 0.25, "list": 0.5, "screen next": 0.5}
"""Processor seconds at most, on a quiet machine."""


class Checkout:
    """One state of the program, with its own database and its own compiled modules."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(tree.resolve()),
            "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
            "REVIEW_DATABASE_URL": f"sqlite:///{folder / 'tour.db'}",
            "REVIEW_ACTOR": "benchmark",
        }
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for command in (["init"], ["seed", "load", "cbt-delivery"], ["repool"]):
            self.run(command)

    def run(self, command: list[str]) -> float:
        """Return the processor seconds, user and system, of a command that succeeds."""
        before = _children()
        subprocess.run(
            [sys.executable, "-m", "review", *command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Time the commands and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--against", type=Path, help="another checkout, timed in turn")
    given = parser.parse_args()
    here = Path(__file__).parent.parent
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        trees = {"here": here} | ({"against": given.against} if given.against else {})
        checkouts = {}
        for name, tree in trees.items():
            (Path(folder) / name).mkdir()
            checkouts[name] = Checkout(tree, Path(folder) / name)
        figures = {}
        for label, command in COMMANDS.items():
            for checkout in checkouts.values():
                checkout.run(command)  # compiles what it imports
            rounds = [
                {n: c.run(command) for n, c in checkouts.items()} for _ in range(given.repeat)
            ]
            seconds = {name: min(r[name] for r in rounds) for name in checkouts}
            figures[label] = {name: round(value, 3) for name, value in seconds.items()}
            if label in TARGETS:
                figures[label]["target"] = TARGETS[label]
            if "against" in seconds:
                figures[label]["ratio"] = round(seconds["here"] / seconds["against"], 3)
    print(
        json.dumps(
            {
                "processor seconds": figures,
                "machine": f"{platform.machine()}, {os.cpu_count()} cores",
                "python": platform.python_version(),
                "load before": round(load, 1),
                "date": f"{datetime.now(UTC):%Y-%m-%d}",
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
