"""Several outcomes taken together as groups of a forest plot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from review.figures import Diamond, ForestRow, Heading
from review.living.runs.contents import TrialInput
from review.living.runs.joint import JointLine
from review.living.runs.results import Effect


def by_outcome(
    joint: JointLine,
    ordered: Sequence[tuple[Effect, TrialInput]],
    row: Callable[[Effect, TrialInput], ForestRow],
) -> Iterator[ForestRow | Heading | Diamond]:
    """Yield the effects of each outcome with its mean in the joint model, then the differences."""
    for one in joint.outcomes:
        yield Heading(one.label)
        yield from (row(*pair) for pair in ordered if pair[1].measured == one.label)
        low, high = one.pi or (None, None)
        yield Diamond(f"{one.label} (k = {one.k})", one.estimate, *one.ci, pi_low=low, pi_high=high)
    if joint.differences:
        yield Heading("Differences")
    for two in joint.differences:
        yield Diamond(f"{two.label} minus {two.versus}", two.estimate, *two.ci)
