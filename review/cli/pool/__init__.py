"""``review pool``: pool a CSV file without any database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from review.canonical import interval, number, p_value
from review.cli.files import new_file
from review.cli.output import echo_json, echo_remarks, echo_table, plain_remarks
from review.cli.pool import blocks, refits
from review.cli.pool.options import OF_COUNTS, pool_options
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
from review.effects import Effects, ZeroCells, default_zero_cells
from review.errors import InvalidDataError
from review.figures import Diamond, Forest, ForestRow, forest_plot, save
from review.figures.scale import Notation
from review.formula import parse
from review.living.job.workers import executor_for
from review.measures import AddTo, Measure
from review.synthesis import Method, MuPrior, Pooled, Predictor, TauPrior, Test, pool

_PROFILED: Final = ("tau2_ci", "I2_ci", "H2_ci")
"""Intervals by the Q profile, in the order of the JSON; null where its set is empty."""


def _fits_clusters(ctx: click.Context, method: str, test: str) -> None:
    """Refuse a method or test that was asked for and that the model of clusters does not use."""
    asked = {
        name
        for name in ("method", "test")
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    if "method" in asked and Method(method) is not Method.REML:
        raise click.UsageError(
            f"--cluster fits its model by REML; it has no --method {method}. Leave out one of them"
        )
    if "test" in asked and Test(test) is not Test.Z:
        raise click.UsageError(
            f"--cluster tests by cluster-robust t on its own degrees of freedom, beside z; it has "
            f"no --test {test}. Leave out one of them"
        )


def _belong(ctx: click.Context, asked: Mapping[str, Any]) -> None:
    """Refuse an option that says more of another one which is not there."""
    for option, other in (
        ("predictor", "diagnostics"), ("tau_prior", "bayes"), ("mean_prior", "bayes"),
        ("common_tau2", "subgroup"),
    ):  # fmt: skip
        given = ctx.get_parameter_source(option) is ParameterSource.COMMANDLINE
        if given and not asked[other]:
            raise click.UsageError(f"--{option.replace('_', '-')} needs --{other}")


def _alone(ctx: click.Context, method: str, asked: Mapping[str, Any]) -> None:
    """Refuse what a method that pools counts has no use for."""
    others = (
        "mods", "subgroup", "cluster", "diagnostics", "bayes", "permutation", "gosh", "bootstrap"
    )  # fmt: skip
    given = [name for name in others if asked[name]]
    if given:
        raise click.UsageError(
            f"--method {method} pools the counts themselves; it has no --{given[0]}. Leave out one "
            "of them"
        )
    if ctx.get_parameter_source("test") is ParameterSource.COMMANDLINE:
        raise click.UsageError(f"--method {method} tests by z; leave out --test")


def _counted_as(chosen: Measure, method: str) -> Measure:
    """Return the measure of counts; raise UsageError where a method does not have it."""
    known = (Measure.PETO,) if method == "PETO" else (Measure.OR, Measure.RR, Measure.RD)
    if chosen not in known:
        told = " or ".join(measure.value for measure in known)
        raise click.UsageError(f"--method {method} needs --measure {told}, not {chosen.value}")
    return chosen


FEW: Final = 10
"""Studies below which a normal interval is said to be too narrow."""


def _few(pooled: Pooled, counts: bool) -> Iterator[str]:
    if pooled.ddf is None and pooled.tau2 > 0 and 1 < pooled.k < FEW and not counts:
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
    **asked: Any,
) -> None:
    """Pool the studies of a CSV or XLSX file, a row each; nothing is stored.

    Columns have metafor's names: yi vi; m1i sd1i n1i m2i sd2i n2i; ai bi ci di or ai n1i ci n2i;
    ri ni; and so on. Rows without an effect are listed and left out.
    """
    if asked["rho"] is not None and asked["cluster"] is None:
        raise click.UsageError("--rho needs --cluster")
    if asked["permutation"] is not None and asked["cluster"] is not None:
        raise click.UsageError("--permutation takes independent effects; leave out --cluster")
    if asked["cluster"] is not None:
        _fits_clusters(ctx, method, test)
    _belong(ctx, asked)
    counts = method in OF_COUNTS
    if counts:
        _alone(ctx, method, asked)
    names = renamed(cols)
    asked_for = [label, asked["subgroup"], asked["cluster"], *_variables(asked["mods"])]
    table = read_sheet(file, renamed=names, names=filter(None, asked_for), sheet=sheet)
    chosen = measure_of(measure, table, names)
    labels, columns = table.labels(label), columns_of(table, chosen, names)
    how: dict[str, Any] = {"vtype": vtype, "correct": correct}
    if add is not None or to is not None or drop00:
        usual = default_zero_cells(chosen)
        how["zero_cells"] = ZeroCells(
            usual.add if add is None else add, AddTo(to or usual.to), drop00
        )
    effects = effects_of(table, chosen, columns, labels, how)
    if not effects.known.any():
        raise InvalidDataError(f"no row of {file} gives an effect {chosen.value}")
    yi, vi = effects.yi[effects.known], effects.vi[effects.known]
    model: dict[str, Any] = {
        "method": Method.EE if counts else Method(method), "test": Test(test), "level": level
    }  # fmt: skip
    if counts:
        from review.living.estimates.counts import pool_cells  # and with it the plans

        cells = counts_of(columns, [i for i, known in enumerate(effects.known) if known])
        pooled = pool_cells(cells, method, _counted_as(chosen, method), level=level)
    else:
        pooled = pool(yi, vi, **model)
    ni = [n for n, known in zip(sizes(columns, len(labels)), effects.known, strict=True) if known]
    extra = _extra(table, effects, model, labels, ni=ni, **asked)
    if margins:
        extra["noninferiority"] = blocks.margins(pooled, margins)
    notes = [
        *cautions(pooled, effects, columns, labels),
        *_independent(asked),
        *_few(pooled, counts),
    ]
    for path in plots:
        with new_file(path) as place:
            save(forest_plot(_forest(pooled, effects, labels)), place)
    if as_json:
        remarks = {"remarks": plain_remarks(table.remarks)}
        told = _as_json(pooled, effects, labels)
        if counts:
            told |= {"method": method}
        told["notes"] += notes
        echo_json({**told, **extra, **remarks})
        return
    echo_remarks(file, table.remarks)
    _echo(pooled, effects, labels, method)
    for note in notes:
        click.echo(f"Note: {note}")
    used = [label for label, known in zip(labels, effects.known, strict=True) if known]
    for heading, block in extra.items():
        _echo_block(heading, block, used)
    for path in plots:
        click.echo(f"Wrote {path}")


def _extra(
    sheet: Sheet,
    effects: Effects,
    model: Mapping[str, Any],
    labels: Sequence[str],
    *,
    mods: str | None,
    subgroup: str | None,
    common_tau2: bool,
    cluster: str | None,
    rho: float | None,
    diagnostics: bool,
    predictor: str,
    ni: Sequence[float | None],
    bayes: bool,
    tau_prior: TauPrior,
    mean_prior: MuPrior | None,
    permutation: int | None,
    gosh: int | None,
    bootstrap: int | None,
    seed: int,
    processes: int | None,
    dask: str | None,
) -> dict[str, Any]:
    """Return the blocks asked for, by their keys in the JSON."""
    found: dict[str, Any] = {}
    variables = _variables(mods)
    if mods is not None and cluster is None:
        rows, columns, gone = selected(sheet, effects, variables, labels)
        found["metareg"] = {
            **blocks.metareg(effects.yi[rows], effects.vi[rows], mods, columns, **model),
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
    if cluster is not None:
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
        found["diagnostics"] = blocks.diagnostics(
            effects.yi[effects.known], effects.vi[effects.known], model["method"], model["level"],
            predictor=Predictor(predictor), ni=ni,
        )  # fmt: skip
    if bayes:
        found["bayes"] = blocks.bayes(
            effects.yi[effects.known], effects.vi[effects.known], model["level"], tau_prior,
            mean_prior,
        )  # fmt: skip
    return found


def _independent(asked: Mapping[str, Any]) -> Iterator[str]:
    """Yield that only the model of clusters knows of them."""
    if asked["cluster"] is None:
        return
    also = [
        name for name in ("subgroup", "diagnostics", "bayes", "gosh", "bootstrap") if asked[name]
    ]
    others = f", as do {', '.join(also)}" if also else ""
    yield f"the pooled lines above take all effects as independent{others}; multilevel does not"


def _forest(pooled: Pooled, effects: Effects, labels: Sequence[str]) -> Forest:
    weights = iter(pooled.weights.tolist())
    rows = tuple(
        ForestRow(label, row[0], *row[2], weight=next(weights))
        if row is not None
        else ForestRow(label, None, None, None)
        for label, row in zip(labels, _rows(effects, pooled.level), strict=True)
    )
    summary = Diamond(f"Pooled (k = {pooled.k})", pooled.estimate, *pooled.ci, *(pooled.pi or ()))
    tau2 = "" if pooled.method is Method.EE else f"τ² = {pooled.tau2:.3f}, "
    note = (
        f"{pooled.method.value}, test {pooled.test.value}; {tau2}"
        f"I² = {pooled.I2:.1f}%, Q = {pooled.Q:.2f} (df {pooled.Q_df})."
    )
    return Forest(
        title="",
        rows=rows,
        summaries=(summary,),
        effect_label=effects.measure.scale.removeprefix("log "),
        note=note,
        level=pooled.level,
        notation=Notation.RATIO if effects.measure.scale.startswith("log ") else Notation.PLAIN,
    )


def _rows(effects: Effects, level: float) -> list[tuple[float, float, tuple[float, float]] | None]:
    limits = effects.interval(level)
    return [
        (float(y), float(v), (float(low), float(high))) if known else None
        for known, y, v, (low, high) in zip(
            effects.known, effects.yi, effects.vi, limits, strict=True
        )
    ]


def _as_json(pooled: Pooled, effects: Effects, labels: Sequence[str]) -> dict[str, Any]:
    return {
        "k": pooled.k,
        "measure": effects.measure.value,
        "method": pooled.method.value,
        "test": pooled.test.value,
        "level": pooled.level,
        "estimate": pooled.estimate,
        "se": pooled.se,
        "stat": pooled.stat if pooled.tested else None,
        "ddf": pooled.ddf,
        "p": pooled.p if pooled.tested else None,
        "ci": pooled.ci,
        "pi": pooled.pi,
        "tau2": None if pooled.method is Method.EE else pooled.tau2,
        "se_tau2": pooled.se_tau2,
        "natural": blocks.natural(effects.measure, pooled.estimate, pooled.ci, pooled.pi),
        "I2": pooled.I2,
        "I2_Q": pooled.I2_q,
        "H2": pooled.H2,
        "Q": pooled.Q,
        "Q_df": pooled.Q_df,
        "Q_p": pooled.Q_p,
        **{name: None if pooled.tau2_ci_empty else getattr(pooled, name) for name in _PROFILED},
        "weights": pooled.weights.tolist(),
        "effects": [
            {
                "label": label,
                "yi": row and row[0],
                "vi": row and row[1],
                "ci": row and row[2],
                "natural": row and blocks.natural(effects.measure, row[0], row[2]),
            }
            for label, row in zip(labels, _rows(effects, pooled.level), strict=True)
        ],
        "notes": [*pooled.notes, *(f"row {n.row + 1}: {n.text}" for n in effects.notes)],
    }


def _echo(pooled: Pooled, effects: Effects, labels: Sequence[str], method: str) -> None:
    weights = iter(pooled.weights.tolist())
    rows = [
        (label, number(row[0], 4), number(row[1], 4), interval(row[2], 4), number(next(weights), 1))
        if row is not None
        else (label, "no effect", "", "", "")
        for label, row in zip(labels, _rows(effects, pooled.level), strict=True)
    ]
    headers = ("study", "yi", "vi", f"{pooled.level * 100:g}% interval", "weight %")
    echo_table(headers, rows, right=headers[1:])
    stat = "z" if pooled.ddf is None else f"t, df {pooled.ddf:g}"
    lines = {
        "studies (k)": str(pooled.k),
        "model": f"{effects.measure.scale}, {method}, test {pooled.test.value}",
        "estimate": f"{number(pooled.estimate, 4)} (SE {number(pooled.se, 4)})",
        f"{pooled.level * 100:g}% interval": interval(pooled.ci, 4),
        "test": f"{number(pooled.stat, 4)} ({stat}), p {p_value(pooled.p)}"
        if pooled.tested
        else "none: the standard error is zero",
        **_spread(pooled),
        **_on_natural_scale(pooled, effects.measure),
        "Q": f"{number(pooled.Q, 4)} (df {pooled.Q_df}), p {p_value(pooled.Q_p)}",
    }
    echo_table(("", "pooled"), list(lines.items()))
    for note in pooled.notes:
        click.echo(f"Note: {note}")
    for row_note in effects.notes:
        click.echo(f"Note: {labels[row_note.row]}: {row_note.text}")


def _on_natural_scale(pooled: Pooled, measure: Measure) -> dict[str, str]:
    """Return the pooled line as people read it: a ratio as measured, a correlation, a share."""
    back = blocks.natural(measure, pooled.estimate, pooled.ci, pooled.pi)
    if back is None:
        return {}
    pi = f"; prediction {interval(back['pi'], 4)}" if back["pi"] is not None else ""
    line = f"{number(back['estimate'], 4)} {interval(back['ci'], 4)}{pi}"
    return {f"as {back['scale']}": line}


def _spread(pooled: Pooled) -> dict[str, str]:
    """Return what tells how far the studies' effects differ; a common effect has no tau²."""
    empty = "(Q-profile interval empty)" if pooled.tau2_ci_empty else None
    between = {
        "prediction interval": interval(pooled.pi, 4) or "none",
        "tau²": f"{number(pooled.tau2, 4)} {empty or interval(pooled.tau2_ci, 4)}",
    }
    by_q = "" if pooled.method is Method.EE else f"; from Q {number(pooled.I2_q, 1)}%"
    return {
        **(between if pooled.method is not Method.EE else {}),
        "I²": f"{number(pooled.I2, 1)}% {empty or interval(pooled.I2_ci, 1)}{by_q}",
        "H²": f"{number(pooled.H2, 2)} {empty or interval(pooled.H2_ci, 2)}",
    }


def _echo_block(heading: str, block: Any, labels: Sequence[str]) -> None:
    """Print a block: columns of equal length as a table, the rest as lines."""
    click.echo(f"\n{heading.replace('_', ' ')}")
    if isinstance(block, list):
        echo_table(tuple(block[0]), [tuple(map(_shown, item.values())) for item in block])
        return
    inner = {name: value for name, value in block.items() if _is_block(value)}
    notes = block.get("notes", ())
    plain = {
        n: v for n, v in block.items() if n not in (*inner, "notes") and v not in ({}, [], None)
    }
    length = max((len(v) for v in plain.values() if isinstance(v, list | tuple)), default=0)
    columns = {n: v for n, v in plain.items() if _is_column(v, length)}
    lines = [(name, _shown(value)) for name, value in plain.items() if name not in columns]
    if lines:
        echo_table(("", ""), lines)
    if columns:
        named = {"study": labels, **columns} if length == len(labels) else columns
        rows = zip(*(map(_shown, values) for values in named.values()), strict=True)
        echo_table(tuple(named), list(rows), right=tuple(columns))
    for note in notes:
        click.echo(f"Note: {note}")
    for name, value in inner.items():
        _echo_block(name, value, labels)


def _is_block(value: object) -> bool:
    return (isinstance(value, dict) and bool(value)) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict)
    )


def _is_column(value: object, length: int) -> bool:
    return isinstance(value, list | tuple) and len(value) == length > 2


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if isfinite(value) else "NA"
    if isinstance(value, list | tuple):
        return "; ".join(map(_shown, value))
    return "" if value is None else str(value)
