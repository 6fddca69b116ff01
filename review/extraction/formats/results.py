"""The results of a release: added, corrected, withdrawn, or left as a person changed them here."""

from __future__ import annotations

from collections.abc import Collection

from review.extraction.formats.source import Flag, Place, Values, same_value
from review.extraction.formats.taking import Taking
from review.extraction.models import Result, natural_key


def take_results(taking: Taking, mended: Collection[Place]) -> dict[Place, Result]:
    """Add, correct, withdraw or leave results; of `mended`, a person made something else here."""
    new = taking.new.results
    places = {place: _take_result(taking, place, values) for place, values in new.items()}
    for place, values in taking.old.results.items():
        if place not in new and place not in mended:
            _withdraw(taking, place, values)
    return places


def _take_result(taking: Taking, place: Place, values: Values) -> Result:
    """Add, correct or leave the result at a place."""
    known = taking.known
    found = known.result_at(place)
    wanted = values.columns
    line = taking.new.origins[place][0].line
    page = f"{taking.file}, line {line}"
    if known.results.get(natural_key(found)) is None:
        for name, value in wanted.items():
            setattr(found, name, value)
        found.page = page
        taking.session.add(found)
        known.results[natural_key(found)] = found
        taking.report.results_added += 1
        _outranked(taking, place, line)
        return found
    before = taking.old.results.get(place)
    stated = (before or Values()).columns
    restored = before is None and not found.numbers.given
    changed = turned = False
    for name, value in wanted.items():
        current, base = getattr(found, name), stated[name]
        if same_value(value, current) or (before is not None and same_value(value, base)):
            continue
        turning = name == "positive" and not restored
        if turning and not same_value(found.numbers.estimate, stated["estimate"]):
            continue  # the estimate was changed here: its sign is as the person wants it
        if restored or same_value(current, base):
            setattr(found, name, value)
            changed = True
            turned |= turning
        else:
            study = known.studies[place.study].label
            taking.edited(study, line, name, current, value)
    taking.report.results_turned += turned
    if changed:
        found.page = page
        taking.report.results_corrected += 1
        _outranked(taking, place, line)
    return found


def _outranked(taking: Taking, place: Place, line: int) -> None:
    known = taking.known
    study = known.studies[place.study]
    if study.id in known.agreed:
        reason = "the study has a consensus, which counts and is not touched; settle it there"
        taking.report.flags.append(Flag("consensus_stands", study.label, line, None, reason))


def _withdraw(taking: Taking, place: Place, stated: Values) -> None:
    """Take the numbers off a result that no row states any more."""
    known = taking.known
    found = known.result_at(place)
    current, base = Values(found.numbers, found.weeks).columns, stated.columns
    if known.results.get(natural_key(found)) is None or not found.numbers.given:
        return
    if any(not same_value(value, base[name]) for name, value in current.items()):
        study = known.studies[place.study].label
        taking.edited(study, None, "result", f"{place.arm}, {place.instrument}", None)
        return
    for name in current:
        setattr(found, name, None)
    found.page = taking.where
    taking.report.results_withdrawn += 1
