"""Time the manuscript bundle of cbt-delivery: text, tables, figures, checklists, scripts.

The 76 trials of the seed are loaded and pooled first, as of 2008 and then all; that is not counted.
Wall-clock and process time are both given, since a shared machine stretches only the first.
Run: python benchmarks/export.py [--processes 2] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import matplotlib

from review.config import settings
from review.db import Database, database_at
from review.export.manuscript.bundle import write_bundle
from review.extraction.seeds import load_seed, seed_called
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.living.job.workers import executor_for
from review.protocol.queries import review_called
from review.schema import upgrade

NOW = datetime(2026, 11, 23, tzinfo=UTC)

TARGET = 20.0
"""Seconds for the whole bundle."""


def pooled(folder: Path) -> Database:
    """Return a database with two runs of each analysis of cbt-delivery."""
    database = database_at(f"sqlite:///{folder / 'export.db'}")
    upgrade(database)
    by = Attribution(settings().actor, reason="benchmark")
    for until in (2008, None):
        with writing(database, by) as session:
            load_seed(
                session, seed_called("cbt-delivery"), until=until, person="benchmark", now=NOW
            )
        repool(database, actor="benchmark")
    return database


def measure(database: Database, folder: Path, processes: int) -> dict[str, object]:
    """Write the bundle once and time its parts, the start of workers included."""
    parts = {}
    begun, spent = time.perf_counter(), time.process_time()
    with database.reading() as session, executor_for(processes=processes) as executor:
        since, cpu = begun, spent
        review = review_called(session, "cbt-delivery")
        for written in write_bundle(session, review, folder, executor=executor):
            now, cpu_now = time.perf_counter(), time.process_time()
            place = written[0].parent
            name = "manuscript" if place == folder else place.name
            done = parts.setdefault(name, {"files": 0, "seconds": 0.0, "cpu_seconds": 0.0})
            done["files"] += len(written)
            done["seconds"] += now - since
            done["cpu_seconds"] += cpu_now - cpu
            since, cpu = now, cpu_now
    return {
        "parts": {
            name: {key: round(value, 2) for key, value in part.items()}
            for name, part in parts.items()
        },
        "seconds": round(time.perf_counter() - begun, 2),
        "cpu_seconds": round(time.process_time() - spent, 2),
        "cpu_seconds_of_workers": round(_of_workers(), 2),
    }


def _of_workers() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2, help="1: all in this process")
    parser.add_argument("--out", type=Path, help="keep the bundle in this folder")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        database = pooled(Path(folder))
        found = measure(database, options.out or Path(folder) / "bundle", options.processes)
        database.close()
    found |= {
        "processes": options.processes,
        "target_seconds": TARGET,
        "met": float(str(found["seconds"])) < TARGET,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f} before",
        "python": platform.python_version(),
        "matplotlib": matplotlib.__version__,
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
