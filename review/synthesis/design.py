"""Design matrices from a formula over named columns: numbers, factors, interactions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from review.arrays import Floats
from review.errors import InvalidDataError
from review.formula import FACTORS, Call, Formula, Name, names_in, parse
from review.synthesis.transforms import Coding, learn

__all__ = [
    "Design",
    "Values",
    "design",
    "intercept_only",
]

Values = Sequence[float | int | str | bool | None] | NDArray[np.generic]

INTERCEPT: Final = "intrcpt"
"""metafor's name."""

SMALL: Final = 1e-7
"""Share of a column that earlier ones leave unexplained, below which it is their combination: the
tolerance of R's ``lm``, by which metafor drops columns."""


@dataclass(frozen=True, slots=True)
class _Factor:
    """A variable in categories, the reference first."""

    name: str
    label: str
    levels: tuple[str, ...]
    by_size: bool
    """Whether the levels are numbers."""

    def pieces(self, columns: Mapping[str, Values], full: bool) -> list[tuple[str, Floats]]:
        text = [_text(x, by_size=self.by_size) for x in _present(self.name, columns)]
        unknown = sorted(set(text) - set(self.levels))
        if unknown:
            raise InvalidDataError(f"{self.name!r} has no level {unknown[0]!r}.")
        kept = self.levels if full else self.levels[1:]
        return [(self.label + one, np.array([float(x == one) for x in text])) for one in kept]


@dataclass(frozen=True, slots=True)
class _Numeric:
    """A variable in numbers, of one column or several."""

    label: str
    coding: Coding

    def pieces(self, columns: Mapping[str, Values], full: bool) -> list[tuple[str, Floats]]:
        del full
        found = self.coding.columns(_numbers(columns, names_in(self.coding.expression)))
        one = found.shape[1] == 1
        return [
            (self.label if one else f"{self.label}{i + 1}", column)
            for i, column in enumerate(found.T)
        ]


_Variable = _Factor | _Numeric


@dataclass(frozen=True, slots=True)
class Design:
    """A coded design.

    Attributes
    ----------
    matrix : ndarray (k, p)
    columns : tuple of str, length p
        metafor's names: ``intrcpt``, ``year``, ``allocrandom`` (variable and level), ``a:b``.
    terms : tuple of str
        The formula's terms in order; the intercept is not one.
    assign : tuple of int, length p
        For each column its position in `terms`, -1 for the intercept.
    levels : tuple of (str, tuple of str)
        Each factor with its levels, the reference first.
    formula, variables
        What the columns were coded by.
    """

    matrix: Floats
    columns: tuple[str, ...]
    terms: tuple[str, ...]
    assign: tuple[int, ...]
    levels: tuple[tuple[str, tuple[str, ...]], ...]
    formula: Formula | None = None
    variables: tuple[_Variable, ...] = ()

    @property
    def intercept(self) -> bool:
        """Whether the model has an intercept."""
        return -1 in self.assign

    def rows(self, columns: Mapping[str, Values]) -> Floats:
        """Code new rows as the design was coded.

        Parameters
        ----------
        columns : mapping of name to values
            Every variable of the formula.

        Returns
        -------
        ndarray (m, p)

        Raises
        ------
        InvalidDataError
            If a variable is missing or a level was not in the data.

        Examples
        --------
        >>> d = design("x", {"x": [1, 2, 4]})
        >>> d.rows({"x": [10]}).tolist()
        [[1.0, 10.0]]
        """
        if self.formula is None:
            return np.ones((len(next(iter(columns.values()), ())), 1))
        coded, names, _ = _assemble(self.formula, self.variables, columns)
        return coded[:, [names.index(name) for name in self.columns]]


def intercept_only(k: int) -> Design:
    """The design of a plain pooled mean of `k` effects.

    Examples
    --------
    >>> intercept_only(2).columns
    ('intrcpt',)
    """
    return Design(np.ones((k, 1)), (INTERCEPT,), (), (-1,), ())


def design(
    formula: str | Formula,
    columns: Mapping[str, Values],
    *,
    reference: Mapping[str, str] | None = None,
    categories: Collection[str] = (),
) -> Design:
    """Code a formula such as ``"year + alloc"`` over named columns.

    Parameters
    ----------
    formula : str or Formula
        As `review.formula.parse` reads it.
    columns : mapping of name to k values
        Text is a factor unless every value is a number.
    reference : mapping, optional
        The reference level of a factor; else the first: of numbers the lowest, of text the first in
        the order of its characters (R's C locale).
    categories : collection of str, optional
        Names that are factors of text, whatever the values look like.

    Returns
    -------
    Design
        Coded as R's ``model.matrix`` does. A factor has a column for each level but the reference;
        where its margin is not in the formula (``f:x`` without ``x``, ``f + f:g`` without ``g``) it
        has one for every level. Without intercept so has the first factor.

    Raises
    ------
    InvalidDataError
        If the formula cannot be read, a variable is unknown or has missing values, a factor has one
        level only, or a level is unknown.

    References
    ----------
    Treatment contrasts and marginality as in Chambers & Hastie 1992, Statistical Models in S,
    section 2.3 and 2.4.1.

    Examples
    --------
    >>> d = design("~ year + alloc", {"year": [1, 2, 3], "alloc": ["b", "a", "b"]})
    >>> d.columns
    ('intrcpt', 'year', 'allocb')
    >>> d.matrix.tolist()
    [[1.0, 1.0, 1.0], [1.0, 2.0, 0.0], [1.0, 3.0, 1.0]]
    >>> design("alloc:year", {"year": [1, 2, 3], "alloc": ["b", "a", "b"]}).columns
    ('intrcpt', 'alloca:year', 'allocb:year')
    """
    read = parse(formula) if isinstance(formula, str) else formula
    variables = tuple(_variable(v, columns, reference or {}, categories) for v in read.variables)
    matrix, names, assign = _assemble(read, variables, columns)
    levels = tuple((v.label, v.levels) for v in variables if isinstance(v, _Factor))
    return Design(matrix, names, read.labels, assign, levels, read, variables)


def _variable(
    expression: Name | Call,
    columns: Mapping[str, Values],
    reference: Mapping[str, str],
    categories: Collection[str],
) -> _Variable:
    label = str(expression)
    is_factor = isinstance(expression, Call) and expression.function in FACTORS
    argument = expression.argument if isinstance(expression, Call) else expression
    if isinstance(argument, Name) and (is_factor or isinstance(expression, Name)):
        name = argument.name
        values = _present(name, columns)
        by_size = name not in categories and _all_numbers(values)
        if is_factor or not by_size:
            levels = _levels(name, values, reference.get(name), by_size=by_size)
            return _Factor(name, label, levels, by_size)
    return _Numeric(label, learn(expression, _numbers(columns, names_in(expression))))


def _present(name: str, columns: Mapping[str, Values]) -> list[object]:
    if name not in columns:
        raise InvalidDataError(f"There is no column {name!r}; there are {', '.join(columns)}.")
    values: list[object] = list(columns[name])
    missing = [i + 1 for i, x in enumerate(values) if x is None or x == "" or x != x]
    if missing:
        raise InvalidDataError(f"Column {name!r} has no value in row {missing[0]}; drop such rows.")
    return values


def _numbers(columns: Mapping[str, Values], names: Iterable[str]) -> dict[str, Floats]:
    found = {}
    for name in dict.fromkeys(names):
        values = _present(name, columns)
        if not _all_numbers(values):
            text = next(x for x in values if not _all_numbers([x]))
            raise InvalidDataError(f"Column {name!r} holds text ({text!r}), which is no number.")
        found[name] = np.array([float(x) for x in values])  # type: ignore[arg-type]  # just tested
    return found


def _all_numbers(values: Sequence[object]) -> bool:
    try:
        [float(x) for x in values]  # type: ignore[arg-type]  # the test is whether it works
    except (TypeError, ValueError):
        return False
    return True


def _text(value: object, *, by_size: bool) -> str:
    """A level as R names it: of numbers up to 15 digits."""
    return f"{float(value):.15g}" if by_size else str(value)  # type: ignore[arg-type]  # tested


def _levels(
    name: str, values: Sequence[object], reference: str | None, *, by_size: bool
) -> tuple[str, ...]:
    unique = sorted(set(values), key=float if by_size else str)  # type: ignore[arg-type]  # tested
    found = list(dict.fromkeys(_text(x, by_size=by_size) for x in unique))
    if len(found) < 2:
        raise InvalidDataError(f"The factor {name!r} has one level only.")
    if reference is not None:
        if reference not in found:
            raise InvalidDataError(f"{name!r} has no level {reference!r}.")
        found = [reference, *(x for x in found if x != reference)]
    return tuple(found)


def _assemble(
    formula: Formula, variables: Sequence[_Variable], columns: Mapping[str, Values]
) -> tuple[Floats, tuple[str, ...], tuple[int, ...]]:
    coded: list[Floats] = []
    names: list[str] = []
    assign: list[int] = []
    full = _full(formula, variables)
    for position, term in enumerate(formula.terms):
        block: list[tuple[str, Floats]] = [("", np.ones(1))]
        for i in term:
            block = [
                (f"{a}:{b}" if a else b, x * z)
                for b, z in variables[i].pieces(columns, (position, i) in full)
                for a, x in block  # R varies the first variable's levels fastest
            ]
        names += [name for name, _ in block]
        coded += [x for _, x in block]
        assign += [position] * len(block)
    if formula.intercept:
        length = coded[0].size if coded else len(next(iter(columns.values()), ()))
        coded.insert(0, np.ones(length))
        names.insert(0, INTERCEPT)
        assign.insert(0, -1)
    if len({x.size for x in coded}) != 1:
        raise InvalidDataError("The columns of the formula differ in length.")
    return np.column_stack(coded), tuple(names), tuple(assign)


def _full(formula: Formula, variables: Sequence[_Variable]) -> set[tuple[int, int]]:
    """Return at which term which factor has a column for every level, as R decides it.

    A factor has contrasts where the term without it is empty or within an earlier term, else all
    its levels; without intercept the first factor of the first term that has one gets all levels.
    """
    factors = {i for i, variable in enumerate(variables) if isinstance(variable, _Factor)}
    found = set()
    for position, term in enumerate(formula.terms):
        for i in factors & set(term):
            rest = set(term) - {i}
            margin = not rest or any(rest <= set(other) for other in formula.terms[:position])
            if not margin:
                found.add((position, i))
    if not formula.intercept:
        first = next(((p, i) for p, t in enumerate(formula.terms) for i in t if i in factors), None)
        found |= {first} if first is not None else set()
    return found
