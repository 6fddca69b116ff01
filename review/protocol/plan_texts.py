"""A plan as the texts of a form, and back; names are those of `Plan`, parts joined by a stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from review.protocol.choices import CHOICES, Asked, text
from review.protocol.joint import JointOutcome
from review.protocol.parts import ArmRule
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind
from review.wording import capitalised, plainly

_PARTS: Final = ("zero_cells", "sequential", "bayes")
"""Parts of a plan that are there or not."""


def texts_of(plan: Plan) -> dict[str, str | list[str]]:
    """Return a plan as the texts of a form; choices of several are lists."""
    values = plan.model_dump(mode="json")
    found: dict[str, str | list[str]] = {}
    for name, choice in CHOICES.items():
        value = _at(values, name)
        if choice.asked is Asked.SWITCH:
            found[name] = "on" if value not in (None, False) else ""
        elif choice.asked is Asked.SEVERAL:
            found[name] = [str(one) for one in value or ()]
        elif name == RULES:
            found[name] = "\n".join(map(rule_text, plan.other_treatments))
        elif name == JOINT:
            found[name] = "\n".join(map(joint_text, plan.outcomes))
        elif choice.asked is Asked.LINES:
            found[name] = "\n".join(text(one) for one in value or ())
        else:
            found[name] = choice.default if value is None and "." in name else text(value)
    return found


RULES: Final = "other_treatments"
"""The list of a form whose lines are rules."""

JOINT: Final = "outcomes"
"""The list of a form whose lines are outcomes of one model."""


def rule_text(rule: ArmRule) -> str:
    """Return a treatment as a line: ``Control: Wait list | TAU``, ways of delivery with an @."""
    parts = [*(f"@{mode.value}" for mode in rule.delivery_mode), *rule.treatment]
    return f"{rule.label}: {' | '.join(parts)}"


def rule_from(line: str) -> dict[str, Any]:
    """Return what a line says of a treatment; without a colon it is called as its arms are.

    Examples
    --------
    >>> rule_from("By phone: @telephone | CBT")
    {'label': 'By phone', 'delivery_mode': ['telephone'], 'treatment': ['CBT']}
    """
    label, colon, rest = line.partition(":")
    parts = [part.strip() for part in (rest if colon else line).split("|") if part.strip()]
    return {
        "label": label.strip(),
        "delivery_mode": [part[1:].strip() for part in parts if part.startswith("@")],
        "treatment": [part for part in parts if not part.startswith("@")],
    }


def joint_text(one: JointOutcome) -> str:
    """Return an outcome as a line: ``Therapist: raters therapist; timepoints post``."""
    given = one.model_dump(mode="json", exclude={"label"})
    parts = [
        f"{name} {' | '.join(value) if isinstance(value, list) else text(value)}"
        for name, value in given.items()
    ]
    return f"{one.label}: {'; '.join(parts)}"


def joint_from(line: str) -> dict[str, Any]:
    """Return what a line says of an outcome; a name that nobody knows is left to the plan's rules.

    Examples
    --------
    >>> joint_from("Therapist: raters therapist; timepoints post | 3 months")
    {'label': 'Therapist', 'raters': ['therapist'], 'timepoints': ['post', '3 months']}
    """
    label, _, rest = line.partition(":")
    found: dict[str, Any] = {"label": label.strip()}
    for part in filter(None, (one.strip() for one in rest.split(";"))):
        name, _, value = part.partition(" ")
        one = name in ("outcome", "time")
        found[name] = value.strip() if one else [x.strip() for x in value.split("|")]
    return found


def blank_texts() -> dict[str, str | list[str]]:
    """Return the form of a plan that nobody has written: every default, nothing else."""
    return {
        name: [] if choice.asked is Asked.SEVERAL else choice.default
        for name, choice in CHOICES.items()
    }


def _at(values: Mapping[str, Any], name: str) -> Any:
    found: Any = values
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def model_words(plan: Plan) -> str:
    """Return measure, model and interval of a plan, as the form calls them."""
    asked = (("measure", plan.measure.value), ("method", plan.method), ("test", plan.test))
    return "; ".join(
        next((o.words for o in CHOICES[name].options if o.value == value), value)
        for name, value in asked
    )


class PlanProblems(Exception):
    """A form that gives no plan: what is wrong, by question."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in errors.items()))
        self.errors = dict(errors)


def plan_from(texts: Mapping[str, str | Sequence[str]]) -> Plan:
    """Return the plan that the texts of a form give.

    Raises PlanProblems with all that is wrong; what concerns no single question is under ``plan``.
    """
    values: dict[str, Any] = {}
    for name, choice in CHOICES.items():
        given = texts.get(name, "")
        if choice.asked is Asked.SWITCH:
            value: Any = bool(given) if "." in name else None
        elif choice.asked is Asked.SEVERAL:
            value = [given] if isinstance(given, str) and given else list(given)
        elif choice.asked is Asked.LINES:
            lines = (line.strip() for line in str(given).splitlines())
            value = [line for line in lines if line]
            if name == RULES:
                value = [rule_from(line) for line in value]
            if name == JOINT:
                value = [joint_from(line) for line in value]
        else:
            value = str(given).strip() or None
        _put(values, name, value)
    for part in _PARTS:
        if not texts.get(part):
            values[part] = None
    if values.get("kind") == AnalysisKind.SINGLE_ARM:
        values.pop("comparator", None)
    try:
        return Plan.model_validate(_given(values))
    except ValidationError as error:
        raise PlanProblems(_problems(error)) from None


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    *parts, last = name.split(".")
    for part in parts:
        inner = values.get(part)
        if not isinstance(inner, dict):
            inner = values[part] = {}
        values = inner
    if last not in values or value is not None:
        values[last] = value


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what was not said, so that defaults hold."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found[name] = _given(value)
        elif value not in (None, []):
            found[name] = value
    return found


def _problems(error: ValidationError) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in error.errors(include_url=False):
        where = ".".join(str(part) for part in one["loc"] if isinstance(part, str))
        while where and where not in CHOICES:
            where = where.rpartition(".")[0]
        found.setdefault(where or "plan", f"{capitalised(plainly(one))}.")
    return found
