"""Effects corrected for the unreliability of their instruments, and what a run says of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from review.errors import InvalidDataError
from review.living.inputs.columns import leaves_of
from review.living.runs.contents import RunInputs, TrialInput
from review.measures import Measure
from review.protocol.attenuation import OF_PREDICTOR, reliabilities
from review.protocol.rules import Plan


class Reliability(NamedTuple):
    """The reliability of one instrument of a trial: its value, and whose it is."""

    instrument: str
    value: float | None
    of: str
    """The instrument's, or a characteristic of the trial; as the plan names it."""


def reliabilities_of(plan: Plan, trial: TrialInput) -> list[Reliability]:
    """Return the reliability of what measured a comparison, of an association of both measures.

    The trial's own goes before what is stated of the instrument; None where neither is known.
    Raises InvalidDataError, naming the trial, for a value that is not above 0 and up to 1.
    """
    if not plan.reliability:
        return []
    own, of_predictor, of_instruments = reliabilities(plan.reliability)
    sides = [(trial.instrument, own, "")]
    if trial.with_instrument is not None:
        sides.append((trial.with_instrument, of_predictor, OF_PREDICTOR))
    return [
        next(
            _own(trial, instrument, names, prefix),
            Reliability(instrument, of_instruments.get(instrument), instrument),
        )
        for instrument, names, prefix in sides
    ]


def _own(
    trial: TrialInput, instrument: str, names: tuple[str, ...], prefix: str
) -> Iterator[Reliability]:
    for name in names:
        value = trial.characteristic(name)
        if value is None:
            continue
        if isinstance(value, str) or not 0 < value <= 1:
            raise InvalidDataError(
                f"{trial.study} has {value} as {name}; a reliability is a number above 0 and at "
                "most 1"
            )
        yield Reliability(instrument, float(value), f"{prefix}{name}")


def product_of(found: list[Reliability]) -> float | None:
    """Return the product of the reliabilities that are known; None where none is."""
    known = [one.value for one in found if one.value is not None]
    return math.prod(known) if known else None


def disattenuated(plan: Plan, trial: TrialInput, y: float, v: float) -> tuple[float, float, str]:
    """Return an effect and its variance corrected for unreliability, and what to say of it.

    Raises InvalidDataError, naming the trial, for a correlation that has no Fisher z after it.

    Notes
    -----
    With A the root of the reliability (SMD) or of the product of both (correlations), taken as
    known: d / A and r / A, their variances divided by A² (Hunter & Schmidt 2004, chapters 3 and 7;
    Wiernik & Dahlke 2020, Adv Methods Pract Psychol Sci 3:94, table 1). Fisher's z is that of r /
    A, its variance by the delta method v [(1 - r²) / (A (1 - r²/A²))]².

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> plan = SimpleNamespace(reliability=("wai = 0.64",), measure=Measure.SMD)
    >>> trial = SimpleNamespace(instrument="wai", with_instrument=None)
    >>> disattenuated(plan, trial, 0.4, 0.064)[:2]
    (0.5, 0.1)
    """
    if not plan.reliability:
        return y, v, ""
    found = reliabilities_of(plan, trial)
    product = product_of(found)
    if product is None:
        return y, v, "; not corrected: no reliability"
    each = " and ".join(f"{one.value:g} ({one.of})" for one in found if one.value is not None)
    said = f"; corrected for unreliability {each}"
    without = [one.instrument for one in found if one.value is None]
    if without:
        said += f", not for that of {without[0]}"
    a = math.sqrt(product)
    if plan.measure is not Measure.ZCOR:
        return y / a, v / product, said
    r = math.tanh(y)
    if abs(r) >= a:
        raise InvalidDataError(
            f"the correlation {r:.3g} of {trial.study} is as large as its reliabilities allow "
            f"({a:.3g}): corrected it has no Fisher z; plan measure COR, or look into the numbers"
        )
    corrected = r / a
    slope = (1 - r**2) / (a * (1 - corrected**2))
    return math.atanh(corrected), v * slope**2, said


_DONE = {
    Measure.SMD: (
        "Effects divided by the root of the reliability, variances by the reliability, which "
        "counts as known"
    ),
    Measure.COR: (
        "Correlations divided by the root of the product of both reliabilities, variances by the "
        "product; reliabilities count as known"
    ),
    Measure.ZCOR: (
        "Correlations divided by the root of the product of both reliabilities before Fisher's "
        "transformation, variances by the delta method; reliabilities count as known"
    ),
}


def attenuation_notes(inputs: RunInputs) -> Iterator[str]:
    """Yield by which reliabilities effects were corrected, which were not, and what is unused."""
    plan = inputs.plan
    if not plan.reliability:
        return
    found = [
        (trial.study, one)
        for trial in inputs.trials
        for leaf in leaves_of(trial)
        for one in reliabilities_of(plan, leaf)
    ]
    by = dict.fromkeys(
        f"{r.of} {r.value:g}" if r.of == r.instrument else f"{study} {r.value:g} ({r.of})"
        for study, r in found
        if r.value is not None
    )
    if by:
        yield f"{_DONE[plan.measure]}: {', '.join(by)}."
    without = dict.fromkeys(f"{study} ({r.instrument})" for study, r in found if r.value is None)
    if without:
        yield f"Not corrected, for no reliability is known: {', '.join(without)}."
    used = {r.of for _, r in found if r.value is not None}
    own, of_predictor, of_instruments = reliabilities(plan.reliability)
    prefixed = (f"{OF_PREDICTOR}{name}" for name in of_predictor)
    unused = [name for name in chain(own, prefixed, of_instruments) if name not in used]
    if unused:
        yield f"No trial used the reliability of {', '.join(unused)}."
    above = [
        trial.study
        for trial in inputs.trials
        if plan.measure is Measure.COR and _above_one(plan, trial)
    ]
    if above:
        yield (f"Corrected above 1, as chance or too low a reliability does: {', '.join(above)}.")


def _above_one(plan: Plan, trial: TrialInput) -> bool:
    (arm,) = trial.intervention
    product = product_of(reliabilities_of(plan, trial))
    r = arm.numbers.estimate
    return r is not None and product is not None and abs(r) > math.sqrt(product)
