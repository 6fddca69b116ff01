"""Of how many persons, or how much time, numbers are that need it to be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from review.living.runs.contents import RunInputs, TrialInput
from review.measures import PERSON_YEARS, Family, Measure
from review.natural import Natural, by_mean_of_sizes, harmonic_mean
from review.wording import capitalised


def size_of(measure: Measure, trial: TrialInput) -> float | None:
    """Return the persons of a single arm, of rates its time in the unit that they are told for.

    Of an effect of several results it is their harmonic mean; None where an arm has no size.
    """
    return harmonic_mean(list(_sizes(measure, trial)))


def _sizes(measure: Measure, trial: TrialInput) -> Iterator[float | None]:
    if trial.parts:
        for part in trial.parts:
            yield from _sizes(measure, part)
        return
    for arm in trial.intervention:
        if measure.facts.family is Family.RATE_OF_ONE:
            time = arm.numbers.person_years
            yield None if time is None else time / PERSON_YEARS
        else:
            yield arm.numbers.n


def natural_of(measure: Measure, trials: Iterable[TrialInput]) -> Natural | None:
    """Return the scale that numbers of some trials together are read on, if not their own.

    Of double arcsines and double roots the harmonic mean of the sizes leads back.
    """
    if measure.facts.by_size is None:
        return measure.facts.natural
    return measure.facts.read_at(harmonic_mean([size_of(measure, trial) for trial in trials]))


def caution(inputs: RunInputs) -> Iterator[str]:
    """Yield what the way back by a mean of the sizes can do; nothing where it needs no size."""
    measure = inputs.plan.measure
    sizes = [size_of(measure, trial) for trial in inputs.trials]
    if measure.facts.by_size is not None and (natural := natural_of(measure, inputs.trials)):
        told = [size for size in sizes if size is not None]
        if measure.facts.family is Family.RATE_OF_ONE:
            told = [PERSON_YEARS * time for time in told]
        yield f"{capitalised(by_mean_of_sizes(natural.name, told))}."
