"""Reading protocol and plan files (YAML), with every problem of a file reported at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from review.errors import FileError, Problem
from review.protocol.rules import Plan, ProtocolFile
from review.tabular.reading import plain_text
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


class _Loader(yaml.SafeLoader):
    """YAML in which a name that stands twice is an error, where PyYAML takes the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping; raise a YAMLError at the second of two equal names."""
        seen: set[object] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True) if key.tag != _MERGE else None
            if isinstance(name, str) and name in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{name} stands twice", key.start_mark
                )
            seen.add(name if isinstance(name, str) else None)
        return super().construct_mapping(node, deep=deep)


_MERGE: Final = "tag:yaml.org,2002:merge"

MAX_BYTES: Final = 8 * 1024 * 1024
"""A protocol is a few pages."""


def mapping_of(text: str, *, source: str) -> dict[str, Any]:
    """Return the names and values of a YAML text; raise FileError with the line."""
    try:
        values = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        reason = getattr(error, "problem", None) or "it is not YAML"
        raise FileError(source, [Problem(line, None, str(reason))]) from None
    if not isinstance(values, dict):
        raise FileError(source, [Problem(1, None, "expected `name: value` lines")])
    return values


def mapping_in(path: Path) -> dict[str, Any]:
    """Return the names and values of a YAML file; raise FileError, InvalidDataError."""
    return mapping_of(plain_text(path, most=MAX_BYTES), source=str(path))


def read_plan(path: Path) -> Plan:
    """Read one planned analysis; raise FileError."""
    return validated(Plan, mapping_in(path), source=str(path))


def read_protocol(path: Path) -> ProtocolFile:
    """Read a whole protocol; raise FileError."""
    return validated(ProtocolFile, mapping_in(path), source=str(path))


def plan_text(plan: Plan) -> str:
    """Return a plan as the YAML that `read_plan` reads."""
    return yaml.safe_dump(
        plan.model_dump(mode="json"), sort_keys=False, allow_unicode=True, default_flow_style=None
    )
