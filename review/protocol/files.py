"""Reading protocol and plan files (YAML), with every problem of a file reported at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from review.errors import FileError, Problem
from review.protocol.rules import Plan
from review.protocol.specs import ProtocolFile
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

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Return the next node; raise a YAMLError where too many lie within each other."""
        self.depth += 1
        if self.depth > _DEEPEST:
            reader: Any = self  # whose stubs have no types for this
            what = f"lists or names lie more than {_DEEPEST} deep in each other"
            raise yaml.composer.ComposerError(None, None, what, reader.peek_event().start_mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def get_single_node(self) -> yaml.Node | None:
        """Return the whole; raise a YAMLError where its aliases unfold without measure."""
        node = super().get_single_node()
        if node is not None:
            _weigh(node, {})
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Return a value; raise a YAMLError for numbers and dates that are none."""
        try:
            value = super().construct_object(node, deep=deep)
        except (ValueError, ArithmeticError, LookupError) as error:
            what = f"it cannot be read as what it looks like ({type(error).__name__})"
            raise yaml.constructor.ConstructorError(None, None, what, node.start_mark) from None
        if isinstance(value, int) and abs(value) > _LARGEST:
            what = "a number of more than 18 digits; write it in quotes if it is a text"
            raise yaml.constructor.ConstructorError(None, None, what, node.start_mark)
        return value

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping; raise a YAMLError for none, and at the second of two equal names."""
        if not isinstance(node, yaml.MappingNode):  # as of ``!!set x``
            what = "names with values are expected here"
            raise yaml.constructor.ConstructorError(None, None, what, node.start_mark)
        seen: set[object] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True) if key.tag != _MERGE else None
            if isinstance(name, str) and name in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{name} stands twice", key.start_mark
                )
            seen.add(name if isinstance(name, str) else None)
        return super().construct_mapping(node, deep=deep)


_DEEPEST: Final = 40
"""Lists and names within each other; a plan has six."""

_LARGEST: Final = 10**18

_MOST: Final = 100_000
"""Values of a file, those that an alias repeats counted each time; the largest protocol of a real
review has some hundreds."""


def _weigh(node: yaml.Node, known: dict[int, int]) -> int:
    """Return how many values a node has, all aliases unfolded; raise a YAMLError for too many."""
    if id(node) in known:
        if not known[id(node)]:
            what = "an alias (*) within what it stands for"
            raise yaml.composer.ComposerError(None, None, what, node.start_mark)
        return known[id(node)]
    known[id(node)] = 0
    parts: list[yaml.Node] = []
    if isinstance(node, yaml.SequenceNode):
        parts = list(node.value)
    elif isinstance(node, yaml.MappingNode):
        parts = [one for pair in node.value for one in pair]
    weight = 1 + sum(_weigh(part, known) for part in parts)
    if weight > _MOST:
        what = f"more than {_MOST:,} values, with what aliases (*) repeat"
        raise yaml.composer.ComposerError(None, None, what, node.start_mark)
    known[id(node)] = weight
    return weight


_MERGE: Final = "tag:yaml.org,2002:merge"

MAX_BYTES: Final = 1024 * 1024
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
