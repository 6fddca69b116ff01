"""A new ranking in the background, so that no decision waits for one."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

from review.db import Database
from review.screening.vocabulary import Stage

_started: list[subprocess.Popen[bytes]] = []
"""Held until they have ended, so that they are waited for and leave nothing behind."""


def rerank_in_background(
    slug: str, stage: Stage, *, database: Database | None = None, actor: str | None = None
) -> None:
    """Start ``review screen rank --if-due`` as a process of its own, and do not wait for it.

    It asks again whether a ranking is due, and leaves where another process is ranking. Database
    and person are those of the settings, unless they are given.
    """
    if find_spec("sklearn") is None:
        return
    command = [sys.executable, "-m", "review", "screen", "rank", "--if-due"]
    environment = dict(os.environ)
    if database is not None:
        environment["REVIEW_DATABASE_URL"] = database.address
    if actor is not None:
        environment["REVIEW_ACTOR"] = actor
    _started[:] = [process for process in _started if process.poll() is None]
    process = subprocess.Popen(
        [*command, "--stage", stage.value, "--review", slug],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _started.append(process)
