"""The instruments, studies and arms of a release: added, corrected, or left as they are here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from review.extraction.formats import queries
from review.extraction.formats.source import Place, StudyFacts
from review.extraction.formats.taking import WITHDRAWN, Taking
from review.extraction.models import Arm, Entry, Report, Study
from review.extraction.vocabulary import EntryKind
from review.people.models import Person
from review.protocol.actions import add_instrument, add_outcome
from review.protocol.models import Instrument
from review.protocol.queries import outcomes
from review.protocol.specs import InstrumentSpec, OutcomeSpec

FACTS: Final = ("year", "registration", "country", "population")


def take_instruments(taking: Taking) -> None:
    """Add instruments that the file names and the review has not; learn which way is better."""
    session, review, known = taking.session, taking.review, taking.known
    there = {outcome.slug for outcome in outcomes(session, review)}
    for found in taking.new.measurements.values():
        instrument = known.instruments.get(found.instrument)
        if instrument is None and found.instrument in taking.old.measurements:
            former = queries.formerly(session, review, Instrument, found.instrument)
            instrument = next(iter(former), None)
            if instrument is not None:
                known.instruments[found.instrument] = instrument
        if instrument is None:
            if found.outcome not in there:
                add_outcome(
                    session,
                    review,
                    OutcomeSpec(slug=found.outcome, name=_line(found.outcome_name)),
                )
                there.add(found.outcome)
            spec = InstrumentSpec(
                slug=found.instrument,
                name=_line(found.instrument_name),
                outcome=found.outcome,
                higher_is_better=found.higher_is_better,
            )
            instrument = add_instrument(session, review, spec)
            known.instruments[found.instrument] = instrument
        elif instrument.higher_is_better is None and found.higher_is_better is not None:
            instrument.higher_is_better = found.higher_is_better
        elif found.higher_is_better is not None:
            _turn(taking, instrument, found.higher_is_better)
    taking.report.without_direction = sorted(
        slug
        for slug in taking.new.measurements
        if slug in known.instruments and known.instruments[slug].higher_is_better is None
    )


def _turn(taking: Taking, instrument: Instrument, better: bool) -> None:
    """Correct a direction that an earlier import gave to events as if they were scores."""
    given = taking.old.measurements.get(instrument.slug)
    wrong = given is not None and given.higher_is_better not in (None, better)
    if wrong and taking.former.directions.legacy and instrument.higher_is_better is not better:
        instrument.higher_is_better = better
        taking.report.directions_turned[instrument.slug] = "higher" if better else "lower"


def leave_mended(taking: Taking) -> set[Place]:
    """Leave what a person renamed, moved, merged or withdrew here since the release before.

    A release knows it by the name that it had; taken as new it would be here twice.
    """
    known = taking.known
    missing = taking.old.studies.keys() - known.studies.keys()
    known.find_renamed(taking.old, taking.previous, missing)
    mended = {place for place in taking.old.results if not known.is_here(place)}
    arms = {
        (place.study, label)
        for place in mended
        for label in (place.arm, place.versus)
        if label is not None
    }
    kept = {place: v for place, v in taking.new.results.items() if place not in mended}
    needed = {(p.study, label) for p in kept for label in (p.arm, p.versus)}
    taking.new = replace(
        taking.new,
        results=kept,
        arms={n: arm for n, arm in taking.new.arms.items() if n not in arms or n in needed},
    )
    for place in sorted(mended, key=str):
        study = known.studies.get(place.study)
        label = study.label if study is not None else place.study
        what = f"{place.arm}, {place.instrument}, {place.timepoint}"
        taking.edited(label, None, "result", "renamed, moved, merged or withdrawn here", what)
    return mended


def take_studies(taking: Taking, person: Person) -> None:
    """Add studies and correct their facts, with a report and an entry each."""
    known = taking.known
    added: list[Study] = []
    for key, facts in taking.new.studies.items():
        given = {name: getattr(facts, name) for name in FACTS}
        study = known.studies.get(key)
        if study is None:
            study = Study(review_id=taking.review.id, label=facts.label, **given)
            added.append(study)
            known.studies[key] = study
            taking.report.studies_added.append(facts.label)
            continue
        before = taking.old.studies.get(key)
        for name, value in (("label", facts.label), *given.items()):
            _fact(taking, study, name, value, before)
        if (study.excluded_because or "").startswith(WITHDRAWN):
            study.excluded_because = None
    taking.session.add_all(added)
    taking.session.flush()
    _take_reports(taking)
    for study in (known.studies[key] for key in taking.new.studies):
        if study.id not in known.entries:
            entry = Entry(study_id=study.id, person_id=person.id, kind=EntryKind.SINGLE)
            taking.session.add(entry)
            known.entries[study.id] = entry
    taking.session.flush()


def _fact(taking: Taking, study: Study, name: str, value: Any, before: StudyFacts | None) -> None:
    """Take a fact that the file changed; leave what is known where the file says nothing."""
    current = getattr(study, name)
    stated = getattr(before, name) if before else None
    if value is None or value in (current, stated):
        return
    if current is None or current == stated:
        setattr(study, name, value)
    elif name != "label":
        taking.edited(study.label, None, name, current, value)


def _take_reports(taking: Taking) -> None:
    known = taking.known
    ids = [known.studies[key].id for key in taking.new.studies]
    there = {
        (report.study_id, report.citation): report
        for report in taking.session.scalars(sa.select(Report).where(Report.study_id.in_(ids)))
    }
    for key, facts in taking.new.studies.items():
        citation = facts.citation or (f"doi:{facts.doi}" if facts.doi else None)
        study = known.studies[key]
        if citation is not None and (study.id, citation) not in there:
            report = Report(study_id=study.id, citation=citation, doi=facts.doi, year=facts.year)
            taking.session.add(report)
            there[study.id, citation] = report


def take_arms(taking: Taking) -> None:
    """Add the arms that the review does not have."""
    known = taking.known
    for (key, label), name in taking.new.arms.items():
        study = known.studies[key]
        if (study.id, label) not in known.arms:
            arm = Arm(study_id=study.id, label=label, treatment=name.treatment)
            taking.session.add(arm)
            known.arms[study.id, label] = arm
    taking.session.flush()


def leave_studies(taking: Taking) -> None:
    """Take studies out that no row names any more, unless they hold numbers of other origin."""
    known = taking.known
    holding = {r.entry_id for r in known.results.values() if r.numbers.given}
    for key in taking.old.studies:
        study = known.studies.get(key)
        if key in taking.new.studies or study is None or study.excluded_because is not None:
            continue
        entry = known.entries.get(study.id)
        if entry is not None and entry.id in holding:
            continue
        study.excluded_because = taking.where
        taking.report.studies_withdrawn.append(study.label)


def _line(name: str) -> str:
    """Return a name as one line that a protocol accepts."""
    return " ".join(name.split())[:500] or "unnamed"
