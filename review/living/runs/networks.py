"""What a run keeps of a network beside the comparison that it decides on, as frozen values."""

from __future__ import annotations

from collections.abc import Sequence

from review.living.runs.contents import RunPart

Interval = tuple[float, float]


class ComparisonLine(RunPart):
    """A treatment against another: the network's estimate, and what it comes from.

    Positive favours `treatment`. `alone` pools the `k` trials that compare the two, with a tau² of
    their own; `direct` and `indirect` are of one model in which they may differ, and `split_p` is
    of the test that they do. All None where there is no such evidence.
    """

    treatment: str
    versus: str
    k: int
    estimate: float
    se: float
    p: float | None
    ci: Interval
    pi: Interval | None
    alone: float | None = None
    alone_ci: Interval | None = None
    direct: float | None = None
    direct_ci: Interval | None = None
    indirect: float | None = None
    indirect_ci: Interval | None = None
    split_p: float | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """The two treatments."""
        return self.treatment, self.versus

    @property
    def turned(self) -> ComparisonLine:
        """The same the other way round."""
        numbers = ("estimate", "alone", "direct", "indirect")
        limits = ("ci", "pi", "alone_ci", "direct_ci", "indirect_ci")
        turned: dict[str, object] = {"treatment": self.versus, "versus": self.treatment}
        for name in numbers:
            value = getattr(self, name)
            turned[name] = None if value is None else -value
        for name in limits:
            pair = getattr(self, name)
            turned[name] = None if pair is None else (-pair[1], -pair[0])
        return self.model_copy(update=turned)


class TreatmentLine(RunPart):
    """A treatment of a network: how many trials and participants have it, and its P-score."""

    name: str
    trials: int
    participants: int | None
    p_score: float


class Agreement(RunPart):
    """Whether designs (sets of treatments that trials compare) agree.

    Cochran's Q of the common-effect model within and between designs; `wald` allows for
    heterogeneity within designs. None where there is nothing to test.
    """

    designs: int
    q_within: float
    within_df: int
    within_p: float | None
    q_between: float
    between_df: int
    between_p: float | None
    wald: float | None
    wald_p: float | None


class Covariance(RunPart):
    """Sampling covariance of two comparisons of one trial, by their place among the effects."""

    first: int
    second: int
    value: float


class NetworkLine(RunPart):
    """A network as a run keeps it: every pair once, the deciding one first."""

    trials: int
    arms: int
    treatments: tuple[TreatmentLine, ...]
    """In the plan's order, the reference first."""
    comparisons: tuple[ComparisonLine, ...]
    agreement: Agreement
    covariances: tuple[Covariance, ...] = ()
    without: tuple[str, ...] = ()
    """Planned treatments that no trial of the network has."""

    @property
    def reference(self) -> str:
        """The treatment that the others are held against."""
        return self.treatments[0].name

    def comparison(self, treatment: str, versus: str) -> ComparisonLine:
        """Return a pair in the order asked; raises KeyError for a pair that is not there."""
        for line in self.comparisons:
            if line.pair == (treatment, versus):
                return line
            if line.pair == (versus, treatment):
                return line.turned
        raise KeyError((treatment, versus))

    @property
    def against_reference(self) -> Sequence[ComparisonLine]:
        """Each treatment against the reference, in the plan's order."""
        return [self.comparison(t.name, self.reference) for t in self.treatments[1:]]

    @property
    def ranked(self) -> Sequence[TreatmentLine]:
        """The treatments by P-score, the highest first."""
        return sorted(self.treatments, key=lambda line: -line.p_score)
