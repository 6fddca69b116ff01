"""A planned network: one fit of all its trials, and what a run keeps of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from review.arrays import Floats
from review.errors import InvalidDataError
from review.living.estimates.effects import TrialEffects, Within
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.networks import (
    Agreement,
    ComparisonLine,
    Covariance,
    NetworkLine,
    TreatmentLine,
)
from review.living.runs.results import AgainstLine, PooledLine, RunResults
from review.protocol.rules import WITHOUT_TAU2, Plan
from review.synthesis import Method, Test
from review.synthesis.network import (
    Comparison,
    Difference,
    Interaction,
    Network,
    NetworkStudy,
    compare,
    interaction,
    network,
)
from review.synthesis.pooled import TAU2_CI_EMPTY


def studies_of(inputs: RunInputs, effects: TrialEffects) -> tuple[NetworkStudy, ...]:
    """Return the trials of a run as the engine takes them, each by the number of its study."""
    found = []
    for within in effects.within:
        first = inputs.trials[within.rows[0]]
        treated = [inputs.trials[row].treatments[0] for row in within.rows]
        size = len(treated) + 1
        covariance = np.zeros((size, size))
        covariance[1:, 1:] = within.covariance
        found.append(
            NetworkStudy(
                str(first.study_id),
                (_versus(first), *treated),
                (0.0, *(float(effects.yi[row]) for row in within.rows)),
                tuple(tuple(row) for row in covariance.tolist()),
            )
        )
    return tuple(found)


def _versus(trial: TrialInput) -> str:
    return trial.treatments[-1]


def fit(inputs: RunInputs, effects: TrialEffects) -> Network:
    """Fit a planned network; its reference is the comparator.

    Raises InvalidDataError where the two treatments that the plan decides on are not in it, or it
    falls apart.
    """
    return fit_studies(inputs.plan, studies_of(inputs, effects))


def fit_studies(plan: Plan, studies: Sequence[NetworkStudy]) -> Network:
    """Fit trials by a plan; raises InvalidDataError as `fit` does."""
    there = {treatment for study in studies for treatment in study.treatments}
    for rule in (plan.intervention, plan.comparator):
        if rule.label not in there:
            raise InvalidDataError(
                f"no trial of the network has {rule.label}, so that it cannot be compared; the "
                f"network has {', '.join(sorted(there)) or 'no trial'}"
            )
    return network(
        studies,
        reference=plan.comparator.label,
        method=Method(plan.method),
        test=Test(plan.test),
        level=plan.level,
    )


def deciding_line(plan: Plan, fitted: Network) -> PooledLine:
    """Return the comparison that a plan decides on as a pooled line; k is trials of the network.

    tau², Q and I² (from Q) are of the whole network.
    """
    found = decided(plan, fitted)
    normal = found
    if fitted.ddf is not None:
        studies = fitted.layout.studies
        plain = network(
            studies, reference=fitted.reference, method=fitted.method, test="z", level=fitted.level
        )
        normal = plain.difference(found.treatment, found.versus)
    random = plan.method not in WITHOUT_TAU2
    empty = fitted.tau2_ci == (0.0, 0.0)
    q_per_df = fitted.q / fitted.q_df if fitted.q_df else 1.0
    return PooledLine(
        k=fitted.k,
        measure=plan.measure.value,
        method=plan.method,
        test=plan.test,
        level=fitted.level,
        estimate=found.estimate,
        se=found.se,
        stat=found.estimate / found.se if found.se > 0 else None,
        ddf=fitted.ddf,
        p=found.p if found.se > 0 else None,
        ci=found.ci,
        z_ci=normal.ci,
        pi=found.pi if random and fitted.q_df else None,
        tau2=fitted.tau2 if random else None,
        se_tau2=None,
        tau2_ci=None if empty else fitted.tau2_ci,
        I2=fitted.i2 or 0.0,
        H2=max(1.0, q_per_df),
        Q=fitted.q,
        Q_df=fitted.q_df,
        Q_p=fitted.q_p,
        notes=(*fitted.notes, *((TAU2_CI_EMPTY,) if empty and random else ())),
    )


def against_reference(plan: Plan, fitted: Network) -> tuple[AgainstLine, ...]:
    """Return the treatments beside the two that decide against the reference, as planned."""
    return tuple(
        against_line(fitted.difference(rule.label, plan.comparator.label))
        for rule in plan.other_treatments
        if rule.label in fitted.treatments
    )


def against_line(found: Difference) -> AgainstLine:
    """Return a treatment against the reference as a run keeps it beside another line."""
    return AgainstLine(
        treatment=found.treatment, estimate=found.estimate, ci=found.ci,
        p=found.p if found.se > 0 else None,
    )  # fmt: skip


def weights(inputs: RunInputs, fitted: Network) -> Floats:
    """Return of each comparison its share of the deciding estimate, percent (n,).

    The estimate is a sum of the trials' comparisons, each times a coefficient; shares are those of
    the coefficients' sizes. Of two treatments they are the weights of pooling.
    """
    size = np.abs(coefficients(inputs, fitted))
    found: Floats = 100 * size / size.sum()
    return found


def coefficients(inputs: RunInputs, fitted: Network) -> Floats:
    """Return by what each comparison (n,) enters the estimate that the plan decides on.

    References
    ----------
    Krahn, Binder & König 2013, BMC Med Res Methodol 13:35, eq. 4: a row of the hat matrix.
    """
    lay, plan = fitted.layout, inputs.plan
    others = [i for i, name in enumerate(lay.treatments) if name != fitted.reference]
    X, w = lay.arms[:, others], 1 / (lay.v + fitted.tau2)
    bread = np.linalg.inv((X * w[:, None]).T @ X)
    asked = [lay.treatments[i] == plan.intervention.label for i in others]
    by_row = bread[asked.index(True)] @ (X * w[:, None]).T
    rows_of: dict[str, list[int]] = {}
    for row, number in enumerate(lay.of):
        rows_of.setdefault(lay.studies[number].study, []).append(row)
    return np.array(
        [
            by_row[rows] @ lay.arms[:, lay.treatments.index(trial.treatments[0])][rows]
            for trial in inputs.trials
            for rows in [rows_of[str(trial.study_id)]]
        ]
    )


def network_line(inputs: RunInputs, effects: TrialEffects, fitted: Network) -> NetworkLine:
    """Return what a run keeps of a network beside its deciding comparison."""
    plan = inputs.plan
    planned = [rule.label for rule in plan.treatments]
    there = [name for name in planned if name in fitted.treatments]
    compared = {
        frozenset((c.treatment, c.versus)): _comparison(c, planned) for c in compare(fitted)
    }
    pairs = [(b, a) for i, a in enumerate(there) for b in there[i + 1 :]]
    pairs.sort(key=lambda pair: pair != (plan.intervention.label, plan.comparator.label))
    scores = fitted.p_scores(higher_is_better=True)
    return NetworkLine(
        trials=fitted.k,
        arms=fitted.arms,
        treatments=tuple(_treatment(inputs, effects, name, scores[name]) for name in there),
        comparisons=tuple(compared[frozenset(pair)] for pair in pairs),
        agreement=agreement_of(interaction(fitted)),
        covariances=covariances_within(effects.within),
        without=tuple(name for name in planned if name not in there),
    )


def covariances_within(trials: Iterable[Within]) -> tuple[Covariance, ...]:
    """Return the sampling covariance of each two comparisons of a trial."""
    return tuple(
        Covariance(first=within.rows[i], second=within.rows[j], value=within.covariance[i][j])
        for within in trials
        for i in range(len(within.rows))
        for j in range(i + 1, len(within.rows))
    )


def agreement_of(design: Interaction) -> Agreement:
    """Return whether designs agree as a run keeps it."""
    return Agreement(
        designs=design.designs,
        q_within=design.within,
        within_df=design.within_df,
        within_p=design.within_p,
        q_between=design.between,
        between_df=design.between_df,
        between_p=design.between_p,
        wald=design.wald,
        wald_p=design.wald_p,
    )


def _comparison(found: Comparison, planned: Sequence[str]) -> ComparisonLine:
    """Return a pair as the plan orders it: the treatment that it names later against the other."""
    line = ComparisonLine(
        treatment=found.treatment,
        versus=found.versus,
        k=found.k,
        estimate=found.network.estimate,
        se=found.network.se,
        p=found.network.p,
        ci=found.network.ci,
        pi=found.network.pi,
        alone=found.pairwise.estimate if found.pairwise is not None else None,
        alone_ci=found.pairwise.ci if found.pairwise is not None else None,
        direct=found.direct.estimate if found.direct is not None else None,
        direct_ci=found.direct.ci if found.direct is not None else None,
        indirect=found.indirect.estimate if found.indirect is not None else None,
        indirect_ci=found.indirect.ci if found.indirect is not None else None,
        split_p=found.split.p if found.split is not None else None,
    )
    return line if planned.index(line.treatment) > planned.index(line.versus) else line.turned


def _treatment(
    inputs: RunInputs, effects: TrialEffects, name: str, p_score: float
) -> TreatmentLine:
    sizes: dict[int, int | None] = {}
    for trial, (one, other) in zip(inputs.trials, effects.sizes, strict=True):
        if name in trial.treatments:
            sizes[trial.study_id] = one if name == trial.treatments[0] else other
    return TreatmentLine(
        name=name, trials=len(sizes), participants=_total(sizes.values()), p_score=p_score
    )


def _total(sizes: Iterable[int | None]) -> int | None:
    known = list(sizes)
    return None if None in known else sum(size for size in known if size is not None)


def kept_studies(inputs: RunInputs, results: RunResults) -> dict[int, NetworkStudy]:
    """Return the trials of a stored network by study, in their order, as they were fitted."""
    line = results.network
    assert line is not None
    shared = {(c.first, c.second): c.value for c in line.covariances}
    rows_of: dict[int, list[int]] = {}
    for row, trial in enumerate(inputs.trials):
        rows_of.setdefault(trial.study_id, []).append(row)
    effects = TrialEffects(
        yi=np.array([effect.yi for effect in results.effects]),
        vi=np.array([effect.vi for effect in results.effects]),
        sizes=tuple((e.n_intervention, e.n_comparator) for e in results.effects),
        recipes=tuple(effect.recipe for effect in results.effects),
        within=tuple(
            Within(
                tuple(rows),
                tuple(
                    tuple(
                        results.effects[i].vi if i == j else shared[min(i, j), max(i, j)]
                        for j in rows
                    )
                    for i in rows
                ),
            )
            for rows in rows_of.values()
        ),
    )
    return dict(zip(rows_of, studies_of(inputs, effects), strict=True))


def fit_of_some(plan: Plan, studies: Sequence[NetworkStudy]) -> Network | None:
    """Fit some trials of a network; None where they do not join the deciding treatments."""
    try:
        return fit_studies(plan, studies)
    except InvalidDataError:
        return None


def decided(plan: Plan, fitted: Network) -> Difference:
    """Return the comparison that a plan decides on."""
    return fitted.difference(plan.intervention.label, plan.comparator.label)
