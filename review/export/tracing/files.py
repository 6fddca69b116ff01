"""An exported file: whether it is as it was written, and the origins of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from review.errors import InvalidDataError, NotFoundError
from review.export.tracing.numbers import Holder, Runs, StatedNumber, stated_at
from review.export.tracing.origins import SHORT_KEY
from review.export.tracing.printed import NUMBER, Piece, altered, pieces
from review.export.tracing.provenance import NAME, Known, carried, list_of, listed, printed_of
from review.files import sha256_of_file


class FileState(StrEnum):
    """What ``provenance.json`` says of a file."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    UNLISTED = "unlisted"


class AlteredNumber(NamedTuple):
    """A number of a file that is not what was exported."""

    place: str
    now: str
    was: str
    origin: str | None
    """Of the number, where one number of the file's alone is it."""
    event: int | None
    """The newest event of the history that the file's runs had read."""


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
    altered: tuple[AlteredNumber, ...] = ()
    compared: bool = False
    """Whether what it prints could be compared with what was exported."""


@dataclass(frozen=True, slots=True)
class FolderTrace:
    """What became of the files of an export, those of the folders in it among them."""

    folder: str
    files: int
    changed: tuple[FileTrace, ...]
    added: tuple[str, ...]
    """In no list: somebody put them there."""
    removed: tuple[str, ...]


def trace_folder(runs: Runs, folder: Path) -> FolderTrace:
    """Compare a folder's files with the lists in it; raise NotFoundError where there is none."""
    changed: list[FileTrace] = []
    added: list[str] = []
    removed: list[str] = []
    count = 0
    waiting = [folder]
    while waiting:
        place = waiting.pop(0)
        known = list_of(place) if place.is_dir() else None
        if known is None:
            if place == folder:
                raise NotFoundError(f"{folder} has no {NAME}: it is no export of ours")
            removed.append(f"{place.relative_to(folder)}/{NAME if place.is_dir() else ''}")
            continue
        inside = {path.name: path for path in sorted(place.iterdir()) if path.name != NAME}
        for name, path in inside.items():
            if path.is_file() and name not in known["files"]:
                added.append(str(path.relative_to(folder)))
            elif path.is_dir() and name not in known.get("folders", ()):
                added.append(f"{path.relative_to(folder)}/")
        for name, entry in known["files"].items():
            path = place / name
            if not path.is_file():
                removed.append(str(path.relative_to(folder)))
                continue
            count += 1
            if entry["sha256"] != sha256_of_file(path):
                changed.append(replace(trace_file(runs, path), file=str(path.relative_to(folder))))
        waiting += [place / name for name in known.get("folders", ())]
    return FolderTrace(str(folder), count, tuple(changed), tuple(added), tuple(removed))


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
    except (NotFoundError, InvalidDataError):
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
    found: tuple[AlteredNumber, ...] = ()
    compared = False
    known = list_of(path.parent) if state is FileState.CHANGED else None
    printed = {} if known is None else printed_of(known)
    if known is not None and path.name in printed:
        before = printed[path.name]
        found, compared = _altered(path, known, before, list(holders.values())), True
    return FileTrace(
        altered=found,
        compared=compared,
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


def _altered(
    path: Path, known: Known, before: Sequence[Piece], holders: Sequence[Holder]
) -> tuple[AlteredNumber, ...]:
    """Return the numbers that differ from what was exported, with what the ledger gave."""
    numbers = known["numbers"]
    origins = known["files"][path.name]["origins"]
    values = [(origin, numbers[origin]["value"]) for origin in origins if origin in numbers]
    event = max((one.history_seq for one in holders), default=None)
    try:
        now = pieces(path.name, path.read_bytes()) or []
    except Exception as error:  # what the readers of ten formats raise for a broken file
        raise InvalidDataError(f"{path.name} was changed and cannot be read any more") from error
    return tuple(
        AlteredNumber(one.place, one.now, one.was, _origin_of(one.was, values), event)
        for one in altered(before, now)
    )


def _origin_of(printed: str, values: Sequence[tuple[str, Any]]) -> str | None:
    """Return the origin whose value prints like a number; None where different values do."""
    plain = printed.replace("\N{MINUS SIGN}", "-").replace(",", "")
    if NUMBER.fullmatch(plain) is None:
        return None
    half = 0.5 * 10.0 ** -len(plain.partition(".")[2].partition("e")[0])
    found: dict[float, str] = {}
    for origin, value in values:
        for one in value if isinstance(value, list) else [value]:
            same = isinstance(one, int | float) and abs(one - float(plain)) <= half * 1.0000001
            if same and not isinstance(one, bool):
                found.setdefault(float(one), origin)
    return next(iter(found.values())) if len(found) == 1 else None
