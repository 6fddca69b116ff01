"""``review pool``: pool a CSV file without any database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import exp, isfinite
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
from click.core import ParameterSource

from review.canonical import interval, number, p_value
from review.cli import pool_blocks as blocks
from review.cli import pool_refits as refits
from review.cli.files import new_file
from review.cli.output import echo_json, echo_remarks, echo_table, plain_remarks
from review.cli.pool_options import pool_options
from review.cli.pool_sheet import Sheet, read_sheet
from review.effects import Effects, ImpossibleInputError, Measure, escalc, required_columns
from review.errors import InvalidDataError, Problem, UnreadableFileError
from review.figures import Diamond, Forest, ForestRow, forest_plot, save
from review.figures.scale import Notation
from review.formula import parse
from review.living.workers import executor_for
from review.synthesis import Method, Pooled, Test, pool
from review.synthesis.tables import UNEQUAL, peto_caution
from review.tabular.numbers import MISSING

_PROFILED: Final = ("tau2_ci", "I2_ci", "H2_ci")
"""Intervals by the Q profile, in the order of the JSON; null where its set is empty."""


def _renamed(pairs: Sequence[str]) -> dict[str, str]:
    names = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not (name and equals and column):
            raise click.BadParameter(f"{pair!r} is not NAME=COLUMN", param_hint="--col")
        names[name.strip()] = column.strip()
    return names


def _columns(
    sheet: Sheet, measure: Measure, names: Mapping[str, str]
) -> dict[str, list[float | None]]:
    """Return the columns of the first way to compute a measure that the file has, and those mapped.

    A name may mean two things (`di` is a cell of a table, and Cohen's d), so columns of another way
    are read only where --col asks for them.
    """
    unknown = [
        Problem(1, c, "there is no such column") for c in names.values() if c not in sheet.header
    ]
    if unknown:
        raise UnreadableFileError(sheet.file, unknown)
    alternatives = required_columns(measure)
    present = {*sheet.header, *names}
    complete = next((a for a in alternatives if present.issuperset(a)), None)
    wanted = {*names, *(complete or {name for alternative in alternatives for name in alternative})}
    source = {name: names.get(name, name) for name in sorted(wanted)}
    return {
        name: sheet.numbers(column) for name, column in source.items() if column in sheet.header
    }


def _measure(given: str | None, sheet: Sheet, names: Mapping[str, str]) -> Measure:
    if given is not None:
        return Measure(given)
    present = {*sheet.header, *names}
    ways = required_columns(Measure.GEN)
    if any(present.issuperset(way) for way in ways):
        return Measure.GEN
    told = ", or ".join(" and ".join(way) for way in ways)
    raise InvalidDataError(f"say which effect --measure is wanted; the file has no {told}")


def _effects(
    sheet: Sheet,
    measure: Measure,
    columns: Mapping[str, list[float | None]],
    labels: Sequence[str],
) -> Effects:
    """Return the effects; raise UnreadableFileError for numbers and variances that cannot be.

    A variance of zero is refused whatever the measure: such a study would have all the weight.
    """
    try:
        found = escalc(measure, columns)
    except ImpossibleInputError as error:
        problems = [
            Problem(sheet.lines[cell.row], cell.column, f"{cell.value:g} {cell.reason}")
            for cell in error.cells
        ]
        raise UnreadableFileError(sheet.file, problems) from None
    reason = (
        f"its sampling variance as {measure.value} is 0, so that it would have all the weight; "
        "correct it, or empty its cells to leave it out"
    )
    still = [row for row, variance in enumerate(found.vi) if variance == 0]
    if still:
        problems = [Problem(sheet.lines[row], None, f"{labels[row]}: {reason}") for row in still]
        raise UnreadableFileError(sheet.file, problems)
    return found


class _Rows(NamedTuple):
    """The rows that enter a block, with the columns that it needs, and those that do not."""

    at: list[int]
    columns: dict[str, list[str]]
    left_out: list[dict[str, Any]]


def _selected(sheet: Sheet, effects: Effects, names: Sequence[str], labels: Sequence[str]) -> _Rows:
    """Return the rows with an effect and all of some columns, and of the others what is missing."""
    unknown = [
        Problem(1, name, "there is no such column") for name in names if name not in sheet.header
    ]
    if unknown:
        raise UnreadableFileError(sheet.file, unknown)
    rows: list[int] = []
    left_out: list[dict[str, Any]] = []
    for index, (known, row) in enumerate(zip(effects.known, sheet.rows, strict=True)):
        missing = [name for name in names if row[name].strip().casefold() in MISSING]
        if known and not missing:
            rows.append(index)
        else:
            reason = f"no {' and no '.join(missing)}" if missing else "no effect"
            left_out.append({"label": labels[index], "line": sheet.lines[index], "reason": reason})
    columns = {name: [sheet.rows[index][name].strip() for index in rows] for name in names}
    if not rows:
        told = " and ".join(names)
        raise InvalidDataError(f"no row of {sheet.file} has an effect and {told}")
    return _Rows(rows, columns, left_out)


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
    names = _renamed(cols)
    asked_for = [label, asked["subgroup"], asked["cluster"], *_variables(asked["mods"])]
    table = read_sheet(file, renamed=names, names=filter(None, asked_for), sheet=sheet)
    chosen = _measure(measure, table, names)
    labels, columns = table.labels(label), _columns(table, chosen, names)
    effects = _effects(table, chosen, columns, labels)
    if not effects.known.any():
        raise InvalidDataError(f"no row of {file} gives an effect {chosen.value}")
    yi, vi = effects.yi[effects.known], effects.vi[effects.known]
    model: dict[str, Any] = {"method": Method(method), "test": Test(test), "level": level}
    pooled = pool(yi, vi, **model)
    extra = _extra(table, effects, model, labels, **asked)
    if margins:
        extra["noninferiority"] = blocks.margins(pooled, margins)
    notes = [*_cautions(pooled, effects, columns, labels), *_independent(asked)]
    for path in plots:
        with new_file(path) as place:
            save(forest_plot(_forest(pooled, effects, labels)), place)
    if as_json:
        remarks = {"remarks": plain_remarks(table.remarks)}
        told = _as_json(pooled, effects, labels)
        told["notes"] += notes
        echo_json({**told, **extra, **remarks})
        return
    echo_remarks(file, table.remarks)
    _echo(pooled, effects, labels)
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
    cluster: str | None,
    rho: float | None,
    diagnostics: bool,
    permutation: int | None,
    gosh: int | None,
    seed: int,
    processes: int | None,
    dask: str | None,
) -> dict[str, Any]:
    """Return the blocks asked for, by their keys in the JSON."""
    found: dict[str, Any] = {}
    variables = _variables(mods)
    if mods is not None and cluster is None:
        rows, columns, gone = _selected(sheet, effects, variables, labels)
        found["metareg"] = {
            **blocks.metareg(effects.yi[rows], effects.vi[rows], mods, columns, **model),
            "left_out": gone,
        }
    if subgroup is not None:
        rows, columns, gone = _selected(sheet, effects, [subgroup], labels)
        found["subgroups"] = {
            **blocks.subgroups(effects.yi[rows], effects.vi[rows], columns[subgroup], **model),
            "left_out": gone,
        }
    if cluster is not None:
        rows, columns, gone = _selected(sheet, effects, [cluster, *variables], labels)
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
                rows, columns, gone = _selected(sheet, effects, variables, labels)
                tested = refits.permutation(
                    effects.yi[rows], effects.vi[rows], mods, columns, permutation, **again
                )
                found["permutation"] = {**tested, "left_out": gone}
            if gosh is not None:
                known = effects.known
                found["gosh"] = refits.subsets(effects.yi[known], effects.vi[known], gosh, **again)
    if diagnostics:
        found["diagnostics"] = blocks.diagnostics(
            effects.yi[effects.known], effects.vi[effects.known], model["method"], model["level"]
        )
    return found


def _cautions(
    pooled: Pooled,
    effects: Effects,
    columns: Mapping[str, list[float | None]],
    labels: Sequence[str],
) -> Iterator[str]:
    """Yield what speaks against Peto's odds ratio, where it is the measure."""
    if effects.measure is not Measure.PETO:
        return
    rows = [row for row, known in enumerate(effects.known) if known]
    one, two = (
        [_size(columns, arm, row) for row in rows] for arm in (("a", "b", 1), ("c", "d", 2))
    )
    caution = peto_caution(one, two, pooled.estimate)
    reasons = []
    if caution.unequal:
        named = "; ".join(labels[rows[i]] for i in caution.unequal)
        reasons.append(f"arms of {UNEQUAL:g} to 1 or more ({named})")
    if caution.large:
        reasons.append(f"a large effect (OR {exp(pooled.estimate):.2f})")
    if reasons:
        yield f"Peto's odds ratio is biased with {' and '.join(reasons)}; --measure OR is not"


def _size(columns: Mapping[str, list[float | None]], arm: tuple[str, str, int], row: int) -> float:
    events, others, number = arm
    total = columns.get(f"n{number}i", [None] * (row + 1))[row]
    if total is not None:
        return total
    both = (columns[f"{name}i"][row] for name in (events, others))
    return sum(count for count in both if count is not None)


def _independent(asked: Mapping[str, Any]) -> Iterator[str]:
    """Yield that only the model of clusters knows of them."""
    if asked["cluster"] is None:
        return
    also = [name for name in ("subgroup", "diagnostics", "gosh") if asked[name]]
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
        "I2": pooled.I2,
        "H2": pooled.H2,
        "Q": pooled.Q,
        "Q_df": pooled.Q_df,
        "Q_p": pooled.Q_p,
        **{name: None if pooled.tau2_ci_empty else getattr(pooled, name) for name in _PROFILED},
        "weights": pooled.weights.tolist(),
        "effects": [
            {"label": label, "yi": row and row[0], "vi": row and row[1], "ci": row and row[2]}
            for label, row in zip(labels, _rows(effects, pooled.level), strict=True)
        ],
        "notes": [*pooled.notes, *(f"row {n.row + 1}: {n.text}" for n in effects.notes)],
    }


def _echo(pooled: Pooled, effects: Effects, labels: Sequence[str]) -> None:
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
        "model": f"{effects.measure.scale}, {pooled.method.value}, test {pooled.test.value}",
        "estimate": f"{number(pooled.estimate, 4)} (SE {number(pooled.se, 4)})",
        f"{pooled.level * 100:g}% interval": interval(pooled.ci, 4),
        "test": f"{number(pooled.stat, 4)} ({stat}), p {p_value(pooled.p)}"
        if pooled.tested
        else "none: the standard error is zero",
        **_spread(pooled),
        "Q": f"{number(pooled.Q, 4)} (df {pooled.Q_df}), p {p_value(pooled.Q_p)}",
    }
    echo_table(("", "pooled"), list(lines.items()))
    for note in pooled.notes:
        click.echo(f"Note: {note}")
    for row_note in effects.notes:
        click.echo(f"Note: {labels[row_note.row]}: {row_note.text}")


def _spread(pooled: Pooled) -> dict[str, str]:
    """Return what tells how far the studies' effects differ; a common effect has no tau²."""
    empty = "(Q-profile interval empty)" if pooled.tau2_ci_empty else None
    between = {
        "prediction interval": interval(pooled.pi, 4) or "none",
        "tau²": f"{number(pooled.tau2, 4)} {empty or interval(pooled.tau2_ci, 4)}",
    }
    return {
        **(between if pooled.method is not Method.EE else {}),
        "I²": f"{number(pooled.I2, 1)}% {empty or interval(pooled.I2_ci, 1)}",
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
