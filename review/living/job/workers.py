"""Who does the computing: this process, several, or a Dask cluster that runs already."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from review.errors import InvalidDataError


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
    # a worker makes no cycles to collect, and its collector would look through every task it gets
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=gc.disable
    ) as executor:
        yield executor


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
        client = connect(address, timeout="10s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise InvalidDataError(f"no Dask cluster answers at {address}: {error}") from None
    try:
        # pure=False: equal chunks of two jobs are two pieces of work
        executor: Executor = client.get_executor(pure=False)
        yield executor
    finally:
        client.close()
