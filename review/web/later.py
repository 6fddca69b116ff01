"""What a page asks for and does not wait for: worked out once, beside the answering of requests."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from review.db import Database
from review.living.reports.once import work_out_firmness

_one = ThreadPoolExecutor(max_workers=1, thread_name_prefix="later")
_lock = Lock()
_under_way: set[tuple[str, int]] = set()


def work_out(database: Database, run_id: int) -> None:
    """See to it that how firm a run is will be known soon; asked twice, it is done once."""
    asked = (str(database), run_id)
    with _lock:
        if asked in _under_way:
            return
        _under_way.add(asked)
    _one.submit(_firmness, database, run_id, asked)


def _firmness(database: Database, run_id: int, asked: tuple[str, int]) -> None:
    try:
        work_out_firmness(database, run_id)
    except Exception:
        logging.getLogger(__name__).exception("run %d was not worked out", run_id)
    finally:
        with _lock:
            _under_way.discard(asked)
