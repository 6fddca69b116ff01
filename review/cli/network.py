"""``review network``: several treatments of one outcome from a file of arms, without a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from review.canonical import interval, number, p_value
from review.cli import network_explained
from review.cli.context import sheet_option
from review.cli.network_explained import explain
from review.cli.output import echo_json, echo_remarks, echo_table, plain_remarks
from review.cli.pool.sheet import Sheet, read_sheet
from review.conventions import AddTo
from review.effects import ZeroCells, combine_arms, combine_estimates, escalc
from review.errors import InvalidDataError, Problem, UnreadableFileError
from review.measures import Measure
from review.synthesis import Method, Test
from review.synthesis.network import (
    Comparison,
    Interaction,
    Network,
    NetworkStudy,
    compare,
    from_arms,
    from_means,
    interaction,
    network,
)

COLUMNS: Final = {
    "GEN": ("estimate", "variance"),
    "MD": ("n", "mean", "sd"),
    "SMD": ("n", "mean", "sd"),
    "OR": ("events", "n"),
    "RR": ("events", "n"),
}
"""What each measure is computed from, a row being an arm."""

ZERO: Final = 0.5
"""Added to events, and to participants without, of each arm of a trial with an empty cell."""


class _Arms(NamedTuple):
    """The arms that enter, one of a treatment in each trial, and what was done to have them so."""

    studies: tuple[NetworkStudy, ...]
    notes: list[str]
    left_out: list[dict[str, Any]]
    rows: dict[str, list[int]]
    """Of the table, by trial."""


@click.command("network")
@click.argument("file", type=click.Path(path_type=Path))
@sheet_option
@click.option(
    "--measure",
    type=click.Choice(list(COLUMNS)),
    help="GEN takes an estimate and a variance of each arm; MD and SMD take n, mean and sd; OR and "
    "RR take events and n. By default the first that the file has the columns of.",
)
@click.option("--study", default="study", show_default=True, help="Column that names the trials.")
@click.option(
    "--treatment",
    default="treatment",
    show_default=True,
    help="Column that names the treatment of an arm.",
)
@click.option(
    "--merge",
    "merges",
    multiple=True,
    metavar="NAME=A|B",
    help="Count treatments A and B as one, called NAME; may be given again.",
)
@click.option("--reference", help="Treatment that the others are shown against.")
@click.option(
    "--method",
    type=click.Choice([m.value for m in Method]),
    default=Method.REML.value,
    show_default=True,
    help="Estimator of tau², one for all comparisons; EE is the common-effect model.",
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
    type=click.FloatRange(0.5, 1, max_open=True),
    default=0.95,
    show_default=True,
    help="Of all intervals.",
)
@click.option(
    "--better",
    type=click.Choice(["higher", "lower"]),
    help="Which values are better; needed to rank treatments.",
)
@click.option(
    "--mods",
    "formulae",
    multiple=True,
    metavar="FORMULA",
    help="Explain effects by columns of trials, with one coefficient for every treatment against "
    "the reference and with one for each; '0 + group' gives each group its effects under one tau². "
    "May be given again.",
)
@click.option(
    "--subgroup",
    "groups",
    multiple=True,
    metavar="COLUMN",
    help="Fit a network in each group of trials, and test whether comparisons differ; may be "
    "given again.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def network_(
    file: Path,
    sheet: str | None,
    measure: str | None,
    study: str,
    treatment: str,
    merges: Sequence[str],
    reference: str | None,
    method: str,
    test: str,
    level: float,
    better: str | None,
    formulae: Sequence[str],
    groups: Sequence[str],
    as_json: bool,
) -> None:
    """Compare several treatments at once from a file of arms, a row each; nothing is stored.

    Prints every pair of treatments: the trials that compare the two, what they say alone, direct
    and indirect evidence and whether they agree, and the estimate of the whole network.
    """
    numeric = dict.fromkeys(name for names in COLUMNS.values() for name in names)
    table = read_sheet(file, names=numeric, sheet=sheet)
    for column in (study, treatment):
        if column not in table.header:
            raise UnreadableFileError(str(file), [Problem(1, column, "there is no such column")])
    chosen = _measure(measure, table)
    arms = _arms(table, chosen, study, treatment, _merged(merges))
    found = network(arms.studies, reference=reference, method=method, test=test, level=level)
    compared, design = compare(found), interaction(found)
    scores = found.p_scores(higher_is_better=better == "higher") if better else None
    explained = explain(table, found, arms.rows, formulae=formulae, groups=groups)
    if as_json:
        told = _as_json(found, compared, design, scores, chosen)
        told |= {"notes": [*found.notes, *arms.notes], "left_out": arms.left_out}
        told["explained"] = [network_explained.as_json(one) for one in explained]
        echo_json({**told, "remarks": plain_remarks(table.table.remarks)})
        return
    echo_remarks(file, table.table.remarks)
    _echo(found, compared, design, scores, chosen)
    for one in explained:
        network_explained.echo_explained(one)
    for gone in arms.left_out:
        click.echo(f"Left out: {gone['study']}: {gone['reason']}")
    for note in (*found.notes, *arms.notes):
        click.echo(f"Note: {note}")


def _measure(asked: str | None, table: Sheet) -> str:
    ways = {asked: COLUMNS[asked]} if asked else {m: COLUMNS[m] for m in ("GEN", "SMD", "OR")}
    for measure, names in ways.items():
        if set(names) <= set(table.header):
            return measure
    told = ", or ".join(" and ".join(names) for names in ways.values())
    raise InvalidDataError(f"{table.file} has no columns {told}; a row is an arm")


def _merged(merges: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for rule in merges:
        name, equals, parts = rule.partition("=")
        if not (name.strip() and equals and parts.strip()):
            raise click.BadParameter(f"{rule!r} is not NAME=A|B", param_hint="--merge")
        found |= {part.strip(): name.strip() for part in parts.split("|")}
    return found


def _arms(
    table: Sheet, measure: str, study: str, treatment: str, merged: Mapping[str, str]
) -> _Arms:
    names = [row[treatment].strip() for row in table.rows]
    unknown = [old for old in merged if old not in names]
    if unknown:
        raise InvalidDataError(f"--merge names {', '.join(unknown)}, which no arm has")
    columns = {c: table.numbers(c) for c in {*COLUMNS[measure], "n"} if c in table.header}
    notes = [f"{old} counts as {new}." for old, new in merged.items() if old != new]
    left_out: list[dict[str, Any]] = []
    trials: dict[str, dict[str, list[int]]] = {}
    for i, row in enumerate(table.rows):
        name, missing = row[study].strip(), [c for c in COLUMNS[measure] if columns[c][i] is None]
        if not name or not names[i] or missing:
            lacks = " and no ".join([*missing] or [study if not name else treatment])
            left_out.append(
                {"study": name, "line": table.lines[i], "reason": f"{names[i]}: no {lacks}"}
            )
            continue
        trials.setdefault(name, {}).setdefault(merged.get(names[i], names[i]), []).append(i)
    made: list[NetworkStudy] = []
    for name, arms in trials.items():
        if len(arms) < 2:
            (only,) = arms
            left_out.append(
                {
                    "study": name,
                    "line": table.lines[arms[only][0]],
                    "reason": f"all its arms are {only}, so that it compares nothing",
                }
            )
            continue
        for label, rows in arms.items():
            if len(rows) > 1:
                notes.append(f"{name}: its {len(rows)} arms of {label} count as one.")
        cells = {
            label: _together(name, label, rows, columns, measure) for label, rows in arms.items()
        }
        made += _BUILT[measure](name, cells)
    rows_of = {
        name: [row for rows in arms.values() for row in rows] for name, arms in trials.items()
    }
    return _Arms(tuple(made), notes, left_out, rows_of)


def _together(
    study: str,
    label: str,
    rows: Sequence[int],
    columns: Mapping[str, Sequence[float | None]],
    measure: str,
) -> tuple[float, ...]:
    """Return the numbers of a treatment in a trial: of its arm, or of its arms together."""
    wanted = COLUMNS[measure]
    cells = [[float(columns[c][i] or 0.0) for i in rows] for c in wanted]
    if len(rows) == 1:
        return tuple(cell[0] for cell in cells)
    if measure in ("OR", "RR"):
        return tuple(sum(cell) for cell in cells)
    if measure == "GEN":
        sizes = columns.get("n", [None] * len(columns["estimate"]))
        n = [size for size in (sizes[i] for i in rows) if size is not None]
        if len(n) < len(rows):
            raise InvalidDataError(
                f"{study} has several arms of {label}; give n of each, to combine them by"
            )
        value = combine_estimates(n, *cells).value
        return value.estimate, value.variance
    return tuple(combine_arms(*cells).value)


def _gen(study: str, arms: Mapping[str, tuple[float, ...]]) -> Sequence[NetworkStudy]:
    estimates, variances = zip(*arms.values(), strict=True)
    return from_arms([study] * len(arms), list(arms), estimates, variances)


def _md(study: str, arms: Mapping[str, tuple[float, ...]]) -> Sequence[NetworkStudy]:
    for label, (n, *_) in arms.items():
        if n < 1:
            raise InvalidDataError(f"{study}: {n:g} participants of {label} cannot be")
    return _gen(study, {a: (mean, sd * sd / n) for a, (n, mean, sd) in arms.items()})


def _smd(study: str, arms: Mapping[str, tuple[float, ...]]) -> Sequence[NetworkStudy]:
    n, mean, sd = zip(*arms.values(), strict=True)
    return from_means([study] * len(arms), list(arms), n, mean, sd)


def _counts(
    study: str, arms: Mapping[str, tuple[float, ...]], measure: Measure
) -> Sequence[NetworkStudy]:
    for label, (x, n) in arms.items():
        if not 0 <= x <= n or n <= 0:
            raise InvalidDataError(f"{study}: {x:g} events among {n:g} of {label} cannot be")
    events, totals = zip(*arms.values(), strict=True)
    empty = any(x in (0, n) for x, n in arms.values())
    rule = ZeroCells(ZERO, AddTo.ALL if empty else AddTo.NONE)
    found = escalc(measure, {"xi": events, "ni": totals}, zero_cells=rule)
    return from_arms([study] * len(arms), list(arms), found.yi.tolist(), found.vi.tolist())


_BUILT: Final[
    Mapping[str, Callable[[str, Mapping[str, tuple[float, ...]]], Sequence[NetworkStudy]]]
] = {
    "GEN": _gen,
    "MD": _md,
    "SMD": _smd,
    "OR": lambda study, arms: _counts(study, arms, Measure.PLO),
    "RR": lambda study, arms: _counts(study, arms, Measure.PLN),
}


def _echo(
    found: Network,
    compared: Sequence[Comparison],
    design: Interaction,
    scores: Mapping[str, float] | None,
    measure: str,
) -> None:
    # what runs keep, and pages: a stateless command that fails does without
    from review.living.estimates.networks import agreement_of
    from review.living.reports.networks import CAUTION, agreement_sentence

    scale = f"log {measure}" if measure in ("OR", "RR") else measure
    click.echo(
        f"{found.k} trials, {found.arms} arms, {len(found.treatments)} treatments; {scale}, "
        f"{found.method.value}, {found.test.value}"
    )
    heterogeneity = f"tau² {found.tau2:.4f}, Q {found.q:.2f} on {found.q_df}"
    if found.q_p is not None:
        heterogeneity += f", p {p_value(found.q_p)}, I² {found.i2:.1f} %"
    click.echo(heterogeneity)
    click.echo(agreement_sentence(agreement_of(design)))
    click.echo(f"\nAgainst {found.reference}:")
    rows = [found.difference(t, found.reference) for t in found.treatments]
    echo_table(
        ("treatment", "estimate", "interval", "new trial", "p"),
        [
            (d.treatment, number(d.estimate), interval(d.ci), interval(d.pi), p_value(d.p))
            for d in rows
            if d.treatment != found.reference
        ],
        right=("estimate", "p"),
    )
    click.echo("\nEvery pair, the first minus the second:")
    echo_table(
        ("pair", "k", "alone", "direct", "indirect", "network", "disagree, p"),
        [
            (
                f"{c.treatment} - {c.versus}",
                c.k,
                _with(c.pairwise.estimate, c.pairwise.ci) if c.pairwise else "",
                _with(c.direct.estimate, c.direct.ci) if c.direct else "",
                _with(c.indirect.estimate, c.indirect.ci) if c.indirect else "",
                _with(c.network.estimate, c.network.ci),
                c.why_no_split or p_value(c.split.p if c.split else None),
            )
            for c in compared
        ],
        right=("k",),
    )
    if scores is not None:
        click.echo("\nP-scores, best first:")
        echo_table(("treatment", "P-score"), [(t, number(s)) for t, s in scores.items()])
        click.echo(f"Note: {CAUTION}.")


def _with(estimate: float, limits: tuple[float, float]) -> str:
    return f"{number(estimate)} {interval(limits)}"


def _as_json(
    found: Network,
    compared: Sequence[Comparison],
    design: Interaction,
    scores: Mapping[str, float] | None,
    measure: str,
) -> dict[str, Any]:
    from review.living.reports.networks import CAUTION

    names = ("k", "arms", "treatments", "reference", "method", "test", "level", "effects", "vcov",
             "tau2", "tau2_ci", "q", "q_df", "q_p", "i2", "ddf")  # fmt: skip
    return {
        "measure": measure,
        **{name: getattr(found, name) for name in names},
        "comparisons": [_compared(c) for c in compared],
        "inconsistency": design._asdict(),
        "p_scores": scores,
        "p_scores_caution": CAUTION if scores is not None else None,
    }


def _compared(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison by its fields: what is there by its own, of a pooling what is printed."""
    told = {**comparison._asdict(), "why_no_split": comparison.why_no_split}
    of_pair = ("estimate", "se", "ci", "tau2")
    for name in ("direct", "indirect", "network", "split"):
        told[name] = told[name] and told[name]._asdict()
    pair = comparison.pairwise
    told["pairwise"] = pair and {name: getattr(pair, name) for name in of_pair}
    return told
