"""How a view becomes an answer: as JSON of plain values, as CSV, or as "you have it already"."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Final

from fastapi import Header
from pydantic import BaseModel
from starlette.responses import Response

from review.canonical import utc_text
from review.web.api.shapes import Page

FOR_EVER: Final = "private, max-age=31536000, immutable"

Having = Annotated[
    str | None, Header(alias="If-None-Match", description="The ETag that you have; 304 if it is.")
]


FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheets take for the beginning of a formula; a text that begins so gets an apostrophe
before it, as OWASP recommends. Numbers are no texts."""

_NUMBER: Final = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")


class Csv(Response):
    """A table: UTF-8, a header, empty cells for what is not there."""

    media_type = "text/csv"


def plain(value: Any) -> Any:
    """Return a value as JSON has it: times in UTC, and null for a number that is none."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, Page):
        return {"items": plain(value.items), "next": value.next}
    if isinstance(value, BaseModel):
        return plain(value.model_dump(mode="json"))
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, Set):
        return sorted(map(plain, value))
    if isinstance(value, Sequence):
        return [plain(part) for part in value]
    raise TypeError(f"JSON has no {type(value).__name__}")


def dumped(view: object) -> Response:
    """Return a view as JSON."""
    text = json.dumps(plain(view), ensure_ascii=False, allow_nan=False)
    return Response(text, media_type="application/json")


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Response:
    """Return rows as CSV; doubles have all their digits."""
    written = io.StringIO()
    writer = csv.DictWriter(written, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(row.get(name)) for name in columns} for row in rows)
    return Csv(written.getvalue())


def _cell(value: Any) -> Any:
    found = plain(value)
    if isinstance(found, str) and found.startswith(FORMULAS) and not _NUMBER.fullmatch(found):
        return f"'{found}"
    return "" if found is None else found


def has(key: str, having: str | None) -> bool:
    """Return whether a caller has what never changes under a key already."""
    given = {one.strip().removeprefix("W/") for one in (having or "").split(",")}
    return bool(given & {_tag(key), "*"})


def unchanging(key: str, found: Response | None) -> Response:
    """Return what never changes under a key; nothing, for None, to who has it already."""
    answer = found if found is not None else Response(status_code=304)
    answer.headers.update({"etag": _tag(key), "cache-control": FOR_EVER})
    return answer


def _tag(key: str) -> str:
    return f'"{key}"'
