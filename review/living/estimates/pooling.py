"""Pooling many analyses at once: the only place where runs' results come from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy.special import ndtri

from review.arrays import Floats
from review.living.estimates import jointly, levels
from review.living.estimates.attenuation import attenuation_notes
from review.living.estimates.counts import of_time, pool_tables
from review.living.estimates.effects import TrialEffects
from review.living.estimates.heterogeneity import heterogeneity_lines
from review.living.estimates.level_lines import levels_line, levels_pooled
from review.living.estimates.linking import linking_notes
from review.living.estimates.moderators import moderator_lines
from review.living.estimates.network_moderators import network_moderator_lines
from review.living.estimates.networks import deciding_line, fit, network_line, weights
from review.living.estimates.posterior import posterior_line
from review.living.estimates.sensitivity import variant_lines
from review.living.estimates.whole_variants import whole_variant_lines
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.results import Effect, MarginReading, Natural, PooledLine, RunResults
from review.living.runs.sizes import caution, natural_of
from review.measures import OF_COUNTS, PER_TIME, AnalysisKind
from review.protocol.rules import WITHOUT_TAU2, Plan
from review.synthesis import Method, Pooled, Test, cumulative, pool_many
from review.synthesis.noninferiority import classify, noninferiority_p


def pool_inputs(
    analyses: Sequence[tuple[RunInputs, TrialEffects]],
) -> list[RunResults]:
    """Return the results of analyses with at least one trial each, in their order.

    All analyses of one model are pooled in one batch.
    """
    by_model: dict[tuple[str, str, float, str], list[int]] = defaultdict(list)
    results: dict[int, RunResults] = {}
    for index, (inputs, effect) in enumerate(analyses):
        if inputs.plan.kind is AnalysisKind.NETWORK:
            results[index] = _network_results(inputs, effect)
            continue
        if inputs.plan.is_joint:
            results[index] = _joint_results(inputs, effect)
            continue
        if inputs.plan.random:
            results[index] = _levels_results(inputs, effect)
            continue
        if inputs.plan.method in OF_COUNTS:
            results[index] = _results(inputs, effect, pool_tables(inputs.plan, inputs.trials))
            continue
        plan = inputs.plan
        by_model[plan.method, plan.test, plan.level, plan.prediction].append(index)
    for (method, test, level, prediction), rows in by_model.items():
        effects = [analyses[i][1] for i in rows]
        yi = np.concatenate([e.yi for e in effects])
        vi = np.concatenate([e.vi for e in effects])
        offsets = np.concatenate([[0], np.cumsum([e.yi.size for e in effects])])
        pooled = pool_many(
            yi, vi, offsets, method=Method(method), test=Test(test), level=level, tau2_ci=True,
            prediction=prediction,
        )  # fmt: skip
        for row, index in enumerate(rows):
            inputs, effect = analyses[index]
            results[index] = _results(inputs, effect, pooled[row])
    return [results[index] for index in range(len(analyses))]


def pool_prefixes(
    plan: Plan,
    yi: Floats,
    vi: Floats,
    trials: Sequence[TrialInput] = (),
) -> Iterator[Pooled]:
    """Return the pooled estimates of the first 1, 2, … k trials, k at least 1.

    Mantel-Haenszel and Peto pool the counts of `trials`, given in the order of the effects.
    """
    if plan.method in OF_COUNTS:
        return (pool_tables(plan, trials[:n]) for n in range(1, yi.size + 1))
    return iter(
        cumulative(yi, vi, method=Method(plan.method), test=Test(plan.test), level=plan.level)
    )


def _z_interval(pooled: Pooled, model_se: float) -> tuple[float, float]:
    half = float(ndtri((1 + pooled.level) / 2)) * model_se
    return (pooled.estimate - half, pooled.estimate + half)


def _model_se(effects: TrialEffects, tau2: float) -> float:
    """Standard error of the inverse-variance mean, before any Hartung-Knapp factor."""
    return float(1 / np.sqrt(np.sum(1 / (effects.vi + tau2))))


def _results(inputs: RunInputs, effects: TrialEffects, pooled: Pooled) -> RunResults:
    counted = inputs.plan.method in OF_COUNTS
    z_ci = pooled.ci if counted else _z_interval(pooled, _model_se(effects, pooled.tau2))
    line = PooledLine(
        k=pooled.k,
        measure=inputs.plan.measure.value,
        method=inputs.plan.method,
        test=inputs.plan.test,
        level=pooled.level,
        estimate=pooled.estimate,
        se=pooled.se,
        stat=pooled.stat if pooled.tested else None,
        ddf=pooled.ddf,
        p=pooled.p if pooled.tested else None,
        ci=pooled.ci,
        z_ci=z_ci,
        pi=pooled.pi,
        tau2=None if inputs.plan.method in WITHOUT_TAU2 else pooled.tau2,
        se_tau2=pooled.se_tau2,
        tau2_ci=None if pooled.tau2_ci_empty else pooled.tau2_ci,
        I2=pooled.I2,
        H2=pooled.H2,
        Q=pooled.Q,
        Q_df=pooled.Q_df,
        Q_p=pooled.Q_p,
        notes=(*pooled.notes, *caution(inputs), *attenuation_notes(inputs), *linking_notes(inputs)),
        natural=_natural(inputs, pooled),
    )
    return RunResults(
        effects=_effect_lines(inputs, effects, pooled.weights),
        pooled=line,
        readings=tuple(_reading(line, margin) for margin in inputs.plan.margins or (None,)),
        variants=variant_lines(inputs, effects),
        moderators=moderator_lines(inputs, effects),
        heterogeneity=heterogeneity_lines(inputs, effects),
        posterior=posterior_line(inputs, effects),
    )


def _network_results(inputs: RunInputs, effects: TrialEffects) -> RunResults:
    """Return the comparison that the plan decides on as the pooled line, and the network."""
    fitted = fit(inputs, effects)
    line = deciding_line(inputs.plan, fitted)
    return RunResults(
        effects=_effect_lines(inputs, effects, weights(inputs, fitted)),
        pooled=line,
        readings=tuple(_reading(line, margin) for margin in inputs.plan.margins or (None,)),
        variants=whole_variant_lines(inputs, effects),
        moderators=network_moderator_lines(inputs, effects),
        network=network_line(inputs, effects, fitted),
    )


def _joint_results(inputs: RunInputs, effects: TrialEffects) -> RunResults:
    """Return the outcome that the plan decides on as the pooled line, and all of them."""
    fitted = jointly.fit(inputs, effects)
    line = jointly.deciding_line(inputs.plan, fitted)
    line = line.model_copy(update={"notes": (*line.notes, *attenuation_notes(inputs))})
    return RunResults(
        effects=_effect_lines(inputs, effects, jointly.weights(inputs, fitted)),
        pooled=line,
        readings=tuple(_reading(line, margin) for margin in inputs.plan.margins or (None,)),
        variants=whole_variant_lines(inputs, effects),
        joint=jointly.joint_line(inputs, fitted),
    )


def _levels_results(inputs: RunInputs, effects: TrialEffects) -> RunResults:
    """Return the mean of all results as the pooled line, and its random effects."""
    fitted = levels.fit(inputs, effects)
    line = levels_pooled(inputs.plan, fitted)
    told = (*line.notes, *attenuation_notes(inputs), *linking_notes(inputs))
    line = line.model_copy(update={"notes": told})
    return RunResults(
        effects=_effect_lines(inputs, effects, levels.weights(fitted)),
        pooled=line,
        readings=tuple(_reading(line, margin) for margin in inputs.plan.margins or (None,)),
        variants=whole_variant_lines(inputs, effects),
        levels=levels_line(inputs.plan, fitted),
    )


def _natural(inputs: RunInputs, pooled: Pooled) -> Natural | None:
    """Transform a mean and its limits back, where people read them on another scale."""
    measure = inputs.plan.measure
    scale = natural_of(measure, inputs.trials)
    if scale is None:
        return None
    low, high = pooled.ci
    limits = (scale.back(low), scale.back(high))
    name = f"{scale.name} {PER_TIME}" if of_time(measure) else scale.name
    return Natural(scale=name, estimate=scale.back(pooled.estimate), ci=limits)


def _effect_lines(inputs: RunInputs, effects: TrialEffects, percent: Floats) -> tuple[Effect, ...]:
    half = float(ndtri((1 + inputs.plan.level) / 2)) * np.sqrt(effects.vi)
    low, high = (effects.yi - half).tolist(), (effects.yi + half).tolist()
    return tuple(
        Effect(
            study_id=trial.study_id,
            study=trial.study,
            year=trial.year,
            n_intervention=sizes[0],
            n_comparator=sizes[1],
            yi=y,
            vi=v,
            ci=ci,
            weight=weight,
            recipe=recipe,
        )
        for trial, sizes, y, v, ci, weight, recipe in zip(
            inputs.trials,
            effects.sizes,
            effects.yi.tolist(),
            effects.vi.tolist(),
            zip(low, high, strict=True),
            percent.tolist(),
            effects.recipes,
            strict=True,
        )
    )


def _reading(line: PooledLine, margin: float | None) -> MarginReading:
    return MarginReading(
        margin=margin,
        conclusion=classify(line.ci, margin),
        z_conclusion=classify(line.z_ci, margin),
        noninferiority_p=(
            None if margin is None else noninferiority_p(line.estimate, line.se, margin, line.ddf)
        ),
    )


def engine_versions() -> Mapping[str, str]:
    """Return the versions of what computed a run."""
    import platform

    import scipy

    from review import __version__

    return {
        "living-review": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }
