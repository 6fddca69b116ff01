"""A doubt about extracted numbers, with the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from review.canonical import sha256_of
from review.extraction.evidence import Evidence


class Kind(StrEnum):
    """What may be wrong."""

    SE_AS_SD = "se_as_sd"
    VARIANCE_AS_SD = "variance_as_sd"
    SD_AS_SE = "sd_as_se"
    VARIANCE_AS_SE = "variance_as_se"
    SE_AS_VARIANCE = "se_as_variance"
    TOO_PRECISE = "too_precise"
    SD_UNLIKE_OTHERS = "sd_unlike_others"
    SD_ZERO = "sd_zero"
    SD_IMPOSSIBLE = "sd_impossible"
    MEAN_OUT_OF_RANGE = "mean_out_of_range"
    MEAN_IMPOSSIBLE = "mean_impossible"
    MEAN_AS_BASELINE = "mean_as_baseline"
    N_ABOVE_RANDOMISED = "n_above_randomised"
    N_FAR_BELOW_RANDOMISED = "n_far_below_randomised"
    ARMS_UNEQUAL = "arms_unequal"
    SIGN_CONFLICT = "sign_conflict"
    SIGN_UNSETTLED = "sign_unsettled"
    SIGN_UNPROVED = "sign_unproved"
    DIRECTION = "direction"
    CHANGE_DIRECTION = "change_direction"
    FAVOURS_UNKNOWN = "favours_unknown"
    EFFECT_LARGE = "effect_large"
    EFFECT_UNLIKE_OTHERS = "effect_unlike_others"
    BASELINE_IMBALANCE = "baseline_imbalance"
    TEST_MISMATCH = "test_mismatch"
    SPREAD_MISMATCH = "spread_mismatch"
    F_UNSAID = "f_unsaid"
    CLUSTERS_UNSAID = "clusters_unsaid"
    INTERVAL_MISMATCH = "interval_mismatch"
    NOT_A_RATIO = "not_a_ratio"
    IDENTICAL_ROWS = "identical_rows"
    SAME_REGISTRATION = "same_registration"
    CONTROL_TWICE = "control_twice"
    NEARLY_ONE_NAME = "nearly_one_name"


WITHHOLDING: Final = frozenset({Kind.SIGN_CONFLICT, Kind.SIGN_UNSETTLED})
"""Kinds that leave an analysis without a conclusion while one of them is open on its numbers."""


class Severity(StrEnum):
    """Whether the numbers cannot be, or are merely unlikely."""

    IMPOSSIBLE = "impossible"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class Finding:
    """One doubt: what, where, and by which numbers.

    The key names kind, place and numbers, so that a dismissal holds until a number changes.
    """

    kind: Kind
    severity: Severity
    study_id: int
    study: str
    place: str
    message: str
    numbers: Mapping[str, Any]
    results: tuple[int, ...] = ()
    """Ids of the results that it is about: the doubt is on an analysis that any of them entered."""

    @property
    def key(self) -> str:
        """Eight hexadecimal digits that name the doubt."""
        return sha256_of([self.kind.value, self.study, self.place, dict(self.numbers)])[:8]


def about(
    item: Evidence,
    kind: Kind,
    message: str,
    *,
    impossible: bool = False,
    beside: Iterable[Evidence] = (),
    **numbers: Any,
) -> Finding:
    """Return a finding about one result, or about it and those beside it together."""
    return Finding(
        kind=kind,
        severity=Severity.IMPOSSIBLE if impossible else Severity.DOUBT,
        study_id=item.study_id,
        study=item.study,
        place=item.place,
        message=message,
        numbers=numbers,
        results=(item.result_id, *(other.result_id for other in beside)),
    )
