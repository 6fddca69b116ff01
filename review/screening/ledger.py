"""All screening of a review at one moment, as plain values from which everything is counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from review.independent.judgement import is_wanted, newest, shows_others
from review.screening.rules import (
    REQUIRED,
    Ballot,
    Facts,
    Ruling,
    Standing,
    box_of,
    independent,
    is_kept,
    standing,
    with_copies,
)
from review.screening.vocabulary import Box, RemovalCause, RetrievalOutcome, Stage, State


@dataclass(frozen=True, slots=True)
class StageRule:
    """How a stage is screened."""

    required: int = REQUIRED
    blind: bool = True
    core: frozenset[int] = frozenset()
    """Persons of whom one must be among the reviewers of each record; none where anybody may."""


@dataclass(frozen=True, slots=True)
class PilotRound:
    """A pilot round, as the rules see it."""

    id: int
    stage: Stage
    number: int
    reviewers: int
    records: frozenset[int]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Ledger:
    """Who decided what on which record, with what follows from it.

    `records` maps every record of the review, duplicates too, to its batch, in order of import;
    `duplicates` maps each record that another one represents to that one.
    """

    records: Mapping[int, int]
    duplicates: Mapping[int, int] = field(default_factory=dict)
    removals: Mapping[int, RemovalCause] = field(default_factory=dict)
    ballots: Mapping[tuple[Stage, int], Sequence[Ballot]] = field(default_factory=dict)
    rulings: Mapping[tuple[Stage, int], Ruling] = field(default_factory=dict)
    retrievals: Mapping[int, RetrievalOutcome] = field(default_factory=dict)
    rules: Mapping[Stage, StageRule] = field(default_factory=dict)
    pilots: Sequence[PilotRound] = ()
    linked: Mapping[int, datetime] = field(default_factory=dict)
    """When each duplicate that was decided on before was found to be one."""
    _known: dict[tuple[Stage, int], Standing] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Standings worked out before: a ledger never changes, and a flow asks many times."""
    _copies: dict[int, list[int]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Of each record the duplicates that were decided on."""
    _places: dict[int, Box] = field(default_factory=dict, init=False, repr=False, compare=False)

    def rule(self, stage: Stage) -> StageRule:
        """Return how a stage is screened."""
        return self.rules.get(stage, StageRule())

    def pilot(self, stage: Stage, record: int) -> PilotRound | None:
        """Return the newest pilot round of a stage that a record is in."""
        rounds = [p for p in self.pilots if p.stage is stage and record in p.records]
        return rounds[-1] if rounds else None

    def required(self, stage: Stage, record: int) -> int:
        """Return how many must decide on a record: more while a pilot round asks for more."""
        pilot = self.pilot(stage, record)
        usual = self.rule(stage).required
        return max(usual, pilot.reviewers) if pilot and pilot.is_open else usual

    def cast(self, stage: Stage, record: int) -> Sequence[Ballot]:
        """Return all decisions on a record at a stage."""
        return self.ballots.get((stage, record), ())

    def after(self, stage: Stage, said: Mapping[int, Ballot]) -> Ledger:
        """Return the ledger once one more decision was made at a stage on each of some records."""
        more = {(stage, r): (*self.cast(stage, r), ballot) for r, ballot in said.items()}
        return replace(self, ballots={**self.ballots, **more})

    def standing(self, stage: Stage, record: int) -> Standing:
        """Return what the decisions on a record amount to at a stage."""
        key = (stage, record)
        if key not in self._known:
            own = self._own(stage, record)
            news = self._unruled_copies(stage, record)
            if news:
                copies = [(self._own(stage, copy), self.cast(stage, copy)) for copy in news]
                own = with_copies(own, copies)
            self._known[key] = own
        return self._known[key]

    def _own(self, stage: Stage, record: int) -> Standing:
        return standing(
            stage,
            self.cast(stage, record),
            required=self.required(stage, record),
            ruling=self.rulings.get((stage, record)),
        )

    def _unruled_copies(self, stage: Stage, record: int) -> list[int]:
        """Return a record's duplicates with decisions that no adjudication knew of."""
        if not self.linked or record in self.duplicates:
            return []
        if not self._copies:
            for copy in sorted(self.linked):
                self._copies.setdefault(self.duplicates[copy], []).append(copy)
        ruling = self.rulings.get((stage, record))
        ruled_at = ruling.at if ruling is not None else None
        return [
            copy
            for copy in self._copies.get(record, ())
            if self.cast(stage, copy) and not (ruled_at and ruled_at >= self.linked[copy])
        ]

    def late_links(self) -> list[tuple[Stage, int, int]]:
        """Return stage, record and copy where a copy found late was decided on otherwise."""
        return [
            (stage, record, copy)
            for stage in Stage
            for record in dict.fromkeys(self.duplicates[copy] for copy in sorted(self.linked))
            for copy in self._unruled_copies(stage, record)
            if self.standing(stage, record).state is State.CONFLICT
            and self._own(stage, record).state is not State.CONFLICT
        ]

    def box(self, record: int) -> Box:
        """Return where a record stands."""
        if record not in self._places:
            self._places[record] = box_of(
                Facts(
                    duplicate=record in self.duplicates,
                    removal=self.removals.get(record),
                    title_abstract=self.standing(Stage.TITLE_ABSTRACT, record),
                    retrieval=self.retrievals.get(record),
                    full_text=self.standing(Stage.FULL_TEXT, record),
                )
            )
        return self._places[record]

    def to_judge(self, stage: Stage) -> Iterator[int]:
        """Yield the records that a stage is about, decided or not, in order of import."""
        not_screened = {RemovalCause.AUTOMATION_TOOL, RemovalCause.OTHER}
        for record in self.records:
            if record in self.duplicates or self.removals.get(record) in not_screened:
                continue
            if stage is Stage.TITLE_ABSTRACT or self._is_retrieved(record):
                yield record

    def _is_retrieved(self, record: int) -> bool:
        return (
            self.retrievals.get(record) is RetrievalOutcome.RETRIEVED
            and self.standing(Stage.TITLE_ABSTRACT, record).state is State.INCLUDED
        )

    def is_kept_from(self, stage: Stage, record: int, person: int | None) -> bool:
        """Whether the last decision on a record is kept for one of those who must be among them."""
        return is_kept(
            self.rule(stage).core,
            newest(self.cast(stage, record)),
            person,
            required=self.required(stage, record),
        )

    def missing_from(self, stage: Stage, person: int | None) -> list[int]:
        """Return the records that still want a person's decision, those of an open pilot first.

        While records of an open pilot round want it, nothing else is offered.
        """
        wanted = [
            record
            for record in self.to_judge(stage)
            if (stage, record) not in self.rulings
            and person not in newest(self.cast(stage, record))
            and is_wanted(self.cast(stage, record), -1, required=self.required(stage, record))
            and not self.is_kept_from(stage, record, person)
        ]
        pilots = [p.records for p in self.pilots if p.is_open and p.stage is stage]
        in_pilot = [record for record in wanted if any(record in pilot for pilot in pilots)]
        return in_pilot or wanted

    def queue(self, stage: Stage, person: int | None, ranked: Mapping[int, int]) -> list[int]:
        """Return the records that want a person's decision next.

        Records that somebody else decided first come before untouched ones and in order of import,
        so that no order hints at a score; untouched ones come in the order of a ranking, if any.
        """
        wanted = self.missing_from(stage, person)
        begun = [record for record in wanted if newest(self.cast(stage, record))]
        untouched = sorted(
            set(wanted).difference(begun), key=lambda r: (ranked.get(r, len(ranked)), r)
        )
        return begun + untouched

    def shows_others(self, stage: Stage, record: int) -> bool:
        """Whether what others decided on a record may be shown."""
        return shows_others(
            self.cast(stage, record),
            required=self.required(stage, record),
            blind=self.rule(stage).blind,
        )

    def compared(self, stage: Stage, record: int, *, final: bool) -> dict[int, Ballot]:
        """Return the decisions on a record that agreement is measured on, by reviewer.

        Those made independently, or (`final`) each reviewer's newest; empty while incomplete.
        """
        ballots = self.cast(stage, record)
        required = self.required(stage, record)
        deciders = newest(ballots)
        pilot = self.pilot(stage, record)
        if pilot and len(deciders) >= pilot.reviewers:
            required = max(required, pilot.reviewers)
        if len(deciders) < required:
            return {}
        return deciders if final else independent(ballots, required=required)

    def refusal(self, stage: Stage, record: int, person: int | None) -> str | None:
        """Return why a person cannot decide on a record at a stage now, or None."""
        if record not in self.records:
            return f"there is no record {record} in this review"
        if record in self.duplicates:
            return f"record {record} is a duplicate of record {self.duplicates[record]}"
        if self.removals.get(record) not in (None, RemovalCause.RESTORED):
            return f"record {record} was removed before screening"
        if stage is Stage.FULL_TEXT:
            if self.standing(Stage.TITLE_ABSTRACT, record).state is not State.INCLUDED:
                return f"record {record} was not included on title and abstract"
            if self.retrievals.get(record) is not RetrievalOutcome.RETRIEVED:
                return (
                    f"the full text of record {record} is not retrieved; "
                    "note it with: review screen retrieve"
                )
        if (stage, record) in self.rulings:
            return f"record {record} was adjudicated; only another adjudication changes it"
        required = self.required(stage, record)
        ballots = self.cast(stage, record)
        if not is_wanted(ballots, -1 if person is None else person, required=required):
            number = "its decision" if required == 1 else f"its {required} decisions"
            return f"record {record} has {number} from other reviewers already"
        if self.is_kept_from(stage, record, person):
            return (
                f"the last decision on record {record} is kept for one of those who must be among "
                "its reviewers"
            )
        return None
