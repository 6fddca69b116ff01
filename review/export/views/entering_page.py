"""All that the page of a trial's entry needs: the form, where it comes from, what is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from review.extraction import field_queries, pdfs, queries
from review.extraction.assigning.queries import assigned
from review.extraction.choices import choices_of
from review.extraction.drafts.form import Form, Stored
from review.extraction.drafts.gives import GIVES, Gives
from review.extraction.drafts.queries import (
    closed_because,
    draft_of,
    form_of,
    kind_for,
    own_entry,
    stored_of,
)
from review.extraction.fields import FieldLevel, FieldSpec
from review.extraction.known_names import known_names
from review.extraction.numbers import ABOUT, called
from review.extraction.rules import (
    ARM_FACTS,
    CHOICES,
    EXPLAINED,
    RESULT_COLUMNS,
    STUDY_FACTS,
    kind_of,
)
from review.extraction.vocabulary import EntryKind
from review.protocol.models import Review
from review.protocol.queries import current_versions, instruments, plan_of
from review.protocol.vocabulary import AnalysisSet, Rater


@dataclass(frozen=True, slots=True)
class KnownInstrument:
    """An instrument that a result may be of."""

    slug: str
    name: str
    outcome: str
    higher_is_better: bool | None
    lowest: float | None
    highest: float | None


@dataclass(frozen=True, slots=True)
class FormColumn:
    """A cell that a form may have: built in, or a custom field of the review."""

    name: str
    level: str
    kind: str
    called: str
    help: str
    choices: tuple[str, ...]
    custom: bool


@dataclass(frozen=True, slots=True)
class PlannedAnalysis:
    """An analysis that a trial may enter."""

    slug: str
    title: str
    outcome: str


@dataclass(frozen=True, slots=True)
class KnownPdf:
    """A PDF of one of the study's reports."""

    report: int
    sha256: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Known:
    """What a form offers."""

    study: str
    instruments: tuple[KnownInstrument, ...]
    raters: tuple[str, ...]
    analysis_sets: tuple[str, ...]
    timepoints: tuple[str, ...]
    treatments: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]]
    columns: tuple[FormColumn, ...]
    gives: tuple[Gives, ...]
    analyses: tuple[PlannedAnalysis, ...]
    pdfs: tuple[KnownPdf, ...]


@dataclass(frozen=True, slots=True)
class EnteringPage:
    """A trial to be entered: the person's draft, or what their entry says now."""

    study_id: int
    version: int
    """Of the draft; 0 where there is none."""
    saved_at: datetime | None
    entry: EntryKind
    form: Form
    made_from: Stored
    finished: bool
    closed: str | None
    """Why nothing can be entered."""
    preview: bool
    arms_agreed: bool
    known: Known


def entering_page(
    session: Session,
    review: Review,
    number: int,
    *,
    viewer: str,
    entry: EntryKind | None = None,
) -> EnteringPage:
    """Return what a person's page of a trial shows; raise NotFoundError for no such study.

    Parameters
    ----------
    entry
        The kind of entry; None takes that of the draft, or else what the study's entries are.
    """
    study = queries.study_numbered(session, review, number)
    entries = queries.entries(session, [study.id])
    draft = draft_of(session, study, viewer)
    asked = len(assigned(session, review).get(study.id, ()))
    kind = entry or (draft.kind if draft is not None else kind_for(entries, asked=asked))
    if draft is not None and draft.kind is not kind:
        kind = draft.kind  # what was typed is shown before anything else
    own = own_entry(entries, kind, viewer)
    chosen = choices_of(session, review)
    if draft is not None:
        form, made_from = Form.model_validate(draft.form), Stored.model_validate(draft.made_from)
    else:
        made_from = stored_of(session, study, kind, own)
        form = form_of(made_from)
    return EnteringPage(
        study_id=study.id,
        version=draft.version if draft is not None else 0,
        saved_at=draft.saved_at if draft is not None else None,
        entry=kind,
        form=form,
        made_from=made_from,
        finished=own is not None and own.finished_at is not None,
        closed=closed_because(study, entries, kind, viewer),
        preview=chosen.previews(kind),
        arms_agreed=chosen.arms_first,
        known=_known(session, review, study.label, number, viewer),
    )


def _known(session: Session, review: Review, label: str, number: int, viewer: str) -> Known:
    names = known_names(session, review, viewer)
    plans = [(v.analysis.slug, plan_of(v)) for v in current_versions(session, review)]
    return Known(
        study=label,
        instruments=tuple(
            KnownInstrument(i.slug, i.name, i.outcome.slug, i.higher_is_better, i.lowest, i.highest)
            for i in instruments(session, review)
        ),
        raters=_values(Rater),
        analysis_sets=_values(AnalysisSet),
        timepoints=tuple(names.timepoints),
        treatments=tuple(names.treatments),
        choices={name: _values(kind) for name, kind in CHOICES.items() if "versus" not in name},
        columns=tuple(_columns(field_queries.field_specs(session, review))),
        gives=GIVES,
        analyses=tuple(PlannedAnalysis(slug, plan.title, plan.outcome) for slug, plan in plans),
        pdfs=tuple(
            KnownPdf(pdf.report, pdf.sha256, pdf.name, _url(review, pdf))
            for pdf in pdfs.pdfs_of(session, number, viewer)
        ),
    )


def _url(review: Review, pdf: pdfs.KnownPdf) -> str:
    return f"/api/v1/reviews/{review.slug}/reports/{pdf.report}/pdf?sha256={pdf.sha256}"


def _values(kind: type[StrEnum]) -> tuple[str, ...]:
    return tuple(member.value for member in kind)


def _columns(fields: list[FieldSpec]) -> Iterator[FormColumn]:
    levels: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("study", STUDY_FACTS),
        ("arm", ARM_FACTS),
        ("result", tuple(n for n in RESULT_COLUMNS if n not in ("page", "quote"))),
    )
    for level, names in levels:
        for name in names:
            choices: Any = CHOICES.get(name)
            yield FormColumn(
                name, level, "choice" if choices else kind_of(name).value, _called(name),
                EXPLAINED.get(name, ""), _values(choices) if choices else (), custom=False,
            )  # fmt: skip
    for spec in fields:
        if not spec.retired:
            yield FormColumn(
                spec.slug, FieldLevel(spec.level).value, spec.kind.value, spec.label, "",
                spec.choices, custom=True,
            )  # fmt: skip


def _called(name: str) -> str:
    if name in ABOUT:
        return ABOUT[name].heading or called(name)
    return name.replace("_", " ").replace("n randomised", "randomised").replace("icc", "ICC")
