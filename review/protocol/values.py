"""Values that a plan holds: names of methods and tests, formulae, conditions, margins, risks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from review.errors import InvalidDataError
from review.formula import parse
from review.protocol.characteristics import condition
from review.protocol.frozen import Line
from review.protocol.levels import as_written
from review.protocol.pairs import pair_as_written

MethodName = Literal[
    "EE", "DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "MH", "PETO",
    "UM.FS", "UM.RS", "CM.EL", "CM.AL",
]  # fmt: skip
TestName = Literal["z", "t", "knha", "adhoc"]
PredictionName = Literal["test", "k-1", "k-2", "HK"]


def _formula(text: str) -> str:
    """Return a meta-regression's formula without a ``~``; raise ValueError with a sentence."""
    try:
        names = parse(text).names
    except InvalidDataError as error:
        hint = "; a name with a hyphen stands in backticks" if "-" in text else ""
        raise ValueError(f"{error}{hint}") from None
    if not names:
        raise ValueError(f'"{text}" names no characteristic')
    return " ".join(text.removeprefix("~").split())


def _condition(text: str) -> str:
    found = condition(text)
    if found.name == "side":
        raise ValueError("intervention and comparator say which arms enter, not a condition")
    return str(found)


ModeratorFormula = Annotated[Line, AfterValidator(_formula)]
RandomText = Annotated[Line, AfterValidator(as_written)]
PairText = Annotated[Line, AfterValidator(pair_as_written)]
Where = Annotated[Line, AfterValidator(_condition)]

Margin = Annotated[float, Field(gt=0)]
BaselineRisk = Annotated[float, Field(gt=0, lt=1)]
BaselineRate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
