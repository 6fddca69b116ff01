"""Which tests ask PostgreSQL nothing that others do not ask it: those run there in the long tier.

``REVIEW_TRUST=1 pytest -p tests.statements -k postgresql`` notes what each test says to PostgreSQL,
and ``python -m tests.statements`` writes the list ``on_sqlite_alone.txt``: the longest tests first,
as long as every statement is still said by another. Tests of what databases do differently (locks,
crashes, copies, migrations) are never on it.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import pytest
import sqlalchemy as sa

LIST: Final = Path(__file__).with_name("on_sqlite_alone.txt")
NOTED: Final = Path("build/statements")
DIFFERS: Final = (
    "tests/keeping/", "tests/history/", "tests/living/job/", "tests/test_", "tests/people/",
    "tests/screening/test_places.py", "tests/web/test_blind_screening.py",
)  # fmt: skip
"""Where databases themselves are tested."""

_said: set[str] = set()


def named(item: pytest.Item) -> str:
    """Return a test's file and function, without parameters."""
    return item.nodeid.partition("[")[0]


def on_sqlite_alone() -> frozenset[str]:
    """The tests that run on PostgreSQL in the long tier alone."""
    return frozenset(line for line in LIST.read_text().splitlines() if line[:1] not in ("", "#"))


def shape(statement: str) -> str:
    """Return a statement without its values, and without how many there are."""
    plain = re.sub(r"'[^']*'|\b\d+\b|%\(\w+\)s(?:::\w+)?", "?", statement)
    plain = re.sub(r"\b[a-z]+_[0-9a-f]{12}\b", "name", plain)
    return re.sub(r"\?(?:, ?\?)+", "?", re.sub(r"\s+", " ", plain).replace("(?)", "?")).replace(
        "(?)", "?"
    )


def pytest_collection_finish() -> None:
    """Listen to every connection."""

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def hear(connection: Any, _: Any, statement: str, *_rest: Any) -> None:
        if connection.dialect.name == "postgresql":
            _said.add(shape(statement))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Note what a test said, and how long it took."""
    _said.clear()
    begin = time.monotonic()
    given = yield
    NOTED.mkdir(parents=True, exist_ok=True)
    with (NOTED / f"{os.getpid()}.jsonl").open("a") as file:
        file.write(json.dumps([named(item), time.monotonic() - begin, sorted(_said)]) + "\n")
    return given


def main() -> None:
    """Write the list from what was noted."""
    took: Counter[str] = Counter()
    said: dict[str, set[str]] = {}
    for file in NOTED.glob("*.jsonl"):
        for line in file.read_text().splitlines():
            name, seconds, statements = json.loads(line)
            took[name] += seconds
            said.setdefault(name, set()).update(statements)
    by = Counter(statement for statements in said.values() for statement in statements)
    left = []
    for name, _ in took.most_common():
        if name.startswith(DIFFERS) or any(by[one] == 1 for one in said[name]):
            continue
        by.subtract(said[name])
        left.append(name)
    head = (
        f"# Made by python -m tests.statements: {len(left)} of {len(said)} tests on PostgreSQL.\n"
    )
    LIST.write_text(head + "".join(f"{name}\n" for name in sorted(left)))
    spared = sum(took[name] for name in left)
    click.echo(f"{len(left)} of {len(said)} tests, {spared:.0f} of {sum(took.values()):.0f} s")


if __name__ == "__main__":
    main()
