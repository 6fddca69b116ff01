"""Screening through the web: what its pages cost, and sixteen reviewers in one queue. Prints JSON.

    python benchmarks/screening_web.py pages [--records 20000] [--decisions 36000]
    python benchmarks/screening_web.py queue [--reviewers 16] [--decisions 5000] [--postgres]
                                             [--workers 2] [--pause 0.2]

All records and decisions are synthetic. `pages` gives processor time of this process from request
to last byte, the median of nine. `queue` lets as many browsers as there are reviewers read one
queue of a server with several workers: each gets a page, reads a moment, decides, and gets the next
record with the answer; then every decision is accounted for.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import httpx2 as httpx
import sqlalchemy as sa
from starlette.testclient import TestClient

from benchmarks.screening import ABSTRACT, SLUG, by, database_url, make, screen, the_review
from review.config import settings
from review.db import Database, database_at
from review.history.actions import writing
from review.people.accounts import actions
from review.people.accounts.rules import IDLE, SESSION
from review.people.actions import person_called
from review.screening import standings
from review.screening.models import Decision, LateDecision
from review.screening.vocabulary import State
from review.web.app import create_app
from review.web.settings import WebSettings

HOME = f"/r/{SLUG}/screen/title_abstract"
ORIGIN = "https://review.example.org"
REPEATS = 9
SHOWN = re.compile(r'<div id="sheet">\s*<article[^>]*data-record="(\d+)"')
TOKEN = re.compile(r'data-token="([^"]+)"')


def _client(database: Database, who: str) -> TestClient:
    os.environ["REVIEW_ACTOR"] = who
    settings.cache_clear()
    client = TestClient(
        create_app(database, WebSettings(key="key")), base_url="http://127.0.0.1:8000"
    )
    client.get("/enter?key=key")
    return client


def _median(client: TestClient, path: str) -> float:
    spent = []
    for _ in range(REPEATS):
        begun = time.process_time()
        client.get(path).raise_for_status()
        spent.append(1000 * (time.process_time() - begun))
    return round(statistics.median(spent), 1)


def pages(database: Database, records: int, decisions: int) -> dict[str, object]:
    """Measure what pages cost somebody new, and somebody who decided on thousands."""
    people = ["r01", "r02", "r03"]
    screen(database, make(database, records, people, duplicates=records // 20), decisions, people)
    found: dict[str, object] = {"records": records, "decisions": decisions}
    for who in ("r03", "r01"):
        client = _client(database, who)
        token = TOKEN.search(client.get(HOME).text)
        assert token is not None

        spent: list[float] = []
        for _ in range(REPEATS):
            shown = SHOWN.search(client.get(HOME).text)
            assert shown is not None
            fields = {"token": token[1], "record": shown[1], "verdict": "exclude"}
            begun = time.process_time()
            client.post(HOME, data=fields, headers={"x-part": "1"}).raise_for_status()
            spent.append(1000 * (time.process_time() - begun))
        costs = {"a decision with the next record": round(statistics.median(spent), 1)}
        for name, path in {
            "nothing but the frame": "/account", "the next record": HOME,
            "a list of 25": f"{HOME}/list", "a list of 100": f"{HOME}/list?n=100",
            "mine": f"/r/{SLUG}/screen/mine",
            "stages": f"/r/{SLUG}/screen", "conflicts": f"/r/{SLUG}/conflicts/title_abstract",
            "agreement": f"/r/{SLUG}/screen/agreement", "criteria": f"/r/{SLUG}/criteria",
        }.items():  # fmt: skip
            costs[name] = _median(client, path)
        found[f"CPU ms for {who}"] = costs
        client.close()
    return found


@contextmanager
def _served(url: str, workers: int, spent: list[float]) -> Iterator[list[str]]:
    """Serve a database from some processes, as behind a proxy; yield their addresses.

    `spent` gets the seconds of processor time of each, without those of its start.
    """
    environment = {**os.environ, "REVIEW_DATABASE_URL": url, "REVIEW_WEB_ORIGIN": ORIGIN}
    code = (
        "import sys, uvicorn\n"
        "from review.web.app import create_app\n"
        "from review.web.settings import WebSettings\n"
        "from review.config import settings\n"
        "from review.db import database_at\n"
        f"app = create_app(database_at(settings().database_url), WebSettings(origin={ORIGIN!r}))\n"
        "server = uvicorn.Server(uvicorn.Config(app, port=0, log_level='error'))\n"
        "import threading, time\n"
        "threading.Thread(target=server.run, daemon=True).start()\n"
        "while not server.started: time.sleep(0.05)\n"
        "begun = time.process_time()\n"
        "print(server.servers[0].sockets[0].getsockname()[1], flush=True)\n"
        "sys.stdin.read()\n"
        "print(time.process_time() - begun, flush=True)\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )
        for _ in range(workers)
    ]  # fmt: skip
    try:
        yield [
            f"http://127.0.0.1:{(one.stdout.readline() if one.stdout else '').strip()}"
            for one in started
        ]
        for one in started:
            told, _ = one.communicate()
            spent.append(float(told))
    finally:
        for one in started:
            one.kill()
            one.wait()


class Reviewer(threading.Thread):
    """A browser: what it read, what it decided, and how long each answer took."""

    def __init__(self, address: str, cookie: str, token: str, pause: float, seed: int) -> None:
        super().__init__()
        self.address, self.cookie, self.token, self.pause = address, cookie, token, pause
        self.draw = random.Random(seed)
        self.told: Counter[str] = Counter()
        self.took: list[float] = []

    def _ask(self, client: httpx.Client, **fields: str) -> httpx.Response:
        while True:
            begun = time.monotonic()
            if fields:
                answer = client.post(HOME, data={"token": self.token, **fields})
                self.took.append(1000 * (time.monotonic() - begun))
            else:
                answer = client.get(HOME)
            if answer.status_code != 503:
                return answer
            self.told["busy"] += 1
            time.sleep(0.2)

    def run(self) -> None:
        """Screen until nothing wants this reviewer."""
        headers = {"host": "review.example.org", "origin": ORIGIN, "x-part": "1",
                   "cookie": f"__Host-review={self.cookie}"}  # fmt: skip
        with httpx.Client(base_url=self.address, headers=headers, timeout=120) as client:
            answer, patience = self._ask(client), 0
            while patience < 20:
                shown = SHOWN.search(answer.text)
                if shown is None:
                    if "<b>0</b> left" in answer.text:
                        break
                    patience += 1
                    time.sleep(0.1)
                    answer = self._ask(client)
                    continue
                patience = 0
                self.told["read"] += 1
                time.sleep(self.draw.expovariate(1 / self.pause))
                verdict = self.draw.choices(["include", "exclude", "maybe"], weights=[1, 8, 1])[0]
                answer = self._ask(client, record=shown[1], verdict=verdict)
                assert answer.status_code == 200, (answer.status_code, answer.text[:500])
                self.told["late" if "counts in nothing" in answer.text else "decided"] += 1


def queue(
    url: str, reviewers: int, decisions: int, *, workers: int, pause: float
) -> dict[str, object]:
    """Let reviewers screen one queue through the web; account for every decision."""
    people = [f"r{i:02}" for i in range(1, reviewers + 1)]
    database = database_at(url)
    make(database, decisions // 2, people)
    sessions = {}
    with writing(database, by(people[0])) as session:
        for who in people:
            person = person_called(session, who)
            cookie = actions.start_session(
                session, person, now=datetime.now(UTC), lasts=SESSION, idle=IDLE, browser="x",
                address="::1",
            )  # fmt: skip
            sessions[who] = cookie
    spent: list[float] = []
    with _served(url, workers, spent) as addresses:
        threads = []
        for i, who in enumerate(people):
            headers = {"host": "review.example.org", "cookie": f"__Host-review={sessions[who]}"}
            page = httpx.get(f"{addresses[i % workers]}/account", headers=headers)
            token = TOKEN.search(page.text)
            assert token is not None, page.status_code
            threads.append(Reviewer(addresses[i % workers], sessions[who], token[1], pause, i))
        started = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - started
    total = sum((thread.told for thread in threads), Counter[str]())
    took = sorted(ms for thread in threads for ms in thread.took)
    with database.reading() as session:
        pairs = session.execute(sa.select(Decision.record_id, Decision.person_id)).all()
        late = session.scalar(sa.select(sa.func.count()).select_from(LateDecision))
        stands = standings.progress(session, the_review(session), ABSTRACT, screeners=frozenset())
    database.close()
    per_record = Counter(record for record, _ in pairs)
    return {
        "reviewers": reviewers, "workers": workers, "pause, s": pause, "read": total["read"],
        "decided": total["decided"], "stored": len(pairs), "lost": total["decided"] - len(pairs),
        "twice": len(pairs) - len(set(pairs)),
        "more than two of a record": sum(n > 2 for n in per_record.values()),
        "records without their two": stands.states[State.AWAITING],
        "late": total["late"], "late, kept": late,
        "in vain, %": round(100 * total["late"] / max(1, total["read"]), 2),
        "answered busy": total["busy"],
        "a decision with the next record, ms": {
            name: round(took[min(len(took) - 1, int(len(took) * share))])
            for name, share in (("median", 0.5), ("p95", 0.95), ("p99", 0.99), ("most", 1.0))
        },
        "servers' CPU ms a decision": round(1000 * sum(spent) / max(1, len(pairs)), 1),
        "seconds": round(seconds, 1), "decisions a second": round(len(pairs) / seconds, 1),
    }  # fmt: skip


def main() -> None:
    """Run a benchmark and print what it measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["pages", "queue"])
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--decisions", type=int, default=0)
    parser.add_argument("--reviewers", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pause", type=float, default=0.2)
    parser.add_argument("--postgres", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="review-bench-") as folder:
        os.chdir(folder)
        with database_url(postgres=asked.postgres) as url:
            if asked.what == "queue":
                found = queue(
                    url, asked.reviewers, asked.decisions or 5000, workers=asked.workers,
                    pause=asked.pause,
                )  # fmt: skip
            else:
                database = database_at(url)
                found = pages(database, asked.records, asked.decisions or 36_000)
                database.close()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
