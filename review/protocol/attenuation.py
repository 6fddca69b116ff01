"""Reliabilities by which a plan corrects standardized differences: stated, or of the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Protocol

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


def reliabilities(texts: Sequence[str]) -> tuple[tuple[str, ...], Mapping[str, float]]:
    """Return the characteristics that have a trial's reliability, and those of instruments."""
    pairs = [stated(text) for text in texts]
    return (
        tuple(name for name, value in pairs if value is None),
        {name: value for name, value in pairs if value is not None},
    )


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
    if plan.measure is not Measure.SMD or plan.kind is not AnalysisKind.CONTRAST:
        return (
            "reliability corrects standardized mean differences (SMD) of a contrast; leave it out, "
            "or plan that measure"
        )
    if plan.several_arms == "covariance":
        return (
            "reliability has no covariance of arms with a shared comparator: plan several_arms as "
            "combine or split"
        )
    names = [stated(text)[0] for text in plan.reliability]
    twice = next((name for name in names if names.count(name) > 1), None)
    return None if twice is None else f"reliability of {twice} is stated twice"
