"""From what a report gives to what an analysis takes: each step with its recipe. Pure."""

from review.extraction.conversion.arms import arm_mean_sd
from review.extraction.conversion.contrasts import contrast_effect, has_precision, variance_of
from review.extraction.conversion.metrics import (
    COHEN,
    RATIOS,
    STANDARDIZED,
    logged_ratio,
    lopsided,
    metric_name,
    printed_ratio,
    scale_of,
    unknown_metric,
)
from review.extraction.conversion.reported import (
    DEFAULT_LEVEL,
    EstimateAndVariance,
    MeanAndSD,
    Reported,
    Step,
)

__all__ = [
    "COHEN",
    "DEFAULT_LEVEL",
    "RATIOS",
    "STANDARDIZED",
    "EstimateAndVariance",
    "MeanAndSD",
    "Reported",
    "Step",
    "arm_mean_sd",
    "contrast_effect",
    "has_precision",
    "logged_ratio",
    "lopsided",
    "metric_name",
    "printed_ratio",
    "scale_of",
    "unknown_metric",
    "variance_of",
]
