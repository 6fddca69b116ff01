"""Where an exported number stands: the run that holds it, and the path to it in there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel

from review.errors import NotFoundError
from review.extraction.numbers import ReportedNumbers
from review.living.runs.contents import ArmInput, TrialInput
from review.living.runs.results import MarginReading, RunResults, Snapshot

SHORT_KEY: Final = 12
"""Digits of a run's key in an origin: 48 bits, so that two runs of one database never meet."""

_OF_OTHERS: Final = frozenset({"I2_q"})
"""Numbers that a part of a run makes of others that it keeps."""

_SAID_SHORTER: Final = {"p_noninferiority": "noninferiority_p"}
"""Keys of columns that are named otherwise than the field they show."""

_SIDES: Final = {"_low": 0, "_high": 1}


LEDGER: Final = "ledger"
"""What the origin of a number begins with that no run holds: it is counted anew each time."""


def origin(key: str, *path: str | int) -> str:
    """Return the origin of a number, or of a row of numbers.

    Parameters
    ----------
    key : str
        The run's key, 64 hexadecimal digits.
    path : str or int
        Names and places inside the run: fields of its results (`RunResults`: ``effects``,
        ``pooled``, ``readings``…) or of its inputs (`RunInputs`: ``trials``, ``plan``…).

    Examples
    --------
    >>> origin("1f0c5a2b9e77" + 52 * "0", "effects", 3, "yi")
    '1f0c5a2b9e77/effects/3/yi'
    """
    return "/".join([key[:SHORT_KEY], *map(str, path)])


SINCE: Final = "since"
"""What the path of a change begins with, before the number of the run that it is held against."""


def change_origin(key: str, since: int | None, *path: str | int) -> str:
    """Return the origin of a row of changes: of a run, held against an earlier one.

    Examples
    --------
    >>> change_origin("1f0c5a2b9e77" + 52 * "0", 3, "pooled", "estimate")
    '1f0c5a2b9e77/since/3/pooled/estimate'
    """
    return origin(key, *(() if since is None else (SINCE, since)), *path)


def found_at(snapshot: Snapshot, path: Sequence[str]) -> object:
    """Return what stands at a path inside a run.

    Parameters
    ----------
    snapshot
        Inputs and results of the run.
    path
        As in an origin, without the key. The limits of an interval have names of their own
        (``ci_low``). What a reading lacks is of the pooled line that it reads, and what a reported
        result lacks (its year) is of its trial, since rows of tables hold both.

    Returns
    -------
    object
        A number, text, interval, or the model that holds several; None is an empty cell.

    Raises
    ------
    NotFoundError
        For a path that leads nowhere.
    """
    inputs, results = snapshot
    trail: list[object] = [results if path and path[0] in RunResults.model_fields else inputs]
    for name in path:
        trail.append(_step(trail, name, results))
    return trail[-1]


def fields_of(value: object) -> Sequence[str]:
    """Return the names of what a part of a run holds; none for a number, a text or a list."""
    if isinstance(value, ReportedNumbers):
        return value._fields
    return tuple(type(value).model_fields) if isinstance(value, BaseModel) else ()


def _step(trail: Sequence[object], name: str, results: RunResults) -> object:
    here = trail[-1]
    if isinstance(here, tuple) and name.isdecimal() and int(name) < len(here):
        return here[int(name)]
    above = [item for item in reversed(trail) if isinstance(item, ArmInput | TrialInput)]
    owners = [here, *above, *([results.pooled] if isinstance(here, MarginReading) else [])]
    for owner in owners:
        if named := fields_of(owner):
            field = _SAID_SHORTER.get(name, name)
            if field in named or (field in _OF_OTHERS and hasattr(owner, field)):
                return getattr(owner, field)
            for ending, side in _SIDES.items():
                limits = getattr(owner, name.removesuffix(ending), None)
                if name.endswith(ending) and isinstance(limits, tuple):
                    return limits[side]
    raise NotFoundError(f"a run has nothing at {name!r} there")
