"""Results and values of two that become one: moved, found equal, filled, or listed as different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.extraction.entered import ResultKey
from review.extraction.mending.acts import Becoming, Difference
from review.extraction.models import Arm, EntryValue, Result, natural_key
from review.extraction.rules import RESULT_COLUMNS
from review.protocol.models import Instrument

_WHERE_FROM: Final = frozenset({"page", "quote"})
"""Where a number stands: two places that report the same number do not contradict each other."""


def place_of(session: Session, result: Result) -> str:
    """Return what a result is about, for people."""

    def arm(number: int | None) -> str | None:
        return _read(session, Arm, number).label if number is not None else None

    def instrument(number: int | None) -> str | None:
        return _read(session, Instrument, number).slug if number is not None else None

    return str(
        ResultKey(
            arm=arm(result.arm_id) or "",
            versus_arm=arm(result.versus_arm_id),
            instrument=instrument(result.instrument_id) or "",
            rater=result.rater.value,
            timepoint=result.timepoint,
            analysis_set=result.analysis_set.value,
            with_instrument=instrument(result.with_instrument_id),
        )
    )


def _read(session: Session, kind: type[Named], number: int) -> Named:
    """Return a row whether it was withdrawn or not."""
    return session.get_one(kind, number, execution_options={"withdrawn": True})


Named = TypeVar("Named", Arm, Instrument)


def absorb_results(
    session: Session,
    goes: Sequence[Result],
    stays: Sequence[Result],
    moves: Mapping[int, Mapping[str, Any]],
    becoming: Becoming,
    reason: str,
) -> dict[int, int]:
    """Give results their new keys; where one is there already, the two become one.

    Parameters
    ----------
    goes, stays
        Results that move, and those that they may meet.
    moves
        The new parts of the key by result id.
    becoming
        Takes what differs, and what to say.

    Returns
    -------
    dict
        Which result takes the place of one that was withdrawn, by ids.
    """
    there = {natural_key(result): result for result in stays}
    moving: list[tuple[Result, Mapping[str, Any]]] = []
    held: dict[int, int] = {}
    with session.no_autoflush:
        for result in goes:
            known = there.get(_key(result, moves[result.id]))
            if known is None:
                moving.append((result, moves[result.id]))
                there[_key(result, moves[result.id])] = result
                continue
            place = place_of(session, known)
            loser = _one_of(known, result, place, becoming)
            loser.withdrawn_because = f"the same result twice ({place}): {reason}"
            if loser is known:
                moving.append((result, moves[result.id]))
                held[known.id] = result.id
            else:
                held[result.id] = known.id
        if becoming.differences:
            return held
        session.flush()  # withdrawn rows give their keys free
        for result, values in moving:
            for name, value in values.items():
                setattr(result, name, value)
        session.flush()
    return held


def _key(result: Result, moves: Mapping[str, Any]) -> tuple[Any, ...]:
    names = (
        "entry_id", "arm_id", "versus_arm_id", "instrument_id", "rater", "timepoint",
        "analysis_set", "with_instrument_id",
    )  # fmt: skip
    return tuple(moves.get(name, getattr(result, name)) for name in names)


def _one_of(known: Result, other: Result, place: str, becoming: Becoming) -> Result:
    """Return which of two results of one key goes; fill what the one that stays lacks."""
    differing = [
        Difference(place, name, getattr(known, name), getattr(other, name))
        for name in RESULT_COLUMNS
        if None not in (getattr(known, name), getattr(other, name))
        and getattr(known, name) != getattr(other, name)
        and name not in _WHERE_FROM
    ]
    if differing and becoming.keep_stays is None:
        becoming.differences += differing
        return other
    winner, loser = (known, other) if becoming.keep_stays in (None, True) else (other, known)
    if not differing:
        winner, loser = known, other
        _filled(winner, loser, place, becoming)
        becoming.details.append(f"{place}: entered twice with the same numbers, once from now on")
    else:
        texts = "; ".join(f"{d.field} {getattr(loser, d.field)}" for d in differing)
        becoming.details.append(f"{place}: what does not count any more: {texts}")
    return loser


def _filled(winner: Result, loser: Result, place: str, becoming: Becoming) -> None:
    for name in (*RESULT_COLUMNS, "report_id"):
        if getattr(winner, name) is None and getattr(loser, name) is not None:
            setattr(winner, name, getattr(loser, name))
            if name != "report_id":
                value = getattr(loser, name)
                becoming.details.append(f"{place}: {name} {value} comes from {becoming.goes}")


def absorb_values(
    session: Session,
    entries: Mapping[int, int],
    arms: Mapping[int, int],
    results: Mapping[int, int],
    becoming: Becoming,
    reason: str,
) -> None:
    """Move custom fields and other values of entries to what took the place of their holders."""
    if becoming.differences:
        return
    moved = [*session.scalars(sa.select(EntryValue).where(
        sa.or_(
            EntryValue.entry_id.in_(list(entries)),
            EntryValue.arm_id.in_(list(arms)),
            EntryValue.result_id.in_(list(results)),
        )
    ).order_by(EntryValue.id))]  # fmt: skip
    for value in moved:
        entry = entries.get(value.entry_id, value.entry_id)
        arm = arms.get(value.arm_id or 0, value.arm_id)
        result = results.get(value.result_id or 0, value.result_id)
        known = session.scalar(
            sa.select(EntryValue).where(
                EntryValue.entry_id == entry,
                EntryValue.arm_id.is_not_distinct_from(arm),
                EntryValue.result_id.is_not_distinct_from(result),
                EntryValue.name == value.name,
                EntryValue.id != value.id,
            )
        )
        if known is None:
            value.entry_id, value.arm_id, value.result_id = entry, arm, result
            session.flush()
            continue
        _settle_value(known, value, becoming)
        value.withdrawn_because = f"one with another value of {becoming.stays}: {reason}"
        session.flush()


def _settle_value(known: EntryValue, value: EntryValue, becoming: Becoming) -> None:
    if value.value is None or known.value == value.value:
        return
    place = f"field {known.name}"
    if known.value is None:
        known.value = value.value
        becoming.details.append(f"{place}: {value.value} comes from {becoming.goes}")
    elif becoming.keep_stays is None:
        becoming.differences.append(Difference(place, "value", known.value, value.value))
    elif becoming.keep_stays:
        becoming.details.append(f"{place}: stays {known.value}, not {value.value}")
    else:
        becoming.details.append(f"{place}: {known.value} becomes {value.value}")
        known.value = value.value
