"""League tables and P-scores against metafor's coefficients, and netmeta's published example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from review.synthesis.network import interaction, network
from tests.synthesis.test_network import SETS, studies_of

LEAGUES: dict[str, Any] = json.loads(
    (Path(__file__).parent / "league.json").read_text(encoding="utf-8")
)


def test_every_network_has_its_league() -> None:
    assert LEAGUES.keys() == SETS.keys()
    assert sum(len(found["REML"]["pairs"]) for found in LEAGUES.values()) == 119


@pytest.mark.parametrize(("method", "rel"), [("EE", 1e-7), ("REML", 2e-4)])
@pytest.mark.parametrize("name", SETS)
def test_every_pair_and_rank_follows_metafor(name: str, method: str, rel: float) -> None:
    """rma.mv stops within 1e-10 of its likelihood, so that REML's tau2 has about five digits."""
    expected = LEAGUES[name][method]
    found = network(studies_of(name), method=method, test="z")
    for pair in expected["pairs"]:
        d = found.difference(pair["a"], pair["b"])
        assert (d.estimate, *d.ci) == pytest.approx(
            (pair["estimate"], *pair["ci"]), rel=rel, abs=rel / 10
        )
        assert d.se == pytest.approx(pair["se"], rel=rel)
        assert d.p == pytest.approx(pair["p"], rel=10 * rel, abs=1e-7)
    assert found.p_scores(higher_is_better=True) == pytest.approx(expected["scores"], abs=rel / 10)


def test_netmetas_published_example() -> None:
    """Senn et al. 2013 as netmeta prints it, from contrasts that are rounded to two decimals."""
    found = interaction(network(studies_of("senn2013"), method="EE", test="z"))
    assert (found.within_df, found.between_df) == (11, 7)
    assert found.within + found.between == pytest.approx(96.99, abs=0.02)
    assert (found.within, found.between) == pytest.approx((74.46, 22.53), abs=0.02)
