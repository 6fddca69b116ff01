"""What a page asks for and does not wait for: worked out once, beside the answering of requests."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

from review.db import Database

_one = ThreadPoolExecutor(max_workers=1, thread_name_prefix="later")
_lock = Lock()
_under_way: set[tuple[Any, ...]] = set()


def later(do: Callable[..., object], database: Database, *about: str | int) -> None:
    """See to it that something is worked out soon; asked for twice, it is done once.

    Parameters
    ----------
    do
        Called with the database and what it is about; keeps what it finds.
    """
    asked = (do.__name__, str(database), *about)
    with _lock:
        if asked in _under_way:
            return
        _under_way.add(asked)
    _one.submit(_done, do, database, about, asked)


def _done(
    do: Callable[..., object],
    database: Database,
    about: tuple[str | int, ...],
    asked: tuple[Any, ...],
) -> None:
    try:
        do(database, *about)
    except Exception:
        logging.getLogger(__name__).exception("%s was not worked out", asked)
    finally:
        with _lock:
            _under_way.discard(asked)
