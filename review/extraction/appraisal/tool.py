"""A tool of risk of bias as a checked value: scale, domains, questions, algorithm."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from review.extraction.appraisal.conditions import Condition, parse_answers, parse_condition
from review.extraction.appraisal.vocabulary import About, Answer, Colour
from review.protocol.frozen import Line, Slug

Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,19}$")]
Value = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True
    )


class Judgement(_Frozen):
    """One step of a tool's scale; the order of the scale is from the least risk to the most."""

    value: Value
    label: Line
    symbol: Annotated[str, Field(min_length=1, max_length=2)]
    colour: Colour
    unknown: bool = False
    """It says that nothing is known, and has no place in the order."""
    settles: bool = False
    """A domain judged so settles the overall judgement, whatever is unknown in others."""


class Question(_Frozen):
    """A signalling question, asked where its condition holds."""

    number: Key
    text: Line
    only_if: str | None = None
    answers: str = "Y/PY/PN/N/NI"
    guidance: Annotated[str, Field(max_length=4000)] | None = None
    """What is meant, of a tool from a file; `guidance_on` has that of shipped tools too."""

    @model_serializer(mode="wrap")
    def _as_before(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave unset guidance out: tools adopted before it was known stay what they are."""
        found: dict[str, Any] = write(self)
        if self.guidance is None:
            found.pop("guidance", None)
        return found

    @field_validator("only_if")
    @classmethod
    def _is_condition(cls, text: str | None) -> str | None:
        if text is not None:
            parse_condition(text)
        return text

    @field_validator("answers")
    @classmethod
    def _is_answers(cls, text: str) -> str:
        parse_answers(text)
        return text

    @property
    def condition(self) -> Condition | None:
        """When it is asked; None for always."""
        return parse_condition(self.only_if) if self.only_if else None

    @property
    def allowed(self) -> frozenset[Answer]:
        """The answers it takes."""
        return parse_answers(self.answers)


class Rule(_Frozen):
    """One line of an algorithm."""

    when: str
    then: Value

    @field_validator("when")
    @classmethod
    def _is_condition(cls, text: str) -> str:
        parse_condition(text)
        return text

    @property
    def condition(self) -> Condition:
        """When it applies."""
        return parse_condition(self.when)


class Domain(_Frozen):
    """A domain of bias.

    `algorithm` has parts; of each part the first rule that applies speaks, and the worst of the
    parts is proposed. Without an algorithm the assessor judges unaided.
    """

    key: Key
    name: Line
    questions: tuple[Question, ...] = ()
    algorithm: tuple[tuple[Rule, ...], ...] = ()

    @model_validator(mode="after")
    def _asks_what_it_uses(self) -> Domain:
        numbers = [question.number for question in self.questions]
        twice = sorted({number for number in numbers if numbers.count(number) > 1})
        if twice:
            raise ValueError(f"domain {self.key} has question {', '.join(twice)} twice")
        for place, question in enumerate(self.questions):
            used = question.condition.questions if question.condition else frozenset()
            unknown = sorted(used - set(numbers[:place]))
            if unknown:
                raise ValueError(
                    f"question {question.number} depends on {', '.join(unknown)}, "
                    "which does not come before it"
                )
        used = frozenset[str]().union(*(r.condition.questions for p in self.algorithm for r in p))
        if used - set(numbers):
            unknown = sorted(used - set(numbers))
            raise ValueError(f"the algorithm of {self.key} uses {', '.join(unknown)}, not asked")
        return self


class Tool(_Frozen):
    """A tool of one version; it is stored as it was, and never changed."""

    slug: Slug
    family: Slug
    """Tools of one family share their scale, and are shown together."""
    version: Line
    title: Line
    source: Line
    about: About
    scale: Annotated[tuple[Judgement, ...], Field(min_length=2)]
    domains: Annotated[tuple[Domain, ...], Field(min_length=1)]
    overall_note: Line | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Tool:
        values = [judgement.value for judgement in self.scale]
        if len(set(values)) != len(values):
            raise ValueError("the scale has a value twice")
        if all(judgement.unknown for judgement in self.scale):
            raise ValueError("the scale has no step that says something")
        keys = [domain.key for domain in self.domains]
        if len(set(keys)) != len(keys) or "Overall" in keys:
            raise ValueError("each domain needs a key of its own, and none is called Overall")
        for domain in self.domains:
            for rule in (rule for part in domain.algorithm for rule in part):
                if rule.then not in values:
                    raise ValueError(f"{rule.then!r} in domain {domain.key} is not on the scale")
        return self

    def domain(self, key: str) -> Domain | None:
        """Return the domain of that key."""
        return next((domain for domain in self.domains if domain.key == key), None)

    def judgement(self, value: str) -> Judgement:
        """Return a step of the scale by its value; KeyError says that it has none."""
        return {judgement.value: judgement for judgement in self.scale}[value]

    def value_called(self, text: str) -> str | None:
        """Return the value that a cell means, by value or label in any case; None for none."""
        wanted = text.strip().casefold()
        for judgement in self.scale:
            if wanted in (judgement.value.casefold(), judgement.label.casefold()):
                return judgement.value
        return None
