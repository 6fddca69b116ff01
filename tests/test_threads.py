"""Linear algebra has one thread in every program of ours, unless a person says otherwise."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from review.threads import LIBRARIES

ASK = """
import sys, review.cli
assert "numpy" not in sys.modules, "too late: numpy has made its threads"
import numpy
from threadpoolctl import threadpool_info
print(*(one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"))
"""


@pytest.mark.parametrize("said", [None, "2"])
def test_numpy_computes_in_one_thread_or_as_many_as_a_person_set(said: str | None) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in LIBRARIES}
    if said:
        environment |= dict.fromkeys(LIBRARIES, said)
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, text=True, capture_output=True, check=True
    )
    threads = min(int(said or 1), os.cpu_count() or 1)
    assert set(done.stdout.split()) == {str(threads)}
