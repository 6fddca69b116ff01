"""All results of each trial with random effects of their groups, and what a run keeps of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from review.arrays import Floats
from review.errors import InvalidDataError
from review.living.estimates.effects import TrialEffects
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.results import RunResults
from review.protocol.levels import RESULT, STUDY, WEEKS, names_of_levels, terms_of
from review.protocol.pairs import of_each_two
from review.protocol.rules import WITHOUT_TAU2, Plan
from review.synthesis.multivariate import (
    Multivariate,
    RandomEffect,
    multivariate,
    sampling_covariance,
)

MEAN: Final = "intrcpt"


class Compared(NamedTuple):
    """Whom an effect compares, where comparisons of one result stay apart."""

    intervention: str
    comparator: str
    n_intervention: int | None
    n_comparator: int | None


@dataclass(frozen=True, slots=True)
class LevelResult:
    """What one result gives to the model."""

    about: tuple[str, ...]
    """What was measured: two of one study that differ here correlate by rho."""
    named: tuple[tuple[str, str], ...]
    """What the run kept of the names that its plan's random effects and errors need."""
    sizes: tuple[int | None, int | None]
    yi: float
    vi: float
    trial: TrialInput = field(compare=False)

    def group(self, term: Sequence[str]) -> tuple[str, ...]:
        """Return its group of a random effect; InvalidDataError where the run kept no value."""
        own = {STUDY: str(self.trial.study_id), RESULT: f"{self.trial.study_id} {self._unit}"}
        return tuple(own[name] if name in own else self._value(name) for name in term)

    @property
    def _unit(self) -> str:
        return self.trial.measured or " ".join(self.about)

    def _value(self, name: str) -> str:
        value = self.trial.characteristic(name)
        if value is None:
            because = self.trial.because(name)
            raise InvalidDataError(f"{name} of {self.trial.study}: {because}")
        return str(value)

    @property
    def weeks(self) -> float:
        """When it was measured; InvalidDataError where the run kept no week."""
        return float(self._value(WEEKS))


@dataclass(frozen=True, slots=True)
class LevelStudy:
    """What a trial gives: all results that the plan accepts."""

    study: str
    results: tuple[LevelResult, ...]


@dataclass(frozen=True, slots=True)
class Levels:
    """A fitted model with random effects, with what it was fitted to.

    Attributes
    ----------
    model : Multivariate
        Tested by z; `ddf` is what tests of the mean go by.
    terms, groups
        Names of those in the model, and each effect's group of them; `without` are the others,
        with the count of their groups and the reason.
    V : (n, n)
        Covariances of sampling errors.
    """

    model: Multivariate
    studies: tuple[LevelStudy, ...]
    terms: tuple[str, ...]
    groups: tuple[tuple[tuple[str, ...], ...], ...]
    without: tuple[tuple[str, int, str], ...]
    V: Floats
    ddf: int | None

    @property
    def estimate(self) -> float:
        """The mean of all true effects."""
        return self.model.beta[0]

    @property
    def se(self) -> float:
        """Its standard error."""
        return self.model.se[0]

    @property
    def sigma2(self) -> tuple[float, ...]:
        """Variances of the terms in the model."""
        return tuple(one.tau2[0] for one in self.model.components)

    @property
    def p(self) -> float:
        """Of the mean against zero."""
        stat = -abs(self.estimate / self.se)
        return float(2 * (ndtr(stat) if self.ddf is None else stdtr(self.ddf, stat)))

    @property
    def quantile(self) -> float:
        """By which a standard error makes the half of an interval."""
        upper = (1 + self.model.level) / 2
        return float(ndtri(upper) if self.ddf is None else stdtrit(self.ddf, upper))

    @property
    def ci(self) -> tuple[float, float]:
        """The interval of the mean."""
        half = self.quantile * self.se
        return self.estimate - half, self.estimate + half

    @property
    def pi(self) -> tuple[float, float]:
        """Where the true effect of one result of new groups lies."""
        half = self.quantile * float(np.sqrt(self.se**2 + sum(self.sigma2)))
        return self.estimate - half, self.estimate + half

    @property
    def typical(self) -> float | None:
        """The typical sampling variance (Nakagawa & Santos 2012, eq. 4; Higgins & Thompson 2002).

        None of a single effect.
        """
        W = np.linalg.inv(self.V)
        rows = W.sum(axis=1)
        spread = float(np.trace(W) - rows @ rows / rows.sum())
        return (self.model.k - 1) / spread if self.model.k > 1 else None


def studies_of(inputs: RunInputs, effects: TrialEffects) -> tuple[LevelStudy, ...]:
    """Return the trials of a run as the model takes them, each by the number of its study."""
    found: dict[int, list[LevelResult]] = {}
    rows = zip(inputs.trials, effects.yi.tolist(), effects.vi.tolist(), effects.sizes, strict=True)
    for trial, y, v, sizes in rows:
        found.setdefault(trial.study_id, []).append(_result(inputs.plan, trial, y, v, sizes))
    return tuple(LevelStudy(str(study), tuple(own)) for study, own in found.items())


def _result(
    plan: Plan, trial: TrialInput, y: float, v: float, sizes: tuple[int | None, int | None]
) -> LevelResult:
    names = names_of_levels(plan.random, plan.phi)
    return LevelResult(
        about=(trial.instrument, trial.rater, trial.timepoint, trial.analysis_set),
        named=tuple((name, str(trial.characteristic(name))) for name in names),
        sizes=sizes,
        yi=y,
        vi=v,
        trial=trial,
    )


def _compared(result: LevelResult) -> Compared:
    trial = result.trial
    first = trial.contrast or trial.intervention[0]
    arms = [first.arm] if trial.contrast else [arm.arm for arm in trial.intervention]
    one, other = " + ".join(arms), " + ".join(arm.arm for arm in trial.comparator)
    if trial.comparator_share < 1:  # nobody of a share is in another
        other = f"{other}, share of {one}"
    return Compared(one, f"{other} (comparator)", *result.sizes)


def covariance_of(plan: Plan, studies: Sequence[LevelStudy], rho: float) -> Floats:
    """Return the covariances (n, n) of sampling errors: by `rho`, time and shared arms.

    Raises
    ------
    InvalidDataError
        Where the correlations assumed cannot be.
    """
    rows = [(one.study, result) for one in studies for result in one.results]
    clusters = [study for study, _ in rows]
    results = [result for _, result in rows]
    given: dict[str, object] = {}
    if plan.phi is not None:
        given |= {"time": [result.weeks for result in results], "phi": plan.phi}
    shared = shared_arms(plan, studies)
    if shared:
        given |= {
            "group": [one.intervention for one in shared],
            "other": [one.comparator for one in shared],
            "n_group": [one.n_intervention for one in shared],
            "n_other": [one.n_comparator for one in shared],
        }
    if plan.correlations:
        instruments = [result.trial.instrument for result in results]
        pairs = of_each_two(instruments, plan.correlations, rho)
        given |= {"kind": instruments, "rho_kind": pairs}
    return sampling_covariance(
        [result.vi for result in results],
        clusters,
        measurement=[result.about for result in results],
        rho_measurement=rho,
        **given,  # type: ignore[arg-type] # of each its own
    )


def shared_arms(plan: Plan, studies: Sequence[LevelStudy]) -> list[Compared]:
    """Return whom each effect compares, sizes 1 where a study does not tell all of its own.

    Empty where arms of one side are combined, so that nothing is shared.
    """
    found: list[Compared] = []
    for one in studies if plan.several_arms != "combine" else ():
        own = [_compared(result) for result in one.results]
        sized = all(c.n_intervention and c.n_comparator for c in own)
        found += own if sized else [c._replace(n_intervention=1, n_comparator=1) for c in own]
    return found


def _terms(
    plan: Plan, studies: Sequence[LevelStudy]
) -> tuple[list[RandomEffect], list[tuple[str, int, str]]]:
    """Return the terms that the data tell apart, and the others with their groups and reason."""
    results = [result for one in studies for result in one.results]
    kept: list[RandomEffect] = []
    without: list[tuple[str, int, str]] = []
    seen: dict[tuple[int, ...], str] = {}
    for names in terms_of(plan.random):
        name = " / ".join(names)
        groups = [result.group(names) for result in results]
        codes: dict[tuple[str, ...], int] = {}
        pattern = tuple(codes.setdefault(group, len(codes)) for group in groups)
        if len(codes) < 2:
            without.append((name, len(codes), "one group only: nothing differs between groups"))
        elif pattern in seen:
            why = f"the same groups as {seen[pattern]}, whose variance stands for both"
            without.append((name, len(codes), why))
        else:
            seen[pattern] = name
            kept.append(RandomEffect(groups, name=name))
    return kept, without


def fit_studies(plan: Plan, studies: Sequence[LevelStudy], rho: float | None = None) -> Levels:
    """Fit trials by a plan, their errors correlated by its `rho` or another.

    Raises
    ------
    InvalidDataError
        If there is no trial, or a correlation that is assumed cannot be.

    Notes
    -----
    By t, degrees of freedom are the fewest groups of a random effect less one (metafor's ``dfs =
    "contain"``): results of a study are no independent witnesses.
    """
    if not studies:
        raise InvalidDataError("no trial is left")
    V = covariance_of(plan, studies, plan.rho if rho is None else rho)
    common = plan.method in WITHOUT_TAU2
    kept, without = _terms(plan, studies)
    yi = [result.yi for one in studies for result in one.results]
    alone = common or not kept
    random = [] if alone else kept
    fitted = multivariate(yi, V, random, method="EE" if alone else plan.method, level=plan.level)
    groups = [len(set(term.group)) for term in random]
    ddf = min(groups, default=len(yi)) - 1 if plan.test == "t" else None
    return Levels(
        fitted,
        tuple(studies),
        tuple(term.name for term in random),
        tuple(tuple(term.group) for term in random),  # type: ignore[arg-type] # names, as `group` has them
        () if common else tuple(without),
        V,
        ddf or None,
    )


def fit(inputs: RunInputs, effects: TrialEffects, plan: Plan | None = None) -> Levels:
    """Fit a planned model with random effects, or by another plan; raises as `fit_studies`."""
    return fit_studies(plan or inputs.plan, studies_of(inputs, effects))


def fit_of_some(plan: Plan, studies: Sequence[LevelStudy]) -> Levels | None:
    """Fit some trials; None where they do not carry the model."""
    try:
        return fit_studies(plan, studies)
    except InvalidDataError:
        return None


def kept_studies(inputs: RunInputs, results: RunResults) -> dict[int, LevelStudy]:
    """Return the trials of a stored run by study, in their order, as they were fitted."""
    effects = TrialEffects(
        yi=np.array([effect.yi for effect in results.effects]),
        vi=np.array([effect.vi for effect in results.effects]),
        sizes=tuple((e.n_intervention, e.n_comparator) for e in results.effects),
        recipes=(),
    )
    return {int(one.study): one for one in studies_of(inputs, effects)}


def i2_of(fitted: Levels) -> tuple[float, tuple[float, ...]]:
    """Return percent of variance that is heterogeneity, in all and of each term."""
    typical = fitted.typical
    if typical is None:
        return 0.0, tuple(0.0 for _ in fitted.sigma2)
    whole = sum(fitted.sigma2) + typical
    each = tuple(100 * sigma2 / whole for sigma2 in fitted.sigma2)
    return sum(each), each


def without_each(plan: Plan, fitted: Levels) -> Iterator[Multivariate]:
    """Yield the model without each of its terms in turn."""
    kept, _ = _terms(plan, fitted.studies)
    yi = [result.yi for one in fitted.studies for result in one.results]
    for place in range(len(kept)):
        others = [*kept[:place], *kept[place + 1 :]]
        yield multivariate(yi, fitted.V, others, method=plan.method, level=plan.level)


def clusters_of(fitted: Levels) -> list[int]:
    """Return a number for each effect, alike where a study or a group of any term joins two."""
    rows = [one.study for one in fitted.studies for _ in one.results]
    above = list(range(len(rows)))

    def top(row: int) -> int:
        while above[row] != row:
            row = above[row]
        return row

    first: dict[tuple[object, ...], int] = {}
    for row, study in enumerate(rows):
        for joins in ((STUDY, study), *((i, of[row]) for i, of in enumerate(fitted.groups))):
            above[top(row)] = top(first.setdefault(joins, row))
    return [top(row) for row in range(len(rows))]


def weights(fitted: Levels) -> Floats:
    """Return of each effect (n,) its weight in the mean, percent; the row sums of metafor.

    Those of strongly correlated errors may be negative.
    """
    return fitted.model.weights()
