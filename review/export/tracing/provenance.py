"""``provenance.json``: what each exported file holds, and where its numbers come from."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from gzip import decompress
from lzma import LZMAError
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.orm import Session

from review.canonical import parsed_json, utc_text
from review.errors import InvalidDataError, NotFoundError
from review.export.tables.model import Table
from review.export.tables.writers.docx_origins import docx_origins
from review.export.tables.writers.html import html_origins
from review.export.tables.writers.json import plain_value
from review.export.tracing.numbers import Runs, stated_at
from review.export.tracing.origins import SHORT_KEY
from review.export.tracing.printed import (
    Piece,
    apart,
    earlier,
    of_pages,
    packed,
    read_file,
    unpacked,
)
from review.figures.saving import ORIGIN
from review.files import GZIP, replace_file, sha256_of_file
from review.living.job.workers import begun

if TYPE_CHECKING:
    from concurrent.futures import Executor

NAME: Final = "provenance.json"

FORM: Final = 3
"""Of the list: since 2 all numbers, and what all files print, in one text; since 3 what a PDF
prints by texts, not by lines."""

Known = dict[str, Any]
"""What a list says: ``files``, ``numbers`` by origin, ``runs``, ``folders`` and ``printed``."""

_CARRIES: Final = re.compile(r'\b(?:data-)?origin="([0-9a-f]{12}[^"]*)"')


def write_provenance(
    session: Session,
    folder: str | Path,
    exported: Mapping[Path, Mapping[str, Table]],
    *,
    texts: Mapping[str, Sequence[Sequence[str]]] = MappingProxyType({}),
) -> Path:
    """Write or extend ``provenance.json`` in a folder of exports, for `listing` to complete.

    Parameters
    ----------
    session
        Of the database that the numbers come from.
    folder
        Where the files are. What other commands wrote there before stays listed while its file is
        there.
    exported
        Files with their tables by name; for a file without tables (a manuscript, a figure) the
        origins are read from the file itself.
    texts
        By the name of a file, what its pages say, text by text, where its writer told.

    Returns
    -------
    Path
        The file: of each exported file its SHA-256, its tables and its origins; of each run review,
        analysis, number, full key, time and software; of each origin the value in full. Other
        commands can read it, and it is several times as long as what `listing` makes of it.

    Raises
    ------
    NotFoundError
        For a number whose run this database does not have.
    """
    place = Path(folder)
    runs = Runs(session)
    known = list_of(place) or _nothing()
    files = {name: file for name, file in known["files"].items() if (place / name).exists()}
    numbers, holders = known["numbers"], known["runs"]
    printed = {name: text for name, text in printed_of(known).items() if name in files}
    for path, tables in exported.items():
        values = dict(_cells(tables.values()))
        origins = list(values) if tables else carried(path)
        files[path.name] = {
            "sha256": sha256_of_file(path),
            "tables": list(tables),
            "origins": sorted(set(origins)),
        }
        printed.pop(path.name, None)
        if path.name in texts:
            printed[path.name] = of_pages(texts[path.name])
        for origin in origins:
            numbers[origin] = _number(runs, origin, values)
    used = {origin for file in files.values() for origin in file["origins"]}
    numbers = {origin: number for origin, number in numbers.items() if origin in used}
    for short in {origin.partition("/")[0][:SHORT_KEY] for origin in numbers} - set(holders):
        holders[short] = _run(runs, short)
    told = {name: apart(found) for name, found in printed.items()}
    known = {"form": FORM, "files": files, "numbers": numbers, "runs": holders, "printed": told}
    return replace_file(place / NAME, json.dumps(known, allow_nan=False, sort_keys=True).encode())


def listing(
    made: Path,
    folder: Path,
    *,
    without: Collection[Path] = (),
    executor: Executor | None = None,
) -> Path:
    """Complete the ``provenance.json`` of files on their way from `made` into a folder.

    It lists every file of `made`, those without numbers of runs too, by SHA-256, so that the next
    export can tell whether somebody has worked on one, with what it prints, so that each number
    that is altered later can be named; the folders in it; and what the folder's own listed before,
    `without` what is about to be removed. The workers of `executor` help to read the files, but for
    those whose writers told what they print.

    Of each file it has the origins as the first and last place of each row of them among all
    origins, sorted; and ``packed``, for programs, ``numbers``: by the first part of an origin (the
    run and the path in it) and by its last name, the value in full.
    """
    new, old = list_of(made) or _nothing(), list_of(folder) or _nothing()
    there = {
        name: file
        for name, file in old["files"].items()
        if (folder / name).exists() and folder / name not in without
    }
    plain = {
        path.name: {"sha256": sha256_of_file(path), "tables": [], "origins": []}
        for path in made.iterdir()
        if path.is_file() and path.name != NAME
    }
    files = there | plain | new["files"]
    printed: dict[str, list[Piece] | None] = {
        name: text for name, text in printed_of(old).items() if name in there
    }
    told = {
        name: text
        for name, text in printed_of(new).items()
        if name in plain and new["files"][name]["sha256"] == plain[name]["sha256"]
    }
    # the last one first: what no worker has begun is read here
    unread = [name for name in plain if name not in told]
    handed = begun(executor, read_file, [made / name for name in unread])
    printed |= told
    printed |= {name: found() for name, found in reversed(list(zip(unread, handed, strict=True)))}
    used = {origin for file in files.values() for origin in file["origins"]}
    known = {**old["numbers"], **new["numbers"]}
    numbers = {origin: number for origin, number in known.items() if origin in used}
    folders = {path.name for path in made.iterdir() if path.is_dir()}
    folders |= {name for name in old.get("folders", ()) if (folder / name).is_dir()}
    return _write(made, files, numbers, {**old["runs"], **new["runs"]}, printed, sorted(folders))


def _nothing() -> Known:
    return {"files": {}, "numbers": {}, "runs": {}}


def _write(
    place: Path,
    files: Mapping[str, Any],
    numbers: Mapping[str, Any],
    runs: Mapping[str, Any],
    printed: Mapping[str, Sequence[Piece] | None],
    folders: Sequence[str] = (),
) -> Path:
    places = {origin: place for place, origin in enumerate(sorted(numbers))}
    shorter = {
        name: {
            "sha256": file["sha256"],
            "tables": file["tables"],
            "origins": _spans([places[o] for o in file["origins"] if o in places]),
        }
        for name, file in files.items()
    }
    kept: Known = {"form": FORM, "files": shorter, "runs": runs}
    if folders:
        kept["folders"] = folders
    for_programs: dict[str, Any] = {
        "numbers": _by_row(dict(sorted(numbers.items()))),
        "printed": {n: apart(found) for n, found in sorted(printed.items()) if found is not None},
    }
    if any(for_programs.values()):
        kept["packed"] = packed(for_programs)
    return replace_file(place / NAME, "".join(_lines(kept)).encode())


def _by_row(numbers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return numbers by the row that they stand in, whose name is told once.

    A number stands for itself, what was counted as ``{"counted": 12}``, and a part of a run that
    has several numbers as ``{"value": {…}}``.
    """
    found: dict[str, dict[str, Any]] = {}
    for origin, number in numbers.items():
        row, _, name = origin.rpartition("/")
        value = number["value"]
        if number.get("counted"):
            value = {"counted": value}
        elif isinstance(value, dict):
            value = {"value": value}
        found.setdefault(row, {})[name] = value
    return found


def _by_origin(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what `_by_row` was given."""
    found = {}
    for row, named in rows.items():
        for name, value in named.items():
            number = value if isinstance(value, dict) else {"value": value}
            if "counted" in number:
                number = {"value": number["counted"], "counted": True}
            found[f"{row}/{name}" if row else name] = number
    return found


def _spans(places: Sequence[int]) -> list[list[int]]:
    """Return ascending numbers as the first and the last of each row without a gap."""
    found: list[list[int]] = []
    for place in places:
        if found and place == found[-1][1] + 1:
            found[-1][1] = place
        else:
            found.append([place, place])
    return found


def _lines(kept: Mapping[str, Any]) -> Iterator[str]:
    """Yield JSON with a line for each file, number and run, so that versions can be compared."""
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True).encode
    for n, (part, content) in enumerate(sorted(kept.items())):
        yield f"{',' if n else '{'}\n{encode(part)}: "
        if isinstance(content, Mapping) and content:
            for place, key in enumerate(sorted(content)):
                yield f"{',' if place else '{'}\n {encode(key)}: {encode(content[key])}"
            yield "\n}"
        else:
            yield encode(content)
    yield "\n}\n"


def carried(path: Path) -> list[str]:
    """Return the origins that a file carries in itself, in its order.

    Raises
    ------
    NotFoundError
        For a kind of file that carries none (CSV, XLSX, LaTeX, Markdown).
    InvalidDataError
        For a file that is not what its name says.
    """
    match path.suffix.lower():
        case ".docx":
            return docx_origins(path.read_bytes(), path.name)
        case ".html" | ".qmd":
            text = path.read_text(encoding="utf-8", errors="replace")
            return html_origins(text) if "<tr data-origin=" in text else _CARRIES.findall(text)
        case ".json" | ".gz":
            return list(_listed(path))
        case ".svg" | ".pdf" | ".png":
            return [found.decode() for found in ORIGIN.findall(path.read_bytes())][:1]
    raise NotFoundError(
        f"{path.name} carries no origins itself, and no {NAME} beside it lists it; it is written "
        "by: review export"
    )


def sha256_listed(path: Path) -> str | None:
    """Return what a file was by the ``provenance.json`` beside it, and read no more of that."""
    try:
        told = parsed_json((path.parent / NAME).read_bytes())["files"].get(path.name, {})
        return str(told["sha256"])
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None


def listed(path: Path) -> dict[str, Any] | None:
    """Return what the ``provenance.json`` beside a file says of it, if there is one that does."""
    known = list_of(path.parent)
    return None if known is None else known["files"].get(path.name)


def list_of(folder: Path) -> dict[str, Any] | None:
    """Return what the ``provenance.json`` of a folder says; None where there is none."""
    place = folder / NAME
    if not place.exists():
        return None
    try:
        known = parsed_json(place.read_bytes())
        form = known.pop("form", 1)
        if "packed" in known:
            inside = unpacked(known.pop("packed"))
            known |= {"numbers": _by_origin(inside["numbers"]), "printed": inside["printed"]}
        elif form > 1:
            known = {"numbers": {}, "printed": {}} | known
        if form < FORM:
            _forget_lines(known)
        if all(isinstance(known[part], dict) for part in ("files", "numbers", "runs")):
            origins = sorted(known["numbers"])
            for file in known["files"].values():
                file["origins"] = [
                    origin
                    for part in file["origins"]
                    for origin in ([part] if isinstance(part, str) else _between(origins, *part))
                ]
            return dict(known)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, LZMAError):
        pass
    raise InvalidDataError(f"{place} is not a {NAME} of ours; move it away")


def _forget_lines(known: Known) -> None:
    """Drop what PDFs print by lines: it is not what is read in them now."""
    for name in [name for name in known["files"] if name.endswith(".pdf")]:
        known["files"][name].pop("printed", None)
        known.get("printed", {}).pop(name, None)


def printed_of(known: Known) -> dict[str, list[Piece]]:
    """Return what files print, by name, of what `list_of` returned."""
    if "printed" not in known:  # of before version 2: a text a file
        files = known["files"].items()
        return {name: earlier(file["printed"]) for name, file in files if file.get("printed")}
    found = known["printed"].items()
    return {name: [Piece(*one) for one in zip(*both, strict=True)] for name, both in found}


def _between(origins: Sequence[str], first: int, last: int) -> Sequence[str]:
    """Return the origins of a span; raise IndexError where there are not so many."""
    if not 0 <= first <= last < len(origins):
        raise IndexError
    return origins[first : last + 1]


def _cells(tables: Iterable[Table]) -> Iterator[tuple[str, Any]]:
    for table in tables:
        for r, row in enumerate(table.rows):
            for at, cell in enumerate(row):
                origin = table.origin(r, at)
                if origin is not None:
                    yield origin, plain_value(cell)


def _number(runs: Runs, origin: str, values: Mapping[str, Any]) -> dict[str, Any]:
    if origin in values:
        runs.run(origin.partition("/")[0])
        return {"value": values[origin]}
    found = stated_at(runs, origin)
    if isinstance(found.value, list) and any(isinstance(one, dict) for one in found.value):
        return {"value": len(found.value), "counted": True}  # all of it is in the run
    return {"value": found.value if found.column is None else None}


def _run(runs: Runs, short: str) -> dict[str, Any]:
    holder = runs.holder(short)
    return {
        "review": holder.review,
        "analysis": holder.analysis,
        "number": holder.number,
        "key": holder.key,
        "created": utc_text(holder.created),
        "software": dict(holder.software),
        "history": {"seq": holder.history_seq, "hash": holder.history_hash},
    }


def _listed(path: Path) -> Iterator[str]:
    """Yield the origins of the numbers of a file of `render_json`."""
    try:
        content = path.read_bytes()
        tables = parsed_json(decompress(content) if path.suffix == GZIP else content).values()
        for table in tables:
            for origin, row in zip(table["origins"], table["rows"], strict=bool(table["origins"])):
                for column, cell in zip(table["columns"], row, strict=True):
                    if origin is not None and cell is not None and column["kind"] != "text":
                        yield f"{origin}/{column['key']}"
    except (ValueError, KeyError, TypeError, AttributeError, OSError, EOFError):
        raise InvalidDataError(f"{path.name} holds no tables of ours") from None
