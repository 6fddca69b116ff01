"""What a plan asks of a result, and why one that has results does not enter. Pure.

A value that looks like one that the plan wants is told as such: most trials that are left out by
accident are left out by a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from review.errors import InvalidDataError
from review.extraction.evidence import ArmSide, Evidence
from review.living.inputs.characteristics import NOT_REPORTED
from review.protocol.parts import ArmRule
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind, AnalysisSet, DeliveryMode, Rater
from review.wording import looks_like

Key: TypeAlias = tuple[str, Rater, str, AnalysisSet]
"""Instrument, rater, timepoint, analysis set: what a plan's lists of preference order."""

NOT_PLANNED: Final = "not among the planned instruments, raters, timepoints and sets"
COMES_LATER: Final = "another result comes first in the plan's order"


class SelectionError(InvalidDataError):
    """The plan does not say which of several results counts, or a direction is missing."""


class Reason(NamedTuple):
    """Why something is left out, in words without a full stop, and what can be done about it."""

    what: str
    remedy: str | None = None
    detail: str | None = None
    """What the study has instead."""
    another_question: bool = False
    """Whether the study's arms are known, and are none that the plan asks about."""


class Missed(NamedTuple):
    """A value that keeps a result out: what of it, its value, and what the plan wants instead."""

    field: str
    value: str
    wanted: tuple[str, ...]

    @property
    def looks_like(self) -> str | None:
        """The wanted value that it looks like."""
        return next((one for one in self.wanted if looks_like(self.value, one)), None)

    def __str__(self) -> str:
        named = self.field.replace("_", " ")
        return f"{named} {self.value}, the plan wants {either(self.wanted)}"


FIELDS = (
    ("instrument", "instruments"),
    ("rater", "raters"),
    ("timepoint", "timepoints"),
    ("analysis_set", "analysis_sets"),
)
"""What a result is about, and the plan's list of what counts of it."""


def either(values: Sequence[str]) -> str:
    """Return ``post``, ``post or mid``, ``post, mid or follow-up``.

    Examples
    --------
    >>> either(["post", "mid", "follow-up"])
    'post, mid or follow-up'
    """
    return " or ".join([", ".join(values[:-1]), values[-1]] if len(values) > 1 else values)


def key_of(item: Evidence) -> Key:
    """Return what a result is about."""
    return item.instrument, item.rater, item.timepoint, item.analysis_set


def planned_rank(plan: Plan, key: tuple[str, str, str, str]) -> tuple[int, ...] | None:
    """Return where a plan's lists of preference put a result; None for one they do not name."""
    rank = []
    orders: tuple[Sequence[str], ...] = (
        plan.instruments, plan.raters, plan.timepoints, plan.analysis_sets,
    )  # fmt: skip
    for order, value in zip(orders, key, strict=True):
        if order and value not in order:
            return None
        rank.append(order.index(value) if order else 0)
    return tuple(rank)


def missed(plan: Plan, item: Evidence) -> tuple[Missed, ...]:
    """Return which values keep a result out of the plan's lists; empty where none does."""
    found = []
    for field, planned in FIELDS:
        wanted = tuple(str(value) for value in getattr(plan, planned))
        value = str(getattr(item, field))
        if wanted and value not in wanted:
            found.append(Missed(field, value, wanted))
    return tuple(found)


def excluded(item: Evidence) -> Reason:
    """Return why a study that left the review does not enter."""
    return Reason(
        f"excluded: {item.excluded_because}", f'review study readmit "{item.study}" takes it back'
    )


def kept_out(told: str) -> Reason:
    """Return that the plan's conditions keep a study out, in their words."""
    if NOT_REPORTED in told:
        return Reason(told, "enter what is not reported here, if the report gives it")
    return Reason(told, "correct it, if it is entered wrongly", another_question=True)


def not_planned(plan: Plan, items: Sequence[Evidence]) -> Reason:
    """Return why no result is among the planned instruments, raters, timepoints and sets.

    Told of the results that come nearest: those with the fewest values outside the plan's lists.
    """
    outside = [found for item in items if (found := missed(plan, item))]
    fewest = min(map(len, outside))
    nearest = list(dict.fromkeys(found for found in outside if len(found) == fewest))
    by_field: dict[str, list[Missed]] = {}
    for found in nearest:
        for one in found:
            by_field.setdefault(one.field, []).append(one)
    if fewest == 1 or len(nearest) == 1:
        told = [
            str(ones[0]._replace(value=either(list(dict.fromkeys(o.value for o in ones)))))
            for ones in by_field.values()
        ]
    else:
        told = ["; or ".join(", ".join(map(str, found)) for found in nearest)]
    joiner = "; " if len(nearest) == 1 else "; or "
    alike = [one for found in nearest for one in found if one.looks_like]
    return Reason(joiner.join(told), _remedy(list(by_field), alike))


def _remedy(fields: Sequence[str], alike: Sequence[Missed]) -> str:
    lists = either([f"{name}s" for name in dict.fromkeys(f.replace("_", " ") for f in fields)])
    if alike:
        one = alike[0]
        return f"is it {one.looks_like}? then rename it; or add it to the plan's {lists}"
    return f"add it to the plan's {lists}, if it should count"


def no_arm(rule: ArmRule, items: Sequence[Evidence]) -> Reason:
    """Return why no arm of a study is on one side of a plan."""
    arms = list(dict.fromkeys(arm for item in items for arm in (item.arm, item.versus) if arm))
    told = f"no arm is {rule.label}"
    detail = f"its arms: {'; '.join(map(arm_words, arms))}"
    silent = [arm.label for arm in arms if rule.delivery_mode and arm.delivery_mode is None]
    if silent:
        return Reason(told, f"enter the delivery mode of {either(silent)}", detail)
    alike = list(_alike(rule, arms))
    if alike:
        arm, value, wanted = alike[0]
        return Reason(
            told,
            f"is {value} of {arm} the same as {wanted}? then rename it, or add it to the plan",
            detail,
        )
    return Reason(told, "correct the arm, if it is entered wrongly", detail, another_question=True)


def _alike(rule: ArmRule, arms: Sequence[ArmSide]) -> Iterator[tuple[str, str, str]]:
    for arm in arms:
        if rule.delivery_mode and arm.delivery_mode not in rule.delivery_mode:
            continue
        for wanted in rule.treatment:
            if looks_like(arm.treatment, wanted):
                yield arm.label, arm.treatment, wanted


def nothing_in_common(on_sides: Sequence[Evidence]) -> Reason:
    """Return that the two sides of a study have no result of one place."""
    places = list(dict.fromkeys(item.place for item in on_sides))
    return Reason(
        "its two sides have no result of one instrument, rater, timepoint and set",
        "enter what is missing, or correct what is named in two ways",
        f"it has: {'; '.join(places)}",
    )


def arm_words(arm: ArmSide) -> str:
    """Return an arm with what decides on its side: ``Video CBT (CBT, videoconference)``."""
    mode = mode_words(arm.delivery_mode) if arm.delivery_mode else "delivery mode not entered"
    treatment = () if arm.treatment.casefold() == arm.label.casefold() else (arm.treatment,)
    return f"{arm.label} ({', '.join((*treatment, mode))})"


def mode_words(mode: DeliveryMode) -> str:
    """Return a delivery mode in words."""
    return mode.value.replace("_", " ")


def sides(plan: Plan) -> tuple[ArmRule, ...]:
    """Return the sides of a plan that arms are sought for."""
    if plan.kind is AnalysisKind.SINGLE_ARM:
        return (plan.intervention,)
    return plan.intervention, plan.comparator, *plan.other_treatments


def side_of(plan: Plan, arm: ArmSide) -> ArmRule | None:
    """Return the first side of a plan that describes an arm."""
    return next((rule for rule in sides(plan) if rule.matches(arm)), None)
