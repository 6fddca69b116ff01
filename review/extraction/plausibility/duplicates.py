"""The same numbers, or the same trial, under two names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from review.extraction.evidence import Evidence
from review.extraction.plausibility.finding import Finding, Kind, about
from review.extraction.plausibility.rounding import digits

LEAST_DIGITS: Final = 6
"""Significant digits that rows must share before chance is no explanation; a size counts as one."""

_COMPARED: Final = ("mean", "sd", "se", "estimate", "variance", "ci_low", "ci_high", "median")


def duplicate_findings(items: Sequence[Evidence]) -> Iterator[Finding]:
    """Yield rows with identical numbers and registrations that two studies share.

    Each is about both, since either may be the copy.
    """
    by_numbers: dict[tuple[float | None, ...], list[Evidence]] = defaultdict(list)
    for item in items:
        x = item.numbers
        values = tuple(getattr(x, name) for name in _COMPARED)
        sizes = (x.n is not None) + (x.versus_n is not None)
        if sum(digits(v) for v in values if v is not None) >= LEAST_DIGITS - sizes:
            by_numbers[values].append(item)
    for group in by_numbers.values():
        first = group[0]
        for item in group[1:]:
            same_arm = item.study_id == first.study_id and item.arm == first.arm
            if same_arm and item.analysis_set != first.analysis_set:
                continue  # one analysis reported under two names of a set is no copy
            x, y = item.numbers, first.numbers
            sizes_differ = (x.n, x.versus_n) != (y.n, y.versus_n)
            if item.study_id != first.study_id and sizes_differ:
                continue
            told = {name: getattr(x, name) for name in ("n", *_COMPARED)}
            message = f"the same numbers as {first.study}, {first.place}"
            yield about(
                item, Kind.IDENTICAL_ROWS, message, beside=(first,),
                other=f"{first.study}, {first.place}",
                **{name: value for name, value in told.items() if value is not None},
            )  # fmt: skip
    registered: dict[str, Evidence] = {}
    said: set[int] = set()
    for item in items:
        number = (item.design.registration or "").strip().casefold()
        if not number:
            continue
        other = registered.setdefault(number, item)
        if other.study_id != item.study_id and item.study_id not in said:
            said.add(item.study_id)
            message = f"registered as {item.design.registration}, like {other.study}"
            yield about(
                item, Kind.SAME_REGISTRATION, message, beside=(other,),
                registration=item.design.registration, other=other.study,
            )  # fmt: skip
