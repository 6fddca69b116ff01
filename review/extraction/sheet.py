"""Entries as rows of the extraction table, and what its columns mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.extraction import queries
from review.extraction.entered import Entered, EnteredResult, ResultKey
from review.extraction.fields import FieldSpec
from review.extraction.models import Entry, Study
from review.extraction.rules import EXPLAINED, STUDY_FACTS
from review.extraction.vocabulary import EntryKind
from review.protocol.models import Review


def explained(fields: Sequence[FieldSpec]) -> dict[str, str]:
    """Return what the columns of a review's table mean, custom ones too."""
    bounds = {
        f.slug: f" ({'; '.join(f.choices)})"
        if f.choices
        else "".join(
            f", {word} {bound:g}"
            for word, bound in (("from", f.lowest), ("to", f.highest))
            if bound is not None
        )
        for f in fields
    }
    helped = {f.slug: f". {f.help}" if f.help else "" for f in fields}
    return {**EXPLAINED, **{f.slug: f"{f.label}{bounds[f.slug]}{helped[f.slug]}" for f in fields}}


def entry_rows(
    session: Session,
    review: Review,
    *,
    kind: EntryKind | None = None,
    person: str | None = None,
    viewer: str | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of a review's entries, which an import takes back without a change.

    Parameters
    ----------
    session, review
        The review.
    kind
        None takes of each study the entry that counts, and a row of its own for a study without
        one. ``EntryKind.BLIND`` takes a person's own.
    person
        Whose blind entries; nobody else's are ever in the rows.
    viewer
        Who asks.

    Raises
    ------
    InvalidDataError
        If the viewer may not see a blind entry yet (`review.extraction.queries.visible`).
    """
    if kind is EntryKind.BLIND and person is None:
        raise InvalidDataError("whose blind entries?")
    studies = queries.studies(session, review)
    of_study: dict[int, list[Entry]] = {study.id: [] for study in studies}
    for entry in queries.entries(session, list(of_study)):
        of_study[entry.study_id].append(entry)
    chosen: dict[int, Entry] = {}
    for study_id, entries in of_study.items():
        if kind is None:
            found = queries.counting(entries)
        else:
            own = [
                e
                for e in entries
                if e.kind is kind and (kind is not EntryKind.BLIND or e.person.name == person)
            ]
            found = next(iter(own), None)
        if found is not None:
            chosen[study_id] = found
    hidden = [
        study.label
        for study in studies
        if study.id in chosen
        and chosen[study.id] not in queries.visible(of_study[study.id], viewer)
    ]
    if hidden:
        raise InvalidDataError(
            f"what {person} entered is hidden until both entries are finished: {'; '.join(hidden)}"
        )
    told = {e.entry_id: e for e in queries.entered(session, list(chosen.values()))}
    rows: list[dict[str, Any]] = []
    for study in studies:
        if study.id in chosen:
            rows += _rows(told[chosen[study.id].id])
        elif kind is None:
            rows.append(_study_row(study))
    return rows


def _study_row(study: Study) -> dict[str, Any]:
    facts = {name: getattr(study, name) for name in STUDY_FACTS}
    return {"study": study.label, "study_version": study.version, **facts}


def _rows(entered: Entered) -> Iterator[dict[str, Any]]:
    study = {"study": entered.study, "study_version": entered.version, **entered.values}
    covered = {key.arm for key in entered.results}
    for key, result in entered.results.items():
        yield {**study, **_arm(entered, key.arm), **_result(key, result)}
    alone = [label for label in entered.arms if label not in covered]
    for label in alone:
        yield {**study, **_arm(entered, label)}
    if not entered.results and not alone:
        yield study


def _arm(entered: Entered, label: str) -> dict[str, Any]:
    arm = entered.arms.get(label)
    if arm is None:
        return {"arm": label}
    return {"arm": label, "arm_version": arm.version, **arm.values}


def _result(key: ResultKey, result: EnteredResult) -> dict[str, Any]:
    return {
        **dict.fromkeys(result.not_reported, "NR"),
        **result.values,
        **{name: value for name, value in key._asdict().items() if value is not None},
        "version": result.version,
    }
