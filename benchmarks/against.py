"""Compare the engine and re-pooling with another checkout, pair by pair, by processor time.

Two processes, one a checkout, take turns; of each operation the least and the median are compared,
so that what else the machine does counts little. Nothing here is data: all numbers are drawn.
Run: python benchmarks/against.py FOLDER [--rounds 21]   (FOLDER: a checkout of another commit)
"""

from __future__ import annotations

import argparse
import importlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

Operations = dict[str, Callable[[], object]]
REVIEWS = 4


def engine_operations() -> Operations:
    """Name what the engine is asked, in both checkouts the same."""
    import engine
    import numpy as np

    y, v, offsets = engine.many_analyses(4_000)
    rng = np.random.default_rng(7)
    design = engine.design("a + b + c", {name: rng.normal(size=2000) for name in "abc"})
    return {
        "batch of 4,000, REML": lambda: engine.pool_many(y, v, offsets),
        "the same with Q-profile intervals": lambda: engine.pool_many(y, v, offsets, tau2_ci=True),
        "the same, DL": lambda: engine.pool_many(y, v, offsets, method="DL"),
        "100 analyses of 10, one by one": lambda: [
            engine.pool(y[:10], v[:10], tau2_ci=False) for _ in range(100)
        ],
        "leave-one-out of 50": lambda: engine.leave_one_out(y[:50], v[:50]),
        "meta-regression of 2,000": lambda: engine.regress(y[:2000], v[:2000], design),
        "GOSH of 13": lambda: engine.gosh(engine.BCG_YI, engine.BCG_VI),
    }


def repooling(folder: Path) -> Operations:
    """Name the job on a generated database that was never pooled."""
    import living

    from review.db import database_at

    template, file = folder / "template.db", folder / "run.db"
    database = database_at(f"sqlite:///{template}")
    living.generate(database, REVIEWS)
    database.engine.dispose()

    def job() -> None:
        for old in folder.glob("run.db*"):
            old.unlink()
        shutil.copy(template, file)
        made = database_at(f"sqlite:///{file}")
        living.repool(made, actor="benchmark", now=lambda: living.NOW)
        made.engine.dispose()

    return {f"re-pool of {REVIEWS * 2 * living.OUTCOMES} analyses": job}


def serve(tree: Path) -> None:
    """Answer each line with the processor seconds of every operation of one checkout."""
    sys.path[:0] = [str(tree), str(tree / "benchmarks")]
    assert Path(str(importlib.import_module("review").__file__)).is_relative_to(tree)
    with tempfile.TemporaryDirectory() as folder:
        operations = engine_operations() | repooling(Path(folder))
        for operation in operations.values():
            operation()
        print("ready", flush=True)
        for _ in sys.stdin:
            taken = {}
            for name, operation in operations.items():
                begun = time.process_time()
                operation()
                taken[name] = time.process_time() - begun
            print(json.dumps(taken), flush=True)


def main() -> None:
    """Print a line an operation: the other checkout, this one, and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.other.resolve())
        return
    processes = [
        subprocess.Popen(
            [sys.executable, "-B", __file__, str(tree.resolve()), "--serve"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for tree in (options.other, Path(__file__).parents[1])
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    taken: list[list[dict[str, float]]] = [[], []]
    for number in range(options.rounds):
        for which in (0, 1) if number % 2 else (1, 0):
            stdin, stdout = processes[which].stdin, processes[which].stdout
            assert stdin is not None
            assert stdout is not None
            stdin.write("go\n")
            stdin.flush()
            taken[which].append(json.loads(stdout.readline()))
    for process in processes:
        process.communicate()
    for name in taken[0][0]:
        there, here = ([one[name] * 1e3 for one in of] for of in taken)
        print(
            f"{name:36} {min(there):8.2f} {min(here):8.2f} ms, ratio of minima "
            f"{min(here) / min(there):.2f}, of medians "
            f"{statistics.median(here) / statistics.median(there):.2f}"
        )


if __name__ == "__main__":
    main()
