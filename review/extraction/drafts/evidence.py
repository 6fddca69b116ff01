"""Evidence of rows that are typed and not stored, for all that analyses and doubts ask of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.extraction import field_queries, queries
from review.extraction.evidence import Allocation, ArmSide, Evidence, Facts, ScoreRange
from review.extraction.facts import with_facts
from review.extraction.fields import FieldLevel, FieldSpec
from review.extraction.models import Arm, Study
from review.extraction.rows import NumberedRow
from review.extraction.rules import ARM_FACTS, STUDY_FACTS, VERSUS_FACTS, ExtractionRow
from review.extraction.spelling import identity
from review.extraction.vocabulary import EntryKind, Level
from review.protocol.characteristics import OWN, Value, base_name
from review.protocol.models import Instrument, Review
from review.protocol.queries import instruments

LATER: Final = 10**12
"""Ids of what is typed begin here: it came after all that is stored."""

TYPED: Final = "typed"
"""What stands as the kind of entry of a row that nobody has stored."""


def evidence_of_rows(
    session: Session,
    review: Review,
    rows: Sequence[NumberedRow],
    viewer: str,
    *,
    kind: EntryKind = EntryKind.SINGLE,
    ids: Mapping[int, int] | None = None,
    names: Collection[str] = (),
) -> list[Evidence]:
    """Return the evidence of rows of the extraction table, without storing any.

    Parameters
    ----------
    session, review
        The review; nothing is written.
    rows
        As `review.extraction.rows.numbered` makes them. Rows with wrong cells, and those whose
        instrument the review does not have, give none.
    viewer
        Who typed them: of blind entries only their own arms are known.
    kind
        Of the entry that they would go to: a blind one has its own facts of study and arms.
    ids
        The stored result by line, for rows that correct one; others have ids from `LATER` on.
    names
        Characteristics that plans ask for.
    """
    typed = _Typed(session, review, viewer, kind)
    for numbered in rows:
        typed.hear(numbered)
    found = [
        (item, numbered)
        for numbered in rows
        if not numbered.bad and (item := typed.item(numbered, (ids or {}).get(numbered.line)))
    ]
    asked = set(names) - OWN
    return list(typed.with_facts(found, asked)) if asked else [item for item, _ in found]


@dataclass
class _Said:
    """What rows say of a study: its facts, and those of its arms."""

    study: Study | None
    number: int
    arms: dict[str, Arm]
    facts: dict[str, Any] = field(default_factory=dict)
    arm_facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    custom: dict[str, Value] = field(default_factory=dict)
    arm_custom: dict[str, dict[str, Value]] = field(default_factory=dict)
    new_arms: dict[str, int] = field(default_factory=dict)


class _Typed:
    def __init__(self, session: Session, review: Review, viewer: str, kind: EntryKind):
        self.session = session
        self.review = review
        self.kind = kind
        self.instruments = {i.slug: i for i in instruments(session, review)}
        self.fields = {spec.slug: spec for spec in field_queries.field_specs(session, review)}
        self.viewer = viewer
        self._studies = {identity(s.label): s for s in queries.studies(session, review)}
        self._said: dict[str, _Said] = {}

    def of(self, label: str) -> _Said:
        mark = identity(label)
        if mark not in self._said:
            study = self._studies.get(mark)
            arms: dict[str, Arm] = {}
            if study is not None:
                entries = queries.visible_entries(self.session, [study.id], self.viewer)
                own = [
                    e.id
                    for e in entries
                    if self.kind is EntryKind.BLIND
                    and e.kind is EntryKind.BLIND
                    and e.person.name == self.viewer
                ]
                for arm in queries.arms(self.session, [study.id], own):
                    arms[identity(arm.label)] = arm
            number = study.id if study is not None else LATER + len(self._said)
            self._said[mark] = _Said(study, number, arms)
        return self._said[mark]

    def hear(self, numbered: NumberedRow) -> None:
        """Note what a row says of study and arms."""
        row, said = numbered.row, self.of(numbered.row.study)
        _note(said.facts, row, STUDY_FACTS, numbered.cleared)
        self._custom(said.custom, numbered, FieldLevel.STUDY)
        if row.arm is not None:
            mark = identity(row.arm)
            _note(said.arm_facts.setdefault(mark, {}), row, ARM_FACTS, numbered.cleared)
            self._custom(said.arm_custom.setdefault(mark, {}), numbered, FieldLevel.ARM)
        if row.versus_arm is not None:
            facts = said.arm_facts.setdefault(identity(row.versus_arm), {})
            _note(facts, row, VERSUS_FACTS, numbered.cleared, prefix="versus_")

    def _custom(self, into: dict[str, Value], numbered: NumberedRow, level: FieldLevel) -> None:
        for slug, value in numbered.custom.items():
            spec: FieldSpec | None = self.fields.get(slug)
            if spec is not None and spec.level is level and value not in (None, "", []):
                into[slug] = tuple(value) if isinstance(value, list) else value

    def item(self, numbered: NumberedRow, stored: int | None) -> Evidence | None:
        """Return the evidence of a row; None where it is no result of a known instrument."""
        row = numbered.row
        instrument = self.instruments.get(row.instrument or "")
        related = self.instruments.get(row.with_instrument or "")
        if instrument is None or row.arm is None:
            return None
        if row.with_instrument is not None and related is None:
            return None
        said = self.of(row.study)
        versus = self._arm(said, row.versus_arm) if row.versus_arm is not None else None
        level = Level.CONTRAST if versus else Level.ASSOCIATION if related else Level.ARM
        citation = row.citation or (f"doi:{row.doi}" if row.doi else None)
        return Evidence(
            result_id=stored if stored is not None else LATER + numbered.line,
            entry_kind=TYPED,
            study_id=said.number,
            study=said.study.label if said.study is not None else row.study,
            year=self._fact(said, "year"),
            excluded_because=said.study.excluded_because if said.study is not None else None,
            outcome=instrument.outcome.slug,
            instrument=instrument.slug,
            instrument_name=instrument.name,
            higher_is_better=instrument.higher_is_better,
            rater=row.rater,
            timepoint=row.timepoint,
            analysis_set=row.analysis_set,
            arm=self._arm(said, row.arm),
            versus=versus,
            numbers=row.numbers,
            report=citation,
            page=row.page,
            level=level,
            design=Allocation(*(self._fact(said, name) for name in Allocation._fields)),
            scale=ScoreRange(*(getattr(instrument, name) for name in ScoreRange._fields)),
            weeks=row.weeks,
            clusters_analysed=row.clusters_analysed,
            favours=row.favours,
            covariates=row.covariates,
            **_related(related),
        )

    def _fact(self, said: _Said, name: str) -> Any:
        """Return what is known of a study: as typed, or else as stored for all to see."""
        if name in said.facts or said.study is None or self.kind is EntryKind.BLIND:
            return said.facts.get(name)
        return getattr(said.study, name)

    def _arm(self, said: _Said, label: str) -> ArmSide:
        mark = identity(label)
        stored, facts = said.arms.get(mark), said.arm_facts.get(mark, {})
        number = stored.id if stored else said.new_arms.setdefault(mark, LATER + len(said.new_arms))

        def fact(name: str) -> Any:
            if name in facts or stored is None or self.kind is EntryKind.BLIND:
                return facts.get(name)
            return getattr(stored, name)

        return ArmSide(
            arm_id=number,
            label=stored.label if stored else " ".join(label.split()),
            treatment=fact("treatment") or label,
            delivery_mode=fact("delivery_mode"),
            role=fact("role"),
            n_randomised=fact("n_randomised"),
        )

    def with_facts(
        self, found: Sequence[tuple[Evidence, NumberedRow]], names: Collection[str]
    ) -> Iterator[Evidence]:
        """Yield evidence with the characteristics that plans ask for: as typed, else as stored."""
        wanted = {base_name(name) for name in names}
        pairs = [(self.review.id, item) for item, _ in found]
        stored = with_facts(self.session, [self.review.id], names, pairs, sa.false())
        for (_, item), (_, numbered) in zip(stored, found, strict=True):
            said = self.of(item.study)
            facts = item.facts or Facts({}, {}, {}, {})
            result: dict[str, Value] = {}
            self._custom(result, numbered, FieldLevel.RESULT)
            mark = identity(item.arm.label)
            other = identity(item.versus.label) if item.versus is not None else ""
            yield item._replace(
                facts=facts._replace(
                    study=_over(facts.study, said.facts, said.custom, wanted),
                    arm=_over(
                        facts.arm,
                        said.arm_facts.get(mark, {}),
                        said.arm_custom.get(mark, {}),
                        wanted,
                    ),
                    versus=_over(
                        facts.versus,
                        said.arm_facts.get(other, {}),
                        said.arm_custom.get(other, {}),
                        wanted,
                    ),
                    result=_over(facts.result, {}, result, wanted),
                )
            )


def _over(
    stored: Mapping[str, Value],
    typed: Mapping[str, Any],
    custom: Mapping[str, Value],
    wanted: Collection[str],
) -> dict[str, Value]:
    """Return what is typed over what is stored, of the characteristics that are wanted."""
    told = {n: v.value if isinstance(v, StrEnum) else v for n, v in typed.items()}
    every = {**stored, **told, **custom}
    return {n: value for n, value in every.items() if value is not None and n in wanted}


def _note(
    facts: dict[str, Any],
    row: ExtractionRow,
    names: Sequence[str],
    cleared: frozenset[str],
    *,
    prefix: str = "",
) -> None:
    for name in names:
        value = getattr(row, prefix + name)
        if value is not None or prefix + name in cleared:
            facts[name] = value


def _related(related: Instrument | None) -> dict[str, Any]:
    if related is None:
        return {}
    return {
        "with_instrument": related.slug,
        "with_outcome": related.outcome.slug,
        "with_higher_is_better": related.higher_is_better,
    }
