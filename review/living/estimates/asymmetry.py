"""Egger's test of the effects of a run, by the predictor that its plan names."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from review.canonical import number, p_value
from review.errors import InvalidDataError
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.protocol.asymmetry import OF_SIZES, PredictorName, predictor_words
from review.protocol.rules import Plan
from review.synthesis import egger

FEWEST_FOR_TEST: Final = 10
"""Below ten studies a test of asymmetry has too little power (Sterne et al. 2011, BMJ
343:d4002)."""

FEW: Final = f"fewer than {FEWEST_FOR_TEST} trials"


@dataclass(frozen=True, slots=True)
class Asymmetry:
    """Egger's test: the weighted regression of 1997, on what stands for the size of a study."""

    predictor: PredictorName
    stat: float
    ddf: float
    p: float

    @property
    def by(self) -> str:
        """Return the predictor where it is not the standard error: `` by the sample size``."""
        return by(self.predictor)


def by(predictor: PredictorName) -> str:
    """Return a predictor that a plan chose, behind a word; nothing for the usual one."""
    return "" if predictor == "sei" else f" by the {predictor_words(predictor)}"


def asymmetry_of(inputs: RunInputs, results: RunResults) -> Asymmetry | str:
    """Return Egger's test of a run's effects, or why there is none."""
    if results.network is not None:
        return "of networks there is no test of asymmetry"
    if results.joint is not None:
        return "of several outcomes of the same trials there is no test of asymmetry"
    if results.levels is not None:
        return "of several results of the same trials there is no test of asymmetry"
    if len(results.effects) < FEWEST_FOR_TEST:
        return FEW
    predictor = inputs.plan.asymmetry
    sizes = [size_of(inputs.plan, e.n_intervention, e.n_comparator) or 0 for e in results.effects]
    without = [e.study for e, n in zip(results.effects, sizes, strict=True) if n == 0]
    if predictor in OF_SIZES and without:
        more = f" and {len(without) - 3} more" if len(without) > 3 else ""
        return f"participants are not known of {', '.join(without[:3])}{more}"
    yi, vi = (np.array([getattr(e, name) for e in results.effects]) for name in ("yi", "vi"))
    try:
        found = egger(
            yi, vi, model="lm", predictor=predictor, ni=sizes if predictor in OF_SIZES else None
        )
    except InvalidDataError as error:
        return str(error).rstrip(".")
    if found.p is None or found.stat is None or found.ddf is None:
        return "there is no scatter around the regression"
    return Asymmetry(predictor, found.stat, found.ddf, found.p)


def size_of(plan: Plan, intervention: int | None, comparator: int | None) -> int | None:
    """Return the participants of an effect, of both sides where two are compared."""
    sides = [intervention, *([comparator] if plan.compares else [])]
    known = [n for n in sides if n is not None]
    return sum(known) if len(known) == len(sides) else None


def told(inputs: RunInputs, results: RunResults) -> str | None:
    """Return the test that a plan chose in a sentence; None where it has the usual one."""
    if inputs.plan.asymmetry == "sei":
        return None
    found = asymmetry_of(inputs, results)
    test = f"Egger's test{by(inputs.plan.asymmetry)}"
    if isinstance(found, str):
        return f"{test}, as planned: none, {found}."
    return f"{test}, as planned: t({found.ddf:g}) = {number(found.stat, 2)}, p {p_value(found.p)}."


def plain(inputs: RunInputs, results: RunResults) -> dict[str, object]:
    """Return the test as a script reads it, or why there is none."""
    found = asymmetry_of(inputs, results)
    if isinstance(found, str):
        return {"predictor": inputs.plan.asymmetry, "none": found}
    return asdict(found)
