"""Reference scores of instruments, by which a plan puts all of them on the scale of one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple, Protocol

from pydantic import AfterValidator

from review.measures import AnalysisKind, Measure
from review.protocol.frozen import Line
from review.protocol.vocabulary import Variant


class Reference(NamedTuple):
    """Mean and SD of an instrument's scores in a reference sample, and who reports them."""

    instrument: str
    mean: float
    sd: float
    source: str


_NUMBER: Final = r"[-+]?\d+(?:\.\d+)?"
_REFERENCE: Final = re.compile(
    rf"(?P<name>[^=;]+?)\s*=\s*(?P<mean>{_NUMBER})\s*\(\s*(?P<sd>{_NUMBER})\s*\)\s*;\s*(?P<source>.+)"
)


def reference(text: str) -> Reference:
    """Return an instrument with the mean, SD and source of its reference scores.

    Raises ValueError with a sentence.

    Examples
    --------
    >>> reference("wai = 5.6 (0.9); Invented 2001, table 2")
    Reference(instrument='wai', mean=5.6, sd=0.9, source='Invented 2001, table 2')
    """
    found = _REFERENCE.fullmatch(text.strip())
    if found is None or float(found["sd"]) <= 0:
        raise ValueError(
            f'"{text}" gives no reference scores; write an instrument, their mean, their SD above '
            "0 and their source (wai = 5.6 (0.9); Authors 2001, table 2)"
        )
    return Reference(found["name"], float(found["mean"]), float(found["sd"]), found["source"])


def _one_way(text: str) -> str:
    found = reference(text)
    return f"{found.instrument} = {found.mean:g} ({found.sd:g}); {found.source}"


ReferenceText = Annotated[Line, AfterValidator(_one_way)]


class _Linking(Protocol):
    @property
    def target_instrument(self) -> str | None: ...

    @property
    def reference_scores(self) -> Sequence[str]: ...

    @property
    def measure(self) -> Measure: ...

    @property
    def kind(self) -> AnalysisKind: ...

    @property
    def model(self) -> str: ...

    @property
    def several_arms(self) -> str: ...

    @property
    def variants(self) -> Sequence[Variant]: ...


def links(plan: _Linking) -> bool:
    """Whether a plan puts mean differences of other instruments on the scale of its target."""
    return plan.target_instrument is not None and plan.measure is Measure.MD


def references(plan: _Linking) -> dict[str, Reference]:
    """Return the reference scores of a plan by instrument."""
    return {one.instrument: one for one in map(reference, plan.reference_scores)}


def factor_to_target(plan: _Linking, instrument: str) -> float | None:
    """Return what a difference in an instrument's points is multiplied by; None without reference.

    Linear linking gives scores the same standardized deviate in the reference samples, (x - m)/s =
    (x' - m')/s', so that the means leave a difference and the SDs stay: s'/s (Kolen & Brennan 2014,
    Test Equating, Scaling, and Linking, section 2.2). 1 for the target itself.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> plan = SimpleNamespace(
    ...     target_instrument="wai", reference_scores=("wai = 5 (0.9); A", "cals = 4 (1.8); B")
    ... )
    >>> factor_to_target(plan, "cals"), factor_to_target(plan, "haq")
    (0.5, None)
    """
    if instrument == plan.target_instrument:
        return 1.0
    known = references(plan)
    if instrument not in known or plan.target_instrument not in known:
        return None
    return known[plan.target_instrument].sd / known[instrument].sd


def linking_problem(plan: _Linking) -> str | None:
    """Return why a plan cannot change the scale of its instruments; None where nothing is wrong."""
    target, names = plan.target_instrument, [reference(t).instrument for t in plan.reference_scores]
    if Variant.WITHOUT_LINKED in plan.variants and not links(plan):
        return "variant without_linked is of mean differences (MD) with a target_instrument"
    if target is None:
        return "reference_scores need target_instrument, the scale to read on" if names else None
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        return f"reference scores of {twice} are given twice"
    if target not in names:
        return f"target_instrument {target} needs its own reference_scores: mean, SD and source"
    standardized = plan.measure.facts.standardized
    if plan.kind is not AnalysisKind.CONTRAST or not (links(plan) or standardized):
        return (
            "target_instrument is of a contrast of mean differences (MD), which it puts on one "
            "scale, or of standardized ones (SMD), which it expresses in points; leave it out"
        )
    if plan.model != "univariate":
        return "target_instrument is of analyses of one outcome; plan them beside this one"
    if standardized:
        return (
            "reference_scores of a standardized difference are those of target_instrument alone"
            if len(names) > 1
            else None
        )
    if len(names) == 1:
        return "reference_scores name the instruments to link beside target_instrument"
    if plan.several_arms == "covariance":
        return (
            "instruments of one scale have no covariance of arms with a shared comparator: plan "
            "several_arms as combine or split"
        )
    return None
