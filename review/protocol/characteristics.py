"""What trials can be grouped, explained and chosen by: names, and conditions on them. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater

Value: TypeAlias = str | int | float | tuple[str, ...]
"""A characteristic as the ledger has it; a tuple of a multiple choice."""


class About(StrEnum):
    """What a characteristic belongs to."""

    RESULT = "result"
    STUDY = "study"
    ARM = "arm"
    RISK = "risk of bias"
    FIELD = "custom field"


RISK_OF_BIAS: Final = "risk_of_bias"
"""The overall judgement; ``risk_of_bias.D2`` is that of a domain, by the tool's key."""

SIDES: Final = ("intervention", "comparator")
"""``comparator.sessions`` is the comparator's; without a side it is the intervention's."""

KNOWN: Final[Mapping[str, About]] = {
    "year": About.STUDY,
    "instrument": About.RESULT,
    "rater": About.RESULT,
    "timepoint": About.RESULT,
    "analysis_set": About.RESULT,
    "weeks": About.RESULT,
    "side": About.RESULT,
    "country": About.STUDY,
    "diagnosis": About.STUDY,
    "population": About.STUDY,
    "setting": About.STUDY,
    "funding": About.STUDY,
    "design": About.STUDY,
    "randomised": About.STUDY,
    "cluster_size": About.STUDY,
    "therapists": About.STUDY,
    "registration": About.STUDY,
    "treatment": About.ARM,
    "delivery_mode": About.ARM,
    "role": About.ARM,
    "sessions": About.ARM,
    "therapist_training": About.ARM,
    "n_randomised": About.ARM,
    RISK_OF_BIAS: About.RISK,
}
"""What every review has; its custom fields and the domains of its tools come to these."""

OWN: Final = frozenset({"year", "instrument", "rater", "timepoint", "analysis_set", "side"})
"""What every input of a run says for itself; the others are kept where a plan asks for them."""

NUMBERS: Final = frozenset({"year", "weeks", "cluster_size", "sessions", "n_randomised"})

CHOICES: Final[Mapping[str, type[StrEnum]]] = {
    "rater": Rater,
    "analysis_set": AnalysisSet,
    "delivery_mode": DeliveryMode,
}
"""Closed choices, so that a slip of the pen is found when the plan is made."""


def base_name(name: str) -> str:
    """Return a name without its side.

    Examples
    --------
    >>> base_name("comparator.sessions"), base_name("risk_of_bias.D2")
    ('sessions', 'risk_of_bias.D2')
    """
    side, dot, rest = name.partition(".")
    return rest if dot and side in SIDES else name


def side_of(name: str) -> str:
    """Return which side a name is about: the intervention's where it does not say.

    Examples
    --------
    >>> side_of("comparator.sessions"), side_of("sessions")
    ('comparator', 'intervention')
    """
    side, dot, _ = name.partition(".")
    return side if dot and side in SIDES else SIDES[0]


def in_words(name: str) -> str:
    """Return a name as people read it.

    Examples
    --------
    >>> in_words("comparator.therapist_training"), in_words("risk_of_bias.D2"), in_words("year")
    ('therapist training (comparator)', 'risk of bias (D2)', 'year')
    """
    if name.startswith(f"{RISK_OF_BIAS}."):
        return f"risk of bias ({name.partition('.')[2]})"
    words = base_name(name).replace("_", " ")
    return f"{words} ({side_of(name)})" if base_name(name) != name else words


_JOINED: Final = frozenset({*CHOICES, "role", "randomised", "therapists"})
"""Names whose values are words of a closed choice, joined by underscores."""


def value_in_words(name: str, value: str) -> str:
    """Return a value as people read it: of a closed choice, or a judgement, without underscores.

    Examples
    --------
    >>> value_in_words("risk_of_bias.D2", "some_concerns"), value_in_words("country", "a_b")
    ('some concerns', 'a_b')
    """
    base = base_name(name)
    joined = base in _JOINED or base.partition(".")[0] == RISK_OF_BIAS
    return value.replace("_", " ") if joined else value


def problems(names: Iterable[str], *, also: Collection[str] = ()) -> Iterator[str]:
    """Yield a sentence for each name that nothing in a review is called by.

    Parameters
    ----------
    names
        As a plan has them.
    also
        The review's custom fields, and ``risk_of_bias.`` with each domain of its tools.
    """
    there = list(dict.fromkeys((*KNOWN, *also)))
    for name in dict.fromkeys(names):
        base = base_name(name)
        if base in there and (base == name or _has_side(base)):
            continue
        if base in there:
            yield f"{base} is of a whole trial and has no side; write {base} instead of {name}"
            continue
        near = difflib.get_close_matches(base.replace("-", "_").lower(), there, 1, 0.6)
        hint = f", did you mean {near[0]}?" if near else ""
        yield (
            f"there is no characteristic {name!r}{hint} (there are {', '.join(there)}; a custom "
            "field is defined first, by: review extract field add)"
        )


def _has_side(base: str) -> bool:
    """Whether arms differ in it: arm facts, and custom fields, which may be an arm's."""
    about = KNOWN.get(base, About.FIELD)
    return about in (About.ARM, About.FIELD) and not base.startswith(RISK_OF_BIAS)


_CONDITION: Final = re.compile(
    r"\s*`?(?P<name>[\w.-]+)`?\s*(?P<sign>==|=|!=|<=|<|>=|>|\bnot\s+in\b|\bin\b)\s*(?P<values>.+?)\s*",
    re.DOTALL,
)
_VALUE: Final = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^,"']+))\s*(?:,|$)""")

_ORDER: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """What a characteristic must be for a trial (an arm, a result) to enter."""

    name: str
    sign: str
    """``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``in`` or ``not in``."""
    values: tuple[str, ...]

    def __str__(self) -> str:
        """As a plan has it."""
        return f"{self.name} {self.sign} {', '.join(map(_quoted, self.values))}"

    def holds(self, value: Value) -> bool:
        """Whether a value fulfils it; text is compared without regard to capitals and spaces.

        Raises ValueError where a number is needed and the value is none.
        """
        if self.sign in _ORDER:
            if isinstance(value, tuple):
                raise ValueError("several choices have no order")
            return _ORDER[self.sign](float(value), float(self.values[0]))
        given = value if isinstance(value, tuple) else (value,)
        there = any(_same(one, wanted) for one in given for wanted in self.values)
        return there == (self.sign in ("==", "in"))


def condition(text: str) -> Condition:
    """Read a condition such as ``diagnosis == depression`` or ``year >= 2010``.

    Raises ValueError with a sentence.

    Examples
    --------
    >>> str(condition("country in Austria,Germany"))
    'country in Austria, Germany'
    >>> str(condition("diagnosis = 'panic, with agoraphobia'"))
    'diagnosis == "panic, with agoraphobia"'
    >>> condition("year >= 2010").holds(2012)
    True
    """
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise ValueError(
            f'"{text}" is no condition; write one such as: diagnosis == depression, year >= 2010, '
            "country in Austria, Germany (in a YAML list, put one with a comma in quotation marks)"
        )
    sign = {"=": "=="}.get(found["sign"], " ".join(found["sign"].split()))
    given = found["values"]
    if sign.endswith("in") and given[0] + given[-1] in ("[]", "()"):
        given = given[1:-1]
    values: list[str] = []
    at = 0
    while at < len(given):
        one = _VALUE.match(given, at)
        if one is None:
            raise ValueError(f'"{text}": a value was expected at "{given[at:][:20]}"')
        values.append(next(group for group in one.groups() if group is not None).strip())
        at = one.end()
    if len(values) > 1 and not sign.endswith("in"):
        raise ValueError(f'"{text}" has several values; write {found["name"]} in …')
    return _checked(Condition(found["name"], sign, tuple(dict.fromkeys(values))))


def _checked(found: Condition) -> Condition:
    base = base_name(found.name)
    if found.sign in _ORDER or base in NUMBERS:
        for value in found.values:
            try:
                float(value)
            except ValueError:
                raise ValueError(f'"{found}": "{value}" is not a number') from None
    if base in CHOICES:
        known = [choice.value for choice in CHOICES[base]]
        for value in found.values:
            if value not in known:
                near = difflib.get_close_matches(value, known, 1)
                hint = f", did you mean {near[0]}?" if near else ""
                raise ValueError(
                    f'"{found}": {base} is never "{value}"{hint} (it is one of {", ".join(known)})'
                )
    return found


def _quoted(value: str) -> str:
    return f'"{value}"' if re.search(r"[,'\s]", value) or not value else value


def _same(one: str | int | float, wanted: str) -> bool:
    if isinstance(one, int | float):
        try:
            return float(wanted) == one
        except ValueError:
            return False
    return _plain(one) == _plain(wanted)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
