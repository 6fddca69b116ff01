"""Where downloads lie until they go."""

from __future__ import annotations

import hashlib
import shutil
import time
from pathlib import Path
from typing import Final

from review.db import Database
from review.tasks.queries import KEPT

REJECTED: Final = "rejected.csv"
"""Beside the files that somebody sent: what could not be read of them, as a table."""


def folder_of(database: Database) -> Path:
    """Return the folder of a database's downloads: beside a SQLite file, else in the cache."""
    if database.is_sqlite:
        return database.file.resolve().with_name(f"{database.file.name}.downloads")
    import platformdirs

    name = hashlib.sha256(database.address.encode()).hexdigest()[:16]
    return Path(platformdirs.user_cache_dir("living-review")) / f"downloads-{name}"


def file_of(database: Database, number: int) -> Path:
    """Return where the download of a task lies."""
    return folder_of(database) / str(number)


def upload_of(database: Database, number: int) -> Path:
    """Return the folder of the files that somebody sent for a task to look at."""
    return folder_of(database) / f"upload-{number}"


def sweep(database: Database, *, now: float | None = None) -> int:
    """Throw away the downloads and uploads that are older than a day; return how many."""
    folder, gone = folder_of(database), 0
    if not folder.is_dir():
        return gone
    limit = (time.time() if now is None else now) - KEPT.total_seconds()
    for path in folder.iterdir():
        if path.stat().st_mtime >= limit:
            continue
        if path.is_file():
            path.unlink(missing_ok=True)
        elif path.name.startswith("upload-"):
            shutil.rmtree(path, ignore_errors=True)
        gone += 1
    return gone
