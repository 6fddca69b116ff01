"""Numbers that a formula computes from columns: arithmetic, logarithms, polynomials, splines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from review.arrays import Floats
from review.errors import InvalidDataError
from review.formula import Call, Expression, Name, Number, Operation, names_in

__all__ = ["Coding", "learn"]


_PLAIN: Final[Mapping[str, Callable[[Floats], Floats]]] = {
    "I": lambda x: x,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "abs": np.abs,
}
_ARITHMETIC: Final[Mapping[str, Callable[[Floats, Floats], Floats]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
}


@dataclass(frozen=True, slots=True)
class _Polynomial:
    """Orthogonal polynomials of the data by their recurrence, as R's ``poly`` keeps them."""

    alpha: tuple[float, ...]
    norm2: tuple[float, ...]

    def columns(self, x: Floats) -> Floats:
        found = [np.zeros_like(x), np.ones_like(x)]
        for i, alpha in enumerate(self.alpha):
            back = self.norm2[i] / self.norm2[i - 1] if i else 0.0
            found.append((x - alpha) * found[-1] - back * found[-2])
        return np.column_stack(found[2:]) / np.sqrt(self.norm2[1:])


@dataclass(frozen=True, slots=True)
class _Spline:
    """B-splines on knots, or what of them is straight beyond the data (`natural`)."""

    knots: tuple[float, ...]
    degree: int
    natural: bool

    def columns(self, x: Floats) -> Floats:
        from scipy.interpolate import BSpline

        t = np.array(self.knots)
        basis = BSpline(t, np.eye(t.size - self.degree - 1)[:, 1:], self.degree)
        if not self.natural:
            return np.asarray(basis(x), dtype=np.float64)
        low, high = t[0], t[-1]
        inside = np.clip(x, low, high)
        beyond = (x - inside)[:, None] * basis(inside, 1)  # straight beyond the outer knots
        bent = np.linalg.qr(basis(np.array([low, high]), 2).T, mode="complete")[0]
        straight: Floats = (basis(inside) + beyond) @ bent[:, 2:]
        return straight


@dataclass(frozen=True, slots=True)
class Coding:
    """How a number of a formula is computed, with what was learnt from the data.

    Attributes
    ----------
    expression : Expression
    moments : mapping of text to (mean, SD)
        Of what ``center`` and ``scale`` are about.
    basis : polynomial or spline, or None for a single column
    """

    expression: Expression
    moments: Mapping[str, tuple[float, float]]
    basis: _Polynomial | _Spline | None

    def columns(self, values: Mapping[str, Floats]) -> Floats:
        """Return the columns (k, m) at the values of the variables, each (k,)."""
        if self.basis is None:
            return _evaluated(self.expression, values, self.moments)[:, None]
        assert isinstance(self.expression, Call)
        return self.basis.columns(_evaluated(self.expression.argument, values, self.moments))


def learn(expression: Expression, values: Mapping[str, Floats]) -> Coding:
    """Learn from the data how a number of a formula is coded.

    Parameters
    ----------
    expression
        A name, or a call of a function that gives numbers.
    values : mapping of name to (k,)
        Every variable of the expression.

    Returns
    -------
    Coding
        ``poly``, ``ns`` and ``bs`` with the knots and signs of R's functions of these names.

    Raises
    ------
    InvalidDataError
        Where the result is no finite number in some row, or the data have too few values.

    References
    ----------
    Kennedy & Gentle 1980, p. 343 (recurrence); Hastie 1992, in Chambers & Hastie, ch. 7 (splines).

    Examples
    --------
    >>> from review.formula import parse
    >>> x = {"x": np.array([1., 2., 4.])}
    >>> learn(parse("I(x^2)").variables[0], x).columns(x).ravel().tolist()
    [1.0, 4.0, 16.0]
    >>> learn(parse("center(x)").variables[0], {"x": np.array([1., 3.])}).moments
    {'x': (2.0, 1.4142135623730951)}
    """
    moments: dict[str, tuple[float, float]] = {}
    _learn_moments(expression, values, moments)
    basis: _Polynomial | _Spline | None = None
    if isinstance(expression, Call) and expression.function in ("poly", "ns", "bs"):
        x = _evaluated(expression.argument, values, moments)
        _finite(str(expression.argument), x, expression, values)
        options = dict(expression.options)
        if expression.function == "poly":
            basis = _polynomial(str(expression), x, options.get("degree", 1))
        else:
            basis = _spline(expression, x, options)
    coding = Coding(expression, moments, basis)
    _finite(str(expression), coding.columns(values).sum(axis=1), expression, values)
    return coding


def _learn_moments(
    expression: Expression,
    values: Mapping[str, Floats],
    moments: dict[str, tuple[float, float]],
) -> None:
    match expression:
        case Operation(operands=operands):
            for operand in operands:
                _learn_moments(operand, values, moments)
        case Call(function=function, argument=argument):
            _learn_moments(argument, values, moments)
            if function in ("center", "scale"):
                x = _evaluated(argument, values, moments)
                _finite(str(argument), x, argument, values)
                sd = float(x.std(ddof=1)) if x.size > 1 else 0.0
                if function == "scale" and sd == 0:
                    raise InvalidDataError(f"{expression}: {argument} does not vary.")
                moments[str(argument)] = (float(x.mean()), sd)


def _evaluated(
    expression: Expression,
    values: Mapping[str, Floats],
    moments: Mapping[str, tuple[float, float]],
) -> Floats:
    if isinstance(expression, Name):
        return values[expression.name]
    if isinstance(expression, Number):
        return np.array(expression.value)
    if isinstance(expression, Operation):
        parts = [_evaluated(one, values, moments) for one in expression.operands]
        if len(parts) == 1:
            return -parts[0] if expression.sign == "-" else parts[0]
        with np.errstate(all="ignore"):
            return _ARITHMETIC[expression.sign](*parts)
    x = _evaluated(expression.argument, values, moments)
    if expression.function in ("center", "scale"):
        mean, sd = moments[str(expression.argument)]
        return (x - mean) / (sd if expression.function == "scale" else 1.0)
    with np.errstate(all="ignore"):
        return _PLAIN[expression.function](x)


def _finite(what: str, x: Floats, expression: Expression, values: Mapping[str, Floats]) -> None:
    wrong = np.flatnonzero(~np.isfinite(x))
    if wrong.size:
        row = int(wrong[0])
        given = ", ".join(f"{n} = {values[n][row]:g}" for n in dict.fromkeys(names_in(expression)))
        raise InvalidDataError(f"{what} is no number in row {row + 1}, where {given}.")


def _polynomial(label: str, x: Floats, degree: int) -> _Polynomial:
    if np.unique(x).size <= degree:
        raise InvalidDataError(
            f"{label} needs more than {degree} different values; there are {np.unique(x).size}."
        )
    before, now = np.zeros_like(x), np.ones_like(x)
    alpha: list[float] = []
    norm2 = [float(x.size)]
    for _ in range(degree):
        alpha.append(float((x * now**2).sum() / (now**2).sum()))
        back = norm2[-1] / norm2[-2] if len(norm2) > 1 else 0.0
        before, now = now, (x - alpha[-1]) * now - back * before
        norm2.append(float((now**2).sum()))
    return _Polynomial(tuple(alpha), tuple(norm2))


def _spline(call: Call, x: Floats, options: Mapping[str, int]) -> _Spline:
    natural = call.function == "ns"
    degree = options.get("degree", 3)
    least = 1 if natural else degree
    df = options.get("df", least)
    if df < least:
        raise InvalidDataError(f"{call} needs df of {least} or more.")
    if np.unique(x).size <= df:
        raise InvalidDataError(
            f"{call} needs more than {df} different values; there are {np.unique(x).size}."
        )
    inner = np.quantile(x, np.linspace(0, 1, df - least + 2)[1:-1])
    outer = [float(x.min())] * (degree + 1), [float(x.max())] * (degree + 1)
    return _Spline((*outer[0], *inner.tolist(), *outer[1]), degree, natural)
