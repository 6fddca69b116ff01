"""Who does the computing: this process, several, or a Dask cluster that runs already."""

from __future__ import annotations

import gc
import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from multiprocessing import get_context
from multiprocessing.util import Finalize
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from review.errors import InvalidDataError

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")

HEAR_SECONDS: Final = 5.0
"""For how long a scheduler may say nothing."""

SELDOM: Final = 50_000, 20, 50
"""Objects after which a process that makes millions looks for cycles, and how often it looks among
the older ones: a fifth of the time of an export went into that."""

LAST: Final = -1_000
"""Of a worker's duties at its end: behind all that other modules asked for."""


@contextmanager
def executor_for(
    *, processes: int | None = None, dask: str | None = None
) -> Iterator[Executor | None]:
    """Yield what computes; None is this process. The runs are the same whoever computes them.

    Parameters
    ----------
    processes : int or None
        Worker processes of this machine.
    dask : str or None
        Address of the scheduler of a cluster, such as ``tcp://host:8786``. Its workers need this
        package, and neither the database nor its password: they get numbers and return numbers.

    Raises
    ------
    InvalidDataError
        If both are asked for, the dask extra is not installed, or no cluster answers.
    """
    if processes is not None and dask is not None:
        raise InvalidDataError("choose --processes or --dask, not both")
    if dask is not None:
        with _cluster(dask) as executor:
            yield executor
        return
    if processes is None or processes == 1:
        yield None
        return
    with _pool(processes) as executor:
        yield executor


@contextmanager
def helpers_for(processes: int) -> Iterator[Executor | None]:
    """Yield the workers beside this process, where it works too: one fewer than `processes`.

    None is this process alone. It looks for cycles that nobody holds as `SELDOM` says.
    """
    often = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        if processes == 1:
            yield None
            return
        with _pool(processes - 1) as executor:
            yield executor
    finally:
        gc.set_threshold(*often)


def begun(
    executor: Executor | None, work: Callable[[TaskT], ResultT], tasks: Iterable[TaskT]
) -> list[Callable[[], ResultT]]:
    """Begin some work, and return what gives the result of each task, in their order.

    With workers all tasks are handed out when this returns, and one that none has taken up when
    its result is asked for is done by who asks; so ask for the last ones first. Without workers
    all are done when this returns.
    """
    if executor is None:
        return [partial(_same, work(task)) for task in tasks]
    handed = [partial(_finished, executor.submit(work, task), work, task) for task in tasks]
    return [cache(result) for result in handed]


def _same(result: ResultT) -> ResultT:
    return result


def _finished(future: Future[ResultT], work: Callable[[TaskT], ResultT], task: TaskT) -> ResultT:
    return work(task) if future.cancel() else future.result()


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """Begin a worker."""
    # it makes no cycles to collect, and its collector would look through every task it gets
    gc.disable()
    Finalize(None, _end, exitpriority=LAST)


def _end() -> None:
    """End a worker at once: its memory goes back as a whole, and nobody waits for each object."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError:
        raise InvalidDataError(
            "Dask is not installed; install it with: pip install 'living-review[dask]'"
        ) from None
    connect: Any = Client  # the package has no types
    try:
        _hear(address)
        client = connect(address, timeout="10s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise InvalidDataError(f"no Dask cluster answers at {address}: {error}") from None
    try:
        # pure=False: equal chunks of two jobs are two pieces of work
        executor: Executor = client.get_executor(pure=False)
        yield executor
    except (CancelledError, TimeoutError, OSError) as error:
        if client.status == "running":  # something else went wrong
            raise
        raise InvalidDataError(
            f"the Dask cluster at {address} went away ({type(error).__name__}); what was written "
            "stays, and the next job computes the rest"
        ) from None
    finally:
        client.close()


def _hear(address: str) -> None:
    """Raise OSError unless a scheduler says something at an address: it speaks first.

    The client itself would wait for longer than anybody does.
    """
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.scheme != "tcp" or parts.hostname is None:
        return  # the client knows other ways, and waits for them as it does
    place = (parts.hostname, parts.port or 8786)
    with socket.create_connection(place, timeout=HEAR_SECONDS) as opened:
        opened.settimeout(HEAR_SECONDS)
        if not opened.recv(1):
            raise OSError("it is something else that listens there")
