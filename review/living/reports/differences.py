"""What differs between two runs, value by value, and in the words of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from review.protocol.characteristics import in_words
from review.protocol.choices import CHOICES, text
from review.protocol.joint import JointOutcome
from review.protocol.plan_texts import joint_text
from review.protocol.rules import Plan
from review.synthesis.bayes import DEFAULT_TAU
from review.wording import lowered

_PLAN: Final = "plan"


_PLANNED: Final = {
    "variants": "sensitivity analyses",
    "moderators": "meta-regressions",
    "heterogeneity": "tau² depends on",
    "reliability": "reliabilities",
    "baseline_risks": "risks of the comparator",
    "baseline_rates": "rates of the comparator",
    "target_instrument": "instrument on whose scale differences are read",
    "bayes": "posterior by Bayes",
    "bayes tau": "prior of tau",
    "bayes scale": "scale of the prior of tau",
    "bayes mean": "prior mean of the effect",
    "bayes mean_sd": "SD of the prior of the effect",
    "where": "conditions",
    "several_arms": "several arms of a trial",
    "several_results": "several results of a trial",
    "rho": "correlation of several results",
    "random": "random effects",
    "correlations": "correlations of errors",
    "phi": "correlation of errors a week apart",
    "icc": "intracluster correlation",
    "zero_cells": "rule for zero cells",
    "sequential": "panel of repeated looks",
    "vtype": "formula of sampling variances",
    "correct": "small-sample correction",
    "asymmetry": "predictor of Egger's test",
    "level": "level of intervals",
    "measure": "effect measure",
    "effect": "name of the effect",
}
"""What a sentence calls a part of a plan whose own name says too little."""


_ANY: Final = frozenset(
    {"instruments", "raters", "timepoints", "analysis_sets", "delivery_mode", "treatment"}
)
"""Lists of a plan that admit anything where they are empty."""


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value that differs: of the plan, or of a trial's inputs."""

    where: str
    """``plan``, or the study."""
    what: str
    old: str | None
    new: str | None

    @property
    def words(self) -> str:
        """What changed, as a clause: ``sensitivity analyses from none to common effect``."""
        what = _PLANNED.get(self.what, self.what) if self.where == _PLAN else self.what
        what = what.replace("_", " ")
        return f"{what} from {self.old or 'none'} to {self.new or 'none'}"


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items() if part is not None)
    return str(value)


def differences(
    where: str, old: Mapping[str, object], new: Mapping[str, object], prefix: str = ""
) -> Iterator[ValueChange]:
    """Yield the values that differ, parts of a value by their own names."""
    for name in {**new, **old}:
        was, now = old.get(name), new.get(name)
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            yield from differences(where, was, now, f"{prefix}{name} ")
        elif was != now:
            yield ValueChange(where, f"{prefix}{name}", _text(was), _text(now))


def plan_differences(old: Plan, new: Plan) -> Iterator[ValueChange]:
    """Yield what differs between two plans, each value in the words of the plan's form."""
    return differences(_PLAN, _in_words(old), _in_words(new))


def _in_words(plan: Plan) -> dict[str, object]:
    fields = type(plan).model_fields.items()
    unstored = {n: f.default for n, f in fields if isinstance(f.default, bool | str)}
    told = {**unstored, **plan.model_dump(mode="json")}
    return {name: _value_words(name, value) for name, value in told.items()}


def _value_words(name: str, value: object) -> object:
    if isinstance(value, dict) and name in ("intervention", "comparator"):
        return {part: _value_words(part, inner) for part, inner in value.items()}
    if isinstance(value, dict) and name == "bayes":
        scale, spread = value["scale"], value["mean_sd"]
        given = DEFAULT_TAU.scale if scale is None else scale
        return {**value, "scale": given, "mean_sd": "none (flat)" if spread is None else spread}
    if isinstance(value, list) and name == "other_treatments":
        return ", ".join(map(_rule_words, value)) or "none"
    if isinstance(value, list) and name == "outcomes":
        return ", ".join(joint_text(JointOutcome.model_validate(one)) for one in value) or "none"
    if isinstance(value, list):
        told = ", ".join(str(_value_words(name, one)) for one in value)
        return told or ("any" if name in _ANY else "none")
    if isinstance(value, bool) and name in CHOICES:
        value = text(value)
    if not isinstance(value, str):
        return value
    if name in ("subgroups", "moderators", "heterogeneity"):
        return in_words(value)
    choice = CHOICES.get(name)
    options = {option.value: option.words for option in choice.options} if choice else {}
    if value not in options:
        joined = name in ("raters", "analysis_sets", "delivery_mode")
        return value.replace("_", " ") if joined else value
    words = options[value]
    named = name == "method" or any(sign.isupper() for sign in words.split()[0][1:])
    return words if named else lowered(words)


def _rule_words(rule: Mapping[str, Any]) -> str:
    modes = [str(_value_words("delivery_mode", mode)) for mode in rule["delivery_mode"]]
    return f"{rule['label']} ({', '.join([*modes, *rule['treatment']])})"
