"""Time a model of two outcomes in one thread of linear algebra and in as many as the machine has.

Each time is a process of its own that fits two synthetic outcomes of 60 trials, once with nothing
else at work and once beside one busy process a processor. Prints JSON: seconds by the clock and of
the processor. Run: python benchmarks/threads.py [--fits 20]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime

from review.threads import LIBRARIES

FITS = """
import sys, time
import numpy as np
from review.synthesis.multivariate import (
    RandomEffect, Structure, multivariate, outcome_means, sampling_covariance)
rng = np.random.default_rng(7)
study = [str(i // 2) for i in range(120)]
outcome = ["client", "therapist"] * 60
vi = rng.uniform(0.02, 0.1, 120)
yi = np.repeat(rng.normal(0, 0.3, 60), 2) + rng.normal(0, np.sqrt(vi + 0.04))
errors = sampling_covariance(vi, study, kind=outcome, rho_kind=0.6)
def fit():
    random = [RandomEffect(study, outcome, Structure.UN)]
    return multivariate(yi, errors, random, design=outcome_means(outcome))
fit()
clock, processor = time.perf_counter(), time.process_time()
for _ in range(int(sys.argv[1])):
    fit()
print(time.perf_counter() - clock, time.process_time() - processor)
"""
BUSY = "while True: pass"


def seconds(fits: int, threads: int, busy: int) -> dict[str, float]:
    """Run the fits in so many threads, beside so many processes that only take time."""
    environment = {**os.environ, **dict.fromkeys(LIBRARIES, str(threads))}
    others = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(busy)]
    try:
        said = subprocess.run(
            [sys.executable, "-c", FITS, str(fits)],
            env=environment, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
    finally:
        for other in others:
            other.kill()
            other.wait()
    clock, processor = map(float, said.split())
    return {"clock": round(clock, 3), "processor": round(processor, 3)}


def main() -> None:
    """Print the seconds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--fits", type=int, default=20)
    fits = parser.parse_args().fits
    processors = os.cpu_count() or 1
    load = os.getloadavg()[0]
    print(
        json.dumps(
            {
                f"{threads} threads, {busy} busy processes": seconds(fits, threads, busy)
                for busy in (0, processors)
                for threads in (1, processors)
            }
            | {
                "fits": fits, "processors": processors, "load before": round(load, 2),
                "machine": platform.machine(), "python": platform.python_version(),
                "date": datetime.now(UTC).date().isoformat(),
            },
            indent=2,
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
