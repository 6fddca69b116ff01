"""What programs read of a review: each resource over real numbers."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from review.db import Database
from review.export.views.run import run_of
from review.extraction.numbers import NUMBER_FIELDS
from review.living.runs.queries import newest_of_each, run_numbered, snapshot_of
from review.living.runs.results import Snapshot
from review.protocol.queries import review_called, reviews
from review.web.api.sending import plain

R = "/api/v1/reviews/cbt-delivery"
A = f"{R}/analyses/multimedia"


def _run(database: Database, number: int | None = None) -> tuple[str, Snapshot]:
    with database.reading() as session:
        review = review_called(session, "cbt-delivery")
        run = run_numbered(session, review, "multimedia", number)
        return run.key, snapshot_of(run)


def _read(client: TestClient, path: str, **asked: Any) -> Any:
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text, parse_constant=_no_number)


def _no_number(text: str) -> float:
    raise AssertionError(f"{text} is no JSON")


def _all(client: TestClient, path: str, **asked: Any) -> list[Any]:
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = _read(client, path, cursor=cursor, **asked)
        found += page["items"]
        cursor = page["next"]
    return found


def test_a_review_says_where_it_stands(reader: TestClient) -> None:
    (listed,) = _all(reader, "/api/v1/reviews")
    found = _read(reader, R)
    assert listed.items() <= found.items()
    assert (found["studies"], found["analyses"], found["status"]) == (76, 3, "living")
    assert {one["analysis"] for one in found["moved"]} >= {"multimedia"}
    assert found["last_at"].endswith("Z")
    protocol = _read(reader, f"{R}/protocol")
    assert len(protocol["analyses"]) == found["analyses"]
    assert all(one["instruments"] for one in protocol["outcomes"])


def test_effects_are_those_of_the_run(reader: TestClient, delivery: Database) -> None:
    key, (inputs, results) = _run(delivery, 2)
    rows = _read(reader, f"{A}/runs/2/effects")
    assert [(row["study"], row["yi"], row["vi"]) for row in rows] == [
        (one.study, one.yi, one.vi) for one in results.effects
    ]
    table = list(csv.DictReader(io.StringIO(reader.get(f"{A}/runs/2/effects.csv").text)))
    assert [(row["study"], float(row["yi"]), float(row["vi"])) for row in table] == [
        (one.study, one.yi, one.vi) for one in results.effects
    ]
    run = _read(reader, f"{A}/runs/2")
    assert (run["key"], run["pooled"]["estimate"]) == (key, results.pooled.estimate)
    assert [one["study"] for one in run["trials"]] == [one.study for one in inputs.trials]
    arms = [arm for one in run["trials"] for arm in one["intervention"]]
    entered = [arm for one in inputs.trials for arm in one.intervention]
    assert [arm["numbers"]["estimate"] for arm in arms] == [arm.numbers.estimate for arm in entered]
    assert run["plan"]["measure"] == inputs.plan.measure


@pytest.mark.parametrize("what", ["", "/effects", "/effects.csv"])
def test_what_a_run_keeps_is_fetched_once(
    reader: TestClient, delivery: Database, what: str
) -> None:
    key, _ = _run(delivery, 1)
    path = f"{A}/runs/1{what}"
    first = reader.get(path)
    assert first.headers["etag"] == f'"{key}"'
    assert "immutable" in first.headers["cache-control"]
    for having in (f'"{key}"', f'W/"{key}"', f'"x", "{key}"', "*"):
        again = reader.get(path, headers={"if-none-match": having})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == f'"{key}"'
    assert reader.get(path, headers={"if-none-match": '"x"'}).content == first.content
    assert reader.get(path.replace("/1", "/9", 1)).status_code == 404


def test_a_run_tells_no_conclusion_that_may_be_withheld_later(practice: Database) -> None:
    def conclusions(value: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            yield from (part for name, part in value.items() if "conclusion" in name)
            value = list(value.values())
        if isinstance(value, list):
            for part in value:
                yield from conclusions(part)

    with practice.reading() as session:
        (review,) = reviews(session)
        run = newest_of_each(session, review)[0]
        told, kept = plain(run_of(run)), plain(snapshot_of(run)[1])
    assert len(told["variants"]) == len(kept["variants"]) > 8
    assert len(set(conclusions(kept))) >= 2
    assert set(conclusions({**told, "plan": None})) == {None}


def test_an_analysis_says_what_it_concludes_now(reader: TestClient) -> None:
    now = _read(reader, A)
    assert now["conclusion"] == "superior"
    assert (now["run"], now["key"]) == (2, _read(reader, f"{A}/runs/2")["key"])


def test_runs_versions_and_what_moved(reader: TestClient) -> None:
    assert [one["number"] for one in _all(reader, f"{A}/runs", limit=1)] == [1, 2]
    (version,) = _all(reader, f"{A}/versions")
    assert (version["number"], version["runs"]) == (1, [1, 2])
    assert version["plan"]["title"] == "Multimedia CBT against control"
    change = _read(reader, f"{A}/change", **{"from": 1, "to": 2})
    assert change == _read(reader, f"{A}/change")
    assert "0.58" in json.dumps(change)
    assert "11 trials added" in json.dumps(_all(reader, f"{A}/runs"))
    assert reader.get(f"{A}/change?from=9").status_code == 404
    assert reader.get(f"{A}/change?from=x").json()["errors"][0]["field"] == "from"
    lines = {one["analysis"]: one for one in _all(reader, f"{R}/analyses", limit=2)}
    assert lines["multimedia"]["estimate"] == "0.80"


def test_studies_and_the_results_that_count(reader: TestClient, delivery: Database) -> None:
    studies = _all(reader, f"{R}/studies", limit=30)
    assert len({one["id"] for one in studies}) == 76
    (choi,) = _all(reader, f"{R}/studies", q="choi (2012)")
    study = _read(reader, f"{R}/studies/{choi['id']}")
    assert study["study"] == "Choi (2012)"
    results = _all(reader, f"{R}/results", limit=40)
    assert {one["study_id"] for one in results} == {one["id"] for one in studies}
    assert all(one["entry"] in ("single", "consensus") for one in results)
    assert any(one["page"] or one["report"] for one in results)
    table = list(csv.DictReader(io.StringIO(reader.get(f"{R}/results.csv").text)))
    assert [row["id"] for row in table] == [str(one["id"]) for one in results]
    for row, one in zip(table, results, strict=True):
        given = {name: float(row[name]) for name in NUMBER_FIELDS if row[name]}
        assert given == {n: one["numbers"][n] for n in NUMBER_FIELDS if n in one["numbers"]}
    _, (inputs, _results) = _run(delivery)
    known = {one["id"]: one["numbers"] for one in results}
    arms = [arm for trial in inputs.trials for arm in trial.intervention]
    assert len(arms) >= 17
    for arm in arms:
        assert known[arm.source.result_id]["estimate"] == arm.numbers.estimate


def test_the_history_comes_in_pages(reader: TestClient) -> None:
    first = _read(reader, f"{R}/history", limit=3)
    numbers = [one["seq"] for one in first["items"]]
    assert numbers == sorted(numbers, reverse=True)
    by_cursor = _read(reader, f"{R}/history", limit=3, cursor=first["next"])
    assert by_cursor == _read(reader, f"{R}/history", limit=3, before=numbers[-1])
    assert by_cursor["items"][0]["seq"] < numbers[-1]
    runs = _read(reader, f"{R}/history", entity="run")["items"]
    assert {one["entity"] for one in runs} == {"run"}
    assert reader.get(f"{R}/history?since=2026-01-01").status_code == 422
    assert _read(reader, f"{R}/flow")["review"] == "cbt-delivery"
    assert _all(reader, f"{R}/releases") == []


def test_no_number_of_json_is_none() -> None:
    told = plain({"a": (math.nan, math.inf, 1.5), "b": frozenset({2, 1})})
    assert told == {"a": [None, None, 1.5], "b": [1, 2]}
    with pytest.raises(TypeError, match="object"):
        plain(object())
