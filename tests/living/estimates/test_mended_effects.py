"""Effects that an earlier version computed wrongly: right now, and a run of then says why it moves.

`tests/faults` holds invented numbers of one truth, g 0.349 [-0.04, 0.74].
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from click.testing import Result

from review.config import settings
from review.db import database_at
from review.extraction.conversion import PLAIN
from review.living.inputs import candidates, trials
from tests.conftest import Prepared
from tests.faults import TABLES as FAULTS

Cli = Callable[..., Result]
Z = 1.959963984540054


@pytest.fixture
def entered(cli: Cli, prepared: Prepared[None]) -> Cli:
    def make() -> None:
        cli("new", "--file", FAULTS / "stat.yaml")
        cli("extract", "import", FAULTS / "wrong_effects.csv")

    prepared(make)
    return cli


def look_at_everything() -> None:
    """As the migration does, since formulas have changed and no number has."""
    database = database_at(settings().database_url)
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE job SET watermark = NULL"))
    database.engine.dispose()


def intervals(cli: Cli, analysis: str) -> dict[str, tuple[float, float, float]]:
    shown = json.loads(cli("runs", "show", analysis, "--json").stdout)
    return {
        one["study"]: (
            round(one["yi"], 2),
            round(one["yi"] - Z * math.sqrt(one["vi"]), 2),
            round(one["yi"] + Z * math.sqrt(one["vi"]), 2),
        )
        for one in shown["results"]["effects"]
    }


def test_an_adjusted_difference_and_one_of_clusters_give_the_truth_or_say_what_they_lack(
    entered: Cli,
) -> None:
    told = entered("repool").stdout
    assert intervals(entered, "g") == {
        "Raw truth": (0.35, -0.04, 0.74),
        "Cluster truth raw": (0.35, -0.13, 0.83),
        "Cluster MD from mixed model": (0.35, -0.13, 0.83),
    }
    words = " ".join(told.split())
    assert "ANCOVA same data r .7: the numbers do not give SMD: it is adjusted for covari" in words
    assert "or the correlation of outcome and covariate (correlation, or r_squared" in words


def test_a_run_of_an_earlier_version_moves_and_says_why(
    entered: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as then:  # as it was: every statistic taken for Student's
        then.setattr(candidates, "_design", lambda *_: PLAIN)
        for module in (candidates, trials):
            then.setattr(module, "ignores_clusters", lambda _, item: not item.clusters_analysed)
        entered("repool")
        assert intervals(entered, "g")["ANCOVA same data r .7"] == (0.49, 0.10, 0.88)
        assert intervals(entered, "g")["Cluster MD from mixed model"] == (0.29, -0.10, 0.68)
    before = entered("runs", "show", "g", "--json").stdout
    look_at_everything()
    words = " ".join(entered("repool").stdout.split())
    assert "With 1 trial removed and 1 trial corrected (4 to 3 trials)" in words
    assert "standardized by the SD without the design effect" in words
    assert "ANCOVA same data r .7 was removed: the numbers do not give SMD: it is adjust" in words
    assert "Nothing new" in entered("repool").stdout
    # the run of then stands as it was, and can be computed again
    was = json.loads(entered("runs", "show", "g", "-n", "1", "--json").stdout)
    assert was["results"] == json.loads(before)["results"]
    assert entered("runs", "recompute", "g").exit_code == 0


def test_runs_without_such_trials_stay(entered: Cli) -> None:
    entered("repool")
    look_at_everything()
    assert "Nothing new" in entered("repool").stdout
