"""A module's tests are found at its path, or from the code, or where the module says."""

from __future__ import annotations

import pytest

from tests.where import ROOT, modules, where

MODULES = [name for name, path in modules().items() if path.stem not in ("__init__", "__main__")]


@pytest.mark.parametrize("stage", sorted({name.split(".")[1] for name in MODULES}))
def test_every_module_has_tests_that_are_found(stage: str) -> None:
    of_stage = [name for name in MODULES if name.split(".")[1] == stage]
    nowhere = [name for name in of_stage if not where(name).files]
    assert nowhere == []
    missing = {
        file for name in of_stage for file in where(name).files if not (ROOT / file).exists()
    }
    assert missing == set()


def test_what_is_found_is_what_a_reader_would_find() -> None:
    assert where("review.synthesis.pooling").how == "at its path"
    assert where("review.effects.rates").how.startswith("of review.effects.escalc")
    assert "tests/cli/screen/test_judging.py" in where("review.cli.screen.judging").files
