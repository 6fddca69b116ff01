"""Reading drafts, and what a form is made from. A draft is for its author alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from review.extraction import field_queries, queries
from review.extraction.draft import Draft
from review.extraction.drafts.form import (
    KEY_PARTS,
    ArmPart,
    Block,
    Form,
    ReportPart,
    Row,
    Source,
    Stored,
    StoredThing,
    StudyPart,
)
from review.extraction.entered import Entered
from review.extraction.fields import FieldSpec, written
from review.extraction.models import Arm, Entry, Result, Study
from review.extraction.rules import ARM_FACTS, STUDY_FACTS
from review.extraction.vocabulary import EntryKind, Level
from review.people.models import Person, identity
from review.protocol.models import Review

_SOURCE = frozenset({"page", "quote", "citation", "doi"})


@dataclass(frozen=True, slots=True)
class OwnDraft:
    """One's own draft in a list."""

    study_id: int
    study: str
    kind: EntryKind
    saved_at: datetime


def drafts_of(session: Session, review: Review, person: str) -> list[OwnDraft]:
    """Return a person's drafts in a review, the newest first."""
    rows = session.execute(
        sa.select(Draft.study_id, Study.label, Draft.kind, Draft.saved_at)
        .join(Study, Draft.study_id == Study.id)
        .join(Person, Draft.person_id == Person.id)
        .where(Study.review_id == review.id, _is(person))
        .order_by(Draft.saved_at.desc())
    )
    return [OwnDraft(*row) for row in rows]


def draft_of(session: Session, study: Study, person: str) -> Draft | None:
    """Return a person's own draft of a study, of whatever kind it is."""
    return session.scalar(
        sa.select(Draft)
        .join(Person, Draft.person_id == Person.id)
        .where(Draft.study_id == study.id, _is(person))
        .order_by(Draft.saved_at.desc(), Draft.id.desc())
        .limit(1)
    )


def _is(person: str) -> sa.ColumnElement[bool]:
    """Whether a draft is a person's own, under whichever of their names they typed it."""
    named = aliased(Person)
    who = sa.func.coalesce(named.merged_into_id, named.id)
    return identity == sa.select(who).where(named.handle == person).scalar_subquery()


def field_versions(session: Session, review: Review) -> dict[str, list[FieldSpec]]:
    """Return the versions of each custom field of a review, the newest first."""
    earlier = field_queries.earlier_specs(session, review)
    return {
        spec.slug: [spec, *(e for e in earlier if e.slug == spec.slug)]
        for spec in field_queries.field_specs(session, review)
    }


def own_entry(entries: Sequence[Entry], kind: EntryKind, person: str) -> Entry | None:
    """Return the entry of a study that a person's form of a kind goes to, where there is one."""
    for entry in entries:
        if entry.kind is kind and (kind is not EntryKind.BLIND or entry.person.name == person):
            return entry
    return None


def kind_for(entries: Sequence[Entry], *, asked: int = 0) -> EntryKind:
    """Return how a study is entered where nobody says it; `asked` are the persons who are to."""
    if any(e.kind is EntryKind.CONSENSUS and e.finished_at is not None for e in entries):
        return EntryKind.CONSENSUS
    blind = any(e.kind is EntryKind.BLIND for e in entries) or (asked > 1 and not entries)
    return EntryKind.BLIND if blind else EntryKind.SINGLE


def closed_because(
    study: Study, entries: Sequence[Entry], kind: EntryKind, person: str
) -> str | None:
    """Return why a person's form of a kind can not be taken, if so."""
    agreed = any(e.kind is EntryKind.CONSENSUS and e.finished_at is not None for e in entries)
    own = own_entry(entries, kind, person)
    if study.excluded_because is not None:
        return f"{study.label} is excluded: {study.excluded_because}"
    if kind is EntryKind.BLIND and agreed:
        return f"{study.label} has its consensus; what counts is corrected there"
    if kind is EntryKind.BLIND and own is not None and own.finished_at is not None:
        return f"your entry of {study.label} is finished; reopen it to change it"
    if kind is EntryKind.SINGLE and agreed:
        return f"{study.label} has a consensus, which is corrected instead"
    if kind is EntryKind.SINGLE and own is None and entries:
        return f"{study.label} is being entered by two people; enter it blind"
    if kind is EntryKind.CONSENSUS and not agreed:
        return f"{study.label} has no consensus to correct yet"
    return None


def stored_of(session: Session, study: Study, kind: EntryKind, entry: Entry | None) -> Stored:
    """Return what an entry of a kind says of a study now; an empty one where there is none.

    A blind entry has its own facts of study and arms; others have those that all see.
    """
    own = [entry.id] if entry is not None else []
    arms = queries.arms(session, [study.id], own)
    reports = queries.reports(session, [study.id], own)
    told = queries.entered(session, [entry])[0] if entry is not None else None
    by_label = {arm.label: arm for arm in arms}
    results = {r.id: r for r in queries.results(session, [entry])} if entry is not None else {}
    cited = {report.citation: f"r{report.id}" for report in reports}
    return Stored(
        study=_study(study, kind, told),
        arms={arm.id: _arm(arm, kind, told, by_label) for arm in arms},
        reports={
            report.id: StoredThing(label=report.citation, cells=_cells({"doi": report.doi}))
            for report in reports
        },
        results=_results(told, results, cited) if told is not None else {},
    )


def _study(study: Study, kind: EntryKind, told: Entered | None) -> StoredThing:
    if told is not None:
        return StoredThing(version=study.version, cells=_cells(told.values))
    if kind is EntryKind.BLIND:
        return StoredThing()
    facts = {name: getattr(study, name) for name in STUDY_FACTS}
    return StoredThing(version=study.version, cells=_cells(facts))


def _arm(
    arm: Arm, kind: EntryKind, told: Entered | None, by_label: Mapping[str, Arm]
) -> StoredThing:
    if told is not None and by_label[arm.label].id == arm.id:
        said = told.arms.get(arm.label)
        cells = _cells(said.values) if said is not None else {}
    elif kind is EntryKind.BLIND:
        cells = {}
    else:
        cells = _cells({name: getattr(arm, name) for name in ARM_FACTS})
    return StoredThing(version=arm.version, label=arm.label, cells=cells)


def _results(
    told: Entered, rows: Mapping[int, Result], cited: Mapping[str, str]
) -> dict[int, StoredThing]:
    found = {}
    for key, result in told.results.items():
        row = rows[result.result_id]
        values = {n: v for n, v in result.values.items() if n not in _SOURCE}
        cells = {**dict.fromkeys(result.not_reported, "NR"), **_cells(values)}
        source = Source(
            report=f"r{row.report_id}" if row.report_id is not None else None,
            pdf=row.pdf, pdf_page=row.pdf_page, page=row.page, quote=row.quote,
        )  # fmt: skip
        found[row.id] = StoredThing(
            version=row.version,
            key={name: part for name, part in key._asdict().items() if part is not None},
            cells={
                **cells,
                **_cells({n: result.values.get(n) for n in _SOURCE}),
            },
            source=source,
            sources={
                name: Source(**{**one, "report": cited.get(one.get("report", ""))})
                for name, one in (row.sources or {}).items()
            },
        )
    return found


def _cells(values: Mapping[str, object]) -> dict[str, str]:
    return {name: written(value) for name, value in values.items() if value is not None}


def form_of(stored: Stored) -> Form:
    """Return the form that shows what is stored; its keys name what is stored by id."""
    arm_of = {thing.label: f"a{number}" for number, thing in stored.arms.items()}
    blocks: dict[tuple[str, ...], list[tuple[int, StoredThing]]] = {}
    for number, thing in sorted(stored.results.items()):
        of = (_level(thing.key).value, *(thing.key.get(name, "") for name in KEY_PARTS[2:]))
        blocks.setdefault(of, []).append((number, thing))
    return Form(
        study=StudyPart(cells=stored.study.cells),
        arms=tuple(
            ArmPart(key=f"a{number}", id=number, label=thing.label or "", cells=thing.cells)
            for number, thing in stored.arms.items()
        ),
        reports=tuple(
            ReportPart(
                key=f"r{number}", id=number, citation=thing.label or "",
                doi=thing.cells.get("doi", ""),
            )
            for number, thing in stored.reports.items()
        ),
        blocks=tuple(
            _block(f"b{number}", of, things, arm_of)
            for number, (of, things) in enumerate(blocks.items(), start=1)
        ),
    )  # fmt: skip


def _level(key: Mapping[str, str]) -> Level:
    if "versus_arm" in key:
        return Level.CONTRAST
    return Level.ASSOCIATION if "with_instrument" in key else Level.ARM


def _block(
    key: str,
    of: tuple[str, ...],
    things: Sequence[tuple[int, StoredThing]],
    arm_of: Mapping[str | None, str],
) -> Block:
    level, instrument, rater, timepoint, analysis_set, related = of
    first = things[0][1].source
    shared = first if all(thing.source == first for _, thing in things) else None
    return Block(
        key=key,
        level=Level(level),
        instrument=instrument,
        rater=rater,
        timepoint=timepoint,
        analysis_set=analysis_set,
        with_instrument=related,
        source=shared,
        rows=tuple(
            Row(
                key=f"x{number}",
                result=number,
                arm=arm_of.get(thing.key["arm"], ""),
                versus_arm=arm_of.get(thing.key.get("versus_arm"), ""),
                cells={n: cell for n, cell in thing.cells.items() if n not in _SOURCE},
                source=None if thing.source == shared else thing.source,
                sources=thing.sources,
            )
            for number, thing in things
        ),
    )
