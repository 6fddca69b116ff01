"""The panel for repeated looks of an analysis as a figure."""

from __future__ import annotations

from scipy.special import ndtri
from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.export.drawings.axis import axis_label, notation
from review.export.drawings.studies import of_one_comparison
from review.figures.sequential import Sequential, SequentialLook
from review.living.reports.full import panel_after
from review.living.reports.repeated_looks import LookTold, Panel
from review.living.runs.contents import RunInputs
from review.living.runs.queries import run_numbered, snapshot_of
from review.protocol.models import Review
from review.protocol.parts import SequentialRules


def sequential_of(
    session: Session, review: Review, analysis: str, number: int | None = None
) -> Sequential:
    """Return the panel as it stood after a run, the newest for None.

    Raises
    ------
    InvalidDataError
        Where there is no panel: the message says what one needs.
    """
    run = run_numbered(session, review, analysis, number)
    inputs, _ = snapshot_of(run)
    of_one_comparison(inputs, "a panel for repeated looks")
    panel = panel_after(session, review, analysis, run.number)
    if panel is None:
        raise InvalidDataError(
            f'"{inputs.plan.title}" has no panel for repeated looks: it needs three trials or '
            "more of one effect each, and a margin or an effect of interest (delta) in its plan"
        )
    return figure_of(inputs, panel)


def figure_of(inputs: RunInputs, panel: Panel) -> Sequential:
    """Return a panel as what its figure says."""
    plan = inputs.plan
    rules = plan.sequential or SequentialRules()
    when = "prospective" if panel.prospective else "retrospective"
    return Sequential(
        title=f"{plan.title}: repeated looks ({when})",
        looks=tuple(_look(look) for look in panel.looks),
        two_sided=plan.margin is None,
        conventional=float(ndtri(1 - rules.alpha)),
        level=1 - 2 * rules.alpha,
        margin=plan.margin,
        effect_label=axis_label(inputs),
        notation=notation(inputs),
        note=" ".join(panel.sentences),
    )


def _look(look: LookTold) -> SequentialLook:
    return SequentialLook(
        k=look.k,
        estimate=look.estimate,
        low=look.sequence[0],
        high=look.sequence[1],
        fraction=look.fraction,
        z=look.z,
        bound=look.bound,
        crossed=look.z is not None and look.status == "boundary crossed",
    )
