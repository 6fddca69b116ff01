"""The flow counts that a published database states, checked as our own are.

The layout is that of Metapsy's ``metadata/search_flow.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from review.canonical import parsed_json
from review.errors import FileError, InvalidDataError, Problem
from review.export.flow.model import FlowDoesNotCloseError, Identity

MAX_BYTES: Final = 1_000_000

HITS: Final = "database.hits"
MORE: Final = "additional.records"
DEDUPLICATED: Final = "database.hits.duplicates.removed"
SCREENED: Final = "records.screened"
ASSESSED: Final = "full.text.assessed.for.eligibility"
REASONS: Final = "full.text.excluded.reasons"
INCLUDED: Final = "included"


@dataclass(frozen=True, slots=True)
class PublishedFlow:
    """What a file states, and the identities that its numbers must keep."""

    file: str
    counts: Mapping[str, int]
    reasons: Mapping[str, int]
    identities: tuple[Identity, ...]
    notes: tuple[str, ...]

    @property
    def closes(self) -> bool:
        """Whether all identities hold."""
        return all(identity.closes for identity in self.identities)


def read_published_flow(path: Path) -> PublishedFlow:
    """Read the counts of a file; raise FileError for what is no such file."""
    counts, reasons = _counts(_parsed(path), str(path))
    found = [*_records(counts), *_full_texts(counts, reasons)]
    notes = [note for _, note in found if note]
    return PublishedFlow(str(path), counts, reasons, tuple(i for i, _ in found), tuple(notes))


def check_published(flow: PublishedFlow) -> None:
    """Raise FlowDoesNotCloseError, naming every difference, unless all identities hold."""
    wrong = [identity for identity in flow.identities if not identity.closes]
    if wrong:
        raise FlowDoesNotCloseError(
            f"the flow of {flow.file} does not close: "
            + "; ".join(
                f"{i.name}: {i.left} is not {i.right} (difference {i.left - i.right})"
                for i in wrong
            )
            + "".join(f"\n  {note}" for note in flow.notes)
        )


def _parsed(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FileError(str(path), [Problem(None, None, "it is larger than a megabyte")])
        parsed = parsed_json(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InvalidDataError(f"cannot read {path}: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise FileError(
            str(path), [Problem(error.lineno, None, f"not JSON: {error.msg}")]
        ) from None
    except ValueError:  # no UTF-8, a number of 100,000 digits, lists in lists
        raise FileError(str(path), [Problem(None, None, "not JSON in UTF-8")]) from None
    if not isinstance(parsed, dict):
        raise FileError(str(path), [Problem(1, None, "not an object of counts")])
    return parsed


def _counts(parsed: dict[str, Any], file: str) -> tuple[dict[str, int], dict[str, int]]:
    named = {key.strip().lower().replace("_", "."): value for key, value in parsed.items()}
    reasons = named.pop(REASONS, {})
    problems = []
    if not isinstance(reasons, dict):
        problems.append(Problem(None, REASONS, "not an object of reasons and counts"))
        reasons = {}
    for key, value in {**named, **{f"{REASONS}: {k}": v for k, v in reasons.items()}}.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            problems.append(Problem(None, key, f"{value!r} is not a count"))
    problems += [
        Problem(None, key, "the count is missing")
        for key in (SCREENED, ASSESSED, INCLUDED)
        if key not in named
    ]
    if problems:
        raise FileError(file, problems)
    return named, dict(reasons)


def _records(counts: Mapping[str, int]) -> list[tuple[Identity, str]]:
    """Return what must hold up to screening."""
    if HITS not in counts:
        return []
    found = counts[HITS] + counts.get(MORE, 0)
    screened = counts[SCREENED]
    if DEDUPLICATED not in counts:
        return [(Identity("records found less duplicates, and screened", found, screened), "")]
    stated = counts[DEDUPLICATED]
    # The name reads both ways; the file closes where one of them does.
    if screened == stated + counts.get(MORE, 0) and screened <= found:
        note = f"{DEDUPLICATED} is read as the {stated} records that were left"
        if found - stated != screened:
            note += (
                f"; read as those removed, {found - stated} would be left and {screened} were "
                f"screened (difference {found - stated - screened})"
            )
        note += "."
        name = "records left without duplicates, and screened"
        return [(Identity(name, stated + counts.get(MORE, 0), screened), note)]
    return [(Identity("records found less duplicates, and screened", found - stated, screened), "")]


def _full_texts(
    counts: Mapping[str, int], reasons: Mapping[str, int]
) -> list[tuple[Identity, str]]:
    """Return what must hold from full texts on."""
    assessed, included = counts[ASSESSED], counts[INCLUDED]
    excluded = sum(reasons.values())
    name = f"full texts assessed ({assessed}) less those excluded with reasons ({excluded})"
    note = ""
    if assessed - excluded != included:
        note = (
            f"{assessed - excluded - included:+d} full texts are neither excluded with a reason "
            "nor counted as included; several reports of one study explain it only where the file "
            "says so."
        )
    found = [(Identity(f"{name}, and included", assessed - excluded, included), note)]
    if assessed > counts[SCREENED]:
        name = "full texts assessed, of records screened at most"
        found.append((Identity(name, assessed, counts[SCREENED]), ""))
    return found
