"""The programs of docs/api.md, run as they stand there against a server that listens."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn

from review.db import Database, database_at
from review.history.actions import Attribution, writing
from review.living.runs.queries import run_numbered, snapshot_of
from review.people.accounts.actions import make_token
from review.people.accounts.rules import Scope
from review.people.actions import person_called
from review.protocol.queries import review_called
from review.web.app import create_app
from review.web.settings import WebSettings
from tests.docs.reading import steps
from tests.docs.running import ROOT
from tests.export.reproduction.programs import needs_r
from tests.loaded import PATIENCE

PAGE = ROOT / "docs" / "api.md"


def _program(language: str) -> str:
    (found,) = [step.text for step in steps(PAGE) if step.kind == language]
    return found


@pytest.fixture(scope="module")
def site(delivery: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A copy of cbt-delivery, served; the address and a token that reads, for the environment."""
    file = tmp_path_factory.mktemp("served") / "review.db"
    assert delivery.url.database is not None
    shutil.copy(delivery.url.database, file)
    database = database_at(f"sqlite:///{file}")
    now = datetime.now(UTC)
    with writing(database, Attribution(actor="tester", at=now)) as session:
        token = make_token(
            session, person_called(session, "tester"), name="R", scope=Scope.READ, now=now,
            lasts=timedelta(hours=1),
        )  # fmt: skip
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(create_app(database, WebSettings(key="unused")), log_config=None)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield {
        **os.environ,
        "SITE": f"http://127.0.0.1:{listening.getsockname()[1]}",
        "TOKEN": token,
    }
    server.should_exit = True
    thread.join(PATIENCE)
    listening.close()
    database.close()


@pytest.fixture(scope="module")
def estimate(delivery: Database) -> float:
    """What the run says, by REML."""
    with delivery.reading() as session:
        review = review_called(session, "cbt-delivery")
        inputs, results = snapshot_of(run_numbered(session, review, "multimedia", 2))
    assert inputs.plan.method == "REML"
    return results.pooled.estimate


def _printed(command: list[str], text: str, folder: Path, site: dict[str, str]) -> list[str]:
    (folder / command[-1]).write_text(text, encoding="utf-8")
    done = subprocess.run(
        command, cwd=folder, env=site, text=True, capture_output=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()


def test_r_reads_the_effects_and_metafor_gives_the_estimate(
    site: dict[str, str], estimate: float, tmp_path: Path
) -> None:
    needs_r()
    k, pooled, _ = _printed(["Rscript", "--vanilla", "page.R"], _program("r"), tmp_path, site)
    assert (int(float(k)), float(pooled)) == (17, pytest.approx(estimate, abs=1e-6))


def test_pandas_reads_the_effects(site: dict[str, str], estimate: float, tmp_path: Path) -> None:
    k, pooled = _printed([sys.executable, "page.py"], _program("python"), tmp_path, site)
    assert (int(k), float(pooled)) == (17, pytest.approx(estimate, abs=1e-6))
