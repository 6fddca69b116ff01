"""Forms: all that is wrong with them is said at once, each beside its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from review.errors import InvalidDataError
from review.wording import capitalised, plainly

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class Form(BaseModel):
    """The fields of a form; texts lose the spaces around them, and what is not asked is ignored."""

    model_config = ConfigDict(
        str_strip_whitespace=True, frozen=True, extra="ignore", allow_inf_nan=False
    )


FormT = TypeVar("FormT", bound=Form)


class FieldErrors(InvalidDataError):
    """A form that cannot be taken, with what was typed and what is wrong, by field."""

    def __init__(self, values: Mapping[str, str], errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in errors.items()))
        self.values = dict(values)
        self.errors = dict(errors)


class Blank:
    """A form that nobody has filled in, for the first time it is shown."""

    def __init__(self, **values: object) -> None:
        self.values = {name: "" if value is None else str(value) for name, value in values.items()}
        self.errors: dict[str, str] = {}


def read(form: type[FormT], fields: Mapping[str, Any]) -> FormT:
    """Return a form as its model; raise FieldErrors with all that is wrong.

    An empty field counts as not given, so that its default holds.
    """
    texts = typed(fields)
    try:
        return form.model_validate({name: value for name, value in texts.items() if value.strip()})
    except ValidationError as error:
        errors: dict[str, str] = {}
        for one in error.errors(include_url=False):
            name = str(one["loc"][0]) if one["loc"] else ""
            errors.setdefault(name, _sentence(one))
        raise FieldErrors(texts, errors) from None


def typed(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of a form, to be shown again."""
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def _sentence(one: ErrorDetails) -> str:
    if one["type"] == "missing":
        return "This is needed."
    text = capitalised(plainly(one))
    return text if text.endswith(".") else f"{text}."
