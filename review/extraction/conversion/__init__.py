"""From what a report gives to what an analysis takes: each step with its recipe. Pure."""

from review.extraction.conversion.arms import arm_lacks, arm_mean_sd
from review.extraction.conversion.contrasts import contrast_effect, contrast_lacks
from review.extraction.conversion.metrics import (
    COHEN,
    RATIOS,
    STANDARDIZED,
    is_eta_squared,
    logged_ratio,
    lopsided,
    metric_name,
    printed_ratio,
    scale_of,
    unknown_metric,
)
from review.extraction.conversion.precision import has_precision, pooled_sd, variance_of
from review.extraction.conversion.reported import (
    DEFAULT_LEVEL,
    PLAIN,
    Clusters,
    Design,
    EstimateAndVariance,
    Lacking,
    MeanAndSD,
    Reported,
    Step,
    two_sided,
)

__all__ = [
    "COHEN",
    "DEFAULT_LEVEL",
    "PLAIN",
    "RATIOS",
    "STANDARDIZED",
    "Clusters",
    "Design",
    "EstimateAndVariance",
    "Lacking",
    "MeanAndSD",
    "Reported",
    "Step",
    "arm_lacks",
    "arm_mean_sd",
    "contrast_effect",
    "contrast_lacks",
    "has_precision",
    "is_eta_squared",
    "logged_ratio",
    "lopsided",
    "metric_name",
    "pooled_sd",
    "printed_ratio",
    "scale_of",
    "two_sided",
    "unknown_metric",
    "variance_of",
]
