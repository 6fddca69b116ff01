"""From what a report gives to what an analysis takes: each step with its recipe. Pure."""

from review.extraction.conversion.arms import arm_lacks, arm_mean_sd
from review.extraction.conversion.changes import change_lacks, change_of_arm
from review.extraction.conversion.contrasts import contrast_effect, contrast_lacks
from review.extraction.conversion.counts import events_lack, rate_lacks
from review.extraction.conversion.metrics import (
    CHANGE_DIFFERENCE,
    COHEN,
    MEAN_DIFFERENCE,
    RATIOS,
    STANDARDIZED,
    is_eta_squared,
    logged_ratio,
    lopsided,
    metric_name,
    printed_ratio,
    scale_of,
    unknown_metric,
    useless_metric,
)
from review.extraction.conversion.precision import has_precision, pooled_sd, variance_of
from review.extraction.conversion.reported import (
    DEFAULT_LEVEL,
    OF_CHANGE,
    PLAIN,
    Clusters,
    Design,
    EstimateAndVariance,
    Lacking,
    MeanAndSD,
    Step,
    two_sided,
)

__all__ = [
    "CHANGE_DIFFERENCE",
    "COHEN",
    "DEFAULT_LEVEL",
    "MEAN_DIFFERENCE",
    "OF_CHANGE",
    "PLAIN",
    "RATIOS",
    "STANDARDIZED",
    "Clusters",
    "Design",
    "EstimateAndVariance",
    "Lacking",
    "MeanAndSD",
    "Step",
    "arm_lacks",
    "arm_mean_sd",
    "change_lacks",
    "change_of_arm",
    "contrast_effect",
    "contrast_lacks",
    "events_lack",
    "has_precision",
    "is_eta_squared",
    "logged_ratio",
    "lopsided",
    "metric_name",
    "pooled_sd",
    "printed_ratio",
    "rate_lacks",
    "scale_of",
    "two_sided",
    "unknown_metric",
    "useless_metric",
    "variance_of",
]
