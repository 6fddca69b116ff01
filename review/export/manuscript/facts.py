"""What a manuscript says, read from the ledger in one place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from review.citations import queries as citations
from review.citations.models import Search
from review.errors import NotFoundError, Remedy
from review.export.contents.notices import names_in
from review.export.contents.since import Since, since_readers_saw
from review.export.flow.model import Flow
from review.export.flow.prisma import flow_of
from review.export.manuscript.printer import Printer
from review.export.manuscript.sentences import words
from review.export.runs import LatestRun, latest_runs, version_now
from review.export.spelling import Spelling, spelling_of
from review.export.tables.printing import NumberStyle
from review.extraction import queries as extraction
from review.extraction.appraisal.certainty import Rated, certainties
from review.extraction.appraisal.queries import Standing, adopted_tools, standings
from review.extraction.appraisal.tool import Tool
from review.extraction.comparison import agreement_by_study
from review.extraction.consensus import comparable, sides
from review.extraction.formats.queries import releases as imported_releases
from review.extraction.models import Study
from review.extraction.past_imports import files_of_results
from review.living.job.schedule import Mode, mode_of
from review.living.releases.releases import releases
from review.living.reports.notices import NO_NOTICES, Notices
from review.living.reports.noticing import notices_of
from review.living.runs import queries
from review.living.runs.models import Run
from review.protocol import queries as protocol
from review.protocol.models import Review
from review.protocol.rules import Plan
from review.protocol.vocabulary import English
from review.screening import queries as screening
from review.screening.guidance.models import Eligibility
from review.screening.guidance.queries import criteria
from review.screening.ledger import Ledger
from review.screening.vocabulary import Stage


@dataclass(frozen=True, slots=True)
class Analysed:
    """The newest run of an analysis with what the text says about it."""

    latest: LatestRun
    created: datetime
    plan_version: int
    frozen_at: datetime
    software: Mapping[str, str]

    @property
    def slug(self) -> str:
        """The analysis' name."""
        return self.latest.analysis

    @property
    def plan(self) -> Plan:
        """What was planned."""
        return self.latest.inputs.plan

    @property
    def notices(self) -> Notices:
        """What readers must know beside the result."""
        return self.latest.notices


@dataclass(frozen=True, slots=True)
class Planned:
    """An analysis that has no run yet."""

    slug: str
    plan: Plan
    plan_version: int
    frozen_at: datetime
    notices: Notices = NO_NOTICES


@dataclass(frozen=True, slots=True)
class StageRead:
    """How one stage of screening was done."""

    stage: Stage
    required: int
    blind: bool
    decided: int
    """Records with a decision."""
    adjudicated: int
    compared: int
    """Records on which two or more decided independently."""
    equal: int
    """Of those, the ones that all decided alike on."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """How the numbers of the studies were entered."""

    states: Mapping[str, int]
    """How many studies are in each state of extraction."""
    studies: int
    withdrawn: int
    reported: Mapping[str, int]
    """How many studies tell each characteristic."""
    imported: Mapping[str, int]
    """How many of the studies entered once came from each file, or release of a database."""
    compared: int
    """Cells of two blind entries that were compared, in studies that have their consensus."""
    equal: int
    without: int = 0
    """How many of the studies entered once have no result in their entry yet."""

    @property
    def once(self) -> int:
        """How many studies have numbers that one person entered, or that came with a file."""
        return self.states.get(ENTERED_ONCE, 0) - self.without

    @property
    def twice(self) -> int:
        """How many have the consensus of two blind entries."""
        return self.states.get("entered twice, consensus", 0)


@dataclass(frozen=True, slots=True)
class Appraised:
    """The tools of one family for risk of bias, as far as they were used: what they judged."""

    family: str
    required: int
    standings: tuple[Standing, ...]
    """Of studies that are in the review, by what counts of each result."""

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools that were used, each in the versions that results were judged by."""
        return tuple({(s.tool.slug, s.tool.version): s.tool for s in self.standings}.values())

    @property
    def tool(self) -> str:
        """What the tools that were used are called."""
        return words(list(dict.fromkeys(tool.title for tool in self.tools)))

    @property
    def source(self) -> str:
        """Where the tools that were used are published."""
        return "; ".join(dict.fromkeys(tool.source for tool in self.tools))

    @property
    def twice(self) -> int:
        """How many results two or more assessed."""
        return sum(len(s.assessors) > 1 for s in self.standings)

    @property
    def judgements(self) -> Counter[str]:
        """How many results (or studies) have each overall judgement, in the order of the scale."""
        found = Counter(
            s.tool.judgement(s.counts.overall.judgement).label
            for s in self.standings
            if s.counts is not None
        )
        scale = dict.fromkeys(level.label for s in self.standings for level in s.tool.scale)
        return Counter({label: found[label] for label in scale if found[label]})

    @property
    def settled(self) -> int:
        """How many are judged and settled."""
        return sum(s.counts is not None for s in self.standings)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that documents and checklists are written from."""

    slug: str
    title: str
    question: str
    outcomes: Mapping[str, str]
    """Names by slug."""
    instruments: Mapping[str, str]
    analysed: tuple[Analysed, ...]
    planned: tuple[Planned, ...]
    searches: tuple[Search, ...]
    flow: Flow | None
    """None where no record was imported: studies were entered without a search."""
    stages: tuple[StageRead, ...]
    reasons: int
    """For exclusion, in the protocol's list."""
    extracted: Extracted
    appraised: tuple[Appraised, ...]
    certainties: Mapping[str, Rated]
    mode: Mode
    mode_stated: bool
    """Whether somebody said how the review is kept alive, or when sources are searched."""
    versions: tuple[str, ...]
    """Releases, the oldest first."""
    version: str | None
    """The release that these results are; None where they were not given out."""
    preceding: str | None
    """How the version before the ledger is cited."""
    criteria: Eligibility | None = None
    """Of eligibility, as they hold now."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What outcomes and instruments are called, by their short names."""
    spelling: Spelling = field(default_factory=lambda: Spelling(English.GB))
    """How words of the program are spelled."""
    since: Since | None = None
    """What is new since readers last saw the results; None where they saw none."""

    @property
    def date(self) -> datetime:
        """When the newest run was made, or plan frozen; documents bear it, not the clock's."""
        return max([a.created for a in self.analysed] + [p.frozen_at for p in self.planned])

    @property
    def searched(self) -> str | None:
        """The day of the last search, ``2026-11-01``; None where none is recorded."""
        return max((search.ran_on for search in self.searches), default=None)

    @property
    def analyses(self) -> tuple[Analysed | Planned, ...]:
        """Every planned analysis, those with a run first."""
        return self.analysed + self.planned


EVER = datetime.max.replace(tzinfo=UTC)
"""A time to ask for the living mode at: which searches are due is no business of a manuscript."""


def printer_of(analysis: Analysed | Planned, style: NumberStyle) -> Printer:
    """Return what prints the numbers of an analysis: of its newest run, or of its plan alone."""
    key = analysis.latest.key if isinstance(analysis, Analysed) else None
    return Printer(style, analysis.slug, key)


ENTERED_ONCE = "extracted by one person"
"""The state of extraction of a study that one person entered."""

BY_HAND = ""
"""In the place of a file: somebody typed the number in."""

CHARACTERISTICS = (
    "year", "design", "country", "population", "setting", "diagnosis", "therapists", "funding",
    "registration", "randomised",
)  # fmt: skip


def facts_of(session: Session, review: Review) -> Facts:
    """Read all that a manuscript of a review says; raise NotFoundError where nothing is planned."""
    runs = queries.newest_of_each(session, review)
    analysed = tuple(
        _analysed(run, latest)
        for run, latest in zip(runs, latest_runs(session, review), strict=True)
    )
    planned = _planned(session, review, {a.slug for a in analysed})
    if not analysed and not planned:
        raise NotFoundError(
            f"review {review.slug} has no planned analysis",
            remedy=Remedy("plan one with", "review analysis add"),
        )
    now = screening.ledger(session, review)
    mode = mode_of(session, review, EVER)
    stated = screening.previous_version(session, review)
    given = releases(session, review)
    return Facts(
        slug=review.slug,
        title=review.title,
        question=review.question,
        outcomes={o.slug: o.name for o in protocol.outcomes(session, review)},
        instruments={i.slug: i.name for i in protocol.instruments(session, review)},
        analysed=analysed,
        planned=planned,
        searches=tuple(citations.searches(session, review)),
        flow=flow_of(session, review) if now.records else None,
        stages=tuple(_stage(now, stage) for stage in Stage),
        reasons=len(screening.reasons(session, review)),
        extracted=_extracted(session, review),
        appraised=_appraised(session, review),
        certainties=certainties(session, review),
        mode=mode,
        mode_stated=bool(mode.searches or mode.update_when or mode.retire_when or mode.because),
        versions=tuple(release.version for release in given),
        version=version_now(session, review),
        preceding=stated.citation if stated else None,
        criteria=criteria(session, review),
        names=(names := names_in(session, review)),
        spelling=spelling_of(
            review,
            [a.latest for a in analysed],
            _own_words(session, review, [p.plan for p in planned], [*names.values()]),
        ),
        since=since_readers_saw(session, review, [a.latest for a in analysed]),
    )


def _own_words(
    session: Session, review: Review, plans: Sequence[Plan], names: Sequence[str]
) -> list[str]:
    """Return texts that people of the review wrote and that documents repeat."""
    of_plans = [text for p in plans for text in (p.title, p.intervention.label, p.comparator.label)]
    mode = mode_of(session, review, EVER)
    return [
        *names, *of_plans,
        *(study.label for study in extraction.studies(session, review)),
        *(search.source for search in citations.searches(session, review)),
        *(reason.label for reason in screening.reasons(session, review)),
        *(text for text in (mode.update_when, mode.retire_when, mode.because) if text),
        *(rated.sentence for rated in certainties(session, review).values()),
    ]  # fmt: skip


def _analysed(run: Run, latest: LatestRun) -> Analysed:
    return Analysed(
        latest=latest,
        created=run.created,
        plan_version=run.version.number,
        frozen_at=run.version.frozen_at,
        software=run.software,
    )


def _planned(session: Session, review: Review, pooled: set[str]) -> tuple[Planned, ...]:
    versions = [
        version
        for version in protocol.current_versions(session, review)
        if version.analysis.slug not in pooled
    ]
    noticed = notices_of(session, review, [version.analysis.slug for version in versions])
    return tuple(
        Planned(
            version.analysis.slug,
            protocol.plan_of(version),
            version.number,
            version.frozen_at,
            noticed[version.analysis.slug],
        )
        for version in versions
    )


def _stage(ledger: Ledger, stage: Stage) -> StageRead:
    rule = ledger.rule(stage)
    ballots = [ledger.compared(stage, record, final=False) for record in ledger.records]
    verdicts = [{b.verdict for b in cast.values()} for cast in ballots if len(cast) > 1]
    return StageRead(
        stage=stage,
        required=rule.required,
        blind=rule.blind,
        decided=sum(1 for record in ledger.records if ledger.cast(stage, record)),
        adjudicated=sum(1 for of, _ in ledger.rulings if of is stage),
        compared=len(verdicts),
        equal=sum(len(given) == 1 for given in verdicts),
    )


def _extracted(session: Session, review: Review) -> Extracted:
    studies: Sequence[Study] = extraction.studies(session, review)
    kept = {study.id for study in studies if study.excluded_because is None}
    states = extraction.extraction_states(session, review)
    found = [sides(session, review, label) for label in comparable(session, review)]
    agreements = agreement_by_study([pair.comparison for pair in found if pair.agreed])
    entered = [i for i in kept if states[i] == ENTERED_ONCE]
    counting = extraction.results_that_count(session, entered)
    return Extracted(
        states=Counter(state for study, state in states.items() if study in kept),
        studies=len(kept),
        withdrawn=len(studies) - len(kept),
        reported={
            name: sum(1 for s in studies if s.id in kept and getattr(s, name) is not None)
            for name in CHARACTERISTICS
        },
        imported=_imported(session, review, counting),
        without=len({*entered} - {study for study, _ in counting}),
        compared=sum(agreement.compared for agreement in agreements),
        equal=sum(agreement.equal for agreement in agreements),
    )


def _imported(
    session: Session, review: Review, counting: Sequence[tuple[int, int]]
) -> Counter[str]:
    """Return how many studies of some (study, result) have all their numbers from a file."""
    names = {
        release.file: f"{release.source}, release {release.number}"
        for release in imported_releases(session, review)
    }
    came = files_of_results(session, review)
    files: dict[int, set[str]] = {}
    for study, result in counting:
        file = came.get(result, BY_HAND)
        files.setdefault(study, set()).add(names.get(file, file))
    return Counter(" and ".join(sorted(one)) for one in files.values() if BY_HAND not in one)


def _appraised(session: Session, review: Review) -> tuple[Appraised, ...]:
    kept = {s.id for s in extraction.studies(session, review) if s.excluded_because is None}
    found = []
    for family in dict.fromkeys(row.family for row in adopted_tools(session, review)):
        made = tuple(s for s in standings(session, review, family) if s.study_id in kept)
        if made:
            found.append(Appraised(family, made[0].required, made))
    return tuple(found)
