"""The effect of each trial in an analysis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from review.export.contents.columns import NO_NAMES, abbreviated
from review.export.runs import BACK, LatestRun, back_cells, without_back
from review.export.tables.model import Column, Footnote, Kind, Table
from review.export.tracing.origins import origin
from review.wording import by_name, counted

RESULT_COLUMNS = (
    Column("study", "Study"),
    Column("treatment", "Treatment"),
    Column("versus", "Against"),
    Column("measured", "Outcome"),
    Column("year", "Year", Kind.INTEGER),
    Column("instrument", "Instrument"),
    Column("n_intervention", "n intervention", Kind.INTEGER),
    Column("n_comparator", "n comparator", Kind.INTEGER),
    Column("yi", "Effect", Kind.NUMBER, beside="ci"),
    Column("vi", "Variance", Kind.NUMBER, decimals=4),
    Column("ci", "CI", Kind.INTERVAL),
    *BACK,
    Column("weight", "Weight", Kind.PERCENT, decimals=1),
)


def results_table(run: LatestRun, names: Mapping[str, str] = NO_NAMES) -> Table:
    """Return one row a trial of an analysis; `names` are those of instruments by short names."""
    plan = run.inputs.plan
    both = enumerate(zip(run.inputs.trials, run.results.effects, strict=True))
    listed = sorted(both, key=lambda item: by_name(item[1][0].study))
    rows = tuple(
        (
            trial.study,
            *trial.treatments,
            *((trial.measured,) if trial.measured is not None else ()),
            trial.year,
            abbreviated(trial.instrument, names),
            effect.n_intervention,
            effect.n_comparator,
            run.value(effect.yi),
            effect.vi,
            run.shown(effect.ci),
            *back_cells(run.scale.of_trial(trial), effect.yi, effect.ci),
            effect.weight,
        )
        for _, (trial, effect) in listed
    )
    network = run.results.network is not None
    joint = run.results.joint
    levels = run.results.levels
    several = joint is not None or levels is not None
    left = (() if network else ("treatment", "versus")) + (() if several else ("measured",))
    named = [
        Column("measured", "Result") if c.key == "measured" and levels is not None else c
        for c in RESULT_COLUMNS
        if c.key not in left
    ]
    columns, rows = without_back(named, rows)
    sides = f"Intervention: {plan.intervention.label}; comparator: {plan.comparator.label}."
    if network:
        sides = (
            "n intervention is of the treatment, n comparator of what it is compared with; weight "
            f"is a trial's part in {plan.intervention.label} against {plan.comparator.label}."
        )
    if joint is not None:
        sides += (
            f" Weight is an effect's part in {joint.deciding.label}, into which effects of the "
            "other outcomes enter as far as they go together with it."
        )
    variances = " Variances are of the logarithms." if run.scale.as_ratio else ""
    recipes = Counter(effect.recipe for effect in run.results.effects)
    told = [
        f"{counted(n, 'effect')} from {how.replace('; ', ', ')}" if len(recipes) > 1 else how
        for how, n in recipes.most_common()
    ]
    return Table(
        title=f"{plan.title}: study results",
        columns=columns,
        rows=rows,
        footnotes=(
            Footnote(f"{run.scale.direction(plan)} {sides}{variances}"),
            Footnote(f"How effects were computed: {'; '.join(told)}."),
        ),
        origins=tuple(origin(run.key, "effects", i) for i, _ in listed),
    )
