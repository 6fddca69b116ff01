"""The results that count, in the format of the Metapsy databases: a row a contrast of two arms.

Columns after the Metapsy data standard (docs.metapsy.org), as `review.extraction.formats.metapsy`
reads them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from sqlalchemy.orm import Session

from review.export.reproduction.revman import Bundle
from review.export.tables.model import Cell, Column, Kind, Table
from review.extraction import queries
from review.extraction.conversion import STANDARDIZED, variance_of
from review.extraction.evidence import ArmSide, Evidence, did_better, scored_higher
from review.extraction.evidence_queries import evidence
from review.extraction.formats.source import slug
from review.extraction.models import Report, Study
from review.extraction.vocabulary import ArmRole, Level, Positive
from review.protocol.models import Review
from review.protocol.queries import outcomes
from review.protocol.vocabulary import AnalysisSet, Rater

_TEXT: Final = (
    "study", "condition_arm1", "condition_arm2", "multi_arm1", "multi_arm2", "outcome_type",
    "instrument", "time",
)  # fmt: skip
_OF_ARMS: Final = (
    "mean", "sd", "n", "mean_change", "sd_change", "n_change", "event", "totaln", "bl_mean",
    "bl_sd",
)  # fmt: skip
_COUNTS: Final = frozenset({"n", "n_change", "event", "totaln"})
_READY: Final = ("precalc_g", "precalc_g_se", "precalc_log_rr", "precalc_log_rr_se")
_STUDY: Final = ("country", "disorder", "registration", "full_ref", "doi")


def columns(*, whole_weeks: bool) -> tuple[Column, ...]:
    """Return the columns; weeks are whole numbers where all are, as other databases write them."""
    of_arms = [
        Column(
            f"{name}_arm{arm}",
            f"{name}_arm{arm}",
            Kind.INTEGER if name in _COUNTS else Kind.NUMBER,
        )
        for name in _OF_ARMS
        for arm in (1, 2)
    ]
    return (
        *(Column(name, name) for name in _TEXT),
        Column("time_weeks", "time_weeks", Kind.INTEGER if whole_weeks else Kind.NUMBER),
        Column("rating", "rating"),
        *of_arms,
        *(Column(name, name, Kind.NUMBER) for name in _READY),
        Column("year", "year", Kind.INTEGER),
        *(Column(name, name) for name in _STUDY),
    )


RATINGS: Final = {
    Rater.SELF: "self-reported", Rater.CLINICIAN: "clinician", Rater.OBSERVER: "observer",
    Rater.THERAPIST: "therapist", Rater.CLIENT: "client", Rater.NOT_REPORTED: None,
}  # fmt: skip

_SETS: Final = (
    AnalysisSet.ITT, AnalysisSet.NOT_REPORTED, AnalysisSet.COMPLETERS, AnalysisSet.PER_PROTOCOL,
)  # fmt: skip
"""Which set counts where a result is there for several: the format has one."""

_FIRST: Final = (ArmRole.INTERVENTION, None, ArmRole.ACTIVE_CONTROL)


@dataclass(frozen=True, slots=True)
class _Place:
    """What two arms are compared on."""

    instrument: str
    rater: Rater
    timepoint: str


def metapsy_bundle(session: Session, review: Review) -> Bundle:
    """Return the results that count as a Metapsy table, and what it has no column for.

    Every two arms of a study with numbers on one instrument, rater and timepoint are a row;
    interventions stand first, controls second. Ready effects are Hedges' g or log risk ratios.
    """
    by_study: dict[int, list[Evidence]] = defaultdict(list)
    for _, item in evidence(session, [review.id]):
        if item.excluded_because is None:
            by_study[item.study_id].append(item)
    studies = {s.id: s for s in queries.studies(session, review)}
    reports: dict[int, Report] = {}
    for report in queries.reports(session, list(by_study)):
        reports.setdefault(report.study_id, report)
    names = {
        o.slug: o.name if slug(o.name) == o.slug else o.slug for o in outcomes(session, review)
    }
    left_out: list[str] = []
    ready = [x for items in by_study.values() for x in items if _ready_name(x) == "precalc_g"]
    better = any(item.numbers.positive is Positive.BETTER for item in ready)
    if ready:
        meant = "arm 1 did better" if better else "arm 1 scored higher (arm 1 minus arm 2)"
        option = Positive.BETTER if better else Positive.HIGHER
        left_out.append(
            f"the format does not say what a positive g means; here it is that {meant}: where the "
            f"file is imported without means that show it, say --positive {option}"
        )
    found = [
        cells
        for study_id, items in by_study.items()
        for cells in _rows(
            studies[study_id], reports.get(study_id), items, names, left_out, better=better
        )
    ]
    weeks = [row["time_weeks"] for row in found]
    whole = all(week is None or (isinstance(week, float) and week.is_integer()) for week in weeks)
    if whole:
        for row in found:
            week = row["time_weeks"]
            row["time_weeks"] = int(week) if isinstance(week, float) else None
    chosen = columns(whole_weeks=whole)
    rows = tuple(tuple(cells.get(column.key) for column in chosen) for cells in found)
    return Bundle({"metapsy": Table("Metapsy", chosen, rows)}, tuple(left_out))


def _rows(
    study: Study,
    report: Report | None,
    items: Sequence[Evidence],
    names: Mapping[str, str],
    left_out: list[str],
    *,
    better: bool,
) -> Iterator[dict[str, Cell]]:
    for place, found in _places(items, left_out).items():
        used: set[int] = set()
        for one, two in _pairs(found):
            numbers = _numbers(one, two, found, used, better=better)
            if numbers:
                outcome = names[found[0].outcome]
                yield {
                    **_study(study, report),
                    **_arms(one, two),
                    "outcome_type": outcome,
                    "instrument": _instrument(found[0], outcome),
                    "time": place.timepoint,
                    "time_weeks": next((x.weeks for x in found if x.weeks is not None), None),
                    "rating": RATINGS[place.rater],
                    **numbers,
                }
        left_out += [
            f"{x.study}, {x.place}: its numbers have no column in the format"
            for x in found
            if x.result_id not in used
        ]


def _places(items: Sequence[Evidence], left_out: list[str]) -> dict[_Place, list[Evidence]]:
    """Return the results by what they measure, of one analysis set each."""
    places: dict[_Place, list[Evidence]] = defaultdict(list)
    for item in items:
        if item.level is Level.ASSOCIATION:
            left_out.append(f"{item.study}, {item.place}: an association is no contrast of arms")
        else:
            places[_Place(item.instrument, item.rater, item.timepoint)].append(item)
    chosen = {}
    for place, found in places.items():
        best = min((item.analysis_set for item in found), key=_SETS.index)
        chosen[place] = [item for item in found if item.analysis_set is best]
        left_out += [
            f"{item.study}, {item.place}: the format has one analysis set, and {best} is there"
            for item in found
            if item.analysis_set is not best
        ]
    return chosen


def _pairs(found: Sequence[Evidence]) -> list[tuple[ArmSide, ArmSide]]:
    """Return every two arms once, contrasts the way round in which they were reported.

    The first arm is compared with all others first, so that a reader meets the arms in this order.
    """
    entered = sorted((x for x in found if x.versus is None), key=lambda x: (_rank(x), x.result_id))
    reported = [(x.arm, x.versus) for x in found if x.versus is not None]
    order = list(dict.fromkeys((*(x.arm for x in entered), *(arm for p in reported for arm in p))))
    pairs = {
        frozenset(pair): pair for pair in combinations(dict.fromkeys(x.arm for x in entered), 2)
    }
    pairs |= {frozenset(pair): pair for pair in reported}
    return sorted(pairs.values(), key=lambda pair: sorted(map(order.index, pair)))


def _rank(item: Evidence) -> int:
    """Where the arm's role puts it; those of one rank stand as they were entered."""
    return _FIRST.index(item.arm.role) if item.arm.role in _FIRST else len(_FIRST)


def _study(study: Study, report: Report | None) -> dict[str, Cell]:
    return {
        "study": study.label,
        "year": study.year,
        "country": study.country,
        "disorder": study.population,
        "registration": study.registration,
        "full_ref": report.citation if report else None,
        "doi": report.doi if report else None,
    }


def _arms(one: ArmSide, two: ArmSide) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    for number, arm in enumerate((one, two), 1):
        cells[f"condition_arm{number}"] = arm.treatment
        special = re.fullmatch(re.escape(arm.treatment) + r" \((.+)\)", arm.label)
        if special:
            cells[f"multi_arm{number}"] = special.group(1)
        elif arm.label not in (arm.treatment, f"{arm.treatment} [arm {number}]"):
            cells[f"multi_arm{number}"] = arm.label
    return cells


def _instrument(item: Evidence, outcome: str) -> str | None:
    """Return what the reader would call the instrument by: its name after the outcome's."""
    if item.instrument_name == outcome:
        return None
    prefix = f"{outcome}: "
    if item.instrument_name.startswith(prefix):
        return item.instrument_name.removeprefix(prefix)
    return item.instrument


def _numbers(
    one: ArmSide, two: ArmSide, found: Sequence[Evidence], used: set[int], *, better: bool
) -> dict[str, Cell]:
    """Return the cells of a pair of arms, and note which results they are from."""
    cells: dict[str, Cell] = {}
    for item in found:
        if item.versus is not None and (item.arm, item.versus) == (one, two):
            given = _ready(item, better=better)
        elif item.versus is None and item.arm.arm_id in (one.arm_id, two.arm_id):
            given = _of_arm(item, 1 if item.arm.arm_id == one.arm_id else 2)
        else:
            continue
        if given:
            cells |= given
            used.add(item.result_id)
    return cells


def _ready_name(item: Evidence) -> str | None:
    """Return the column of a ready effect; None where the format has none for it."""
    metric = (item.numbers.metric or "").upper()
    if item.versus is None or item.numbers.estimate is None:
        return None
    return {"LOG RR": "precalc_log_rr"}.get(metric, "precalc_g" if metric in STANDARDIZED else None)


def _ready(item: Evidence, *, better: bool) -> dict[str, Cell]:
    """Return an effect with the sign that its column has in this file."""
    x = item.numbers
    name = _ready_name(item)
    if name is None or x.estimate is None:
        return {}
    sign = did_better(item) if better and name == "precalc_g" else scored_higher(item)
    if sign is None:
        return {}
    found = variance_of(x)
    return {
        name: sign * x.estimate,
        f"{name}_se": found[0] ** 0.5 if found is not None else None,
        "n_arm1": x.n,
        "n_arm2": x.versus_n,
    }


def _of_arm(item: Evidence, arm: int) -> dict[str, Cell]:
    x = item.numbers
    given: dict[str, Cell]
    if x.mean is not None:
        given = {"mean": x.mean, "sd": x.sd, "n": x.n}
    elif x.mean_change is None and x.events is not None:
        given = {"event": x.events, "totaln": x.n}
    else:
        given = {}
    if x.mean_change is not None:
        change = {"mean_change": x.mean_change, "sd_change": x.sd_change, "n_change": x.n}
        given |= change
    if given and x.events is None:
        given |= {"bl_mean": x.baseline_mean, "bl_sd": x.baseline_sd}
    return {f"{name}_arm{arm}": value for name, value in given.items()}
