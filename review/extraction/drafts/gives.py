"""What a report gives of a result, and which columns of a form hold it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from review.extraction.vocabulary import Level


@dataclass(frozen=True, slots=True)
class Gives:
    """A way in which reports give results, with the columns that it takes."""

    name: str
    words: str
    level: Level
    columns: tuple[str, ...]


GIVES: Final = (
    Gives("mean_sd", "Mean and SD", Level.ARM, ("n", "mean", "sd")),
    Gives("mean_se", "Mean and standard error", Level.ARM, ("n", "mean", "se")),
    Gives(
        "mean_ci", "Mean and its interval", Level.ARM,
        ("n", "mean", "ci_low", "ci_high", "ci_level"),
    ),
    Gives(
        "median", "Median, quartiles, range", Level.ARM,
        ("n", "median", "q1", "q3", "minimum", "maximum"),
    ),
    Gives(
        "change", "Change from baseline", Level.ARM,
        ("n", "mean_change", "sd_change", "se", "ci_low", "ci_high"),
    ),
    Gives(
        "before_after", "Both occasions", Level.ARM,
        ("n", "baseline_mean", "baseline_sd", "mean", "sd", "correlation"),
    ),
    Gives("events", "Events", Level.ARM, ("n", "events")),
    Gives("rate", "Events in person-time", Level.ARM, ("n", "events", "person_years")),
    Gives(
        "estimate", "An estimate with a metric", Level.ARM,
        ("n", "metric", "estimate", "se", "ci_low", "ci_high"),
    ),
    Gives(
        "effect", "An effect and its interval", Level.CONTRAST,
        ("n", "versus_n", "metric", "estimate", "ci_low", "ci_high", "ci_level", "se", "positive"),
    ),
    Gives(
        "test", "t, F or p", Level.CONTRAST,
        ("n", "versus_n", "t", "f", "df1", "p", "p_below", "p_sides", "favours"),
    ),
    Gives(
        "adjusted", "An adjusted effect", Level.CONTRAST,
        (
            "n", "versus_n", "metric", "estimate", "se", "ci_low", "ci_high", "adjusted",
            "covariates", "residual_sd", "r_squared", "correlation",
        ),
    ),
    Gives("correlation", "A correlation", Level.ASSOCIATION, ("n", "metric", "estimate", "se")),
)  # fmt: skip
