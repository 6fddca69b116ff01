"""The wheel carries migrations and seeds, and works outside the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_what_running_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    migrations = {
        f"review/_migrations/versions/{p.name}" for p in (ROOT / "migrations/versions").glob("*.py")
    }
    seeds = {
        f"review/_seeds/{p.relative_to(ROOT / 'seeds')}" for p in (ROOT / "seeds").rglob("*.*")
    }
    data = {
        str(p.relative_to(ROOT))
        for p in (ROOT / "review").rglob("*.*")
        if p.suffix not in (".py", ".pyc")
    }
    assert "review/export/reproduction/styles/apa.csl" in data
    assert migrations | seeds | data | {"review/_migrations/env.py", "review/py.typed"} <= names
    assert not any(name.startswith(("tests/", "docs/", "benchmarks/")) for name in names)


def test_the_job_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    environment = {
        **os.environ,
        "PYTHONPATH": str(site),
        "REVIEW_DATABASE_URL": f"sqlite:///{tmp_path / 'review.db'}",
    }

    def review(*arguments: str) -> str:
        command = [sys.executable, "-m", "review", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout

    where = "import review; print(review.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", where], cwd=tmp_path, env=environment, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    assert Path(found.stdout.strip()).is_relative_to(site)
    review("init")
    review("seed", "load", "cbt-delivery")
    report = json.loads(review("repool", "--json"))
    pooled = {r["name"]["analysis"]: r["report"]["after"] for r in report["recomputed"]}
    assert pooled["multimedia"]["k"] == 17
    assert pooled["multimedia"]["estimate"] == pytest.approx(0.799661190666728, rel=1e-6)
