"""Effects corrected for the unreliability of their instruments, and what a run says of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from review.errors import InvalidDataError
from review.living.inputs.columns import leaves_of
from review.living.runs.contents import RunInputs, TrialInput
from review.protocol.attenuation import reliabilities
from review.protocol.rules import Plan


class Reliability(NamedTuple):
    """A reliability and whose it is: the instrument's, or a characteristic of the trial."""

    value: float
    of: str


def reliability_of(plan: Plan, trial: TrialInput) -> Reliability | None:
    """Return the reliability of what measured a comparison: the trial's own, else as stated.

    Raises InvalidDataError, naming the trial, for a value that is not above 0 and up to 1.
    """
    own, of_instruments = reliabilities(plan.reliability)
    for name in own:
        value = trial.characteristic(name)
        if value is None:
            continue
        if isinstance(value, str) or not 0 < value <= 1:
            raise InvalidDataError(
                f"{trial.study} has {value} as {name}; a reliability is a number above 0 and at "
                "most 1"
            )
        return Reliability(float(value), name)
    stated = of_instruments.get(trial.instrument)
    return None if stated is None else Reliability(stated, trial.instrument)


def disattenuated(plan: Plan, trial: TrialInput, y: float, v: float) -> tuple[float, float, str]:
    """Return an effect and its variance corrected for unreliability, and what to say of it.

    Notes
    -----
    d / sqrt(r) with the variance v / r, the reliability r taken as known: Hunter & Schmidt 2004,
    chapter 7; Wiernik & Dahlke 2020, Adv Methods Pract Psychol Sci 3:94, table 1.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> plan = SimpleNamespace(reliability=("wai = 0.64",))
    >>> disattenuated(plan, SimpleNamespace(instrument="wai"), 0.4, 0.064)[:2]
    (0.5, 0.1)
    """
    if not plan.reliability:
        return y, v, ""
    found = reliability_of(plan, trial)
    if found is None:
        return y, v, "; not corrected: no reliability"
    said = f"; corrected for unreliability {found.value:g} ({found.of})"
    return y / found.value**0.5, v / found.value, said


def attenuation_notes(inputs: RunInputs) -> Iterator[str]:
    """Yield by which reliabilities effects were corrected, which were not, and what is unused."""
    plan = inputs.plan
    if not plan.reliability:
        return
    leaves = [(trial.study, leaf) for trial in inputs.trials for leaf in leaves_of(trial)]
    found = [(study, leaf.instrument, reliability_of(plan, leaf)) for study, leaf in leaves]
    by = dict.fromkeys(
        f"{r.of} {r.value:g}" if r.of == instrument else f"{study} {r.value:g} ({r.of})"
        for study, instrument, r in found
        if r is not None
    )
    if by:
        yield (
            "Effects divided by the root of the reliability, variances by the reliability, which "
            f"counts as known: {', '.join(by)}."
        )
    without = dict.fromkeys(f"{study} ({one})" for study, one, r in found if r is None)
    if without:
        yield f"Not corrected, for no reliability is known: {', '.join(without)}."
    used = {r.of for _, _, r in found if r is not None}
    names = [name for part in reliabilities(plan.reliability) for name in part]
    unused = [name for name in names if name not in used]
    if unused:
        yield f"No trial used the reliability of {', '.join(unused)}."
