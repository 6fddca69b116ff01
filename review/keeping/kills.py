"""Trials of commands that are killed: what they had said is there, and nothing half."""

from __future__ import annotations

import json
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from review.db import Database
from review.errors import AlreadyExistsError
from review.files import sha256_of_file
from review.history.queries import head
from review.history.rules import Anchor
from review.keeping.copying import copy_database
from review.keeping.trust import REVIEW, TELLS_PROCESSOR_TIME, Ground, Moment, Ran, Trial, is_wanted
from review.keeping.verifying import verify_all
from review.schema import revision_of, revisions, step_back
from review.wording import counted

Words = Callable[[int], Sequence[str]]
Prepare = Callable[[Database, int], None]
Left = Callable[[int], list[str]]

TRIES: Final = 8
"""Tries at most for each kill that is wanted: a command may be through before its kill."""

UNTIL: Final = "1990"
"""The review as of this year: what is killed is the same in a small one, and over sooner."""

METRIC: Final = "standardized mean change"
"""What the review's trials report."""

END: Final = 0.75
"""From which share of its time on a command is likely to write and to come through."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command to be killed: its words in each round, and what has to be there before."""

    name: str
    words: Words
    prepare: Prepare = lambda _database, _number: None
    by_half: Left = lambda _number: []
    """What of its files is there by half, as sentences."""
    makes: str | None = None
    """The table in which it makes rows: a command that has nothing to do proves nothing."""
    alone: bool = False
    """Whether it is tried on a database of its own: what it makes is the database itself."""


def _ris(ground: Ground, number: int, records: int = 40) -> Path:
    """Return a file of some made-up records."""
    file = ground.folder / f"trial-{number}.ris"
    entries = (
        f"TY  - JOUR\nTI  - Made up for a trial, {number}.{n}\nAU  - Nobody, N.\n"
        f"PY  - 2020\nER  -\n"
        for n in range(records)
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
    """Yield what is killed, first what leaves the review as large as it is."""
    scope = ("--review", REVIEW)
    older = ground.folder / "older.db"

    def moved(database: Database, number: int) -> None:
        file = ground.folder / "moved.csv"
        file.write_text(
            "study,year,arm,treatment,delivery_mode,instrument,timepoint,metric,n,estimate,variance\n"
            f"Moved,2020,CBT,F2F CBT,face_to_face,bdi,post,{METRIC},40,{-1 - number / 100},0.05\n"
            f"Moved,2020,List,Wait list,none,bdi,post,{METRIC},40,-0.2,0.05\n"
        )
        ground.needs(database, "extract", "import", str(file), "--distinct", "Moved", *scope)

    def to_screen(database: Database, number: int) -> None:
        if number == 0:  # two decisions of each, for as many tries as there can be
            file = _ris(ground, TRIES * ground.kills + 1, TRIES * ground.kills // 2 + 1)
            ground.needs(database, "import", str(file), *scope)

    def entered_twice(database: Database, number: int) -> None:
        for who, mean in (("anna", "9.1"), ("ben", "9.4")):
            if number == 0:
                ground.needs(database, "people", "add", who, *scope)
            file = _trial(ground, f"Entered twice {number}", mean)
            words = ("extract", "import", str(file), "--entry", "blind", "--extractor", who)
            ground.needs(database, *words, "--distinct", f"Entered twice {number}", *scope)

    def nothing(database: Database, _number: int) -> None:
        if database.is_sqlite:
            database.file.unlink(missing_ok=True)
        else:
            emptied(database)

    def one_revision_back(database: Database, _number: int) -> None:
        if database.is_sqlite:
            shutil.copy(older, database.file)
        elif revision_of(database) == revisions()[-1]:
            step_back(database)

    yield Command("re-pooling", lambda _: ("repool",), moved, makes="run")
    yield Command(
        "backup",
        lambda n: ("backup", "--to", str(ground.folder / f"backups-{n % 2}")),
        by_half=lambda n: _half_backups(ground.folder / f"backups-{n % 2}"),
    )
    yield Command(
        "export",
        lambda n: (
            *("export", "tables", "--format", "csv", "--format", "markdown"),
            *("--out", str(ground.folder / f"tables-{n}"), *scope),
        ),
        by_half=lambda n: _half_export(ground.folder / f"tables-{n}", ground.folder / "tables-0"),
    )
    yield Command(
        "release",
        lambda n: (
            *("release", "create", f"{n + 1}.0", "--because", "a trial", "--no-figures"),
            *("--out", str(ground.folder / f"release-{n}"), *scope),
        ),
        by_half=lambda n: _half_release(ground.folder / f"release-{n}"),
        makes="release",
    )
    yield Command("import", lambda n: ("import", str(_ris(ground, n)), *scope), makes="record")
    yield Command(
        "screening",
        lambda n: ("screen", "decide", str(n // 2 + 1), ("include", "exclude")[n % 2], *scope),
        to_screen,
        makes="decision",
    )
    yield Command(
        "extraction",
        lambda n: (
            *("extract", "import", str(_trial(ground, f"Made up {n}"))),
            *("--distinct", f"Made up {n}", *scope),
        ),
        makes="result",
    )
    yield Command(
        "consensus",
        lambda n: (
            *("extract", "resolve", f"Entered twice {n}", "open", "--take", "anna"),
            *("--reason", "a trial", *scope),
        ),
        entered_twice,
        makes="event",
    )
    yield Command("upgrade", lambda _: ("upgrade",), one_revision_back, alone=True)
    yield Command("init", lambda _: ("init",), nothing, alone=True)


def _half_backups(folder: Path) -> list[str]:
    """Say which backups of a folder are not what their manifest says."""
    wrong = []
    for file in folder.glob("*.db"):
        manifest = Path(f"{file}.manifest.json")
        told = json.loads(manifest.read_text()) if manifest.exists() else {}
        if told.get("sha256") != sha256_of_file(file):
            wrong.append(f"{file.name} is not what its manifest says")
    return wrong


def _half_export(folder: Path, whole: Path) -> list[str]:
    """Say what a folder lacks of what a whole export has."""
    if not folder.exists():
        return []
    names = {path.name for path in whole.iterdir()} - {path.name for path in folder.iterdir()}
    return [f"{folder.name} lacks {', '.join(sorted(names))}"] if names else []


def _half_release(folder: Path) -> list[str]:
    """Say what is not in a release's folder as its manifest lists it."""
    if not folder.exists():
        return []
    try:
        listed = json.loads((folder / "manifest.json").read_text())["files"]
        wrong = [name for name, told in listed.items() if sha256_of_file(folder / name) != told]
    except (OSError, ValueError) as error:
        return [f"{folder.name}: {error}"]
    return [f"{folder.name}: {name} is not what the manifest says" for name in wrong]


def emptied(database: Database) -> None:
    """Take away all that this program makes in a PostgreSQL database, and nothing else."""
    with database.engine.begin() as connection:
        for name in sa.inspect(connection).get_table_names():
            connection.exec_driver_sql(f'DROP TABLE "{name}" CASCADE')
        of_triggers = connection.exec_driver_sql(
            "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace "
            "AND prorettype = 'trigger'::regtype"
        )
        for (name,) in of_triggers.all():
            connection.exec_driver_sql(f'DROP FUNCTION "{name}"()')
    database.close()


def kills(
    ground: Ground, postgres: Database | None = None, only: Sequence[str] = ()
) -> Iterator[Trial]:
    """Kill every command at chance moments; nothing acknowledged is lost, and it runs again.

    `only` has words of which a trial's name needs one; all are held without it.

    Raises AlreadyExistsError for a PostgreSQL database that is not empty; it is left empty.
    """
    if postgres is not None:
        with postgres.engine.connect() as connection:
            if found := sa.inspect(connection).get_table_names():
                raise AlreadyExistsError(
                    f"{postgres} has tables ({found[0]}); the trials need an empty database, "
                    "which they empty at the end"
                )
        postgres.close()
    begun = ground.database("killed")
    for words in (("init",), ("seed", "load", REVIEW, "--until", UNTIL), ("repool",)):
        ground.needs(begun, *words)
    older, start = ground.database("older"), ground.database("start")
    for copy in (older, start):
        shutil.copy(begun.file, copy.file)
    step_back(older)
    kinds = ["SQLite"] if postgres is None else ["SQLite", "PostgreSQL"]
    left = sum(
        is_wanted(_name(one, kind), only) for one in _killed_commands(ground) for kind in kinds
    )

    def share() -> float:
        """When the next command is over: all that are left have as long."""
        nonlocal left
        left -= 1
        now = time.monotonic()
        return now + (ground.until - now) / (left + 1)

    for command in _killed_commands(ground):
        if is_wanted(_name(command, "SQLite"), only):
            database = ground.database(command.name) if command.alone else begun
            yield _kill(ground, database, command, share())
    if postgres is None:
        return
    for made in (*ground.folder.glob("tables-*"), *ground.folder.glob("release-*")):
        shutil.rmtree(made)
    try:
        copy_database(start, postgres)
        for command in _killed_commands(ground):
            if is_wanted(_name(command, "PostgreSQL"), only):
                yield _kill(ground, postgres, command, share())
    finally:
        emptied(postgres)


def _name(command: Command, kind: str) -> str:
    return f"kill -9 during {command.name}, {kind}"


def _head(database: Database) -> tuple[int, str] | None:
    """Return the last event and its hash; None where the database cannot be read as it is."""
    if revision_of(database) != revisions()[-1]:
        return None
    with database.reading() as session:
        return head(session)


def _moment(ground: Ground, number: int, ran: Sequence[Ran]) -> Moment:
    """Draw when to kill a command, from how long its last whole runs took.

    By one clock and the other in turn; of four kills two fall towards the end, where it writes.
    """
    of_processor = TELLS_PROCESSOR_TIME and ground.main is not None and number % 2 == 1
    took = [one.processor if of_processor else one.seconds for one in ran[-5:]]
    earliest = END if number % 4 > 1 else 0.0
    share = ground.chance.uniform(earliest, 1.0)
    return Moment(share * statistics.median(took), of_processor)


def _kill(ground: Ground, database: Database, command: Command, until: float) -> Trial:
    began = time.perf_counter()
    problems: list[str] = []
    ran: list[Ran] = []

    def whole(number: int) -> int | None:
        ran.append(ground.run(database, *command.words(number)))
        return ran[-1].code

    command.prepare(database, 0)
    there = _rows(database, command.makes)
    if (code := whole(0)) != 0:
        problems.append(f"not killed, it ended with {code}: {ran[-1].said}")
    elif command.makes and _rows(database, command.makes) == there:
        problems.append(f"not killed, it made no {command.makes}: nothing would be tried")
    survived = written = tries = 0
    late = False
    while survived < ground.kills and tries < TRIES * ground.kills and not (late or problems):
        tries += 1
        command.prepare(database, tries)
        before = _head(database)
        moment = _moment(ground, tries, ran)
        killed = ground.run(database, *command.words(tries), kill=moment).code is None
        problems += [f"kill {survived}: {one}" for one in command.by_half(tries)[:2]]
        if killed:
            survived += 1
            written += _is_done(database, before)
            if (again := whole(tries)) != 0 and not _is_done(database, before):
                problems.append(f"kill {survived}: a second try ended with {again}: {ran[-1].said}")
        if problems:
            break
        with database.reading() as session:
            kept = [Anchor(*before, f"the head before kill {survived}")] if before else []
            found = verify_all(session, viewer=None, anchors=kept)
        problems += [f"kill {survived}: {one}" for one in found.problems[:2]]
        late = survived > 0 and time.monotonic() > until
    database.close()
    if survived < ground.kills and not (late or problems):
        problems.append(f"only {survived} kills of {ground.kills} fell into it")
    after = f", {written} of them after it had written" if written else ""
    fewer = "" if survived >= ground.kills else f" (the time was up before {ground.kills})"
    fell = f"{counted(survived, 'kill')} in {counted(tries, 'try', 'tries')}"
    told = f"{fell}{fewer}{after}; nothing acknowledged was lost"
    return Trial(
        promise="P1 P2",
        name=_name(command, "SQLite" if database.is_sqlite else "PostgreSQL"),
        requirement="nothing acknowledged is lost, nothing is there by half, a second try succeeds",
        passed=not problems,
        found=told if not problems else "; ".join(problems[:5]),
        seconds=time.perf_counter() - began,
        seed=ground.seed,
    )


def _rows(database: Database, table: str | None) -> int | None:
    if table is None:
        return None
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(sa.table(table)))


def _is_done(database: Database, before: tuple[int, str] | None) -> bool:
    """Whether a killed command had written: a second try may be refused for that."""
    return _head(database) != before
