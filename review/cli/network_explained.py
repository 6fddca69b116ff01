"""What explains a network of a file: meta-regressions and subgroups, for ``review network``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import click

from review.canonical import decimals_for, interval, number, p_value
from review.cli.output import echo_table
from review.cli.pool.sheet import Sheet
from review.errors import InvalidDataError, Problem, UnreadableFileError
from review.formula import parse
from review.synthesis import design, estimable
from review.synthesis.methods import Model
from review.synthesis.moderators import TermTest
from review.synthesis.network import (
    Difference,
    LevelEffects,
    Moderated,
    Network,
    NetworkGroups,
    NetworkStudy,
    Slope,
    grouped,
    levels,
    moderated,
)
from review.tabular.numbers import MISSING


class Trials(NamedTuple):
    """The trials of a network that have some columns, their values, and why others have not."""

    studies: tuple[NetworkStudy, ...]
    columns: dict[str, list[str]]
    left_out: tuple[dict[str, str], ...]


class Explained(NamedTuple):
    """One model of what explains a network, and the trials that it is without."""

    of: str
    found: Moderated | LevelEffects | NetworkGroups
    notes: tuple[str, ...]
    left_out: tuple[dict[str, str], ...]


def explain(
    table: Sheet,
    fitted: Network,
    rows: Mapping[str, Sequence[int]],
    *,
    formulae: Sequence[str],
    groups: Sequence[str],
) -> list[Explained]:
    """Return each subgroup analysis and meta-regression that is asked for.

    Parameters
    ----------
    table : Sheet
    fitted : Network
        Of the whole; its model and reference are theirs.
    rows : mapping
        The rows of the table that each trial is of.
    formulae, groups : sequence of str
        Formulae over columns, and columns that make subgroups.

    Raises
    ------
    UnreadableFileError, InvalidDataError
        For a column that is not there, and for what cannot be estimated.
    """
    model = Model.of(fitted.method, fitted.test, fitted.level)
    found = []
    for column in groups:
        some = with_values(table, fitted, rows, [column])
        apart = grouped(
            some.studies, some.columns[column], reference=fitted.reference, **model.settings
        )
        found.append(Explained(column, apart, (), some.left_out))
    for text in formulae:
        formula = parse(text)
        some = with_values(table, fitted, rows, formula.names)
        coded, notes = estimable(design(formula, some.columns))
        fit = moderated if formula.intercept else levels
        model_of = fit(some.studies, coded, reference=fitted.reference, **model.settings)
        found.append(Explained(text, model_of, notes, some.left_out))
    return found


def with_values(
    table: Sheet, fitted: Network, rows: Mapping[str, Sequence[int]], names: Sequence[str]
) -> Trials:
    """Return the trials whose arms all have one value of some columns, and why others have not."""
    unknown = [Problem(1, n, "there is no such column") for n in names if n not in table.header]
    if unknown:
        raise UnreadableFileError(table.file, unknown)
    kept, left_out = [], []
    columns: dict[str, list[str]] = {name: [] for name in names}
    for study in fitted.layout.studies:
        values = {
            name: list(dict.fromkeys(table.rows[i][name].strip() for i in rows[study.study]))
            for name in names
        }
        reasons = [
            f"its arms differ in {name}" if len(several) > 1 else f"no {name}"
            for name, several in values.items()
            if len(several) > 1 or several[0].casefold() in MISSING
        ]
        if reasons:
            left_out.append({"study": study.study, "reason": " and ".join(reasons)})
            continue
        kept.append(study)
        for name, several in values.items():
            columns[name] += several
    if not kept:
        raise InvalidDataError(f"no trial has one value of {' and '.join(names)}")
    return Trials(tuple(kept), columns, tuple(left_out))


def as_json(one: Explained) -> dict[str, Any]:
    """Return a model as it is printed for scripts."""
    told: dict[str, Any] = {"of": one.of, "notes": [*one.notes], "left_out": [*one.left_out]}
    found = one.found
    if isinstance(found, NetworkGroups):
        return told | {
            "groups": [
                {
                    "label": group.label, "k": group.k, "note": group.note,
                    "tau2": group.found and group.found.tau2,
                    "effects": [d._asdict() for d in _against(group.found)],
                }
                for group in found.groups
            ],
            "tests": [_test_json(test) for test in found.tests],
            "together": found.together and _test_json(found.together),
        }  # fmt: skip
    if isinstance(found, LevelEffects):
        return told | {
            "k": found.k, "tau2": found.tau2, "effects": [one._asdict() for one in found.effects],
            "tests": [_test_json(test) for test in found.tests], "untold": found.untold,
        }  # fmt: skip
    return told | {
        "k": found.k, "tau2": found.tau2,
        "slopes": [slope._asdict() for slope in found.slopes],
        "test": _test_json(found.test) if found.tested else None,
        "tests": [_test_json(test) for test in found.tests] if found.tested else [],
        "effects_at_zero": [found.at(t)._asdict() for t in found.treatments],
        "each": [slope._asdict() for slope in found.apart], "each_tau2": found.apart_tau2,
        "alike": found.alike and _test_json(found.alike),
        "notes": [*one.notes, *found.notes],
    }  # fmt: skip


def _test_json(test: TermTest) -> dict[str, Any]:
    return {"of": test.term, "stat": test.stat, "df": test.df, "ddf": test.ddf, "p": test.p}


def _against(found: Network | None) -> Iterator[Difference]:
    if found is not None:
        for name in found.treatments:
            if name != found.reference:
                yield found.difference(name, found.reference)


def echo_explained(one: Explained) -> None:
    """Print a model: subgroups, or coefficients, with their tests."""
    found = one.found
    if isinstance(found, NetworkGroups):
        _echo_groups(one.of, found)
    elif isinstance(found, LevelEffects):
        _echo_levels(one.of, found)
    else:
        _echo_slopes(one.of, found)
    for gone in one.left_out:
        click.echo(f"Without it: {gone['study']}: {gone['reason']}")
    notes = found.notes if isinstance(found, Moderated) else ()
    for note in (*one.notes, *notes):
        click.echo(f"Note: {note}")


def _echo_groups(column: str, found: NetworkGroups) -> None:
    click.echo(f"\nSubgroups by {column}, a network each, against {found.reference}:")
    rows = []
    for group in found.groups:
        tau2 = "" if group.found is None or not group.found.q_df else f"{group.found.tau2:.4f}"
        for d in _against(group.found):
            told = (number(d.estimate), interval(d.ci), tau2, p_value(d.p), "")
            rows.append((group.label, group.k, d.treatment, *told))
        if group.found is None:
            rows.append((group.label, group.k, "", "", "", "", "", group.note or ""))
    headers = ("group", "k", "treatment", "estimate", "interval", "tau²", "p", "note")
    echo_table(headers, rows, right=("k", "estimate", "tau²", "p"))
    for test in found.tests:
        click.echo(f"Groups differ in {test.term}: {_test(test)}")
    if found.together is not None:
        click.echo(f"Groups differ in any comparison: {_test(found.together)}")
    if not found.tests:
        click.echo("No comparison is in two groups, so that there is no test.")


def _echo_levels(formula: str, found: LevelEffects) -> None:
    click.echo(f"\n{formula}, one tau² ({found.tau2:.4f}), against {found.reference}:")
    _echo_coefficients(found.effects, tested=found.tested)
    for test in found.tests:
        click.echo(f"All effects of {test.term} zero: {_test(test)}")
    if found.untold:
        click.echo(f"No trials tell: {'; '.join(found.untold)}.")


def _echo_slopes(formula: str, found: Moderated) -> None:
    click.echo(
        f"\nMeta-regression on {formula}: {found.k} trials, tau² {found.tau2:.4f}; the same "
        f"coefficient for every treatment against {found.reference}:"
    )
    _echo_coefficients(found.slopes, tested=found.tested)
    if found.tested:
        click.echo(f"All zero: {_test(found.test)}")
    if found.apart:
        click.echo(f"A coefficient for each treatment, tau² {found.apart_tau2:.4f}:")
        _echo_coefficients(found.apart, tested=found.tested)
    if found.alike is not None:
        click.echo(f"One coefficient is enough: {_test(found.alike)}")


def _echo_coefficients(slopes: Sequence[Slope], *, tested: bool) -> None:
    rows = []
    for s in slopes:
        n = decimals_for(s.ci, least=3)
        rows.append(
            (s.treatment or "every treatment", s.column, number(s.estimate, n),
             interval(s.ci, n), p_value(s.p) if tested else "")
        )  # fmt: skip
    echo_table(("treatment", "of", "estimate", "interval", "p"), rows, right=("estimate", "p"))


def _test(test: TermTest) -> str:
    if test.ddf is None:
        return f"χ² {number(test.stat)} on {test.df}, p {p_value(test.p)}"
    return f"F {number(test.stat)} on {test.df} and {test.ddf:g}, p {p_value(test.p)}"
