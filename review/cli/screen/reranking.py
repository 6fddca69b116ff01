"""A new ranking in the background, so that no decision waits for one."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

from review.screening.vocabulary import Stage

_started: list[subprocess.Popen[bytes]] = []
"""Held until they have ended, so that they are waited for and leave nothing behind."""


def rerank_in_background(slug: str, stage: Stage) -> None:
    """Start ``review screen rank --if-due`` as a process of its own, and do not wait for it.

    It asks again whether a ranking is due, and leaves where another process is ranking.
    """
    if find_spec("sklearn") is None:
        return
    command = [sys.executable, "-m", "review", "screen", "rank", "--if-due"]
    _started[:] = [process for process in _started if process.poll() is None]
    process = subprocess.Popen(
        [*command, "--stage", stage.value, "--review", slug],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _started.append(process)
