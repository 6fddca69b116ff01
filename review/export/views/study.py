"""A study as its page shows it: what is known, from where, where it went, and how it came to be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.export.views.current import contents_of
from review.export.views.events import EventLine, events_of_rows
from review.export.views.row import number_words, step_words
from review.extraction import queries
from review.extraction.appraisal.queries import standings
from review.extraction.appraisal.queue import about, query_of
from review.extraction.linking.queries import links
from review.extraction.linking.warnings import studies_warned
from review.extraction.models import Study
from review.extraction.rules import ARM_FACTS, STUDY_FACTS
from review.extraction.trace import Traced, trace_study
from review.living.runs.uses import Use, uses
from review.protocol.models import Review
from review.protocol.queries import current_versions, plan_of


@dataclass(frozen=True, slots=True)
class StudyLine:
    """A study in a list."""

    id: int
    study: str
    year: int | None
    country: str | None
    results: int
    state: str
    excluded_because: str | None


@dataclass(frozen=True, slots=True)
class StudiesView:
    """The studies of a review, in order of name."""

    review: str
    studies: tuple[StudyLine, ...]
    states: tuple[tuple[str, int], ...]
    """How far extraction is: state and studies."""


def studies_of(session: Session, review: Review) -> StudiesView:
    """Return the studies of a review with how far their extraction is."""
    counts = queries.numbers_of_results(session, review)
    states = queries.extraction_states(session, review)
    lines = tuple(
        StudyLine(
            study.id, study.label, study.year, study.country, counts[study.id], states[study.id],
            study.excluded_because,
        )
        for study in queries.studies(session, review)
    )  # fmt: skip
    found: dict[str, int] = defaultdict(int)
    for line in lines:
        found["excluded" if line.excluded_because else line.state] += 1
    return StudiesView(review.slug, lines, tuple(sorted(found.items(), key=lambda x: -x[1])))


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A publication of the study."""

    id: int
    citation: str
    doi: str | None
    year: int | None


@dataclass(frozen=True, slots=True)
class ArmLine:
    """An arm of the study with what is known of it."""

    id: int
    arm: str
    facts: tuple[tuple[str, str], ...]
    not_reported: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResultLine:
    """A result that counts: what is reported, where it stands, what became of it."""

    id: int
    place: str
    numbers: tuple[tuple[str, str], ...]
    not_reported: tuple[str, ...]
    metric: str | None
    report: str | None
    page: str | None
    quote: str | None
    entered: str
    decided: tuple[str, ...]
    conversions: tuple[str, ...]
    lacks: str | None
    uses: tuple[Use, ...]
    counts: bool
    """Whether it is of the entry that analyses use."""


@dataclass(frozen=True, slots=True)
class Went:
    """An effect that results of the study went into, in the newest run of an analysis."""

    analysis: str
    run: int
    results: tuple[str, ...]
    recipe: str
    yi: float
    vi: float


@dataclass(frozen=True, slots=True)
class BiasLine:
    """A judgement of risk of bias, or that it is on its way."""

    about: str
    tool: str
    slug: str
    """The tool's name in addresses."""
    query: dict[str, str]
    """What of the study is judged, as a query."""
    state: str
    overall: str | None
    domains: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NoteLine:
    """What a source says that is no number to pool."""

    topic: str
    text: str
    certainty: str
    source: str


@dataclass(frozen=True, slots=True)
class StudyView:
    """All that a person may see of a study."""

    id: int
    study: str
    year: int | None
    excluded_because: str | None
    state: str
    facts: tuple[tuple[str, str], ...]
    not_reported: tuple[str, ...]
    warnings: tuple[tuple[str, str, int], ...]
    """Kind, what the record says, and the record."""
    reports: tuple[ReportLine, ...]
    records: tuple[int, ...]
    """Records that the study was linked to."""
    arms: tuple[ArmLine, ...]
    results: tuple[ResultLine, ...]
    went: tuple[Went, ...]
    bias: tuple[BiasLine, ...]
    notes: tuple[NoteLine, ...]
    events: tuple[EventLine, ...]


@dataclass(frozen=True, slots=True)
class StudyHead:
    """What the pages on which a study is entered and agreed on say before their script asks."""

    id: int
    study: str
    analyses: tuple[tuple[str, str], ...]
    """Slug and title of the planned analyses."""


def study_head(session: Session, review: Review, number: int) -> StudyHead:
    """Return the name of a study, and the analyses that it may enter.

    Raises NotFoundError.
    """
    study = queries.study_numbered(session, review, number)
    planned = tuple(
        (version.analysis.slug, plan_of(version).title)
        for version in current_versions(session, review)
    )
    return StudyHead(study.id, study.label, planned)


def study_of(session: Session, review: Review, number: int, *, viewer: str | None) -> StudyView:
    """Return all that a person may see of a study; raise NotFoundError."""
    study = queries.study_numbered(session, review, number)
    traced = trace_study(session, study, viewer=viewer)
    went = uses(session, review, [one.result_id for one in traced], contents=contents_of)
    entries = queries.entries(session, [study.id])
    own = queries.names_seen(entries, viewer)
    counting = queries.counting(entries)
    counted = {r.id for r in queries.results(session, [counting])} if counting else set()
    arms = queries.arms(session, [study.id], own)
    reports = queries.reports(session, [study.id], own)
    seen = [entry.id for entry in queries.visible(entries, viewer)]
    notes = queries.notes(session, [study.id], seen)
    return StudyView(
        id=study.id,
        study=study.label,
        year=study.year,
        excluded_because=study.excluded_because,
        state=queries.extraction_states(session, review)[study.id],
        facts=tuple(_facts(study, STUDY_FACTS[1:])),
        not_reported=tuple(_lacking(study, STUDY_FACTS[1:])),
        warnings=tuple(
            (warned.kind.value, warned.said, warned.record)
            for warned in studies_warned(session, review).get(study.id, ())
        ),
        reports=tuple(ReportLine(r.id, r.citation, r.doi, r.year) for r in reports),
        records=tuple(
            record for record, linked in links(session, review).items() if linked == study.id
        ),
        arms=tuple(
            ArmLine(
                arm.id, arm.label, tuple(_facts(arm, ARM_FACTS)), tuple(_lacking(arm, ARM_FACTS))
            )
            for arm in arms
        ),
        results=tuple(_result(one, went.get(one.result_id, ()), counted) for one in traced),
        went=tuple(_went(traced, went)),
        bias=tuple(_bias(session, review, study)),
        notes=tuple(NoteLine(n.topic, n.text, n.certainty, n.source) for n in notes),
        events=events_of_rows(
            session,
            {
                "study": [study.id],
                "arm": [arm.id for arm in arms],
                "report": [report.id for report in reports],
                "note": [note.id for note in notes],
                "result": [one.result_id for one in traced],
            },
            viewer=viewer,
        ),
    )


def _facts(row: object, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        value = getattr(row, name)
        if value is not None:
            yield _called(name), str(value).replace("_", " ")


def _lacking(row: object, names: Sequence[str]) -> Iterator[str]:
    return (_called(name) for name in names if getattr(row, name) is None)


def _called(name: str) -> str:
    return name.replace("_", " ").replace("n randomised", "randomised").replace("icc", "ICC")


def place_words(place: str) -> str:
    """Return where a result stands without what its report does not say."""
    return place.replace(", not_reported", "").replace("_", " ")


def _went(traced: Sequence[Traced], went: Mapping[int, Sequence[Use]]) -> Iterator[Went]:
    places: dict[Use, list[str]] = {}
    for one in traced:
        for use in went.get(one.result_id, ()):
            places.setdefault(use, []).append(place_words(one.place))
    for use, from_ in places.items():
        yield Went(use.analysis, use.run, tuple(from_), use.recipe, use.yi, use.vi)


def _result(one: Traced, went: Sequence[Use], counted: Collection[int]) -> ResultLine:
    return ResultLine(
        id=one.result_id,
        place=place_words(one.place),
        numbers=tuple((n.replace("_", " "), number_words(v)) for n, v in one.reported.items()),
        not_reported=tuple(name.replace("_", " ") for name in one.not_reported),
        metric=one.metric,
        report=one.report,
        page=one.page,
        quote=one.quote,
        entered=f"{one.entry}, {one.entered_by}",
        decided=tuple(
            f"{d.field}: {d.first} or {d.second}, {d.value} by {d.by} ({d.reason})"
            for d in one.decisions
        ),
        conversions=tuple(map(step_words, one.conversions)),
        lacks=one.lacks,
        uses=tuple(went),
        counts=one.result_id in counted,
    )


def _bias(session: Session, review: Review, study: Study) -> Iterator[BiasLine]:
    for standing in standings(session, review, None, study=study):
        target, counts = standing.target, standing.counts
        names: Mapping[str, str] = {d.key: d.name for d in standing.tool.domains}
        domains = counts.domains.items() if counts is not None else ()
        yield BiasLine(
            about=about(target),
            tool=standing.tool.title,
            slug=standing.tool.slug,
            query=query_of(target),
            state=standing.state.value.replace("_", " "),
            overall=counts.overall.judgement if counts is not None else None,
            domains=tuple((names.get(key, key), judged.judgement) for key, judged in domains),
        )
