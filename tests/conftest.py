"""Fresh databases for tests: SQLite files and databases of a throw-away PostgreSQL server."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from filelock import FileLock
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy.util import LRUCache

from review.config import settings
from review.db import Database, database_at
from review.history.actions import Attribution, writing
from review.schema import upgrade
from review.threads import one_thread
from tests.own_server import administration, own_server
from tests.statements import named, on_sqlite_alone
from tests.tiers import EXAMPLES, WHOLE

one_thread()  # several workers of tests have the machine

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)

hypothesis_settings.register_profile(  # a busy machine is slow, which is no failure of a rule
    "busy",
    deadline=None,
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,  # as Hypothesis' own profile does there
)
hypothesis_settings.load_profile("busy")

IN_MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3
"""Bytes that must be free in memory before tests keep their files there."""

_ENGINES: dict[str, sa.Engine] = {}
"""By kind of database: the engine whose compiled statements all others use."""


def _known(engine: sa.Engine) -> sa.Engine:
    """Let an engine use the statements that are compiled already.

    Each engine would compile every statement anew, which takes a third of the time of tests on a
    database, and each test has an engine of its own.
    """
    first = _ENGINES.get(engine.name)
    if first is not None:
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
    return engine


def _compile_once(first: sa.Engine) -> None:
    """Let all engines of a kind use what this one, which has been connected, compiles."""
    first._compiled_cache = LRUCache(3_000)
    _ENGINES[first.name] = first


def pytest_configure() -> None:
    """Compile statements once; keep the files of tests in memory, unless a place was named or
    there is no room.
    """
    made: cached_property[sa.Engine] = vars(Database)["engine"]
    engine = cached_property(lambda database: _known(made.func(database)))
    engine.__set_name__(Database, "engine")
    setattr(Database, "engine", engine)  # noqa: B010 # a property of a frozen class
    in_memory = sa.create_engine("sqlite://")
    in_memory.connect().close()
    in_memory.dispose()
    _compile_once(in_memory)
    if {"TMPDIR", "PYTEST_DEBUG_TEMPROOT"}.isdisjoint(os.environ) and _room_in_memory():
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(IN_MEMORY)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Compile each test once: a worker begins with its part, and finds what others compiled."""
    here, workers = Path(__file__).parent, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1 or [Path(of).resolve() for of in session.config.args] != [here]:
        return
    own = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    for file in sorted(here.rglob("test_*.py"))[own::workers]:
        if "docs" not in file.relative_to(here).parts:
            with suppress(Exception, pytest.skip.Exception):  # which collecting will tell
                import_module(".".join(file.relative_to(here.parent).with_suffix("").parts))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to the long tier what PostgreSQL would only be asked again."""
    alone = frozenset() if WHOLE else on_sqlite_alone()
    again = {
        one for one in items if named(one) in alone and "postgresql" in one.nodeid.partition("[")[2]
    }
    if again:
        config.hook.pytest_deselected(items=list(again))
        items[:] = [one for one in items if one not in again]


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among thousands of tests: a seventh of the time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def nothing_left_running() -> Iterator[None]:
    """End the processes that commands and pages started, and that no test waits for."""
    yield
    for module, name in (
        ("review.tasks.running", "_STARTED"),
        ("review.screening.reranking", "_started"),
    ):
        for process in getattr(sys.modules.get(module), name, ()):
            process.terminate()
            process.wait(60)


def _room_in_memory() -> bool:
    """Whether there is room in memory, for files that are run too: tests write programs."""
    try:
        place = os.statvfs(IN_MEMORY)
    except OSError:
        return False
    runs = not place.f_flag & os.ST_NOEXEC
    return runs and os.access(IN_MEMORY, os.W_OK) and place.f_bavail * place.f_frsize > ROOM


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file."""
    path = tmp_path_factory.mktemp("template") / "review.db"
    database = database_at(f"sqlite:///{path}")
    upgrade(database)
    database.engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.URL]:
    """A PostgreSQL server: REVIEW_TEST_POSTGRES_URL, or one of our own that is thrown away.

    Where neither can be had the tests on PostgreSQL are skipped with the reason; in CI they fail.
    """
    given = os.environ.get("REVIEW_TEST_POSTGRES_URL")
    if given:
        yield database_at(given).url
        return
    with ExitStack() as stack:
        try:
            url = stack.enter_context(own_server())
        except Exception as error:
            message = f"PostgreSQL could not be started: {type(error).__name__}: {error}"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        yield url


@dataclass
class Copies:
    """PostgreSQL databases that are copies of one another."""

    execute: Callable[[str], object]
    kept: list[str] = field(default_factory=list)
    """What stays until the end: the migrated, empty database first, then states of it."""
    left: list[str] = field(default_factory=list)
    """What nobody needs any more."""

    def make(self, kind: str, of: str, options: str = "") -> str:
        """Copy a database that nobody is connected to; return the copy's name."""
        name = f"{kind}_{uuid.uuid4().hex[:12]}"
        self.copy(name, of, options)
        return name

    def copy(self, name: str, of: str, options: str = "") -> None:
        """Copy a database file by file: half the work of copying it through the log."""
        self.clear(all_but=3)
        self.execute(f"CREATE DATABASE {name} TEMPLATE {of} STRATEGY file_copy {options}")

    def keep(self, of: str) -> str:
        """Copy a database until the end of the session."""
        self.kept.append(self.make("state", of))
        return self.kept[-1]

    def replace(self, name: str, by: str) -> None:
        """Make a database anew, as a copy of another."""
        self.drop(name)
        self.copy(name, by)

    def leave(self, name: str) -> None:
        """Drop a database later: the server waits 0.1 s where a connection has only just ended."""
        self.left.append(name)

    def clear(self, all_but: int = 0) -> None:
        """Drop what was left, but for the last."""
        while len(self.left) > all_but:
            self.drop(self.left.pop(0))

    def drop(self, name: str) -> None:
        """Drop a database if it is there, whoever is connected."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_copies(postgres_server: sa.URL) -> Iterator[Copies]:
    """What makes copies of a migrated, empty PostgreSQL database."""
    with administration(postgres_server) as execute:
        copies = Copies(execute)
        copies.kept.append(copies.make("template", "template0", "ENCODING 'UTF8'"))
        database = Database(postgres_server.set(database=copies.kept[0]))
        upgrade(database)
        database.engine.connect().close()
        database.engine.dispose()
        _compile_once(database.engine)
        yield copies
        copies.clear()
        for name in copies.kept:
            copies.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A fresh, migrated database; every test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "review.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        database = database_at(f"sqlite:///{path}")
        yield database
        database.engine.dispose()
        return
    copies: Copies = request.getfixturevalue("postgres_copies")
    name = f"test_{uuid.uuid4().hex[:12]}"
    if "prepared" not in request.fixturenames:  # which makes it
        copies.copy(name, copies.kept[0])
    database = Database(request.getfixturevalue("postgres_server").set(database=name))
    yield database
    database.engine.dispose()
    copies.leave(name)


GivenT = TypeVar("GivenT")
Prepared = Callable[[Callable[[], GivenT]], GivenT]
States = tuple[Path, dict[object, tuple[str, Any]]]


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory) -> States:
    """Where states of databases are kept, and those that are: file or name, what making gave."""
    return tmp_path_factory.mktemp("states"), {}


@pytest.fixture
def prepared(
    database: Database,
    states: States,
    request: pytest.FixtureRequest,
) -> Prepared[Any]:
    """Bring the database to a state that many tests begin with: made once, copied from then on.

    ``prepared(make)`` calls ``make()`` on the fresh database, the first time; what it returns is
    returned to every test, so it is a frozen value or nothing.
    """
    folder, known = states
    copies: Copies | None = (
        None if database.is_sqlite else request.getfixturevalue("postgres_copies")
    )
    name = str(database.url.database)
    is_there = copies is None
    made: tuple[object, ...] = ()  # what the database was brought to before

    def kept() -> str:
        database.engine.dispose()
        if copies:
            return copies.keep(name)
        file = str(folder / f"{len(known)}.db")
        with (
            closing(sqlite3.connect(database.file)) as one,
            closing(sqlite3.connect(file)) as other,
        ):
            one.backup(other)
        return file

    def brought(make: Callable[[], Any]) -> Any:
        nonlocal is_there, made
        code = make.__code__  # which a function within a fixture has each time that it is made
        key = made = (*made, database.is_sqlite, code.co_filename, code)
        if key not in known:
            if copies and not is_there:
                copies.copy(name, copies.kept[0])
            is_there = True
            given = make()
            known[key] = kept(), given
            return given
        state, given = known[key]
        database.engine.dispose()
        if copies:
            copies.replace(name, state)
            is_there = True
        else:
            for file in database.file.parent.glob(f"{database.file.name}-*"):
                file.unlink()
            shutil.copy(state, database.file)
        return given

    return brought


@pytest.fixture(scope="session")
def delivery(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """cbt-delivery, to be read only: 43 trials as of 2008, pooled, then all 76, pooled again."""
    from review.extraction.seeds import load_seed, seed_called
    from review.living.job.repool import repool

    path = tmp_path_factory.mktemp("delivery") / "review.db"
    shutil.copy(sqlite_template, path)
    database = database_at(f"sqlite:///{path}")
    by = Attribution(actor="tester", reason="test", at=NOW, review="cbt-delivery")
    for until in (2008, None):
        with writing(database, by) as session:
            load_seed(session, seed_called("cbt-delivery"), until=until, person="tester", now=NOW)
        repool(database, actor="tester", now=lambda: NOW)
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session")
def practice(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A review of eight invented trials with two analyses, pooled once."""
    from review.cli import main
    from tests.faults import TABLES

    path = tmp_path_factory.mktemp("practice") / "review.db"
    shutil.copy(sqlite_template, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{path}")
        patch.setenv("REVIEW_ACTOR", "ada")
        settings.cache_clear()
        for words in (
            ("new", "--file", TABLES / "protocol.yaml"),
            ("extract", "import", TABLES / "truth.csv"),
            ("repool",),
        ):
            ran = CliRunner().invoke(main, [str(word) for word in words])
            assert ran.exit_code == 0, ran.output
    settings.cache_clear()
    database = database_at(f"sqlite:///{path}")
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session")
def demonstration_file(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """What `review demo` makes, to be read only or copied: once for all workers."""
    place = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        place = place.parent
    file = place / "demo" / "demonstration.db"
    with FileLock(place / "demo.lock"):
        if not file.exists():
            made = subprocess.run(
                [sys.executable, "-m", "review", "demo", str(file.parent), "--no-serve"],
                env={**os.environ, "REVIEW_ACTOR": "tester"}, capture_output=True, text=True,
            )  # fmt: skip
            assert made.stdout.strip() == str(file), made.stderr
    return file


@pytest.fixture(scope="session")
def demonstration(demonstration_file: Path) -> Iterator[Database]:
    """The demonstration, to be read only."""
    database = database_at(f"sqlite:///{demonstration_file}")
    yield database
    database.close()


@pytest.fixture
def by() -> Attribution:
    """Who changes things in tests."""
    return Attribution(actor="tester", reason="test", at=NOW)


@pytest.fixture
def cli(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Run the command line on the test's database: ``cli("repool", "--json")``."""
    from review.cli import main

    url = database.url.render_as_string(hide_password=False)
    monkeypatch.setenv("REVIEW_DATABASE_URL", url)
    monkeypatch.setenv("REVIEW_ACTOR", "tester")
    settings.cache_clear()

    def run(*arguments: str | Path, status: int = 0) -> Result:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == status, result.output
        return result

    yield run
    settings.cache_clear()
