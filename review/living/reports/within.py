"""What a reader must know of changes within arms: nothing is compared, correlations are assumed."""

from __future__ import annotations

from collections.abc import Iterator

from review.extraction.conversion.changes import change_of_arm
from review.living.reports.notices import Notice, NoticeKind
from review.living.runs.contents import RunInputs
from review.wording import counted


def change_notices(inputs: RunInputs) -> Iterator[Notice]:
    """Yield what speaks against reading changes as effects, and of how many arms r is assumed."""
    plan = inputs.plan
    if not plan.within_arms or not inputs.trials:
        return
    yield Notice(
        NoticeKind.UNCONTROLLED,
        "these are changes within arms: they hold the course of the disorder without treatment and "
        "regression to the mean beside what the treatment does (Cuijpers et al. 2017)",
        remedy="pool a contrast with another arm where trials have one",
    )
    assumed = sum(_assumes(inputs, place) for place in range(len(inputs.trials)))
    if assumed:
        yield Notice(
            NoticeKind.UNCONTROLLED,
            f"of {counted(assumed, 'arm')} the correlation of scores before and after is assumed "
            f"({plan.change_correlation:g})",
            remedy="pool again with a lower and a higher change_correlation",
        )


def _assumes(inputs: RunInputs, place: int) -> bool:
    plan, (arm,) = inputs.plan, inputs.trials[place].intervention
    found = change_of_arm(
        arm.numbers, plan.measure, correlation=plan.change_correlation, medians=plan.medians
    )
    return found.assumed
