"""Drawn plans: order and sides change nothing else, and both scripts give every number again."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest

from review.canonical import canonical_json
from review.errors import InvalidDataError
from review.export.reproduction.script import write_scripts
from review.export.runs import LatestRun
from review.living.runs.results import PooledLine
from tests.export.reproduction.drawn import Drawn, Lot
from tests.export.reproduction.programs import python, rscript
from tests.export.reproduction.synthetic import run
from tests.tiers import WHOLE, seeds

SEEDS = seeds(1, 4)
PLANS = 80 if WHOLE else 30


def drawn(seed: int) -> list[tuple[Drawn, LatestRun]]:
    """Those whose trials can be pooled: some have events on one side only, and are told so."""
    found = []
    for i, (chosen, trials, others) in enumerate(Lot(seed).plans(PLANS)):
        slug = f"drawn-{i}-{chosen.measure.lower()}"
        with contextlib.suppress(InvalidDataError):
            found.append(((chosen, trials, others), run(slug, chosen, trials, others)))
    assert len(found) > 0.9 * PLANS
    return found


def scripts(seed: int, folder: Path) -> Path:
    write_scripts("Drawn", [found for _, found in drawn(seed)], folder)
    return folder


def same(one: PooledLine | None, other: PooledLine | None, sign: int = 1) -> None:
    assert one is not None
    assert other is not None
    assert sign * other.estimate == pytest.approx(one.estimate, rel=1e-6, abs=1e-7)
    for name in ("se", "tau2", "Q", "I2", "p"):
        ours, theirs = getattr(one, name), getattr(other, name)
        assert (ours is None) == (theirs is None), name
        assert ours is None or theirs == pytest.approx(ours, rel=1e-5, abs=1e-6), name


@pytest.mark.parametrize("seed", SEEDS)
def test_order_and_sides_change_nothing_else(seed: int) -> None:
    for (chosen, trials, _), _ in drawn(seed):
        bare = chosen.model_copy(update={"variants": ()})
        base = run("base", bare, trials).results
        canonical_json(base.model_dump(mode="json"))  # which has no NaN
        shuffled = random.Random(seed).sample(trials, len(trials))
        same(base.pooled, run("shuffled", bare, shuffled).results.pooled)
        if trials[0].side is None:
            turned = [
                t.model_copy(update={"contrast_reversed": not t.contrast_reversed})
                if t.contrast
                else t.model_copy(
                    update={"intervention": t.comparator, "comparator": t.intervention}
                )
                for t in trials
            ]
            same(base.pooled, run("turned", bare, turned).results.pooled, -1)


@pytest.mark.parametrize("seed", SEEDS)
def test_plain_python_gives_every_number_again(seed: int, tmp_path: Path) -> None:
    done = python(scripts(seed, tmp_path) / "reproduce.py")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


@pytest.mark.skipif(not WHOLE, reason="the long tier: test_script.py asks R of every kind")
@pytest.mark.parametrize("seed", SEEDS)
def test_metafor_gives_every_number_again(seed: int, tmp_path: Path) -> None:
    done = rscript(scripts(seed, tmp_path) / "reproduce.R")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
