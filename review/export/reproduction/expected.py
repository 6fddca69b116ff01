"""The numbers of a run that somebody else's program must give again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from review.export.tables.model import Cell, Column, Kind, Table
from review.formula import parse
from review.living.estimates.asymmetry import Asymmetry, asymmetry_of
from review.living.runs.contents import RunInputs
from review.living.runs.heterogeneity import HeterogeneityLine
from review.living.runs.joint import JointLine, RobustLine
from review.living.runs.levels import LevelsLine
from review.living.runs.networks import NetworkLine
from review.living.runs.posterior import PosteriorLine
from review.living.runs.results import (
    AgainstLine,
    Interval,
    MarginReading,
    ModeratorLine,
    PooledLine,
    RunResults,
    Snapshot,
    VariantLine,
)
from review.measures import OF_COUNTS

POOLED = "pooled"

COLUMNS = (
    Column("analysis", "Analysis"),
    Column("part", "Part"),
    Column("line", "Line", Kind.INTEGER),
    Column("label", "Label"),
    Column("quantity", "Quantity"),
    Column("value", "Value", Kind.NUMBER),
    Column("words", "In words"),
)

_Row = tuple[Cell, ...]
_Quantities = dict[str, float | str | None]


def expected_table(runs: Sequence[tuple[str, Snapshot]]) -> Table:
    """Return one row a number: of pooled estimates, margins, variants, subgroups and the like.

    `part` and `line` say which: ``pooled``, a variant and which of its lines, or ``subgroups by
    rater`` with line 0 for the test of difference.
    """
    rows = tuple(
        (analysis, *row)
        for analysis, (inputs, results) in runs
        for row in (
            *_rows(POOLED, 1, "pooled estimate", _pooled(results.pooled)),
            *_rows(POOLED, 1, "pooled estimate", _from_q(results)),
            *_margins(results.readings),
            *_asymmetry(inputs, results),
            *_variants(results.variants),
            *_moderators(results.moderators),
            *_heterogeneity(results.heterogeneity),
            *_posterior(results.posterior),
            *_network(results.network),
            *_joint(results.joint),
            *_levels(results.levels),
        )
    )
    return Table(title="Expected numbers", columns=COLUMNS, rows=rows)


def part_of(moderator: ModeratorLine) -> str:
    """Return what a planned moderator is called: ``subgroups by rater``."""
    return f"{moderator.kind} by {moderator.moderator}"


def _rows(part: str, line: int, label: str, quantities: _Quantities) -> Iterator[_Row]:
    for quantity, value in quantities.items():
        if isinstance(value, str):
            yield (part, line, label, quantity, None, value)
        elif value is not None:
            yield (part, line, label, quantity, float(value), None)


def _pooled(line: PooledLine) -> _Quantities:
    natural = line.natural
    return {
        "k": line.k,
        "estimate": line.estimate,
        "se": line.se,
        "p": line.p,
        **_limits("ci", line.ci),
        **_limits("z_ci", line.z_ci),
        **_limits("pi", line.pi),
        "tau2": line.tau2,
        **_limits("tau2_ci", line.tau2_ci),
        "I2": line.I2,
        "H2": line.H2,
        "Q": line.Q,
        "Q_p": line.Q_p,
        "natural": natural.estimate if natural else None,
        **_limits("natural", natural.ci if natural else None),
    }


def _from_q(results: RunResults) -> _Quantities:
    """I² from Q, where another stands beside it."""
    line = results.pooled
    own = results.of_one_mean and line.method not in OF_COUNTS
    return {"I2_q": line.I2_q if own else None}


def _limits(name: str, interval: Interval | None) -> _Quantities:
    low, high = interval if interval is not None else (None, None)
    return {f"{name}_low": low, f"{name}_high": high}


def _line(line: VariantLine) -> _Quantities:
    return {
        "k": line.k,
        "estimate": line.estimate,
        **_limits("ci", line.ci),
        "tau2": line.tau2,
        "p": line.p,
        **_others(line.others),
    }


def _others(lines: Sequence[AgainstLine]) -> _Quantities:
    """Return what a line of a network says of the other treatments against the reference."""
    return {
        f"{one.treatment}: {quantity}": value
        for one in lines
        for quantity, value in {
            "estimate": one.estimate, **_limits("ci", one.ci), "p": one.p,
        }.items()
    }  # fmt: skip


def _margins(readings: Sequence[MarginReading]) -> Iterator[_Row]:
    """What the interval says against each margin, the deciding one first."""
    for number, one in enumerate(readings, 1):
        label = "against zero" if one.margin is None else f"against -{one.margin:g}"
        quantities: _Quantities = {
            "conclusion": one.conclusion.value,
            "z_conclusion": one.z_conclusion.value,
            "noninferiority_p": one.noninferiority_p,
        }
        yield from _rows("margins", number, label, quantities)


def _asymmetry(inputs: RunInputs, results: RunResults) -> Iterator[_Row]:
    found = asymmetry_of(inputs, results)
    if isinstance(found, Asymmetry):
        test: _Quantities = {"stat": found.stat, "ddf": found.ddf, "p": found.p}
        yield from _rows("asymmetry", 1, "Egger's test", test)


def _variants(lines: Sequence[VariantLine]) -> Iterator[_Row]:
    count: dict[str, int] = {}
    for line in lines:
        number = count[line.variant] = count.get(line.variant, 0) + 1
        if line.estimate is not None:
            yield from _rows(line.variant, number, line.label, _line(line))


def heterogeneity_of(line: HeterogeneityLine) -> str:
    """Return what a planned location-scale model is called: ``heterogeneity by diagnosis``."""
    return f"heterogeneity by {line.formula}"


def _posterior(line: PosteriorLine | None) -> Iterator[_Row]:
    if line is None or line.note is not None:
        return
    numbers: _Quantities = {
        "k": line.k, "estimate": line.estimate, "sd": line.sd, "median": line.median,
        **_limits("ci", line.ci), **_limits("pi", line.pi), "tau": line.tau,
        "tau_mean": line.tau_mean, **_limits("tau", line.tau_ci),
    }  # fmt: skip
    yield from _rows("posterior", 1, "posterior by Bayes", numbers)
    for number, one in enumerate(line.chances, 1):
        label = "above zero" if one.margin is None else f"above -{one.margin:g}"
        yield from _rows("probability above", number, label, {"mean": one.mean, "new": one.new})


def _heterogeneity(lines: Sequence[HeterogeneityLine]) -> Iterator[_Row]:
    for one in lines:
        part = heterogeneity_of(one)
        test: _Quantities = {
            "k": one.k or None, "stat": one.stat, "p": one.p, "tau2": one.same_tau2,
            "loglik": one.loglik,
        }  # fmt: skip
        yield from _rows(part, 0, "test of heteroscedasticity", test)
        for number, term in enumerate(one.terms, 1):
            quantities: _Quantities = {
                "estimate": term.estimate, **_limits("ci", term.ci), "p": term.p,
                "coefficient": term.coefficient,
                **_limits("coefficient", term.coefficient_ci),
                "coefficient_p": term.coefficient_p, "tau2": term.tau2,
            }  # fmt: skip
            yield from _rows(part, number, term.label, quantities)


def _network(line: NetworkLine | None) -> Iterator[_Row]:
    """Yield what a network has beside its deciding comparison, which is the pooled line."""
    if line is None:
        return
    for number, c in enumerate(line.comparisons, 1):
        label = " - ".join(c.pair)
        estimate = {"estimate": c.estimate, "se": c.se, "p": c.p}
        yield from _rows(
            "network", number, label, {**estimate, **_limits("ci", c.ci), **_limits("pi", c.pi)}
        )
        evidence: _Quantities = {"k": c.k}
        for name in ("alone", "direct", "indirect"):
            limits = _limits(name, getattr(c, f"{name}_ci"))
            evidence |= {name: getattr(c, name), **limits}
        yield from _rows("network evidence", number, label, {**evidence, "split_p": c.split_p})
    agreement = line.agreement
    of_designs = {
        name: getattr(agreement, name)
        for name in ("q_within", "within_p", "q_between", "between_p", "wald", "wald_p")
    }
    yield from _rows("designs", 1, "designs of trials", of_designs)
    for number, treatment in enumerate(line.treatments, 1):
        yield from _rows("treatments", number, treatment.name, {"p_score": treatment.p_score})


def _joint(line: JointLine | None) -> Iterator[_Row]:
    """Yield what several outcomes have beside the deciding one, which is the pooled line."""
    if line is None:
        return
    for number, one in enumerate(line.outcomes, 1):
        outcome: _Quantities = {
            "k": one.k, "estimate": one.estimate, "se": one.se, "p": one.p,
            **_limits("ci", one.ci), **_limits("pi", one.pi), "tau2": one.tau2,
            **_robust(one.robust), "alone": one.alone, **_limits("alone", one.alone_ci),
        }  # fmt: skip
        yield from _rows("outcomes", number, one.label, outcome)
    for number, two in enumerate(line.differences, 1):
        difference: _Quantities = {
            "both": two.both, "estimate": two.estimate, "se": two.se, "p": two.p,
            **_limits("ci", two.ci), **_robust(two.robust),
        }  # fmt: skip
        yield from _rows("differences", number, f"{two.label} - {two.versus}", difference)
    equal: _Quantities = {"stat": line.equal_stat, "p": line.equal_p}
    yield from _rows("equal", 1, "one mean of all outcomes", equal)
    yield from _rows("joint", 1, "several outcomes together", {"loglik": line.loglik})
    for number, three in enumerate(line.assumed, 1):
        assumed: _Quantities = {
            "rho": three.rho, "estimate": three.estimate, **_limits("ci", three.ci),
            "difference": three.difference, **_limits("difference", three.difference_ci),
            "loglik": three.loglik,
        }  # fmt: skip
        yield from _rows("assumed", number, f"correlation {three.rho:g}", assumed)


def _levels(line: LevelsLine | None) -> Iterator[_Row]:
    """Yield what random effects have beside the mean, which is the pooled line."""
    if line is None:
        return
    for number, one in enumerate(line.told, 1):
        term: _Quantities = {
            "groups": one.groups, "sigma2": one.sigma2, "I2": one.i2, "stat": one.stat, "p": one.p,
        }  # fmt: skip
        yield from _rows("random", number, one.term, term)
    yield from _rows("levels", 1, "mean of all results", {
        "effects": line.effects, "loglik": line.loglik, "aic": line.aic, **_robust(line.robust),
    })  # fmt: skip
    for number, two in enumerate(line.assumed, 1):
        assumed: _Quantities = {
            "rho": two.rho, "estimate": two.estimate, **_limits("ci", two.ci), "loglik": two.loglik,
        }  # fmt: skip
        yield from _rows("assumed", number, f"correlation {two.rho:g}", assumed)


def _robust(line: RobustLine | None) -> _Quantities:
    if line is None:
        return {}
    limits = _limits("robust", line.ci)
    return {"robust_se": line.se, "robust_df": line.df, "robust_p": line.p, **limits}


def _tests_others(one: ModeratorLine) -> bool:
    """Whether its tests are of the other comparisons of a network, not of a formula's terms."""
    if one.kind == "subgroups":
        return True
    return not parse(one.moderator).intercept and any(line.others for line in one.lines)


def _moderators(moderators: Sequence[ModeratorLine]) -> Iterator[_Row]:
    for one in moderators:
        test: _Quantities = {"stat": one.stat, "p": one.p}
        if _tests_others(one):
            for other in one.tests:
                test |= {f"{other.term}: stat": other.stat, f"{other.term}: p": other.p}
        yield from _rows(part_of(one), 0, "test of difference", test)
        for number, line in enumerate(one.lines, 1):
            if line.estimate is not None or line.others:  # a group may have no network
                yield from _rows(part_of(one), number, line.label, _line(line))
        if one.at_mean is not None:
            at = len(one.lines) + 1
            yield from _rows(part_of(one), at, f"at {one.at_mean.label}", _line(one.at_mean))
        each = f"{part_of(one)}: each treatment"
        for number, line in enumerate(one.by_treatment, 1):
            yield from _rows(each, number, line.label, _line(line))
        if one.alike is not None:
            yield from _rows(each, 0, one.alike.term, {"stat": one.alike.stat, "p": one.alike.p})
