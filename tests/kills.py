"""A process that dies at a chosen step of what it does to the file system and the database.

Deterministic, as SQLite's own crash tests are: the child dies at its first step, then at its
second, and so on until it comes through. Steps are files opened to be written, renames, removals,
syncs, new folders, and statements and commits of the database.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

DIED = 137
_STEPS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree"}


def died_at(step: int, action: Callable[[], None]) -> bool:
    """Run an action in a child that dies at a step; return whether it got that far."""
    child = os.fork()
    if child == 0:
        _count(step)
        try:
            action()
        except BaseException as error:  # the parent has to know, whatever it is
            os.write(2, repr(error).encode())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, DIED), f"the child failed with {code} before step {step}"
    return code == DIED


def _count(last: int) -> Callable[[], int]:
    taken = 0

    def reached() -> None:
        nonlocal taken
        taken += 1
        if taken > last:
            os._exit(DIED)

    def watch(name: str, args: tuple[Any, ...]) -> None:
        written = name == "open" and (
            (isinstance(args[1], str) and set(args[1]) & set("wax+"))
            or (isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR))
        )
        if written or name in _STEPS:
            reached()

    sys.addaudithook(watch)
    sync = os.fsync

    def synced(handle: Any) -> None:
        reached()
        sync(handle)

    vars(os)["fsync"] = synced
    event.listen(sa.Engine, "before_cursor_execute", lambda *_: reached())
    event.listen(sa.Engine, "commit", lambda _: reached())
    return lambda: taken


def steps_of(action: Callable[[], None]) -> int:
    """Run an action in a child that lives; return how many steps it took."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        taken = _count(sys.maxsize)
        action()
        os.write(theirs, str(taken()).encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as told:
        steps = int(told.read())
    os.waitpid(child, 0)
    return steps


def chosen(steps: int, *, spread: int, last: int) -> list[int]:
    """Return some steps: a number spread over all, and the last ones, where it is decided."""
    some = range(0, steps, max(1, steps // spread))
    return sorted({*some, *range(max(0, steps - last), steps)})
