"""What `review pool` prints and draws of one pooling."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, Final

import click

from review.canonical import interval, number, p_value
from review.cli.output import echo_table
from review.cli.pool import blocks
from review.effects import Effects
from review.figures import Diamond, Forest, ForestRow
from review.figures.scale import Notation, Written, notation_of
from review.measures import Family, Measure
from review.natural import OWN_SIZES, by_mean_of_sizes, harmonic_mean
from review.synthesis import Method, Pooled
from review.wording import capitalised

OF_ONE: Final = (Family.EVENTS_OF_ONE, Family.MEAN_OF_ONE, Family.RATE_OF_ONE)
"""Of single groups, whose means are held against nothing."""

_PROFILED: Final = ("tau2_ci", "I2_ci", "H2_ci")
"""Intervals by the Q profile, in the order of the JSON; null where its set is empty."""


def forest_of(
    pooled: Pooled, effects: Effects, labels: Sequence[str], sizes: Sequence[float | None]
) -> Forest:
    """Return the forest plot of the rows that give an effect; the others are named."""
    weights = iter(pooled.weights.tolist())
    facts = effects.measure.facts

    def own(size: float | None) -> Written | None:
        scale = None if facts.by_size is None else facts.read_at(size)
        return None if scale is None else notation_of(scale)

    rows = tuple(
        ForestRow(label, row[0], *row[2], weight=next(weights), notation=own(size))
        if row is not None
        else ForestRow(label, None, None, None)
        for label, row, size in zip(labels, _rows(effects, pooled.level), sizes, strict=True)
    )
    summary = Diamond(f"Pooled (k = {pooled.k})", pooled.estimate, *pooled.ci, *(pooled.pi or ()))
    tau2 = "" if pooled.method is Method.EE else f"τ² = {pooled.tau2:.3f}, "
    note = (
        f"{pooled.method.value}, test {pooled.test.value}; {tau2}"
        f"I² = {pooled.I2:.1f}%, Q = {pooled.Q:.2f} (df {pooled.Q_df})."
    )
    back = facts.read_at(_mean_size(effects, sizes))
    if facts.by_size is not None and back is not None:
        told = [size for size in sizes if size is not None]
        note += f" {capitalised(by_mean_of_sizes(back.name, told))}. {OWN_SIZES}"
    return Forest(
        title="",
        rows=rows,
        summaries=(summary,),
        effect_label=effects.measure.scale.removeprefix("log ") if back is None else back.name,
        null_line=facts.family not in OF_ONE,
        note=note,
        level=pooled.level,
        notation=Notation.RATIO
        if effects.measure.scale.startswith("log ")
        else Notation.PLAIN
        if back is None
        else notation_of(back),
    )


Row = tuple[float, float, tuple[float, float]]
"""Effect, variance and interval."""


def _rows(effects: Effects, level: float) -> list[Row | None]:
    limits = effects.interval(level)
    return [
        (float(y), float(v), (float(low), float(high))) if known else None
        for known, y, v, (low, high) in zip(
            effects.known, effects.yi, effects.vi, limits, strict=True
        )
    ]


def as_json_of(
    pooled: Pooled,
    effects: Effects,
    labels: Sequence[str],
    prediction: str,
    sizes: Sequence[float | None],
) -> dict[str, Any]:
    """Return a pooling and its effects as the object that `--json` prints."""
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
        "prediction": prediction,
        "tau2": None if pooled.method is Method.EE else pooled.tau2,
        "se_tau2": pooled.se_tau2,
        "natural": blocks.natural(
            effects.measure, pooled.estimate, pooled.ci, pooled.pi, _mean_size(effects, sizes)
        ),
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
                "natural": row and blocks.natural(effects.measure, row[0], row[2], size=size),
            }
            for label, row, size in zip(labels, _rows(effects, pooled.level), sizes, strict=True)
        ],
        "notes": [*pooled.notes, *(f"row {n.row + 1}: {n.text}" for n in effects.notes)],
    }


def _mean_size(effects: Effects, sizes: Sequence[float | None]) -> float | None:
    """Return the harmonic mean of the sizes of the rows with an effect; None where one lacks."""
    return harmonic_mean([n for n, used in zip(sizes, effects.known, strict=True) if used])


def echo_pooled(
    pooled: Pooled,
    effects: Effects,
    labels: Sequence[str],
    method: str,
    prediction: str,
    sizes: Sequence[float | None],
) -> None:
    """Print the effects as a table, and below it the pooled line."""
    weights = iter(pooled.weights.tolist())
    one = blocks.natural(effects.measure, 0.0, (0.0, 0.0), size=1.0)
    read_as = () if one is None else (str(one["scale"]),)

    def back(row: Row, size: float | None) -> tuple[str, ...]:
        found = blocks.natural(effects.measure, row[0], row[2], size=size)
        told = "" if found is None else f"{number(found['estimate'])} {interval(found['ci'])}"
        return (told,) if read_as else ()

    rows = [
        (
            label, number(row[0], 4), number(row[1], 4), interval(row[2], 4), *back(row, size),
            number(next(weights), 1),
        )
        if row is not None
        else (label, "no effect", "", "", *("" for _ in read_as), "")
        for label, row, size in zip(labels, _rows(effects, pooled.level), sizes, strict=True)
    ]  # fmt: skip
    headers = ("study", "yi", "vi", f"{pooled.level * 100:g}% interval", *read_as, "weight %")
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
        **_spread(pooled, prediction),
        **_on_natural_scale(pooled, effects.measure, _mean_size(effects, sizes)),
        "Q": f"{number(pooled.Q, 4)} (df {pooled.Q_df}), p {p_value(pooled.Q_p)}",
    }
    echo_table(("", "pooled"), list(lines.items()))
    for note in pooled.notes:
        click.echo(f"Note: {note}")
    for row_note in effects.notes:
        click.echo(f"Note: {labels[row_note.row]}: {row_note.text}")


def _on_natural_scale(pooled: Pooled, measure: Measure, size: float | None) -> dict[str, str]:
    """Return the pooled line as people read it: a ratio as measured, a correlation, a share."""
    back = blocks.natural(measure, pooled.estimate, pooled.ci, pooled.pi, size)
    if back is None:
        return {}
    pi = f"; prediction {interval(back['pi'], 4)}" if back["pi"] is not None else ""
    line = f"{number(back['estimate'], 4)} {interval(back['ci'], 4)}{pi}"
    return {f"as {back['scale']}": line}


_KINDS: Final = {"test": "", "k-1": ", t, k-1", "k-2": ", t, k-2", "HK": ", Hartung-Knapp"}


def _spread(pooled: Pooled, prediction: str) -> dict[str, str]:
    """Return what tells how far the studies' effects differ; a common effect has no tau²."""
    empty = "(Q-profile interval empty)" if pooled.tau2_ci_empty else None
    between = {
        f"prediction interval{_KINDS[prediction]}": interval(pooled.pi, 4) or "none",
        "tau²": f"{number(pooled.tau2, 4)} {empty or interval(pooled.tau2_ci, 4)}",
    }
    by_q = "" if pooled.method is Method.EE else f"; from Q {number(pooled.I2_q, 1)}%"
    return {
        **(between if pooled.method is not Method.EE else {}),
        "I²": f"{number(pooled.I2, 1)}% {empty or interval(pooled.I2_ci, 1)}{by_q}",
        "H²": f"{number(pooled.H2, 2)} {empty or interval(pooled.H2_ci, 2)}",
    }


def echo_block(heading: str, block: Any, labels: Sequence[str]) -> None:
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
        echo_block(name, value, labels)


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
