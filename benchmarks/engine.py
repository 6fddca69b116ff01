"""Speed of the engine beside metafor and the Python peers; prints JSON.

    python benchmarks/engine.py [--quick] [--out FILE]

``--quick`` shrinks the batches to a twentieth. metafor is run where ``Rscript`` has it, PyMARE and
PyMetaAnalysis where they can be imported; none of them is a dependency. Times are the best of
several runs on one core, in the unit of the key: of the processor here and in Python, by the clock
in R and of the import.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402  (the number of threads is read at import)

from review.synthesis import (  # noqa: E402
    PooledMany,
    begg,
    design,
    gosh,
    influence,
    leave_one_out,
    pool,
    pool_many,
    regress,
)
from review.synthesis.network import from_arms, network  # noqa: E402

TARGETS = {
    "batch_us": 1.5,
    "batch_with_tau2_ci_us": 25.0,
    "single_10_ms": 0.1,
    "leave_one_out_1000_ms": 50.0,
    "leave_one_out_20000_ms": 1000.0,
    "influence_20000_ms": 1000.0,
    "rank_test_20000_ms": 1000.0,
    "gosh_8191_ms": 10.0,
    "regression_2000_ms": 50.0,
    "network_76_trials_ms": 10.0,
    "import_s": 0.5,
    "peak_mb": 1000.0,
}

BCG_YI = [
    -0.88931133, -1.58538866, -1.34807315, -1.44155119, -0.21754732, -0.78611559, -1.62089822,
    0.01195233, -0.46941765, -1.37134480, -0.33935883, 0.44591340, -0.01731395,
]  # fmt: skip
BCG_VI = [
    0.32558477, 0.19458112, 0.41536797, 0.02001003, 0.05121017, 0.00690562, 0.22301725,
    0.00396158, 0.05643421, 0.07302479, 0.01241221, 0.53250585, 0.07140466,
]  # fmt: skip

METAFOR = """
suppressMessages({library(metafor); library(jsonlite)})
d <- fromJSON(file("stdin"))
best <- function(f, n) min(replicate(n, system.time(f())[["elapsed"]]))
one <- function() for (i in 1:20) rma(d$y10, d$v10, test="adhoc")
ci <- function() for (i in 1:20) confint(rma(d$y10, d$v10, test="adhoc"))
bcg <- rma(d$bcg_y, d$bcg_v)
k <- length(d$y50); loo50 <- rma(d$y50, d$v50)
out <- list(version=as.character(packageVersion("metafor")),
  single_10_ms=best(one, 5)/20*1000, single_10_with_tau2_ci_ms=best(ci, 5)/20*1000,
  leave_one_out_50_ms=best(function() leave1out(loo50), 3)*1000)
if (d$gosh) out$gosh_8191_ms <- best(function() gosh(bcg, progbar=FALSE), 1)*1000
cat(toJSON(out, auto_unbox=TRUE, digits=6))
"""


def best(call: Callable[[], object], runs: int = 5) -> float:
    """Seconds of processor time of the fastest of several runs."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def many_analyses(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Meta-analyses of 2 to 30 studies of 20 to 200 persons, tau 0, 0.1 or 0.3."""
    rng = np.random.default_rng(20261123)
    sizes = rng.integers(2, 31, count)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    v = 4 / rng.integers(20, 200, offsets[-1])
    tau = np.repeat(rng.choice([0.0, 0.1, 0.3], count), sizes)
    return rng.normal(0.2, np.sqrt(v + tau**2)), v, offsets


def with_p(many: PooledMany) -> object:
    """The p values of the means and of Cochran's tests, which are worked out when they are read."""
    return many.p, many.Q_p


def ours(quick: bool) -> dict[str, float]:
    """Every figure of the engine."""
    count = 5_000 if quick else 100_000
    y, v, offsets = many_analyses(count)
    found = {
        "batch_us": best(lambda: pool_many(y, v, offsets)) / count * 1e6,
        "batch_with_tau2_ci_us": best(lambda: pool_many(y, v, offsets, tau2_ci=True), 3)
        / count
        * 1e6,
        "batch_dl_us": best(lambda: pool_many(y, v, offsets, method="DL"), 3) / count * 1e6,
    }
    y10, v10 = np.array(BCG_YI[:10]), np.array(BCG_VI[:10])
    repeats = range(200)
    found["single_10_ms"] = best(lambda: [pool(y10, v10, tau2_ci=False) for _ in repeats]) * 5
    found["single_10_with_tau2_ci_ms"] = best(lambda: [pool(y10, v10) for _ in repeats]) * 5
    found["leave_one_out_50_ms"] = best(lambda: leave_one_out(y[:50], v[:50])) * 1e3
    found["batch_with_p_us"] = best(lambda: with_p(pool_many(y, v, offsets))) / count * 1e6
    rng = np.random.default_rng(7)
    v1000 = 4 / rng.integers(20, 1500, 1000)
    y1000 = rng.normal(0.3, np.sqrt(v1000 + 0.05))
    found["leave_one_out_1000_ms"] = best(lambda: leave_one_out(y1000, v1000, test="z"), 3) * 1e3
    v20k = 4 / rng.integers(20, 1500, 20_000)
    y20k = rng.normal(0.3, np.sqrt(v20k + 0.05))
    found["leave_one_out_20000_ms"] = best(lambda: leave_one_out(y20k, v20k), 3) * 1e3
    found["influence_20000_ms"] = best(lambda: influence(y20k, v20k), 3) * 1e3
    found["rank_test_20000_ms"] = best(lambda: begg(y20k, v20k), 3) * 1e3
    found["gosh_8191_ms"] = best(lambda: gosh(BCG_YI, BCG_VI)) * 1e3
    subsets = 50_000 if quick else 1_000_000
    some_y, some_v = y1000[:20], v1000[:20]
    found["gosh_million_s"] = (
        best(lambda: gosh(some_y, some_v, count=subsets), 1) * 1_000_000 / subsets
    )
    y10k, v10k = np.tile(y1000, 10), np.tile(v1000, 10)
    found["single_10000_ms"] = best(lambda: pool(y10k, v10k)) * 1e3
    y2k, v2k = y10k[:2000], v10k[:2000]
    moderators = design("a + b + c", {name: rng.normal(size=2000) for name in "abc"})
    found["regression_2000_ms"] = best(lambda: regress(y2k, v2k, moderators)) * 1e3
    arms = [(trial, "ABCDEFG"[arm]) for trial in range(76) for arm in {trial % 7, trial * 3 % 5}]
    arms += [(trial, "G") for trial in range(76) if (trial, "G") not in arms]
    effect, variance = rng.normal(size=len(arms)), rng.uniform(0.02, 0.2, len(arms))
    trials = from_arms(*zip(*((str(t), name) for t, name in arms), strict=True), effect, variance)
    found["network_76_trials_ms"] = best(lambda: network(trials)) * 1e3
    code = "import time as t; s = t.perf_counter(); import review.synthesis; "
    code += "print(t.perf_counter() - s)"
    run = [sys.executable, "-c", code]
    found["import_s"] = min(
        float(subprocess.run(run, capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    )
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def metafor(quick: bool) -> dict[str, Any] | None:
    """Times of metafor for what it can do, or None where it is not installed."""
    if shutil.which("Rscript") is None:
        return None
    y, v, _ = many_analyses(100)
    data = {
        "y10": BCG_YI[:10],
        "v10": BCG_VI[:10],
        "y50": y[:50].tolist(),
        "v50": v[:50].tolist(),
        "bcg_y": BCG_YI,
        "bcg_v": BCG_VI,
        "gosh": not quick,
    }
    run = subprocess.run(
        ["Rscript", "-e", METAFOR],
        input=json.dumps(data),
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        return None
    times: dict[str, Any] = json.loads(run.stdout)
    return times


def pymare() -> dict[str, Any] | None:
    """PyMARE's times, or None: one fit, and a batch of equal size (it has no ragged one)."""
    try:
        estimators = importlib.import_module("pymare.estimators")
        dataset = importlib.import_module("pymare").Dataset
    except ImportError:
        return None
    y10, v10 = np.array(BCG_YI[:10])[:, None], np.array(BCG_VI[:10])[:, None]
    y, v, _ = many_analyses(2000)
    wide_y, wide_v = y[:10_000].reshape(10, 1000), v[:10_000].reshape(10, 1000)

    def fit(a: np.ndarray, b: np.ndarray) -> object:
        return estimators.VarianceBasedLikelihoodEstimator(method="reml").fit_dataset(
            dataset(y=a, v=b)
        )

    return {
        "version": _version("pymare"),
        "single_10_ms": best(lambda: fit(y10, v10)) * 1e3,
        "batch_of_equal_size_us": best(lambda: fit(wide_y, wide_v), 3) * 1e3,
    }


def pymetaanalysis() -> dict[str, Any] | None:
    """PyMetaAnalysis' time for one fit, or None."""
    try:
        package = importlib.import_module("meta_analyze")
    except ImportError:
        return None
    effect, variance = BCG_YI[:10], BCG_VI[:10]

    def call() -> object:
        return package.meta_analysis(effect=effect, variance=variance, tau2_method="REML")

    return {"version": _version("PyMetaAnalysis"), "single_10_ms": best(call) * 1e3}


def _processor() -> str:
    """The name of the processor where Linux tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the work")
    parser.add_argument("--out", type=Path, help="write the JSON here as well")
    options = parser.parse_args()
    load = round(os.getloadavg()[0], 1)  # what else runs makes the times upper bounds
    figures = ours(options.quick)
    report = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{_processor()}, {os.cpu_count()} cores, one used",
        "load": load,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": _version("scipy"),
        "quick": options.quick,
        "living_review": {key: round(value, 4) for key, value in figures.items()},
        "targets": TARGETS,
        "met": {key: figures[key] <= target for key, target in TARGETS.items()},
        "metafor": metafor(options.quick),
        "pymare": pymare(),
        "pymetaanalysis": pymetaanalysis(),
    }
    text = json.dumps(report, indent=2)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
