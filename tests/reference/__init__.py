"""Results of metafor for real and constructed data sets; see README.md in this folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Analysis:
    """One effect measure of one data set: its effects and what metafor makes of them."""

    dataset: str
    measure: str
    all_yi: NDArray[np.float64]
    """(rows,) one a data row, NaN where the row has no effect."""
    all_vi: NDArray[np.float64]
    pool: list[dict[str, Any]]
    diagnostics: dict[str, Any]
    """Empty where metafor fails on the data."""
    metareg: list[dict[str, Any]]

    @property
    def name(self) -> str:
        return f"{self.dataset}-{self.measure}"

    @property
    def used(self) -> NDArray[np.bool_]:
        """(rows,) rows that enter the analysis."""
        return np.isfinite(self.all_yi) & np.isfinite(self.all_vi)

    @property
    def yi(self) -> NDArray[np.float64]:
        return self.all_yi[self.used]

    @property
    def vi(self) -> NDArray[np.float64]:
        return self.all_vi[self.used]


@dataclass(frozen=True, slots=True)
class Reference:
    """One data set: where its table is, its analyses, and the dependent-effects models of some."""

    dataset: str
    data: Path
    analyses: tuple[Analysis, ...]
    multilevel: list[dict[str, Any]]
    correlated_hierarchical: list[dict[str, Any]]


def floats(values: list[float | None] | float | None) -> NDArray[np.float64]:
    """JSON numbers as an array, NaN for null; R writes a list of one as a bare number."""
    return np.atleast_1d(np.array(values if values is not None else np.nan, dtype=np.float64))


@cache
def references() -> tuple[Reference, ...]:
    """Every data set of ``expected/``, by name."""
    return tuple(_read(path) for path in sorted((FOLDER / "expected").glob("*.json")))


@cache
def reference(dataset: str) -> Reference:
    """The data set of this name."""
    return _read(FOLDER / "expected" / f"{dataset}.json")


def analyses() -> Iterator[Analysis]:
    """Every analysis of every data set."""
    for each in references():
        yield from each.analyses


@cache
def golden() -> dict[str, Any]:
    """The numbers of ``golden.json``, explained in its ``notes``."""
    values: dict[str, Any] = json.loads((FOLDER / "golden.json").read_text(encoding="utf-8"))
    return values


def _read(path: Path) -> Reference:
    content = json.loads(path.read_text(encoding="utf-8"))
    name = content["dataset"]
    return Reference(
        dataset=name,
        data=FOLDER / "data" / f"{name}.csv",
        analyses=tuple(
            Analysis(
                dataset=name,
                measure=a["measure"],
                all_yi=floats(a["effects"]["yi"]),
                all_vi=floats(a["effects"]["vi"]),
                pool=a["pool"],
                diagnostics=a.get("diagnostics") or {},
                metareg=a.get("metareg") or [],
            )
            for a in content["analyses"]
        ),
        multilevel=content.get("multilevel") or [],
        correlated_hierarchical=content.get("correlated_hierarchical") or [],
    )
