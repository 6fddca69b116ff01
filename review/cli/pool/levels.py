"""Random effects of a file's own columns, and errors that go together, as `review pool` has them.

The model is metafor's ``rma.mv`` with ``random = ~ 1 | a/b``, the errors those of its ``vcalc``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from review.arrays import Floats
from review.cli.pool.blocks import Block, Numbers, natural, robust_block
from review.cli.pool.sheet import Sheet
from review.errors import FileError, InvalidDataError, Problem, UnreadableFileError
from review.measures import Measure
from review.protocol import levels as of_plans
from review.synthesis import design, doubtful_levels, estimable
from review.synthesis.multivariate import (
    Multivariate,
    RandomEffect,
    multivariate,
    sampling_covariance,
)
from review.tabular.conversion import number_column
from review.tabular.header import Columns, Others
from review.tabular.numbers import MISSING, Kind
from review.tabular.reading import bytes_of, read_table

ROW: Final = "row"
"""Each row of the file, where it has no column of that name."""

NUMBERS: Final = {"time": "time", "size1": "n_group", "size2": "n_other"}
LABELS: Final = {"group1": "group", "group2": "other"}
"""Options that name columns, and what `sampling_covariance` calls these."""

ERRORS: Final = (*NUMBERS, *LABELS)
"""Options that say how errors go together, besides --rho and --covariances."""

ROUNDED: Final = 1e-3
"""Of a variance: as far as one in a file of covariances may be from that of its row."""


def terms_of(asked: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the columns of each random effect; raise UsageError where a name is missing.

    Examples
    --------
    >>> terms_of(["lab/study", "study + instrument"])
    (('lab',), ('lab', 'study'), ('study',), ('instrument',))
    """
    try:
        return of_plans.terms_of(asked)
    except ValueError as error:
        raise click.UsageError(f"--random {error}") from None


def names_of(asked: Mapping[str, Any], header: Sequence[str] = ()) -> list[str]:
    """Return the columns that random effects and errors need; `row` where the file has it."""
    names = [name for term in terms_of(asked["random"]) for name in term]
    names += [asked[option] for option in ERRORS if asked[option] is not None]
    return [name for name in dict.fromkeys(names) if name != ROW or name in header]


def random_effects(
    terms: Sequence[tuple[str, ...]], columns: Mapping[str, Sequence[str]], rows: Sequence[int]
) -> list[RandomEffect]:
    """Return the terms of a model, by the columns of the rows that enter."""
    each = {ROW: [str(row) for row in rows], **columns}
    return [
        RandomEffect(list(zip(*(each[name] for name in term), strict=True)), name="/".join(term))
        for term in terms
    ]


class Kinds(NamedTuple):
    """What the rows measure, and whether these are times that errors go by."""

    labels: Sequence[str]
    serial: bool


def errors_of(
    vi: Numbers,
    cluster: Sequence[str] | None,
    sheet: Sheet,
    rows: Sequence[int],
    asked: Mapping[str, Any],
    *,
    kinds: Kinds | None = None,
) -> tuple[Floats | Numbers | list[list[float]], list[str]]:
    """Return the covariances (k, k) of the errors of the rows that enter, and notes on them.

    Errors of kinds correlate by rho; of kinds that are times, by rho to the power of the time
    between.

    Raises
    ------
    InvalidDataError
        As `sampling_covariance`; UnreadableFileError for cells that are no numbers.
    """
    if asked["covariances"] is not None:
        return _covariances(asked["covariances"], sheet, rows, vi)
    if cluster is None:
        return vi, []
    how: dict[str, Any] = {"phi": asked["phi"]}
    for option, name in NUMBERS.items():
        if asked[option] is not None:
            column = sheet.numbers(asked[option])
            how[name] = [column[row] for row in rows]
    for option, name in LABELS.items():
        if asked[option] is not None:
            how[name] = [sheet.rows[row][asked[option]].strip() for row in rows]
    if kinds is not None and kinds.serial:
        how |= {"time": _times(kinds.labels), "phi": asked["rho"]}
    elif kinds is not None:
        how |= {"kind": kinds.labels, "rho_kind": asked["rho"]}
    elif asked["rho"] is not None:
        how |= {"measurement": rows, "rho_measurement": asked["rho"]}
    elif not any(asked[option] for option in ERRORS):
        return vi, []
    return sampling_covariance(vi, cluster, **how), []


def _times(kinds: Sequence[str]) -> list[float]:
    try:
        return [float(one) for one in kinds]
    except ValueError:
        raise InvalidDataError(
            "AR, HAR and CAR go by time: the column of --outcome must hold numbers, such as weeks"
        ) from None


def _covariances(
    path: Path, sheet: Sheet, rows: Sequence[int], vi: Numbers
) -> tuple[Floats | Numbers | list[list[float]], list[str]]:
    """Return the rows' part of a file of covariances; cells of other rows may be NA."""
    try:
        table = read_table(bytes_of(path), Columns({}, others=Others.KEPT), file=str(path))
        if table.problems:
            table.refuse(())
    except FileError as error:
        raise UnreadableFileError(error.file, error.problems) from None
    count = len(sheet.rows)
    if len(table.columns) != count or len(table.lines) != count:
        raise InvalidDataError(
            f"{path} has {len(table.lines)} rows of {len(table.columns)} numbers below its header; "
            f"{sheet.file} has {count} rows, so that it needs {count} of {count}, in their order "
            "(in R: write.csv(V, row.names = FALSE))"
        )
    read = [number_column(table, name, Kind.NUMBER) for name in table.columns]
    problems = [problem for column in read for problem in column.problems]
    cells = [[one.strip() for one in column.cells] for column in read]
    missing = [
        Problem(table.lines[row].line, table.columns[at], "there is no number")
        for at in rows for row in rows if cells[at][row].casefold() in MISSING
    ]  # fmt: skip
    if problems or missing:
        raise UnreadableFileError(str(path), problems or missing)
    V = [[float(cells[at][row]) for at in rows] for row in rows]
    problems = [
        Problem(
            table.lines[row].line, table.columns[row],
            f"the variance is {found:g}, that of the row in {sheet.file} {one:g}",
        )
        for row, found, one in zip(rows, (V[i][i] for i in range(len(V))), vi, strict=True)
        if not abs(found - one) <= ROUNDED * one
    ]  # fmt: skip
    if problems:
        raise UnreadableFileError(str(path), problems)
    remarks = [remark for column in read for remark in column.remarks]
    return V, [f"{path}, line {one.line}: {one.reason}" for one in (*table.remarks, *remarks)]


def levels(
    yi: Numbers,
    V: Floats | Numbers | list[list[float]],
    random: Sequence[RandomEffect],
    cluster: Sequence[object] | None,
    measure: Measure,
    *,
    formula: str | None,
    columns: Mapping[str, Sequence[str]],
    level: float,
) -> Block:
    """Return a mean or regression with the variance of each random effect.

    Robust errors (CR2, p null below four degrees of freedom) are by `cluster`, where the model
    keeps within it; by the outermost groups where all others are nested in them.
    """
    coded, dropped = estimable(design(formula or "1", columns))
    plain = formula is None
    fit = multivariate(yi, V, random, design=None if plain else coded, level=level)
    robust, notes = _robust(fit, cluster)
    tau2 = [component.tau2[0] for component in fit.components]
    total = float(sum(tau2))
    return {
        "method": "REML",
        "terms": fit.terms,
        "beta": fit.beta,
        "se": fit.se,
        "zval": fit.stat,
        "p": fit.p,
        "ci_lb": fit.ci_low,
        "ci_ub": fit.ci_high,
        **(_back(fit, measure) if plain else {}),
        "pi": fit.prediction("intrcpt", total) if plain else None,
        "QE": fit.q,
        "QE_df": fit.q_df,
        "QEp": fit.q_p,
        "loglik": fit.loglik,
        "AIC": fit.aic,
        "BIC": fit.bic,
        **({"weights": fit.weights().tolist()} if plain else {}),
        "levels": [
            {"random": one.name, "groups": one.groups, "sigma2": one.tau2[0]}
            for one in fit.components
        ],
        "robust": robust,
        "notes": [*dict.fromkeys((*dropped, *doubtful_levels(coded), *fit.notes, *notes))],
    }


def _back(fit: Multivariate, measure: Measure) -> Block:
    back = natural(measure, fit.beta[0], (fit.ci_low[0], fit.ci_high[0]))
    return {} if back is None else {back["scale"]: [back["estimate"], *back["ci"]]}


def _robust(fit: Multivariate, cluster: Sequence[object] | None) -> tuple[Block, list[str]]:
    if cluster is None:
        return {}, [
            "no robust errors: groups cross, and they need a --cluster that each group lies within"
        ]
    try:
        found = fit.robust(cluster)
    except InvalidDataError as error:
        return {}, [f"no robust errors: {error}"]
    return {"clusters": found.clusters, **robust_block(found)}, []
