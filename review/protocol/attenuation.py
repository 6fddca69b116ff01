"""Reliabilities by which a plan corrects differences and correlations: stated, or of trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, NamedTuple, Protocol

from pydantic import AfterValidator

from review.measures import AnalysisKind, Measure
from review.protocol.frozen import Line


def stated(text: str) -> tuple[str, float | None]:
    """Return an instrument with its reliability, or a characteristic that has it with None.

    Raises ValueError with a sentence.

    Examples
    --------
    >>> stated("wai = 0.93"), stated("alpha")
    (('wai', 0.93), ('alpha', None))
    """
    name, sign, value = (part.strip() for part in text.partition("="))
    if not sign:
        return name, None
    try:
        found = float(value)
    except ValueError:
        found = 0.0
    if not name or not 0 < found <= 1:
        raise ValueError(
            f'"{text}" is no reliability; write an instrument with a number above 0 and up to 1 '
            "(wai = 0.93), or the name of a characteristic that has it"
        )
    return name, found


def _one_way(text: str) -> str:
    name, value = stated(text)
    return name if value is None else f"{name} = {value:g}"


ReliabilityText = Annotated[Line, AfterValidator(_one_way)]


OF_PREDICTOR: Final = "predicts."
"""Before a characteristic that has the reliability of what an association predicts."""


class Stated(NamedTuple):
    """What a plan says of reliabilities."""

    own: tuple[str, ...]
    """Characteristics that have a trial's reliability of the instrument of the outcome."""
    of_predictor: tuple[str, ...]
    """Of an association, those that have it of the instrument of what the outcome predicts."""
    of_instruments: Mapping[str, float]

    @property
    def characteristics(self) -> tuple[str, ...]:
        """All characteristics by the names that the ledger has for them, each once."""
        return tuple(dict.fromkeys((*self.own, *self.of_predictor)))


def reliabilities(texts: Sequence[str]) -> Stated:
    """Return what a plan says of reliabilities.

    Examples
    --------
    >>> reliabilities(["alpha", "predicts.omega", "wai = 0.93"])
    Stated(own=('alpha',), of_predictor=('omega',), of_instruments={'wai': 0.93})
    """
    pairs = [stated(text) for text in texts]
    names = [name for name, value in pairs if value is None]
    return Stated(
        tuple(name for name in names if not name.startswith(OF_PREDICTOR)),
        tuple(name.removeprefix(OF_PREDICTOR) for name in names if name.startswith(OF_PREDICTOR)),
        {name: value for name, value in pairs if value is not None},
    )


CORRECTED: Final = {
    AnalysisKind.CONTRAST: (Measure.SMD,),
    AnalysisKind.ASSOCIATION: (Measure.COR, Measure.ZCOR),
}
"""The measures that are corrected, by the kinds of analysis that have them."""


class _Corrected(Protocol):
    @property
    def reliability(self) -> Sequence[str]: ...

    @property
    def measure(self) -> Measure: ...

    @property
    def kind(self) -> AnalysisKind: ...

    @property
    def several_arms(self) -> str: ...


def attenuation_problem(plan: _Corrected) -> str | None:
    """Return why a plan cannot correct for unreliability; None where nothing is wrong."""
    if not plan.reliability:
        return None
    if plan.measure not in CORRECTED.get(plan.kind, ()):
        return (
            "reliability corrects standardized mean differences (SMD) of a contrast, and "
            "correlations (COR, ZCOR) of an association; leave it out, or plan such a measure"
        )
    if plan.several_arms == "covariance":
        return (
            "reliability has no covariance of arms with a shared comparator: plan several_arms as "
            "combine or split"
        )
    of_predictor = reliabilities(plan.reliability).of_predictor
    if of_predictor and plan.kind is not AnalysisKind.ASSOCIATION:
        return f"{OF_PREDICTOR}{of_predictor[0]} is of an association: it has a predictor"
    names = [stated(text)[0] for text in plan.reliability]
    twice = next((name for name in names if names.count(name) > 1), None)
    return None if twice is None else f"reliability of {twice} is stated twice"
