"""Time the manuscript bundle of a review: text, tables, figures, checklists, scripts.

The review is cbt-delivery with its 76 trials, or one of generated trials (``--generated 480``),
which are drawn with a fixed seed and named so; their means and SDs have the two decimals
that reports print. It is loaded and pooled first, half of it and then
all; that is not counted. Wall-clock and process time are both given, since a shared machine
stretches only the first.
``--pages`` counts the pages of text and supplement as LibreOffice sets them.
Run: python benchmarks/export.py [--generated 480] [--processes 2] [--out FOLDER] [--pages]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import matplotlib
import numpy as np
from pypdf import PdfReader

from review.config import settings
from review.db import Database, database_at
from review.export.manuscript.bundle import write_bundle
from review.export.tracing.provenance import NAME, listing
from review.extraction.actions import import_extraction
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.extraction.seeds import load_seed, seed_called
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.living.job.workers import helpers_for
from review.protocol.actions import add_instrument, add_outcome, new_review, plan_analysis
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from review.schema import upgrade

NOW = datetime(2026, 11, 23, tzinfo=UTC)

TARGET = 10.0
"""Seconds for the whole bundle of 76 trials, by the clock on two cores."""

TARGET_LARGE = {"cpu_seconds": 60.0, "mb": 10.0}
"""Of 480 trials: processor time in all, and size of the folder."""

MOST_PAGES = 15
"""Of the main text, whatever the number of trials."""

GENERATED = "generated"
"""The review of generated trials."""

COUNTRIES = ("Netherlands", "Germany", "Japan", "Brazil", "Kenya")


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


def generated(folder: Path, trials: int) -> Database:
    """Return a database with a review of so many generated trials, half of them pooled before."""
    database = database_at(f"sqlite:///{folder / 'export.db'}")
    upgrade(database)
    by = Attribution(settings().actor, reason="benchmark")
    with writing(database, by) as session:
        review = new_review(
            session,
            ReviewSpec(slug=GENERATED, title=f"Generated: {trials} trials that nobody ran"),
            owner="benchmark",
        )
        for slug in ("alliance", "symptoms"):
            add_outcome(session, review, OutcomeSpec(slug=slug, name=slug.capitalize()))
            spec = InstrumentSpec(
                slug=f"of-{slug}", name=f"Scale of {slug}", outcome=slug, higher_is_better=True
            )
            add_instrument(session, review, spec)
            plan_analysis(session, review, AnalysisSpec(slug=slug, plan=_plan(slug)), now=NOW)
    chance = np.random.default_rng(trials)
    rows = [row for n in range(1, trials + 1) for row in _trial(n, chance)]
    rows = [NumberedRow(place, row) for place, row in enumerate(rows, start=2)]
    for part in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
        with writing(database, by) as session:
            review = review_called(session, GENERATED)
            import_extraction(session, review, part, file=GENERATED, person="benchmark")
        repool(database, actor="benchmark")
    return database


def _plan(outcome: str) -> Plan:
    return Plan.model_validate(
        {
            "outcome": outcome,
            "title": f"{outcome.capitalize()}, video against in person",
            "intervention": {"label": "video", "delivery_mode": ["videoconference"]},
            "comparator": {"label": "in person", "delivery_mode": ["face_to_face"]},
            "margin": 0.5,
            "other_margins": [0.25, 0.3],
            "variants": ["fixed", "z_test", "leave_one_out", "without_influential"],
            "subgroups": ["country"],
            "moderators": ["year"],
        }
    )


def _trial(number: int, chance: np.random.Generator) -> Iterator[ExtractionRow]:
    outcomes = ("alliance", "symptoms") if number % 3 else ("alliance",)
    about = {
        "study": f"Generated {number}",
        "year": int(chance.integers(1995, 2026)),
        "country": COUNTRIES[int(chance.integers(len(COUNTRIES)))],
    }
    for outcome in outcomes:
        for mode in ("videoconference", "face_to_face"):
            yield ExtractionRow.model_validate(
                {
                    **about, "arm": mode, "delivery_mode": mode, "instrument": f"of-{outcome}",
                    "n": int(chance.integers(15, 120)),
                    "mean": round(float(chance.normal(0.0, 0.3)), 2),
                    "sd": round(float(chance.uniform(0.8, 1.3)), 2),
                }
            )  # fmt: skip


def measure(database: Database, called: str, folder: Path, processes: int) -> dict[str, object]:
    """Write the bundle once and time its parts, the start of workers included."""
    parts = {}
    begun, spent = time.perf_counter(), time.process_time()
    with database.reading() as session, helpers_for(processes) as executor:
        since, cpu = begun, spent
        review = review_called(session, called)
        for written in write_bundle(session, review, folder, executor=executor):
            now, cpu_now = time.perf_counter(), time.process_time()
            place = written[0].parent
            name = "manuscript" if place == folder else place.name
            done = parts.setdefault(name, {"files": 0, "seconds": 0.0, "cpu_seconds": 0.0})
            done["files"] += len(written)
            done["seconds"] += now - since
            done["cpu_seconds"] += cpu_now - cpu
            since, cpu = now, cpu_now
        for place in sorted({path.parent for path in folder.rglob("*") if path.is_file()}):
            listing(place, place, executor=executor)  # as the command does: what each file prints
        now, cpu_now = time.perf_counter(), time.process_time()
        parts["lists"] = {"files": 0, "seconds": now - since, "cpu_seconds": cpu_now - cpu}
    return {
        "parts": {
            name: {key: round(value, 2) for key, value in part.items()}
            for name, part in parts.items()
        },
        "seconds": round(time.perf_counter() - begun, 2),
        "cpu_seconds": round(time.process_time() - spent, 2),
        "cpu_seconds_of_workers": round(_of_workers(), 2),
        "mb": round(sum(path.stat().st_size for path in folder.rglob("*.*")) / 1e6, 2),
        "kb_by_kind": _by_kind(folder),
    }


def _by_kind(folder: Path) -> dict[str, int]:
    sizes: Counter[str] = Counter()
    for path in folder.rglob("*.*"):
        sizes["provenance" if path.name == NAME else path.suffix[1:]] += path.stat().st_size
    return {kind: round(size / 1e3) for kind, size in sizes.most_common()}


def pages(folder: Path) -> dict[str, int]:
    """Count the pages of manuscript and supplement, set by LibreOffice.

    Raises FileNotFoundError where LibreOffice (``soffice``) is missing.
    """
    found = {}
    with tempfile.TemporaryDirectory() as made:
        for name in ("manuscript", "supplement"):
            subprocess.run(
                ["soffice", f"-env:UserInstallation=file://{made}/profile", "--headless",
                 "--convert-to", "pdf", "--outdir", made, str(folder / f"{name}.docx")],
                check=True, capture_output=True,
            )  # fmt: skip
            found[name] = len(PdfReader(Path(made) / f"{name}.pdf").pages)
    return found


def _of_workers() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2, help="1: all in this process")
    parser.add_argument("--generated", type=int, metavar="TRIALS", help="instead of cbt-delivery")
    parser.add_argument("--out", type=Path, help="keep the bundle in this folder")
    parser.add_argument("--pages", action="store_true", help="set by LibreOffice")
    options = parser.parse_args()
    if options.out is not None and options.out.exists():
        parser.error(f"{options.out} exists; what is there would be counted too")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        made, out = options.generated, options.out or Path(folder) / "bundle"
        database = generated(Path(folder), made) if made else pooled(Path(folder))
        found = measure(database, GENERATED if made else "cbt-delivery", out, options.processes)
        database.close()
        if options.pages:
            found |= {"pages": pages(out), "most_pages": MOST_PAGES}
    found |= {
        "processes": options.processes,
        "targets": TARGET_LARGE if options.generated else {"seconds": TARGET},
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f} before",
        "python": platform.python_version(),
        "matplotlib": matplotlib.__version__,
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
