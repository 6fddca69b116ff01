"""``review pool``: pool a CSV file without any database."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from review.cli.output import echo_json, echo_table, interval, number, p_value
from review.effects import Effects, ImpossibleInputError, Measure, escalc, required_columns
from review.errors import FileError, InvalidDataError, Problem
from review.extraction.files import text_of
from review.synthesis import Method, Pooled, Test, pool

LABELS: Final = ("label", "slab", "study", "trial", "author")
"""Columns that name a row where --label does not say which: the first that is there."""

MISSING: Final = frozenset({"", "na", "nan", "nr", "null", "none", "."})
"""Cell contents, in lower case, that say: not reported."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file: its header, its cells and the line each row ends on."""

    file: str
    header: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    lines: tuple[int, ...]

    def numbers(self, column: str) -> list[float | None]:
        """Return a column as numbers; raise FileError naming each cell that is none."""
        values: list[float | None] = []
        problems = []
        for line, row in zip(self.lines, self.rows, strict=True):
            text = row[column].strip().replace("−", "-")
            try:
                values.append(None if text.lower() in MISSING else float(text))
            except ValueError:
                problems.append(Problem(line, column, f'"{row[column]}" is not a number'))
        if problems:
            raise FileError(self.file, problems)
        return values

    def labels(self, column: str | None) -> list[str]:
        """Return what names the rows; their numbers where no column does."""
        if column is not None and column not in self.header:
            raise FileError(self.file, [Problem(1, column, "there is no such column")])
        chosen = column or next((name for name in LABELS if name in self.header), None)
        if chosen is None:
            return [str(index) for index in range(1, len(self.rows) + 1)]
        return [row[chosen] for row in self.rows]


def read_sheet(path: Path) -> Sheet:
    """Read a CSV file with a header; raise FileError."""
    reader = csv.reader(io.StringIO(text_of(path), newline=""), strict=True)
    header: tuple[str, ...] | None = None
    rows, lines, problems = [], [], []
    try:
        for cells in reader:
            if header is None:
                header = tuple(name.strip() for name in cells)
            elif len(cells) == len(header):
                rows.append(dict(zip(header, cells, strict=True)))
                lines.append(reader.line_num)
            elif cells:
                reason = f"{len(cells)} cells under {len(header)} columns"
                problems.append(Problem(reader.line_num, None, reason))
    except csv.Error as error:
        problems.append(Problem(reader.line_num, None, str(error)))
    if not rows and not problems:
        problems.append(Problem(None, None, "it holds no rows"))
    if problems or header is None:
        raise FileError(str(path), problems)
    return Sheet(str(path), header, tuple(rows), tuple(lines))


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
    """Return the columns that a measure can use, by metafor's names."""
    unknown = [
        Problem(1, c, "there is no such column") for c in names.values() if c not in sheet.header
    ]
    if unknown:
        raise FileError(sheet.file, unknown)
    wanted = {name for alternative in required_columns(measure) for name in alternative}
    source = {name: names.get(name, name) for name in sorted(wanted)}
    return {
        name: sheet.numbers(column) for name, column in source.items() if column in sheet.header
    }


def _measure(given: str | None, sheet: Sheet, names: Mapping[str, str]) -> Measure:
    if given is not None:
        return Measure(given)
    present = {*sheet.header, *names}
    if {"yi", "vi"} <= present:
        return Measure.GEN
    raise InvalidDataError("say which effect --measure is wanted; the file has no yi and vi")


def _effects(sheet: Sheet, measure: Measure, columns: Mapping[str, list[float | None]]) -> Effects:
    try:
        return escalc(measure, columns)
    except ImpossibleInputError as error:
        problems = [
            Problem(sheet.lines[cell.row], cell.column, f"{cell.value:g} {cell.reason}")
            for cell in error.cells
        ]
        raise FileError(sheet.file, problems) from None


def _level(ctx: click.Context, param: click.Parameter, value: float) -> float:
    del ctx, param
    level = value / 100 if value > 1 else value
    if not 0.5 <= level < 1:
        raise click.BadParameter("give a level such as 0.95 or 95")
    return level


@click.command("pool")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--measure",
    type=click.Choice([m.value for m in Measure]),
    help="Effect measure; GEN (the default where yi and vi are there) takes them as they are.",
)
@click.option(
    "--method",
    type=click.Choice([m.value for m in Method]),
    default=Method.REML.value,
    show_default=True,
    help="Estimator of tau².",
)
@click.option(
    "--test",
    type=click.Choice([t.value for t in Test]),
    default=Test.ADHOC.value,
    show_default=True,
    help="knha is Hartung-Knapp, adhoc with its variance factor floored at 1.",
)
@click.option(
    "--level",
    type=float,
    default=0.95,
    show_default=True,
    callback=_level,
    help="Of all intervals.",
)
@click.option(
    "--col",
    "cols",
    multiple=True,
    metavar="NAME=COLUMN",
    help="Take COLUMN of the file for metafor's NAME, e.g. m1i=mean_t.",
)
@click.option("--label", metavar="COLUMN", help="What names the rows.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
def pool_(
    file: Path,
    measure: str | None,
    method: str,
    test: str,
    level: float,
    cols: Sequence[str],
    label: str | None,
    as_json: bool,
) -> None:
    """Pool the studies of a CSV file, a row each; nothing is stored.

    Columns have metafor's names: yi vi; m1i sd1i n1i m2i sd2i n2i; ai bi ci di or ai n1i ci n2i;
    ri ni; and so on. Rows without an effect are listed and left out.
    """
    sheet = read_sheet(file)
    names = _renamed(cols)
    chosen = _measure(measure, sheet, names)
    effects = _effects(sheet, chosen, _columns(sheet, chosen, names))
    if not effects.known.any():
        raise InvalidDataError(f"no row of {file} gives an effect {chosen.value}")
    pooled = pool(
        effects.yi[effects.known],
        effects.vi[effects.known],
        method=Method(method),
        test=Test(test),
        level=level,
    )
    labels = sheet.labels(label)
    if as_json:
        echo_json(_as_json(pooled, effects, labels))
    else:
        _echo(pooled, effects, labels)


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
        "stat": pooled.stat,
        "ddf": pooled.ddf,
        "p": pooled.p,
        "ci": pooled.ci,
        "pi": pooled.pi,
        "tau2": pooled.tau2,
        "se_tau2": pooled.se_tau2,
        "I2": pooled.I2,
        "H2": pooled.H2,
        "Q": pooled.Q,
        "Q_df": pooled.Q_df,
        "Q_p": pooled.Q_p,
        "tau2_ci": pooled.tau2_ci,
        "I2_ci": pooled.I2_ci,
        "H2_ci": pooled.H2_ci,
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
        "model": f"{effects.measure.value}, {pooled.method.value}, test {pooled.test.value}",
        "estimate": f"{number(pooled.estimate, 4)} (SE {number(pooled.se, 4)})",
        f"{pooled.level * 100:g}% interval": interval(pooled.ci, 4),
        "test": f"{number(pooled.stat, 4)} ({stat}), p {p_value(pooled.p)}",
        "prediction interval": interval(pooled.pi, 4),
        "tau²": f"{number(pooled.tau2, 4)} {interval(pooled.tau2_ci, 4)}",
        "I²": f"{number(pooled.I2, 1)}% {interval(pooled.I2_ci, 1)}",
        "H²": f"{number(pooled.H2, 2)} {interval(pooled.H2_ci, 2)}",
        "Q": f"{number(pooled.Q, 4)} (df {pooled.Q_df}), p {p_value(pooled.Q_p)}",
    }
    echo_table(("", "pooled"), list(lines.items()))
    for note in pooled.notes:
        click.echo(f"Note: {note}")
    for row_note in effects.notes:
        click.echo(f"Note: {labels[row_note.row]}: {row_note.text}")
