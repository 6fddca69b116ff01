"""PostgreSQL dumped by its own tools, where they are there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from review.db import Database
from review.errors import DatabaseStateError
from review.files import name_anew


def dump_before_upgrade(database: Database, folder: Path | None = None) -> Path:
    """Return a dump of a PostgreSQL database that ``pg_restore`` can read.

    Raises
    ------
    DatabaseStateError
        If ``pg_dump`` is not there, is older than the server, or fails.
    """
    program, reader = shutil.which("pg_dump"), shutil.which("pg_restore")
    without = "make a backup yourself and give --no-backup"
    if program is None or reader is None:
        raise DatabaseStateError(
            f"there is no pg_dump here to back up with; install it, or {without}"
        )
    with database.engine.connect() as connection:
        server = int(connection.scalar(sa.text("SHOW server_version_num")) or 0) // 10_000
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r" (\d+)", said)
    if found is None or int(found[1]) < server:
        raise DatabaseStateError(
            f"pg_dump is of PostgreSQL {found[1] if found else 0}, the server is {server}; install "
            f"its client, or {without}"
        )
    stem = f"review-before-upgrade-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    file = (folder or Path.cwd()) / f".{stem}-{os.getpid()}.part"
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    url = database.url
    # as an address, which also says the folder of a socket; the password is apart from it
    address = sa.URL.create(
        "postgresql", username=url.username, host=url.host, port=url.port, database=url.database,
        query=url.query,
    ).render_as_string()  # fmt: skip
    # the password is in the environment of the child: a process list shows words
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    for command in (
        [program, "--format=custom", f"--file={file}", "--no-password", f"--dbname={address}"],
        [reader, "--list", str(file)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode != 0:
            file.unlink()
            told = " ".join(done.stderr.split())[:300]
            raise DatabaseStateError(
                f"{Path(command[0]).name} failed: {told}; mend that, or {without}"
            )
    # a killed dump never has its name, and one of the same second stands beside it
    names = (f"{stem}{f'-{n}' if n > 1 else ''}.dump" for n in count(1))
    return name_anew(file, map(file.with_name, names))
