"""One thread for the linear algebra of a process."""

from __future__ import annotations

import os
from typing import Final

LIBRARIES: Final = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What the libraries behind numpy read, once, as it is imported."""


def one_thread() -> None:
    """Let numpy compute in one thread, here and in processes that this one starts.

    Matrices of a review are small: several threads wait for each other longer than they compute,
    and where others have the machine many times longer. One thread also adds in one order, however
    many processors there are. What a person has set stays; it is called before numpy is imported.
    """
    for library in LIBRARIES:
        os.environ.setdefault(library, "1")
