"""Trials that a program makes up: what they would do, by closed forms and by those there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.special import gammaln
from starlette.testclient import TestClient

from review.config import settings
from review.db import Database
from review.export.views.analysis import load, what_if_of
from review.history.queries import head
from review.living.runs.contents import ArmInput, as_stored
from review.living.runs.queries import newest_of_each, snapshot_of
from review.protocol.queries import reviews
from review.web.app import create_app
from review.web.settings import WebSettings
from tests.web.conftest import KEY


@pytest.fixture
def program(practice: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """Who made the review of invented trials."""
    monkeypatch.setenv("REVIEW_ACTOR", "ada")
    settings.cache_clear()
    app = create_app(practice, WebSettings(key=KEY))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        client.get(f"/enter?key={KEY}")
        token = re.search(r'name="token" value="([^"]+)"', client.get("/account").text)
        assert token is not None
        client.headers.update({"x-token": token[1], "origin": "http://127.0.0.1:8000"})
        yield client
    settings.cache_clear()


@pytest.fixture
def run(practice: Database) -> Any:
    """The newest run of the first analysis: its address, inputs, and results."""
    with practice.reading() as session:
        (review,) = reviews(session)
        found = newest_of_each(session, review)[0]
        path = f"/api/v1/reviews/{review.slug}/analyses/{found.version.analysis.slug}"
        return path, *snapshot_of(found)


def _numbers(arm: ArmInput) -> dict[str, Any]:
    return {name: value for name, value in as_stored(arm.numbers).items() if value is not None}


def test_a_trial_made_up_as_it_is_changes_nothing(
    program: TestClient, practice: Database, run: Any
) -> None:
    path, inputs, results = run
    assert inputs.plan.measure == "SMD"
    with practice.reading() as session:
        before = head(session)
    tried = 0
    for trial, effect in zip(inputs.trials, results.effects, strict=True):
        if trial.parts or trial.crossover or trial.cluster_size is not None:
            continue  # a made-up trial is of independent persons
        sides = {"intervention": trial.intervention, "comparator": trial.comparator}
        made = {
            "study": trial.study,
            "instrument": trial.instrument,
            **{side: _numbers(arms[0]) for side, arms in sides.items() if len(arms) == 1},
        }
        if trial.contrast is not None or len(made) != 4:
            continue
        tried += 1
        answer = program.post(
            f"{path}/preview", json={"trials": [made], "without": [trial.study_id]}
        )
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told["effects"][-1]["yi"] == pytest.approx(effect.yi, abs=1e-12)
        assert told["effects"][-1]["vi"] == pytest.approx(effect.vi, abs=1e-12)
        assert told["pooled"]["estimate"] == pytest.approx(results.pooled.estimate, abs=1e-10)
        assert told["pooled"]["ci"] == pytest.approx(results.pooled.ci, abs=1e-10)
        assert (told["flipped"], told["added"]) == (False, [trial.study])
    assert tried >= 4
    with practice.reading() as session:
        assert head(session) == before


def test_a_new_trial_has_the_effect_of_the_closed_form(program: TestClient, run: Any) -> None:
    path, inputs, results = run
    sides = {"intervention": (40, 9.5, 5.0), "comparator": (35, 13.0, 6.0)}
    made = {
        side: {"n": n, "mean": mean, "sd": sd} for side, (n, mean, sd) in sides.items()
    }  # fmt: skip
    trial = inputs.trials[0]
    body = {"trials": [{"study": "Made up", "instrument": trial.instrument, **made}]}
    told = program.post(f"{path}/preview", json=body).json()
    df = 40 + 35 - 2
    pooled_sd = ((39 * 5.0**2 + 34 * 6.0**2) / df) ** 0.5
    j = float(pytest.importorskip("numpy").exp(gammaln(df / 2) - gammaln((df - 1) / 2)))
    g = (9.5 - 13.0) / pooled_sd * j / (df / 2) ** 0.5
    new = told["effects"][-1]
    assert new["yi"] == pytest.approx(g if trial.higher_is_better else -g, abs=1e-12)
    assert new["vi"] == pytest.approx(1 / 40 + 1 / 35 + g**2 / (2 * 75), abs=1e-12)
    assert (new["study_id"], told["pooled"]["k"]) == (-1, results.pooled.k + 1)
    assert told["before"]["estimate"] == results.pooled.estimate
    assert told["sentence"].startswith("Adding") or "Made up" in str(told["added"])


def test_without_trials_it_is_the_what_if_of_the_pages(
    program: TestClient, practice: Database, run: Any
) -> None:
    path, inputs, _ = run
    off = inputs.trials[0].study_id
    told = program.post(f"{path}/preview", json={"without": [off]}).json()
    with practice.reading() as session:
        (review,) = reviews(session)
        same = what_if_of(load(session, review, path.rpartition("/")[2]), [off])
    assert told["pooled"]["estimate"] == pytest.approx(same.pooled.estimate, abs=1e-12)
    assert [one["study"] for one in told["removed"]] == [inputs.trials[0].study]


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"intervention": {"n": 40, "mean": 1, "sd": -5}}, "sd"),
    ({"intervention": {"n": 0, "mean": 1, "sd": 5}}, "n: "),
    ({"intervention": {"mean_score": 1}}, "no column mean_score"),
    ({"intervention": {"towards": 1}}, "no column towards"),
    ({}, "give both sides"),
    ({"instrument": "none"}, "no instrument"),
    ({"intervention": {"n": 40, "mean": 1}, "comparator": {"n": 40, "mean": 1}}, "made up"),
    ({"intervention": {"n": 40, "mean": 1, "sd": 5}}, "give both sides"),
)  # fmt: skip


@pytest.mark.parametrize(("given", "words"), WRONG, ids=str)
def test_what_gives_no_effect_says_why(
    program: TestClient, run: Any, given: dict[str, Any], words: str
) -> None:
    path, inputs, _ = run
    trial = {"study": "Made up", "instrument": inputs.trials[0].instrument, **given}
    answer = program.post(f"{path}/preview", json={"trials": [trial]})
    assert answer.status_code == 422
    assert words in answer.text.lower()


def test_nothing_left_is_said(program: TestClient, run: Any) -> None:
    path, inputs, _ = run
    off = [trial.study_id for trial in inputs.trials]
    answer = program.post(f"{path}/preview", json={"without": off})
    assert (answer.status_code, "no trial" in answer.text.lower()) == (422, True)


NUMBERS = st.dictionaries(
    st.sampled_from(["n", "mean", "sd", "se", "median", "q1", "q3", "estimate", "t", "p", "f"]),
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-2, 200) | st.just("NR"),
)
SIDES = st.sampled_from(["intervention", "comparator", "contrast"])


def test_whatever_numbers_are_made_up_it_answers(program: TestClient, run: Any) -> None:
    path, inputs, _ = run

    @example({"intervention": {"n": 1, "mean": 1e308, "sd": 1e-308}, "comparator": {"n": 1}})
    @example({side: {"n": 2, "mean": sign * 1e200, "sd": 1e150} for side, sign in PAIR})
    @example({"contrast": {"n": 3, "versus_n": 3, "estimate": 1e308, "se": 1e-200, "metric": "d"}})
    @example({"contrast": {"n": 3, "versus_n": 3, "estimate": 0, "se": 1e200, "metric": "d"}})
    @example({side: {"n": 20, "estimate": 1, "p": 0.01, "metric": METRIC} for side, _ in PAIR})
    @example({side: {"n": 20, "estimate": 1, "se": 1e200, "metric": METRIC} for side, _ in PAIR})
    @example({side: {"n": 20, "estimate": 1e200, "se": 1, "metric": METRIC} for side, _ in PAIR})
    @given(st.dictionaries(SIDES, NUMBERS, min_size=1))
    @hypothesis_settings(max_examples=40, deadline=None, derandomize=True, database=None)
    def answers(sides: dict[str, Any]) -> None:
        trial = {"study": "Made up", "instrument": inputs.trials[0].instrument, **sides}
        answer = program.post(f"{path}/preview", json={"trials": [trial]})
        assert answer.status_code in (200, 422), answer.text
        json.loads(answer.text, parse_constant=lambda text: pytest.fail(f"{text} is no JSON"))

    answers()


METRIC = "standardized mean change"
PAIR = (("intervention", 1), ("comparator", -1))
