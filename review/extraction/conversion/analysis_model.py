"""How much the variance of a model that was fitted differs from that of two independent groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from review.effects import design_effect
from review.extraction.conversion.reported import Design, Lacking
from review.extraction.numbers import ReportedNumbers

FEWEST: Final = 4
"""Participants of both arms that the correction of g needs: J exists above 1 degree of freedom."""


NEEDS_SD: Final = "the SD of scores (sd, of the contrast or of both arms)"


NEEDS_BOTH: Final = f"the difference (estimate, metric MD) and {NEEDS_SD}"


@dataclass(frozen=True, slots=True)
class AnalysisModel:
    """How much a model's variance differs from that of two independent groups, and why."""

    design: Design
    r_squared: float | None
    """0 without adjustment; None where it is not known."""
    inflation: float | None
    """1 without clusters; None where it is not known."""
    apart: float | None
    """2(1 - r) of the periods; None where it is not known, or nothing is paired."""
    n1: int
    n2: int

    @property
    def plain(self) -> bool:
        """Whether two independent groups were compared as they are."""
        return self.used == frozenset()

    @property
    def used(self) -> frozenset[str]:
        """What of the design the model takes account of."""
        parts = {
            "adjusted": self.design.adjusted,
            "clusters": self.design.clusters is not None,
            "paired": self.design.paired,
        }
        return frozenset(name for name, there in parts.items() if there)

    @property
    def df(self) -> int:
        """Degrees of freedom of the model's t."""
        return min(self.n1, self.n2) - 1 if self.design.paired else self.n1 + self.n2 - 2

    @property
    def sizes(self) -> float:
        """Variance of a difference of means over that of scores, as for independent persons."""
        return 1.0 / self.n1 + 1.0 / self.n2

    def share(self, what: str, *, sd: str = NEEDS_SD) -> float:
        """Return the variance of the model's difference over the same of independent groups.

        Raises Lacking where it is not known; `what` names the statistics that hold it, `sd` what
        would do instead.
        """
        missing = list(self._missing(what, sd))
        if missing:
            raise Lacking("; and ".join(missing))
        assert self.r_squared is not None
        assert self.inflation is not None
        share = (1.0 - self.r_squared) * self.inflation
        if self.design.paired:
            assert self.apart is not None
            share = self.apart / min(self.n1, self.n2) / self.sizes * (1.0 - self.r_squared)
        if share <= 0.0:
            raise Lacking("a correlation of 1 leaves no variance: is it right?")
        return share

    def _missing(self, what: str, sd: str) -> Iterator[str]:
        if self.r_squared is None:
            yield (
                f"it is adjusted for covariates, so that {what} holds the SD left after "
                f"adjustment: enter {sd}, or the correlation of outcome and covariate "
                "(correlation, or r_squared of all covariates)"
            )
        if self.inflation is None:
            clusters = self.design.clusters
            assert clusters is not None
            wanted = [
                words
                for value, words in (
                    (clusters.size, "cluster_size"),
                    (clusters.icc, "the icc (or let the plan assume one)"),
                )
                if value is None
            ]
            yield (
                f"its analysis took account of clusters, so that {what} holds the design effect: "
                f"enter {' and '.join(wanted)}, or {sd}"
            )
        if self.design.paired and self.apart is None:
            yield (
                f"it compares periods within persons, so that {what} holds their correlation: "
                "enter it (correlation), let the plan assume one (crossover_correlation), or enter "
                f"{sd}"
            )

    @property
    def words(self) -> str:
        """What is taken out of a statistic, for a recipe."""
        told = []
        if self.r_squared:
            told.append(f"adjusted, R² {self.r_squared:.4g}")
        if self.inflation is not None and self.inflation != 1.0:
            told.append(
                f"design effect {self.inflation:.4g} (White & Thomas 2005), an interval or p taken "
                "as of n1 + n2 - 2 degrees of freedom"
            )
        if self.apart is not None:
            told.append(f"correlation of the periods {1.0 - self.apart / 2.0:.4g}")
        return "; ".join(told)


def r_squared_of(x: ReportedNumbers) -> float | None:
    """Return the share of variance that covariates explain, as reported or of their correlation."""
    if x.r_squared is not None:
        return x.r_squared
    return None if x.correlation is None else x.correlation**2


def analysis_model(x: ReportedNumbers, design: Design) -> AnalysisModel:
    """Return what is known of the model behind the numbers of a contrast."""
    n2 = x.versus_n if x.versus_n is not None or not design.paired else x.n
    if x.n is None or n2 is None:
        raise Lacking("it needs the arms' sizes (n and versus_n)")
    if x.n + n2 < FEWEST:
        raise Lacking(f"{x.n + n2} participants do not tell a spread within two arms")
    r_squared: float | None = 0.0
    if design.adjusted:
        r_squared = x.r_squared if design.paired else r_squared_of(x)
    inflation: float | None = 1.0
    if (c := design.clusters) is not None:
        known = c.size is not None and c.icc is not None
        inflation = design_effect(c.size or 1.0, c.icc or 0.0).value if known else None
    apart = None
    if design.paired:
        r = x.correlation if x.correlation is not None else design.correlation
        apart = None if r is None else 2.0 * (1.0 - r)
    return AnalysisModel(design, r_squared, inflation, apart, x.n, n2)
