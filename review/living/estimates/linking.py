"""Which trials were put on the scale of another instrument, and by which reference scores."""

from __future__ import annotations

from collections.abc import Iterator

from review.living.inputs.columns import leaves_of
from review.living.runs.contents import RunInputs
from review.protocol.linking import factor_to_target, links, references


def linking_notes(inputs: RunInputs) -> Iterator[str]:
    """Yield which trials were linked, which were measured so, and which scores nobody used."""
    plan = inputs.plan
    if not links(plan):
        return
    target = str(plan.target_instrument)
    trials: dict[str, dict[str, None]] = {}
    for trial in inputs.trials:
        for leaf in leaves_of(trial):
            trials.setdefault(leaf.instrument, {})[trial.study] = None
    known = references(plan)
    linked = {name: list(studies) for name, studies in trials.items() if name != target}
    told = [
        f"{', '.join(studies)} ({name}, times {factor_to_target(plan, name):.4g}: its SD "
        f"{known[name].sd:g}, {known[name].source})"
        for name, studies in linked.items()
    ]
    if told:
        yield (
            f"Put on the scale of {target} (SD {known[target].sd:g}, {known[target].source}) by "
            f"the ratio of reference SDs, which count as known: {'; '.join(told)}."
        )
    if target not in trials:
        yield f"No trial was measured by {target} itself: all differences were linked."
    unused = [name for name in known if name not in trials and name != target]
    if unused:
        yield f"No trial used the reference scores of {', '.join(unused)}."
