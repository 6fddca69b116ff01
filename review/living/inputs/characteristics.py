"""What a trial has of the characteristics that its plan asks for, and whether it may enter. Pure.

A characteristic of arms is that of the side that its name says, the intervention's without a side.
A trial whose combined arms or results differ in it has no value of it, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from review.extraction.evidence import Evidence, Facts
from review.living.runs.contents import Characteristic
from review.protocol.characteristics import (
    OWN,
    Condition,
    Value,
    base_name,
    in_words,
    side_of,
)
from review.protocol.parts import ArmRule
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind

NOT_REPORTED: Final = "not reported"


def _facts(item: Evidence) -> Facts:
    if item.facts is None:
        raise TypeError("the evidence was read without the characteristics that its plan asks for")
    return item.facts


def _of_item(item: Evidence, base: str) -> Value | None:
    """What a result, or the study that it is of, has of a characteristic."""
    if base in OWN:
        value: str | int | None = getattr(item, base)
        return value
    facts = _facts(item)
    found = facts.result.get(base)
    return found if found is not None else facts.study.get(base)


def _is_of_arms(item: Evidence, base: str) -> bool:
    return base not in OWN and base in _facts(item).of_arms


def _rule(plan: Plan, name: str) -> ArmRule:
    return plan.comparator if side_of(name) == "comparator" else plan.intervention


def _of_arms(plan: Plan, item: Evidence, name: str) -> list[Value | None]:
    """What those arms of a result have that are on the side a name speaks of."""
    facts, base = _facts(item), base_name(name)
    if not plan.compares:
        return [facts.arm.get(base)]
    if plan.kind is AnalysisKind.NETWORK:
        return [facts.arm.get(base), *([facts.versus.get(base)] if item.versus is not None else ())]
    rule = _rule(plan, name)
    found = [facts.arm.get(base)] if rule.matches(item.arm) else []
    if item.versus is not None and rule.matches(item.versus):
        found.append(facts.versus.get(base))
    return found


def characteristics_of(
    plan: Plan, intervention: Sequence[Evidence], comparator: Sequence[Evidence] = ()
) -> tuple[Characteristic, ...]:
    """Return what a trial has of each characteristic that groups or explains the plan's effects.

    Parameters
    ----------
    intervention, comparator
        The results that entered, by side; a contrast is among the first.
    """
    return tuple(
        _characteristic(plan, name, intervention, comparator)
        for name in plan.characteristics
        if name not in OWN
    )


def _characteristic(
    plan: Plan, name: str, intervention: Sequence[Evidence], comparator: Sequence[Evidence]
) -> Characteristic:
    base = base_name(name)
    every = (*intervention, *comparator)
    if _is_of_arms(every[0], base):
        values = [value for item in every for value in _of_arms(plan, item, name)]
        what = "arms"
    else:
        sides = {"intervention": intervention, "comparator": comparator}
        items = every if base == name else sides[side_of(name)] or every
        values = [_of_item(item, base) for item in items]
        what = "results"
    return one_value(name, values, what)


def one_value(name: str, values: Iterable[Value | None], what: str) -> Characteristic:
    """Return the value that all agree on, or why there is none."""
    distinct = list(dict.fromkeys(values))
    if len(distinct) == 1 and distinct[0] is not None:
        return Characteristic(name=name, value=_kept(distinct[0]))
    if all(value is None for value in distinct):
        return Characteristic(name=name, because=NOT_REPORTED)
    told = ", ".join(NOT_REPORTED if v is None else _said(v) for v in distinct)
    return Characteristic(name=name, because=f"its {what} differ: {told}")


def _kept(value: Value) -> str | int | float:
    return "; ".join(value) if isinstance(value, tuple) else value


def _said(value: Value) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(_kept(value))


def why_not(plan: Plan, conditions: Sequence[Condition], item: Evidence) -> str | None:
    """Return why a result may not enter by the plan's conditions; None where it may.

    A condition on an arm asks nothing of results of the other side.
    """
    told = []
    for one in conditions:
        base = base_name(one.name)
        if _is_of_arms(item, base):
            values = _of_arms(plan, item, one.name)
        else:
            values = [_of_item(item, base)]
        told += [reason for value in values if (reason := _fails(one, value)) is not None]
    return "; ".join(dict.fromkeys(told)) or None


def _fails(one: Condition, value: Value | None) -> str | None:
    words = in_words(one.name)
    if value is None:
        return f"{words} is not reported; the plan takes only trials where {one}"
    try:
        if one.holds(value):
            return None
    except ValueError:
        return f'{words} is "{_said(value)}", no number; the plan takes only trials where {one}'
    return f"{words} is {_said(value)}; the plan takes only trials where {one}"


def values_nobody_has(
    plan: Plan, items: Sequence[Evidence]
) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each value that a condition names and none of some results has.

    As what it is a value of, the value, and the values that there are.
    """
    for one in plan.conditions:
        if one.sign not in ("==", "!=", "in", "not in"):
            continue
        base = base_name(one.name)
        values = {
            value
            for item in items
            for value in (
                _of_arms(plan, item, one.name)
                if _is_of_arms(item, base)
                else [_of_item(item, base)]
            )
            if value is not None
        }
        there = sorted({_said(value) for value in values})
        for wanted in one.values:
            alone = Condition(one.name, "==", (wanted,))
            if not any(alone.holds(value) for value in values):
                yield in_words(one.name), wanted, there


def let_in(
    plan: Plan, conditions: Sequence[Condition], items: Sequence[Evidence]
) -> tuple[list[Evidence], dict[str, str]]:
    """Return the results that the plan's conditions let in, and the reason of each other place."""
    if not conditions:
        return list(items), {}
    kept, gone = [], {}
    for item in items:
        reason = why_not(plan, conditions, item)
        if reason is None:
            kept.append(item)
        else:
            gone[item.place] = reason
    return kept, gone
