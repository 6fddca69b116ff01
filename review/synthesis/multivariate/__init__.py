"""Several effects a study at once: their means, how they vary together, and what they differ by."""

from review.synthesis.multivariate.fit import multivariate, outcome_means
from review.synthesis.multivariate.fitted import (
    Combination,
    Component,
    JointTest,
    LikelihoodRatio,
    Multivariate,
    ratio_test,
)
from review.synthesis.multivariate.forecast import OutcomesAhead
from review.synthesis.multivariate.sampling import sampling_covariance
from review.synthesis.multivariate.structures import RandomEffect, Structure, nested

__all__ = [
    "Combination",
    "Component",
    "JointTest",
    "LikelihoodRatio",
    "Multivariate",
    "OutcomesAhead",
    "RandomEffect",
    "Structure",
    "multivariate",
    "nested",
    "outcome_means",
    "ratio_test",
    "sampling_covariance",
]
