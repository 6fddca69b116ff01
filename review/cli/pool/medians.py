"""Means and SDs of ``review pool`` from medians with quartiles or range, as plans convert them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from review.cli.pool.sheet import Sheet
from review.conventions import Medians
from review.effects import skewness_test
from review.errors import InvalidDataError
from review.measures import Family, Measure

GROUPS: Final[Mapping[Family, Mapping[str, str]]] = {
    Family.MEANS: {"1i": "first arm", "2i": "second arm"},
    Family.MEAN_OF_ONE: {"i": "arm"},
}
"""How columns of a group end, by what the measure is computed from, and what the group is."""

NUMBERS: Final = {"med": "median", "q1": "q1", "q3": "q3", "min": "minimum", "max": "maximum"}
"""How columns of medians, quartiles and extremes begin: ``med1i``, ``q11i``, ``min1i``."""


class Converted(NamedTuple):
    """Columns with the means and SDs that medians gave, a line each, and what to say of them."""

    columns: dict[str, list[float | None]]
    lines: list[dict[str, Any]]
    notes: list[str]


def column_names() -> tuple[str, ...]:
    """Return the names of all columns that hold medians and what stands beside them."""
    ends = dict.fromkeys(end for groups in GROUPS.values() for end in groups)
    return tuple(f"{name}{end}" for end in ends for name in NUMBERS)


def from_medians(
    sheet: Sheet,
    measure: Measure,
    names: Mapping[str, str],
    columns: Mapping[str, list[float | None]],
    labels: Sequence[str],
    medians: Medians,
) -> Converted:
    """Return the columns with mean and SD of each arm that has a median and no mean.

    Raises UnreadableFileError for cells that are no numbers. An arm whose numbers cannot be, or say
    too little, is named in the notes, and its row has no effect.
    """
    found = {name: list(values) for name, values in columns.items()}
    lines: list[dict[str, Any]] = []
    refused: list[str] = []
    for end, called in GROUPS.get(measure.facts.family, {}).items():
        given = {
            told: sheet.numbers(column)
            for name, told in NUMBERS.items()
            if (column := names.get(f"{name}{end}", f"{name}{end}")) in sheet.header
        }
        if "median" not in given:
            continue
        from review.extraction.conversion.arms import mean_sd
        from review.extraction.numbers import ReportedNumbers

        nothing: list[float | None] = [None] * len(labels)
        means, sds = (found.setdefault(f"{name}{end}", list(nothing)) for name in ("m", "sd"))
        sizes = found.get(f"n{end}", nothing)
        for row, label in enumerate(labels):
            reported = {name: x for name, v in given.items() if (x := v[row]) is not None}
            if means[row] is not None or "median" not in reported:
                continue
            n = sizes[row]
            numbers = ReportedNumbers(n=None if n is None else int(n), **reported)  # type: ignore[arg-type]  # floats by name
            try:
                one = mean_sd(numbers, change=False, medians=medians)
            except (InvalidDataError, ArithmeticError) as error:
                refused.append(f"{label}, {called}: {str(error).rstrip('.')}")
                continue
            means[row], sds[row] = one.mean, one.sd
            (step,) = one.steps
            used = {name: reported[name] for name in step.reported if name != "n"}
            lines.append(
                {
                    "study": label, "of": called, "mean": one.mean, "sd": one.sd,
                    "distribution": str(step.assumptions["distribution"]),
                    "skewed": skewness_test(float(n or 0), **used).skewed, "recipe": step.recipe,
                }
            )  # fmt: skip
    return Converted(found, lines, list(_notes(lines, refused, medians)))


def _notes(
    lines: Sequence[Mapping[str, Any]], refused: Sequence[str], medians: Medians
) -> Iterator[str]:
    if refused:
        yield f"medians that give no mean and SD: {'; '.join(refused)}"
    skewed = [f"{line['study']}, {line['of']}" for line in lines if line["skewed"]]
    if skewed and medians is Medians.NORMAL:
        yield (
            f"skewed by the test of Shi et al. (2023): {'; '.join(skewed)}; means and SDs as of "
            "normal samples are biased then, --medians qe, bc or mln do without"
        )
