"""The process that lets analyses follow a change: ``python -m review.tasks.watching PARENT``.

It ends with the program that started it, also where that was killed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial

from review.config import settings
from review.db import Database, database_at
from review.schema import current


def start(database: Database, *, actor: str) -> subprocess.Popen[bytes]:
    """Start it, for as long as this process lives."""
    environment = {**os.environ, "REVIEW_DATABASE_URL": database.address, "REVIEW_ACTOR": actor}
    return subprocess.Popen(
        [sys.executable, "-m", "review.tasks.watching", str(os.getpid())],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def run(database: Database, parent: int) -> None:
    """Re-pool within two seconds of every change, while the parent lives."""
    from review.living.job.repool import repool
    from review.living.job.watch import watch

    job = partial(repool, database, actor=settings().actor)
    for _ in watch(database, job, stopped=lambda: os.getppid() != parent):
        pass


if __name__ == "__main__":
    run(current(database_at(settings().database_url)), int(sys.argv[1]))
