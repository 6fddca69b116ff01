"""Reading protocol and plan files (YAML), with every problem of a file reported at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from review.errors import FileError, InvalidDataError, Problem
from review.protocol.rules import Plan, ProtocolFile
from review.wording import plainly

ModelT = TypeVar("ModelT", bound=BaseModel)


def validated(model: type[ModelT], values: object, *, source: str) -> ModelT:
    """Return `values` as `model`; raise FileError naming each field that is wrong."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise FileError(
            source,
            [
                Problem(
                    line=None,
                    column=None,
                    reason=f"{'.'.join(map(str, e['loc'])) or 'the whole'}: {plainly(e)}",
                )
                for e in error.errors()
            ],
        ) from None


def _mapping(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InvalidDataError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FileError(str(path), [Problem(None, None, "it is not UTF-8 text")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        reason = getattr(error, "problem", None) or "it is not YAML"
        raise FileError(str(path), [Problem(line, None, str(reason))]) from None
    if not isinstance(values, dict):
        raise FileError(str(path), [Problem(1, None, "expected `name: value` lines")])
    return values


def read_plan(path: Path) -> Plan:
    """Read one planned analysis; raise FileError."""
    return validated(Plan, _mapping(path), source=str(path))


def read_protocol(path: Path) -> ProtocolFile:
    """Read a whole protocol; raise FileError."""
    return validated(ProtocolFile, _mapping(path), source=str(path))


def plan_text(plan: Plan) -> str:
    """Return a plan as the YAML that `read_plan` reads."""
    return yaml.safe_dump(
        plan.model_dump(mode="json"), sort_keys=False, allow_unicode=True, default_flow_style=None
    )
