"""MetaLab files: one row an effect of an experiment with infants (Bergmann et al. 2018).

Columns after MetaLab's field specification (metalab.stanford.edu): required ``study_ID`` and
``short_cite``; what its scripts computed ends with ``_calc``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from review.errors import FileError, Problem
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
from review.extraction.vocabulary import Format
from review.protocol.vocabulary import Rater

KEY: Final = (
    "study", "expt_num", "expt_condition", "same_infant", "dependent_measure", "response_mode",
    "exposure_phase", "method", "infant_type", "native_lang", "group_name_1", "group_name_2",
    "mean_age_1", "mean_age_2",
)  # fmt: skip
SIGNED: Final = ("d", "d_calc", "g_calc")
EFFECTS: Final = (*SIGNED, "d_var", "d_var_calc", "g_var_calc")
USED: Final = frozenset(
    {*EFFECTS, "n_1", "n_2", "x_1", "x_2", "sd_1", "sd_2", "t", "f", "corr"}
)  # fmt: skip


def read_metalab(data: bytes, *, file: str, sheet: str | None = None) -> SourceTable:
    """Read a MetaLab file; raise FileError with every problem, by line and column."""
    table = read_table(
        data, file=file, required=[("study_id", "short_cite"), ("n_1",)], numeric=USED, sheet=sheet
    )
    rows, problems = [], []
    for line in table.lines:
        cells = dict(line.cells)
        cells["study"] = cells.get("short_cite") or cells.get("study_id", "")
        if not cells["study"]:
            problems.append(Problem(line.line, "short_cite", "the study has no name"))
        rows.append(SourceRow(line.line, {k: cells.get(k, "") for k in KEY}, cells))
    if problems:
        raise FileError(file, problems)
    return SourceTable(
        Format.METALAB, ("study", *table.columns), tuple(rows), remarks=table.remarks
    )


def metalab_content(
    rows: Sequence[SourceRow], directions: Directions, _before: object = None
) -> Content:
    """Return the results of MetaLab rows: the standardised effect of each, with its variance.

    ``g_calc`` with ``g_var_calc``, else ``d_calc``, else ``d``. Where two groups of infants were
    compared (``participant_design`` between), means of both become results of the arms. Two
    conditions seen by the same infants have no independent arms, and stay a contrast.
    """
    flags: list[Flag] = []
    claims: list[Claim] = []
    for row in rows:
        better = directions.of_outcome(slug(row.text("dependent_measure") or "effect"))
        claims += _claims(row, better, flags)
    return gathered(claims, flags)


def _claims(row: SourceRow, better: bool | None, flags: list[Flag]) -> list[Claim]:
    label = row.cells["study"]
    name = row.text("dependent_measure") or "effect"
    measurement = Measurement(slug(name), name, slug(name), name, better)
    one = row.text("group_name_1") or "Condition 1"
    two = row.text("group_name_2") or "Condition 2"
    if one == two:
        one, two = f"{one} [1]", f"{two} [2]"
    arms = (ArmName(one, one), ArmName(two, two))
    study = StudyFacts(
        label, year=year_in(row.text("study_id") or label) or year_in(label),
        citation=row.text("long_cite"), doi=row.text("doi"),
    )  # fmt: skip
    parts = [row.text(part) for part in ("expt_num", "expt_condition")]
    when = "experiment " + ", ".join(part for part in parts if part) if any(parts) else "post"

    def claim(arm: ArmName, versus: ArmName | None, values: Values) -> Claim:
        return Claim(row, study, measurement, arm, versus, Rater.OBSERVER, when, values)

    sizes = [_infants(row, column, flags) for column in ("n_1", "n_2")]
    claims = []
    if "between" in (row.text("participant_design") or ""):
        for number, arm in zip("12", arms, strict=True):
            mean, sd = row.number(f"x_{number}"), row.number(f"sd_{number}")
            if mean is not None and sd is not None and sd >= 0:
                values = Values(ReportedNumbers(n=sizes[int(number) - 1], mean=mean, sd=sd))
                claims.append(claim(arm, None, values))
    return [*claims, claim(arms[0], arms[1], _effect(row, sizes, flags))]


def _effect(row: SourceRow, sizes: list[int | None], flags: list[Flag]) -> Values:
    known = ReportedNumbers(n=sizes[0], versus_n=sizes[1])
    for effect, precision in (("g_calc", "g_var_calc"), ("d_calc", "d_var_calc"), ("d", "d_var")):
        estimate, variance = row.number(effect), row.number(precision)
        if estimate is None:
            continue
        if variance is not None and variance <= 0:
            reason = "a variance must be above zero; the effect is kept without it"
            flags.append(Flag("variance_not_positive", row.cells["study"], row.line, precision,
                              reason, new=row.cells[precision]))  # fmt: skip
            variance = None
        return Values(known._replace(metric="SMD", estimate=estimate, variance=variance))
    return Values(known)


def _infants(row: SourceRow, column: str, flags: list[Flag]) -> int | None:
    number = row.number(column)
    if number is None:
        return None
    if whole(number) is None:
        reason = "not a whole number of infants; it stays with the row and is not used"
        flags.append(Flag("not_whole", row.cells["study"], row.line, column, reason,
                          new=row.cells[column]))  # fmt: skip
        return None
    return int(number)
