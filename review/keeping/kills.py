"""Trials of commands that are killed: what they had said is there, and nothing half."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from review.db import Database
from review.history.queries import head
from review.history.rules import Anchor
from review.keeping.copying import copy_database
from review.keeping.trust import REVIEW, Ground, Trial
from review.keeping.verifying import verify_all
from review.schema import revision_of, revisions, step_back

Words = Callable[[int], Sequence[str]]


Prepare = Callable[[Database, int], None]


TRIES: Final = 8
"""Tries at most for each kill that is wanted: a command may be through before its kill."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command to be killed: its words in each round, and what has to be there before."""

    name: str
    words: Words
    prepare: Prepare = lambda _database, _number: None
    alone: bool = False
    """Whether it is tried on a file of its own: what it makes is the database itself."""


def _ris(ground: Ground, number: int) -> Path:
    """Return a file of some made-up records."""
    file = ground.folder / f"trial-{number}.ris"
    entries = (
        f"TY  - JOUR\nTI  - Made up for a trial, {number}.{n}\nAU  - Nobody, N.\n"
        f"PY  - 2020\nER  -\n"
        for n in range(40)
    )
    file.write_text("\n".join(entries), encoding="utf-8")
    return file


def _trial(ground: Ground, study: str, mean: str = "9.1") -> Path:
    """Return a file of a made-up trial of two arms."""
    file = ground.folder / f"{study}.csv"
    lines = ["study,year,arm,treatment,delivery_mode,instrument,timepoint,n,mean,sd"]
    for arm, mode, value in (("Video", "videoconference", mean), ("Waiting", "none", "14.2")):
        lines.append(f"{study},2020,{arm},{arm},{mode},bdi,post,40,{value},5.0")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def _killed_commands(ground: Ground) -> Iterator[Command]:
    """Yield what is killed, in an order in which each finds what it needs."""
    scope = ("--review", REVIEW)
    older = ground.folder / "older.db"

    def entered_twice(database: Database, number: int) -> None:
        for who, mean in (("anna", "9.1"), ("ben", "9.4")):
            if number == 0:
                ground.needs(database, "people", "add", who, *scope)
            file = _trial(ground, f"Entered twice {number}", mean)
            words = ("extract", "import", str(file), "--entry", "blind", "--extractor", who)
            ground.needs(database, *words, "--distinct", f"Entered twice {number}", *scope)

    def nothing(database: Database, _number: int) -> None:
        database.file.unlink(missing_ok=True)

    def one_revision_back(database: Database, _number: int) -> None:
        shutil.copy(older, database.file)

    yield Command("import", lambda n: ("import", str(_ris(ground, n)), *scope))
    yield Command(
        "screening",
        lambda n: ("screen", "decide", str(n // 2 + 1), ("include", "exclude")[n % 2], *scope),
    )
    yield Command(
        "extraction",
        lambda n: (
            *("extract", "import", str(_trial(ground, f"Made up {n}"))),
            *("--distinct", f"Made up {n}", *scope),
        ),
    )
    yield Command(
        "consensus",
        lambda n: (
            *("extract", "resolve", f"Entered twice {n}", "open", "--take", "anna"),
            *("--reason", "a trial", *scope),
        ),
        entered_twice,
    )
    yield Command("re-pooling", lambda n: ("repool",) if n % 2 else ("repool", "--everything"))
    yield Command("backup", lambda n: ("backup", "--to", str(ground.folder / f"backups-{n % 2}")))
    yield Command(
        "export",
        lambda n: ("export", "tables", "--out", str(ground.folder / f"tables-{n % 3}"), *scope),
    )
    yield Command(
        "release",
        lambda n: (
            *("release", "create", f"{n + 1}.0", "--because", "a trial", "--no-figures"),
            *("--out", str(ground.folder / f"release-{n}"), *scope),
        ),
    )
    yield Command("init", lambda _: ("init",), nothing, alone=True)
    yield Command("upgrade", lambda _: ("upgrade",), one_revision_back, alone=True)


def kills(ground: Ground, postgres: Database | None = None) -> Iterator[Trial]:
    """Kill every command at chance moments; nothing acknowledged is lost, and it runs again."""
    begun = ground.database("killed")
    for words in (("init",), ("seed", "load", REVIEW, "--until", "2008"), ("repool",)):
        ground.needs(begun, *words)
    older = ground.database("older")
    shutil.copy(begun.file, older.file)
    step_back(older)
    for database in (begun, *([] if postgres is None else [postgres])):
        if database is not begun:
            copy_database(begun, database)
        for command in _killed_commands(ground):
            if not command.alone:
                yield _kill(ground, database, command)
            elif database is begun:
                yield _kill(ground, ground.database(command.name), command)


def _head(database: Database) -> tuple[int, str] | None:
    """Return the last event and its hash; None where the database cannot be read as it is."""
    if revision_of(database) != revisions()[-1]:
        return None
    with database.reading() as session:
        return head(session)


def _kill(ground: Ground, database: Database, command: Command) -> Trial:
    began = time.perf_counter()
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    problems: list[str] = []
    lengths: list[float] = []

    def whole(number: int) -> int | None:
        begun = time.perf_counter()
        code = ground.run(database, *command.words(number))
        lengths.append(time.perf_counter() - begun)
        return code

    command.prepare(database, 0)
    if (code := whole(0)) != 0:
        problems.append(f"not killed, it ended with {code}")
    survived = tries = 0
    while survived < ground.kills and tries < TRIES * ground.kills and not problems:
        tries += 1
        command.prepare(database, tries)
        before = _head(database)
        longest = statistics.median(lengths[-5:])
        died = ground.run(database, *command.words(tries), after=ground.chance.uniform(0, longest))
        survived += died is None
        again = whole(tries) if died is None else 0
        if again != 0 and not _is_done(database, before):
            problems.append(f"kill {survived}: a second try ended with {again}")
        with database.reading() as session:
            kept = [Anchor(*before, f"the head before kill {survived}")] if before else []
            found = verify_all(session, viewer=None, anchors=kept)
        problems += [f"kill {survived}: {one}" for one in found.problems[:2]]
    database.close()
    if survived < ground.kills and not problems:
        problems.append(f"only {survived} kills of {ground.kills} fell into it")
    told = f"{survived} kills in {tries} tries; nothing acknowledged was lost"
    return Trial(
        promise="P1 P2",
        name=f"kill -9 during {command.name}, {kind}",
        requirement="nothing acknowledged is lost, nothing is there by half, a second try succeeds",
        passed=not problems,
        found=told if not problems else "; ".join(problems[:5]),
        seconds=time.perf_counter() - began,
        seed=ground.seed,
    )


def _is_done(database: Database, before: tuple[int, str] | None) -> bool:
    """Whether a killed command had written all it had to: a second try is refused for that."""
    return _head(database) != before
