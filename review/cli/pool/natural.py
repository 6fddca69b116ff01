"""Blocks of `review pool` with their effects beside them as people read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from review.cli.pool.blocks import Block, natural
from review.measures import Measure

_EFFECTS: Final[Mapping[str, str]] = {
    "estimate": "", "limit_estimate": "", "median": "", "pred": "", "shrunken": "_shrunken",
    "ci": "_ci", "limit_ci": "_ci", "estimate_ci": "_ci", "pi": "_pi", "ci_lb": "_lb",
    "ci_ub": "_ub", "median_with": "_with", "median_without": "_without",
}  # fmt: skip
"""What of a block is on the scale of the effects, and what its name ends with on the natural one.
A posterior mean is not among them: only a median is transformed with its distribution."""

_NO_EFFECTS: Final = ("estimate", "I2", "tau2")
"""Parts that hold numbers by the same names."""

OF_EFFECTS: Final = ("diagnostics", "bayes", "bootstrap", "gosh")
"""Blocks whose estimates are effects; coefficients of a regression are not."""


def beside(block: Any, measure: Measure) -> Any:
    """Return a block with each effect transformed back beside it.

    A number gets one by the name of the natural scale (``RR``), its interval one with ``_ci`` or
    ``_pi`` behind it, and columns of numbers columns (``RR_lb``). Nothing is added where effects
    are read as they are.
    """
    one = natural(measure, 0.0, (0.0, 0.0))
    if one is None:
        return block

    def back(value: float) -> float:
        found = natural(measure, value, (value, value))
        assert found is not None
        return float(found["estimate"])

    return _beside(block, str(one["scale"]), back)


def _beside(block: Any, scale: str, back: Callable[[float], float]) -> Any:
    if isinstance(block, list):
        return [_beside(item, scale, back) for item in block]
    if not isinstance(block, dict):
        return block
    found: Block = {
        name: value if name in _NO_EFFECTS else _beside(value, scale, back)
        for name, value in block.items()
    }
    for name, ending in _EFFECTS.items():
        value = block.get(name)
        if isinstance(value, float):
            found[f"{scale}{ending}"] = back(value)
        elif isinstance(value, list | tuple) and value and isinstance(value[0], float):
            found[f"{scale}{ending}"] = [back(x) for x in value]
        elif isinstance(value, dict) and "median" in value:  # of all subsets
            found[f"{scale}{ending}"] = {of: back(x) for of, x in value.items()}
    return found
