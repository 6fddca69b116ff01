"""An exported file: whether it is as it was written, and the origins of its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from review.errors import NotFoundError
from review.export.tracing.numbers import Holder, Runs, StatedNumber, stated_at
from review.export.tracing.origins import SHORT_KEY
from review.export.tracing.provenance import carried, listed
from review.files import sha256_of_file


class FileState(StrEnum):
    """What ``provenance.json`` says of a file."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class FileTrace:
    """What a file says of itself."""

    file: str
    sha256: str
    state: FileState
    runs: tuple[Holder, ...]
    numbers: tuple[StatedNumber, ...]
    unknown: tuple[str, ...]
    """Short keys of runs that this database does not have."""


def trace_file(runs: Runs, path: Path) -> FileTrace:
    """Return the origins of a file's numbers, each once, in the order of the file.

    Raises
    ------
    NotFoundError
        For a file that neither carries origins nor is listed beside it.
    InvalidDataError
        For a file that is not what its name says.
    """
    entry = listed(path)
    digest = sha256_of_file(path)
    state = FileState.UNLISTED
    if entry is not None:
        state = FileState.UNCHANGED if entry["sha256"] == digest else FileState.CHANGED
    try:
        origins = carried(path)
    except NotFoundError:
        if entry is None:
            raise
        origins = entry["origins"]
    shorts = list(dict.fromkeys(origin[:SHORT_KEY] for origin in origins))
    holders, unknown = {}, []
    for short in shorts:
        try:
            holders[short] = runs.holder(short)
        except NotFoundError:
            unknown.append(short)
    return FileTrace(
        file=path.name,
        sha256=digest,
        state=state,
        runs=tuple(holders.values()),
        numbers=tuple(
            stated_at(runs, origin)
            for origin in dict.fromkeys(origins)
            if origin[:SHORT_KEY] in holders
        ),
        unknown=tuple(unknown),
    )
