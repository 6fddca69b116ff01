"""The posterior that a plan states priors for. Pure: inputs and effects in, a line out."""

from __future__ import annotations

from review.errors import ReviewError
from review.living.estimates.effects import TrialEffects
from review.living.runs.contents import RunInputs
from review.living.runs.posterior import Chance, PosteriorLine
from review.living.runs.scales import scale_of_run
from review.protocol.parts import PriorRules
from review.synthesis.bayes import DEFAULT_TAU, MuPrior, Posterior, TauPrior, posterior

UNIT = "the estimates have a unit, and no scale of the prior of τ is stated in it"
ARMS = "several effects of one trial enter, which are not independent"


def priors_of(rules: PriorRules) -> tuple[TauPrior, MuPrior | None]:
    """Return stated priors in the engine's form; tau's scale is 0.5 where none is stated."""
    scale = DEFAULT_TAU.scale if rules.scale is None else rules.scale
    mean = None if rules.mean_sd is None else MuPrior(rules.mean, rules.mean_sd)
    return TauPrior(rules.tau, scale), mean


def posterior_line(inputs: RunInputs, effects: TrialEffects) -> PosteriorLine | None:
    """Return the posterior of a run's effects; None where its plan asks for none.

    Effects are oriented, so that a probability above zero, or above minus a margin, is that of an
    advantage, or of no loss beyond the margin.
    """
    plan = inputs.plan
    if plan.bayes is None:
        return None
    line = PosteriorLine(priors=plan.bayes, level=plan.level)
    if plan.bayes.scale is None and not scale_of_run(inputs).free_of_units:
        return line.model_copy(update={"note": UNIT})
    tau_prior, mu_prior = priors_of(plan.bayes)
    line = PosteriorLine(
        priors=plan.bayes.model_copy(update={"scale": tau_prior.scale}), level=plan.level
    )
    if len({trial.study_id for trial in inputs.trials}) < len(inputs.trials):
        return line.model_copy(update={"note": ARMS})
    try:
        found = posterior(
            effects.yi, effects.vi, tau_prior=tau_prior, mu_prior=mu_prior, level=plan.level
        )
    except ReviewError as error:
        return line.model_copy(update={"note": str(error).rstrip(".")})
    return line.model_copy(update=_numbers(inputs, found))


def _numbers(inputs: RunInputs, found: Posterior) -> dict[str, object]:
    against = (*inputs.plan.margins, None) if inputs.plan.has_null else ()
    return {
        "k": found.k,
        "estimate": found.mean,
        "sd": found.sd,
        "median": found.median,
        "ci": found.ci,
        "pi": found.pi,
        "tau": found.tau_median,
        "tau_mean": found.tau_mean,
        "tau_ci": found.tau_ci,
        "chances": tuple(
            Chance(
                margin=margin,
                mean=found.probability_above(-(margin or 0.0)),
                new=found.probability_new_above(-(margin or 0.0)),
            )
            for margin in against
        ),
    }
