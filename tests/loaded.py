"""Other processes at one database: each is forked from one that has the program loaded.

Starting each anew takes seconds of loading, and proves nothing more.
"""

from __future__ import annotations

import multiprocessing
from typing import Final

LOADED: Final = multiprocessing.get_context("forkserver")
LOADED.set_forkserver_preload(["tests.living.job.test_repool"])

PATIENCE: Final = 600
"""Seconds after which another process hangs: on a busy machine each is slow, which is no fault."""
