"""The Metapsy format of psychotherapy databases: one row a contrast of two arms of a trial.

Columns after the Metapsy data standard (docs.metapsy.org) and metapsyTools (Harrer, Kuper &
Cuijpers 2022); older releases write some of them under other names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from review.errors import FileError, Problem
from review.extraction.formats.metapsy_releases import log_risk_ratio, totals
from review.extraction.formats.signs import (
    CLEAR,
    READY,
    Reading,
    difference,
    event_is_good,
    is_counted,
    reading_of,
)
from review.extraction.formats.source import (
    ArmName,
    Claim,
    Content,
    Directions,
    Flag,
    Measurement,
    SourceRow,
    SourceTable,
    StudyFacts,
    Values,
    gathered,
    slug,
    whole,
    year_in,
)
from review.extraction.formats.table import read_table
from review.extraction.numbers import ReportedNumbers
from review.extraction.spelling import identity
from review.extraction.vocabulary import Format, Positive
from review.protocol.vocabulary import Rater

ALIASES: Final = {
    "cond_spec_trt1": "condition_arm1", "cond_spec_trt2": "condition_arm2",
    "multiple_arms_trt1": "multi_arm1", "multiple_arms_trt2": "multi_arm2",
    "outc_type": "outcome_type", "outc_measure": "instrument", "sr_clinician": "rating",
    "post_m_trt1": "mean_arm1", "post_sd_trt1": "sd_arm1", "post_n_trt1": "n_arm1",
    "post_m_trt2": "mean_arm2", "post_sd_trt2": "sd_arm2", "post_n_trt2": "n_arm2",
}  # fmt: skip
"""Names that the first releases gave to columns of today's standard."""

KEY: Final = (
    "study", "condition_arm1", "condition_arm2", "multi_arm1", "multi_arm2",
    "outcome_type", "instrument", "time", "time_weeks", "rating",
)  # fmt: skip
"""What metapsyTools makes a comparison's ``.id`` from; no row number is among it."""

EFFECTS: Final = (
    ".g", ".g_se", ".log_rr", ".log_rr_se",
    "precalc_g", "precalc_g_se", "precalc_log_rr", "precalc_log_rr_se",
)  # fmt: skip

SIGNED: Final = (".g", ".log_rr", "precalc_g", "precalc_log_rr")
"""Effects whose sign says which arm did better."""

COUNTS: Final = (
    *(f"{what}_arm{arm}" for what in ("n", "event", "totaln") for arm in (1, 2)),
    *(f".{what}_arm{arm}" for what in ("event", "totaln") for arm in (1, 2)),
    "n_change_arm1", "n_change_arm2",
)  # fmt: skip

MEANS: Final = tuple(
    f"{what}_arm{arm}"
    for what in ("mean", "sd", "mean_change", "sd_change", "bl_mean", "bl_sd")
    for arm in (1, 2)
)

USED: Final = frozenset({*EFFECTS, *COUNTS, *MEANS})
STRICT: Final = frozenset({*EFFECTS, *COUNTS})
"""Text in these rejects the file. Scores are typed by hand in some databases; text is flagged."""

DERIVED: Final = frozenset({".id"})
"""Made from other columns; a change of it is the change of those."""

RATERS: Final = {
    "self-reported": Rater.SELF, "self-report": Rater.SELF, "self": Rater.SELF, "sr": Rater.SELF,
    "clinician": Rater.CLINICIAN, "clinician-rated": Rater.CLINICIAN, "clin": Rater.CLINICIAN,
    "parent": Rater.OBSERVER, "parent-reported": Rater.OBSERVER, "observer": Rater.OBSERVER,
    "teacher": Rater.OBSERVER, "therapist": Rater.THERAPIST, "client": Rater.CLIENT,
}  # fmt: skip


def read_metapsy(data: bytes, *, file: str, sheet: str | None = None) -> SourceTable:
    """Read a Metapsy file; raise FileError with every problem, by line and column.

    Semicolons, commas or tabs, decimal commas or points (by column), NA, a first column without a
    name and line breaks in quotes are read; the columns may stand in any order and differ.
    """
    older = {new: old for old, new in ALIASES.items()}
    required = [(name, older[name]) for name in ("condition_arm1", "condition_arm2")]
    table = read_table(
        data,
        file=file,
        required=[("study",), *required],
        numeric=STRICT | {old for old, new in ALIASES.items() if new in STRICT},
        mostly={*MEANS, *(old for old, new in ALIASES.items() if new in MEANS)},
        sheet=sheet,
    )
    names = {
        name: ALIASES[name] if name in ALIASES and ALIASES[name] not in table.columns else name
        for name in table.columns
    }
    rows = []
    for line in table.lines:
        cells = {names[name]: value for name, value in line.cells.items()}
        rows.append(SourceRow(line.line, {k: cells[k] for k in KEY if k in cells}, cells))
    problems = [
        Problem(row.line, "study", "the trial has no name") for row in rows if not row.text("study")
    ]
    if problems:
        raise FileError(file, problems)
    columns = tuple(names[name] for name in table.columns)
    return SourceTable(Format.METAPSY, columns, tuple(rows), remarks=table.remarks)


def metapsy_content(
    rows: Sequence[SourceRow],
    directions: Directions,
    before: Mapping[str, Any] | None = None,
) -> Content:
    """Return the results that Metapsy rows state.

    A ready effect becomes a contrast of arm 1 with arm 2: ``.g``, else ``precalc_g``, with metric
    SMD and what its positive values mean (`review.extraction.formats.signs`); of events
    ``.log_rr``, else ``precalc_log_rr``, with metric log RR, always of arm 1 to arm 2. Means,
    changes and counts of events become results of each arm, baseline values with them. Other
    columns stay with the row. What the person says of directions holds for scores; events have
    their own by their name.

    Parameters
    ----------
    rows : of one release.
    directions : what the person says.
    before : how the release before was read; None where there is none.
    """
    flags: list[Flag] = []
    claims: list[Claim] = []
    legacy = directions.legacy
    reading = reading_of(rows, directions, before)
    how = _How(directions, reading, _outcomes_of_events(rows), legacy=legacy)
    for row in rows:
        claims += _claims(row, how, flags)
    flags += _unreadable(rows)
    flags += _repeated(rows)
    if not legacy:
        flags += _conflicts(rows, how)
    found = gathered(claims, flags)
    if legacy:
        return found
    return replace(found, reading=reading.plain, signs=reading.words)


@dataclass(frozen=True, slots=True)
class _How:
    """How signs and directions of a file are read."""

    directions: Directions
    reading: Reading
    events: frozenset[str]
    """Slugs of outcomes that are events."""
    legacy: bool

    def direction(self, outcome: str) -> bool | None:
        """Return whether more (of scores or of events) is better."""
        if self.legacy:
            return self.directions.better
        short = slug(outcome)
        if short in self.events:
            return self.directions.of.get(short, event_is_good(outcome))
        return self.directions.of_outcome(short)


def _outcomes_of_events(rows: Sequence[SourceRow]) -> frozenset[str]:
    return frozenset(slug(_outcome(row)) for row in rows if is_counted(row))


def _outcome(row: SourceRow) -> str:
    return row.text("outcome_type") or "outcome"


def _claims(row: SourceRow, how: _How, flags: list[Flag]) -> list[Claim]:
    study = row.cells["study"]
    one, two = _arms(row)
    contrast = Claim(
        row=row,
        study=_study(row, study),
        measurement=_measurement(row, how.direction(_outcome(row))),
        arm=one,
        versus=two,
        rater=RATERS.get((row.text("rating") or "").lower(), Rater.NOT_REPORTED),
        timepoint=row.text("time") or "post",
        values=Values(),
    )
    claims = [replace(contrast, values=v) for v in _ready(row, study, how, flags)]
    for number, arm in ((1, one), (2, two)):
        claims += [
            replace(contrast, arm=arm, versus=None, values=values)
            for values in _of_arm(row, study, number, flags)
        ]
    # A row without any number says that the contrast exists and was not reported.
    return claims or [contrast]


def _arms(row: SourceRow) -> tuple[ArmName, ArmName]:
    labels = []
    for number in ("1", "2"):
        treatment = row.text(f"condition_arm{number}") or f"arm {number}"
        special = row.text(f"multi_arm{number}")
        told = special and identity(special) != identity(treatment)
        labels.append((f"{treatment} ({special})" if told else treatment, treatment))
    (one, first), (two, second) = labels
    if one == two:
        one, two = f"{one} [arm 1]", f"{two} [arm 2]"
    return ArmName(one, first), ArmName(two, second)


def _study(row: SourceRow, label: str) -> StudyFacts:
    year = row.number("year")
    sensible = year is not None and year.is_integer() and 1800 <= year <= 2200
    disorder = row.text("disorder")
    return StudyFacts(
        label=label,
        year=int(year) if year is not None and sensible else year_in(label),
        registration=row.text("registration", "trial_registration"),
        country=_words(row.text("country")),
        population=_words(disorder),
        citation=row.text("full_ref", "full_reference", "reference"),
        doi=row.text("doi"),
    )


def _words(text: str | None) -> str | None:
    """Return text; a bare number is a code whose meaning the file does not give."""
    return None if text is None or text.isdecimal() else text


def _measurement(row: SourceRow, higher_is_better: bool | None) -> Measurement:
    outcome = _outcome(row)
    instrument = row.text("instrument")
    name = outcome if instrument is None else f"{outcome}: {instrument}"
    return Measurement(slug(outcome), outcome, slug(name), name, higher_is_better)


def _ready(row: SourceRow, study: str, how: _How, flags: list[Flag]) -> list[Values]:
    """Return the effects that the row gives as such."""
    by_itself = how.reading.positive is Positive.BETTER and not how.legacy
    if not how.legacy and not by_itself and _is_g_of_events(row, how):
        flags.append(_flag("sign_of_events", row, study, ".g", str(row.number(*READY))))
        return []
    sizes = [_count(row, study, (f"n_arm{i}", *totals(i)), flags) for i in (1, 2)]
    found = []
    for metric, names in (("SMD", (".g", "precalc_g")), ("log RR", (".log_rr", "precalc_log_rr"))):
        for name in names:
            estimate, se = row.number(name), row.number(f"{name}_se")
            if estimate is None:
                continue
            if se is not None and se <= 0:
                flags.append(_flag("se_not_positive", row, study, f"{name}_se", str(se)))
                se = None
            found.append(
                Values(
                    ReportedNumbers(
                        metric=metric,
                        positive=Positive.BETTER if by_itself and metric == "SMD" else None,
                        n=sizes[0],
                        versus_n=sizes[1],
                        estimate=estimate,
                        se=se,
                    ),
                    _weeks(row),
                )
            )
            break
    # Metapsy converts events to g as well; a contrast is kept once, events as their log risk ratio.
    counted = row.number("event_arm1", ".event_arm1") is not None
    if counted and not how.legacy:
        return [values for values in found if values.numbers.metric != "SMD"]
    return found[-1:] if counted else found[:1]


def _is_g_of_events(row: SourceRow, how: _How) -> bool:
    """Whether a g is of events whose counts the file does not give; metapsyTools turns its sign."""
    if is_counted(row) or row.number(*READY) is None:
        return False
    outcome = _outcome(row)
    named = event_is_good(outcome) is not None and difference(row) is None
    return slug(outcome) in how.events or (named and row.number("mean_arm1") is None
                                           and slug(outcome) not in how.directions.of)  # fmt: skip


def _weeks(row: SourceRow) -> float | None:
    weeks = row.number("time_weeks")
    return weeks if weeks is not None and weeks >= 0 else None


def _of_arm(row: SourceRow, study: str, arm: int, flags: list[Flag]) -> list[Values]:
    """Return the scores or events of one arm."""
    spread = {}
    for name in ("sd", "sd_change", "bl_sd"):
        column = f"{name}_arm{arm}"
        spread[name] = row.number(column)
        if (spread[name] or 0) < 0:
            flags.append(_flag("sd_negative", row, study, column, row.cells[column]))
            spread[name] = None
    scores = ReportedNumbers(
        mean=row.number(f"mean_arm{arm}"),
        sd=spread["sd"],
        mean_change=row.number(f"mean_change_arm{arm}"),
        sd_change=spread["sd_change"],
    )
    if scores.mean is not None or scores.mean_change is not None:
        names = ("n", "n_change") if scores.mean is not None else ("n_change", "n")
        n = _count(row, study, tuple(f"{name}_arm{arm}" for name in names), flags)
        before = row.number(f"bl_mean_arm{arm}")
        scores = scores._replace(n=n, baseline_mean=before, baseline_sd=spread["bl_sd"])
        return [Values(scores, _weeks(row))]
    events = row.number(f"event_arm{arm}", f".event_arm{arm}")
    if events is None:
        return []
    total = _count(row, study, (*totals(arm), f"n_arm{arm}"), flags)
    column = f"event_arm{arm}"
    if whole(events, least=0) is None:
        flags.append(_flag("not_whole", row, study, column, f"{events:g}"))
        return []
    if total is not None and events > total:
        flags.append(_flag("events_above_total", row, study, column, f"{events:g} of {total}"))
        return []
    return [Values(ReportedNumbers(n=total, events=int(events)), _weeks(row))]


def _count(row: SourceRow, study: str, names: tuple[str, ...], flags: list[Flag]) -> int | None:
    for name in names:
        number = row.number(name)
        if number is None:
            continue
        if (persons := whole(number)) is not None:
            return persons
        flag = _flag("not_whole", row, study, name, f"{number:g}")
        if flag not in flags:
            flags.append(flag)
        return None
    return None


def _conflicts(rows: Sequence[SourceRow], how: _How) -> Iterator[Flag]:
    """Yield rows whose effect says that one arm did better, and whose own numbers the other."""
    for row in rows:
        if is_counted(row):
            column, effect, own = ".log_rr", row.number(".log_rr", "precalc_log_rr"), None
            own = log_risk_ratio(row)
            expected = own
        else:
            column, effect, own = ".g", row.number(*READY), difference(row)
            expected = own
            higher = how.direction(_outcome(row))
            if how.reading.positive is Positive.BETTER and own is not None:
                expected = own if higher else -own
        if effect is None or own is None or expected is None:
            continue
        if min(abs(effect), abs(own)) >= CLEAR and effect * expected < 0:
            found = f"{effect:.4g}, but arm 1 minus arm 2 is {own:.4g}"
            yield _flag("sign_conflict", row, row.cells["study"], column, found)


_REASONS: Final = {
    "sign_conflict": "the effect and the row's own numbers point to different arms; analyses that "
    "use the row draw no conclusion until a person has settled which is right",
    "sign_of_events": "a g of events without their counts, in a file whose g are differences: "
    "its sign cannot be told, and it is not used",
    "se_not_positive": "a standard error must be above zero; the effect is kept without it",
    "sd_negative": "a standard deviation cannot be negative; the mean is kept without it",
    "not_whole": "not a whole number of persons, as when a shared arm is split; it stays with the "
    "row and is not taken as a count",
    "events_above_total": "more events than persons; the count stays with the row and is not used",
}


def _flag(kind: str, row: SourceRow, study: str, column: str, found: str) -> Flag:
    return Flag(kind, study, row.line, column, _REASONS[kind], new=found)


def _unreadable(rows: Sequence[SourceRow]) -> list[Flag]:
    reason = "not a number; it stays with the row and is not used"
    return [
        Flag("unreadable", row.cells["study"], row.line, name, reason, new=text)
        for row in rows
        for name in MEANS
        if (text := row.text(name)) is not None and row.number(name) is None
    ]


def _repeated(rows: Sequence[SourceRow]) -> list[Flag]:
    seen = Counter(tuple(identity(row.cells[name]) for name in row.key) for row in rows)
    return [
        Flag(
            "repeated_key",
            row.cells["study"],
            row.line,
            None,
            f"{seen[key]} rows have the same arms, outcome, instrument, rater and time",
        )
        for row in rows
        if seen[key := tuple(identity(row.cells[name]) for name in row.key)] > 1
    ]
