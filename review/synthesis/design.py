"""Design matrices from a formula over named columns: numbers, factors, interactions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from review.errors import InvalidDataError

__all__ = ["Design", "Values", "design", "intercept_only", "without_redundant"]

Floats = NDArray[np.float64]
Values = Sequence[float | int | str | bool | None] | NDArray[np.generic]

_FACTOR = re.compile(r"^(?:factor|C)\((.+)\)$")


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
    """

    matrix: Floats
    columns: tuple[str, ...]
    terms: tuple[str, ...]
    assign: tuple[int, ...]
    levels: tuple[tuple[str, tuple[str, ...]], ...]

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
        coded, names, _ = _assemble(self.terms, self.intercept, columns, dict(self.levels))
        return coded[:, [names.index(name) for name in self.columns]]


def without_redundant(design: Design) -> tuple[Design, tuple[str, ...]]:
    """Drop columns that are combinations of earlier ones, as metafor does.

    Parameters
    ----------
    design : Design

    Returns
    -------
    tuple of Design and tuple of str
        The design that can be fitted, and the names of the columns left out.

    References
    ----------
    Chambers & Hastie 1992, section 4.4.2 (aliased coefficients).

    Examples
    --------
    >>> kept, dropped = without_redundant(design("x + z", {"x": [1, 2, 4], "z": [2, 4, 8]}))
    >>> kept.columns, dropped
    (('intrcpt', 'x'), ('z',))
    """
    kept: list[int] = []
    basis = np.zeros((design.matrix.shape[0], 0))
    for i, column in enumerate(design.matrix.T):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)  # a second pass makes Gram-Schmidt as good as QR
        size = float(np.linalg.norm(rest))
        if size > 1e-8 * float(np.linalg.norm(column)):
            kept.append(i)
            basis = np.column_stack([basis, rest / size])
    names = design.columns
    return (
        replace(
            design,
            matrix=design.matrix[:, kept],
            columns=tuple(names[i] for i in kept),
            assign=tuple(design.assign[i] for i in kept),
        ),
        tuple(name for i, name in enumerate(names) if i not in kept),
    )


def intercept_only(k: int) -> Design:
    """The design of a plain pooled mean of `k` effects.

    Examples
    --------
    >>> intercept_only(2).columns
    ('intrcpt',)
    """
    return Design(np.ones((k, 1)), ("intrcpt",), (), (-1,), ())


def design(
    formula: str, columns: Mapping[str, Values], *, reference: Mapping[str, str] | None = None
) -> Design:
    """Code a formula such as ``"year + alloc"`` over named columns.

    Parameters
    ----------
    formula : str
        Terms joined by ``+``; ``a:b`` an interaction, ``a*b`` both with it, ``factor(x)`` numbers
        as categories, ``- 1`` no intercept. A leading ``~`` is allowed.
    columns : mapping of name to k values
        Text is a factor unless every value is a number.
    reference : mapping, optional
        The reference level of a factor; else the first in sorted order, as in R.

    Returns
    -------
    Design

    Raises
    ------
    InvalidDataError
        If a variable is unknown or has missing values, a factor has one level only, or a level is
        unknown.

    References
    ----------
    Treatment contrasts as in Chambers & Hastie 1992, Statistical Models in S, section 2.3.

    Examples
    --------
    >>> d = design("~ year + alloc", {"year": [1, 2, 3], "alloc": ["b", "a", "b"]})
    >>> d.columns
    ('intrcpt', 'year', 'allocb')
    >>> d.matrix.tolist()
    [[1.0, 1.0, 1.0], [1.0, 2.0, 0.0], [1.0, 3.0, 1.0]]
    """
    terms, intercept = _terms(formula)
    levels: dict[str, tuple[str, ...]] = {}
    for variable in dict.fromkeys(v for term in terms for v in term.split(":")):
        values = _column(variable, columns)
        if _is_factor(variable, values):
            levels[variable] = _levels(variable, values, (reference or {}).get(_bare(variable)))
    matrix, names, assign = _assemble(terms, intercept, columns, levels)
    return Design(matrix, names, terms, assign, tuple(levels.items()))


def _terms(formula: str) -> tuple[tuple[str, ...], bool]:
    body = formula.strip().removeprefix("~")
    intercept = True
    found: list[str] = []
    for sign, text in re.findall(r"([+-]?)\s*([^+-]+)", body):
        term = re.sub(r"\s+", "", text)
        if term in ("0", "1"):
            intercept = (term == "1") == (sign != "-")
            continue
        if sign == "-" or not re.fullmatch(r"[\w.()]+([:*][\w.()]+)*", term):
            raise InvalidDataError(f"{text.strip()!r} in the formula {formula!r} cannot be read.")
        parts = term.split("*")
        for size in range(1, len(parts) + 1):
            found += [":".join(chosen) for chosen in combinations(parts, size)]
    if not found and not intercept:
        raise InvalidDataError(f"The formula {formula!r} leaves nothing to estimate.")
    # main effects before interactions, as R orders them
    return tuple(sorted(dict.fromkeys(found), key=lambda term: term.count(":"))), intercept


def _bare(variable: str) -> str:
    inside = _FACTOR.match(variable)
    return inside.group(1) if inside else variable


def _column(variable: str, columns: Mapping[str, Values]) -> list[object]:
    name = _bare(variable)
    if name not in columns:
        raise InvalidDataError(f"There is no column {name!r}; there are {', '.join(columns)}.")
    values: list[object] = list(columns[name])
    missing = [i + 1 for i, x in enumerate(values) if x is None or x == "" or x != x]
    if missing:
        raise InvalidDataError(f"Column {name!r} has no value in row {missing[0]}; drop such rows.")
    return values


def _is_factor(variable: str, values: list[object]) -> bool:
    if _FACTOR.match(variable):
        return True
    try:
        [float(x) for x in values]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return True
    return False


def _text(value: object) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _levels(variable: str, values: list[object], reference: str | None) -> tuple[str, ...]:
    number = all(isinstance(x, int | float | np.number) for x in values)
    unique = sorted(set(values), key=float if number else str)  # type: ignore[arg-type]
    found = [_text(x) for x in unique]
    if len(found) < 2:
        raise InvalidDataError(f"The factor {_bare(variable)!r} has one level only.")
    if reference is not None:
        if reference not in found:
            raise InvalidDataError(f"{_bare(variable)!r} has no level {reference!r}.")
        found = [reference, *(x for x in found if x != reference)]
    return tuple(found)


def _assemble(
    terms: tuple[str, ...],
    intercept: bool,
    columns: Mapping[str, Values],
    levels: dict[str, tuple[str, ...]],
) -> tuple[Floats, tuple[str, ...], tuple[int, ...]]:
    coded: list[Floats] = []
    names: list[str] = []
    assign: list[int] = []
    full_rank_free = not intercept  # without intercept the first factor keeps all its levels
    for position, term in enumerate(terms):
        block = [("", np.ones(1))]
        for variable in term.split(":"):
            pieces = _code(variable, _column(variable, columns), levels, full_rank_free)
            if variable in levels and ":" not in term:
                full_rank_free = False
            block = [
                (f"{a}:{b}" if a else b, x * z)
                for b, z in pieces  # R varies the first variable's levels fastest
                for a, x in block
            ]
        names += [name for name, _ in block]
        coded += [x for _, x in block]
        assign += [position] * len(block)
    if intercept:
        length = coded[0].size if coded else len(next(iter(columns.values()), ()))
        coded.insert(0, np.ones(length))
        names.insert(0, "intrcpt")
        assign.insert(0, -1)
    if len({x.size for x in coded}) != 1:
        raise InvalidDataError("The columns of the formula differ in length.")
    return np.column_stack(coded), tuple(names), tuple(assign)


def _code(
    variable: str, values: list[object], levels: dict[str, tuple[str, ...]], full: bool
) -> list[tuple[str, Floats]]:
    if variable not in levels:
        return [(variable, np.array([float(x) for x in values]))]  # type: ignore[arg-type]
    text = [_text(x) for x in values]
    unknown = set(text) - set(levels[variable])
    if unknown:
        raise InvalidDataError(f"{_bare(variable)!r} has no level {sorted(unknown)[0]!r}.")
    kept = levels[variable] if full else levels[variable][1:]
    return [(variable + level, np.array([float(x == level) for x in text])) for level in kept]
