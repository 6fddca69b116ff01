"""From extracted numbers to effects and their sampling variances."""

from review.effects.arms import Estimate, Group, combine_arms, combine_estimates
from review.effects.columns import ImpossibleCell, ImpossibleInputError
from review.effects.converted import Converted
from review.effects.effects import Effects, RowNote
from review.effects.escalc import (
    MissingColumnsError,
    escalc,
    required_columns,
    variance_formulas,
)
from review.effects.measure import Measure, Variance
from review.effects.zero_cells import AddTo, ZeroCells

__all__ = [
    "AddTo",
    "Converted",
    "Effects",
    "Estimate",
    "Group",
    "ImpossibleCell",
    "ImpossibleInputError",
    "Measure",
    "MissingColumnsError",
    "RowNote",
    "Variance",
    "ZeroCells",
    "combine_arms",
    "combine_estimates",
    "escalc",
    "required_columns",
    "variance_formulas",
]
