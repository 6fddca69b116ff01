"""``review pool``: pool a CSV file without any database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from review.cli.files import new_file
from review.cli.output import echo_json, echo_remarks, plain_remarks
from review.cli.pool import blocks, refits
from review.cli.pool.diagnostics import diagnostics as diagnostics_of
from review.cli.pool.levels import (
    ERRORS,
    ROW,
    Kinds,
    errors_of,
    levels,
    names_of,
    random_effects,
    terms_of,
)
from review.cli.pool.medians import column_names, from_medians
from review.cli.pool.natural import OF_EFFECTS, beside
from review.cli.pool.options import pool_options
from review.cli.pool.outcomes import outcomes
from review.cli.pool.printing import as_json_of, echo_block, echo_pooled, forest_of
from review.cli.pool.refusals import (
    alone,
    belong,
    fits_clusters,
    fits_errors,
    fits_outcomes,
    grouped,
)
from review.cli.pool.rows import (
    cautions,
    columns_of,
    counts_of,
    effects_of,
    measure_of,
    renamed,
    selected,
    sizes,
)
from review.cli.pool.sheet import Sheet, read_sheet
from review.conventions import AddTo, Medians
from review.effects import Effects, ZeroCells, default_zero_cells, has_correction
from review.effects.variation import BIASED, CORRECTED
from review.errors import InvalidDataError
from review.figures import forest_plot, save
from review.formula import parse
from review.living.job.workers import executor_for
from review.measures import MIXED, OF_COUNTS, Family, Measure
from review.natural import by_mean_of_sizes
from review.synthesis import Method, MuPrior, Pooled, Predictor, TauPrior, Test, pool
from review.synthesis.multivariate import Structure
from review.synthesis.pooled import few_for_normal


def _counted_as(chosen: Measure, method: str, option: str = "--method") -> Measure:
    """Return the measure of counts; raise UsageError where a method does not have it."""
    if chosen not in OF_COUNTS[method]:
        told = " or ".join(measure.value for measure in OF_COUNTS[method])
        raise click.UsageError(f"{option} {method} needs --measure {told}, not {chosen.value}")
    return chosen


def _of_risks(extra: Mapping[str, Any], measure: Measure) -> Iterator[str]:
    """Yield how absolute effects are to be read."""
    rates = extra.get("absolute_rates", ())
    if rates:
        yield (
            "absolute_rates: the first arm at the stated rate of the second, which counts as known"
            "; time_needed is persons' time treated for one event more, a minus for one less"
        )
    if any(line["time_needed_ci_through_infinity"] for line in rates):
        yield (
            "absolute_rates: where the interval of the difference holds 0, that of time_needed "
            "runs from its first limit over infinity to the second"
        )
    if any(0.0 in (line["rate"], *line["rate_ci"]) for line in rates):
        yield "absolute_rates: a rate below 0 is cut there: the effect does not fit the rate"
    if "absolute" not in extra:
        return
    yield (
        "absolute: the first arm at the stated risk of the second, which counts as known; nnt is "
        "the persons treated for one event more, with a minus for one less"
    )
    if any(line["nnt_ci_through_infinity"] for line in extra["absolute"]):
        yield (
            "absolute: where the interval of the difference holds 0, that of nnt runs from its "
            "first limit over infinity to the second"
        )
    if any({0.0, 1.0} & {*line["risk_ci"]} for line in extra["absolute"]):
        yield "absolute: a risk below 0 or above 1 is cut there: the effect does not fit the risk"
    if measure.facts.standardized:
        yield (
            "absolute: events are scores above the threshold of the baseline share, scores normal "
            "with one SD (Furukawa & Leucht 2011)"
        )


def _by_sizes(measure: Measure, of_rows: Sequence[float | None]) -> Iterator[str]:
    """Yield the caution about going back from Freeman and Tukey's transformations."""
    known = [size for size in of_rows if size is not None]
    if measure.facts.by_size is not None and known:
        yield by_mean_of_sizes(measure.facts.by_size(1.0).name, known)


SIDES: Final = dict.fromkeys((Family.EVENTS, Family.RATES), "the first arm against the second")
"""What is compared, for the note that tells the counts' own ratio."""


def _few(pooled: Pooled, counts: bool) -> Iterator[str]:
    if pooled.ddf is None and not counts and few_for_normal(pooled.k, pooled.tau2):
        yield (
            f"a normal interval on {pooled.k} studies that differ is too narrow; --test adhoc uses "
            f"t on {pooled.k - 1} degrees of freedom"
        )


def _variables(formula: str | None) -> list[str]:
    return list(parse(formula).names) if formula is not None else []


@click.command("pool")
@pool_options
@click.pass_context
def pool_(
    ctx: click.Context,
    /,
    file: Path,
    measure: str | None,
    method: str,
    test: str,
    prediction: str,
    level: float,
    cols: Sequence[str],
    label: str | None,
    sheet: str | None,
    margins: Sequence[float],
    plots: Sequence[Path],
    as_json: bool,
    vtype: str | None,
    correct: bool,
    add: float | None,
    to: str | None,
    drop00: bool,
    tacc: bool,
    count_model: str | None,
    points: int | None,
    baseline_risks: Sequence[float],
    baseline_rates: Sequence[float],
    cutoff: float | None,
    medians: str,
    **asked: Any,
) -> None:
    """Pool the studies of a CSV or XLSX file, a row each; nothing is stored.

    Columns have metafor's names: yi vi; m1i sd1i n1i m2i sd2i n2i; ai bi ci di or ai n1i ci n2i;
    ri ni; and so on. Where a mean is missing, med1i with q11i q31i or min1i max1i (of the other arm
    med2i ..., of one arm medi ...) gives mean and SD. Rows without an effect are listed and left
    out.
    """
    if asked["outcome"] is not None:
        fits_outcomes(asked)
    if grouped(asked):
        fits_clusters(ctx, method, test, grouped(asked))
    fits_errors(asked)
    belong(ctx, asked)
    if points is not None and not {method, count_model} & {*MIXED}:
        raise click.UsageError(
            "--points needs a mixed model: --method or --model UM.FS and its like"
        )
    counts = method in OF_COUNTS
    if counts:
        alone(ctx, method, asked)
    names = renamed(cols)
    asked_for = [label, asked["subgroup"], asked["cluster"], asked["outcome"]]
    asked_for += names_of(asked)
    asked_for += [name for formula in ("mods", "scale") for name in _variables(asked[formula])]
    asked_for += column_names()
    table = read_sheet(file, renamed=names, names=filter(None, asked_for), sheet=sheet)
    chosen = measure_of(measure, table, names)
    if not correct and not has_correction(chosen):
        raise InvalidDataError(f"{chosen.value} has no small-sample correction to leave out")
    labels = table.labels(label)
    columns, by_median, of_medians = from_medians(
        table, chosen, names, columns_of(table, chosen, names), labels, Medians(medians)
    )
    if not by_median and ctx.get_parameter_source("medians") is ParameterSource.COMMANDLINE:
        of_medians.append(f"--medians {medians}: no arm has its mean from a median")
    how: dict[str, Any] = {"vtype": vtype, "correct": correct}
    if add is not None or to is not None or drop00 or tacc:
        usual = default_zero_cells(chosen)
        how["zero_cells"] = ZeroCells(
            usual.add if add is None else add, AddTo(to or usual.to), drop00, tacc
        )
    effects = effects_of(table, chosen, columns, labels, how)
    if not effects.known.any():
        raise InvalidDataError(f"no row of {file} gives an effect {chosen.value}")
    yi, vi = effects.yi[effects.known], effects.vi[effects.known]
    model: dict[str, Any] = {
        "method": Method.EE if counts else Method(method), "test": Test(test), "level": level
    }  # fmt: skip
    if counts:
        # the engine of plans, and with it the plans
        from review.living.estimates.counts import pool_cells

        known = [i for i, one in enumerate(effects.known) if one]
        pooled = pool_cells(
            counts_of(columns, known, _counted_as(chosen, method)), method, chosen,
            level=level, sides=SIDES.get(chosen.facts.family, "all arms"), points=points,
        )  # fmt: skip
    else:
        pooled = pool(yi, vi, **model, prediction=prediction)
    of_rows = sizes(columns, len(labels))
    led_back = columns["ti"] if chosen is Measure.IRFT else of_rows
    ni = [n for n, known in zip(of_rows, effects.known, strict=True) if known]
    extra = _extra(table, effects, model, labels, ni=ni, margins=margins, **asked)
    extra |= {name: beside(extra[name], chosen) for name in OF_EFFECTS if name in extra}
    if count_model is not None:
        every = counts_of(columns, range(len(labels)), _counted_as(chosen, count_model, "--model"))
        extra["glmm"] = blocks.counted(chosen, count_model, every, level, points)
    if baseline_risks or cutoff is not None:
        at = [*baseline_risks, *(() if cutoff is None else [blocks.share_above(columns, cutoff)])]
        extra["absolute"] = blocks.absolute(pooled, chosen, at)
    if baseline_rates:
        extra["absolute_rates"] = blocks.absolute_rates(pooled, chosen, baseline_rates)
    if margins:
        extra["noninferiority"] = blocks.margins(pooled, margins)
    if by_median:
        extra["medians"] = by_median
    notes = [
        *of_medians,
        *_of_risks(extra, chosen),
        *_by_sizes(chosen, led_back),
        *cautions(pooled, effects, columns, labels),
        *_independent(asked, extra),
        *_few(pooled, counts),
        *([f"{chosen.value} is {CORRECTED}"] if correct and chosen in BIASED else []),
    ]
    for path in plots:
        with new_file(path) as place:
            save(forest_plot(forest_of(pooled, effects, labels, led_back)), place)
    if as_json:
        remarks = {"remarks": plain_remarks(table.remarks)}
        told = as_json_of(pooled, effects, labels, prediction, led_back)
        if counts:
            told |= {"method": method}
        told["notes"] += notes
        echo_json({**told, **extra, **remarks})
        return
    echo_remarks(file, table.remarks)
    echo_pooled(pooled, effects, labels, method, prediction, led_back)
    for note in notes:
        click.echo(f"Note: {note}")
    used = [label for label, known in zip(labels, effects.known, strict=True) if known]
    for heading, block in extra.items():
        echo_block(heading, block, used)
    for path in plots:
        click.echo(f"Wrote {path}")


def _extra(
    sheet: Sheet,
    effects: Effects,
    model: Mapping[str, Any],
    labels: Sequence[str],
    *,
    mods: str | None,
    scale: str | None,
    link: str,
    subgroup: str | None,
    common_tau2: bool,
    cluster: str | None,
    rho: float | None,
    outcome: str | None,
    structure: str,
    random: Sequence[str],
    diagnostics: bool,
    predictor: str,
    ni: Sequence[float | None],
    margins: Sequence[float],
    bayes: bool,
    tau_prior: TauPrior,
    mean_prior: MuPrior | None,
    permutation: int | None,
    gosh: int | None,
    bootstrap: int | None,
    seed: int,
    processes: int | None,
    dask: str | None,
    **errors: Any,
) -> dict[str, Any]:
    """Return the blocks asked for, by their keys in the JSON."""
    found: dict[str, Any] = {}
    variables = _variables(mods)
    told = {"rho": rho, "random": random, **errors}
    if mods is not None and cluster is None and not random:
        rows, columns, gone = selected(sheet, effects, variables, labels)
        found["metareg"] = {
            **blocks.metareg(effects.yi[rows], effects.vi[rows], mods, columns, **model),
            "left_out": gone,
        }
    if scale is not None:
        of_both = dict.fromkeys((*variables, *_variables(scale)))
        rows, columns, gone = selected(sheet, effects, list(of_both), labels)
        found["location_scale"] = {
            **blocks.scaled(
                effects.yi[rows], effects.vi[rows], mods, scale, columns, link, **model
            ),
            "left_out": gone,
        }
    if subgroup is not None:
        rows, columns, gone = selected(sheet, effects, [subgroup], labels)
        found["subgroups"] = {
            **blocks.subgroups(
                effects.yi[rows],
                effects.vi[rows],
                columns[subgroup],
                effects.measure,
                common_tau2=common_tau2,
                **model,
            ),
            "left_out": gone,
        }
    if cluster is not None and outcome is not None:
        needed = [cluster, outcome, *names_of(told, sheet.header)]
        rows, columns, gone = selected(sheet, effects, needed, labels)
        of = Structure(structure)
        kinds = Kinds(columns[outcome], serial=of.serial)
        V, notes = errors_of(effects.vi[rows], columns[cluster], sheet, rows, told, kinds=kinds)
        together = outcomes(
            effects.yi[rows], V, columns[cluster], columns[outcome], effects.measure,
            structure=of, rho=rho, level=model["level"],
        )  # fmt: skip
        together["notes"] += notes
        found["multivariate"] = {**together, "left_out": gone}
    elif random or any(errors[name] is not None for name in ("covariances", *ERRORS)):
        terms = terms_of(random or [f"{cluster}/{ROW}"])
        needed = [
            *([] if cluster is None else [cluster]),
            *names_of(told, sheet.header),
            *variables,
        ]
        rows, columns, gone = selected(sheet, effects, list(dict.fromkeys(needed)), labels)
        outer = {term[0] for term in terms}
        by = columns.get(cluster or (outer.pop() if len(outer) == 1 else ""))
        own = None if cluster is None else columns[cluster]
        V, notes = errors_of(effects.vi[rows], own, sheet, rows, told)
        fit = levels(
            effects.yi[rows], V, random_effects(terms, columns, rows), by, effects.measure,
            formula=mods, columns=columns, level=model["level"],
        )  # fmt: skip
        fit["notes"] += notes
        found["random_effects"] = {**fit, "left_out": gone}
    elif cluster is not None:
        rows, columns, gone = selected(sheet, effects, [cluster, *variables], labels)
        fit = blocks.clustered(
            effects.yi[rows],
            effects.vi[rows],
            columns[cluster],
            formula=mods,
            columns=columns,
            rho=rho,
            level=model["level"],
        )
        found["multilevel"] = {**fit, "left_out": gone}
    if permutation is not None or gosh is not None:
        with executor_for(processes=processes, dask=dask) as executor:
            again: dict[str, Any] = {"seed": seed, "executor": executor}
            again |= {name: model[name] for name in ("method", "test")}
            if permutation is not None:
                rows, columns, gone = selected(sheet, effects, variables, labels)
                tested = refits.permutation(
                    effects.yi[rows], effects.vi[rows], mods, columns, permutation, **again
                )
                found["permutation"] = {**tested, "left_out": gone}
            if gosh is not None:
                known = effects.known
                found["gosh"] = refits.subsets(effects.yi[known], effects.vi[known], gosh, **again)
    if bootstrap is not None:
        found["bootstrap"] = refits.resamples(
            effects.yi[effects.known], effects.vi[effects.known], bootstrap, seed=seed, **model
        )
    if diagnostics:
        found["diagnostics"] = diagnostics_of(
            effects.yi[effects.known], effects.vi[effects.known], model["method"], model["level"],
            predictor=Predictor(predictor), ni=ni,
        )  # fmt: skip
    if bayes:
        found["bayes"] = blocks.bayes(
            effects.yi[effects.known], effects.vi[effects.known], model["level"], tau_prior,
            mean_prior, margins,
        )  # fmt: skip
    return found


OF_GROUPS: Final = ("multivariate", "random_effects", "multilevel")
"""Blocks that do not take effects as independent."""


def _independent(asked: Mapping[str, Any], extra: Mapping[str, Any]) -> Iterator[str]:
    """Yield that only the model of clusters knows of them."""
    if not grouped(asked):
        return
    model = next(name for name in OF_GROUPS if name in extra)
    also = [
        name for name in ("subgroup", "diagnostics", "bayes", "gosh", "bootstrap") if asked[name]
    ]
    others = f", as do {', '.join(also)}" if also else ""
    yield f"the pooled lines above take all effects as independent{others}; {model} does not"
