"""From extracted numbers to effects and their sampling variances."""

from review.conventions import AddTo, Variance
from review.effects.arms import Estimate, Group, combine_arms, combine_estimates
from review.effects.columns import ImpossibleCell, ImpossibleInputError
from review.effects.conversions_design import (
    design_effect,
    effective_size,
    inflated_variance,
    reverse_scale,
    shared_control_covariance_events,
    shared_control_covariance_md,
    shared_control_covariance_rates,
    shared_control_covariance_smd,
)
from review.effects.conversions_difference import (
    sd_from_difference_interval,
    sd_from_difference_se,
    sd_from_f,
    sd_from_p,
    sd_from_t,
)
from review.effects.conversions_effect import (
    EffectSize,
    d_from_f,
    d_from_odds_ratio,
    d_from_p,
    d_from_r,
    d_from_t,
)
from review.effects.conversions_median import (
    group_from_five_numbers,
    group_from_quartiles,
    group_from_range,
    skewness_test,
)
from review.effects.conversions_model import (
    f_from_eta_squared,
    naive_se,
    sd_from_paired_se,
    sd_from_sd_of_change,
    total_sd,
)
from review.effects.conversions_skewed import Quantiles, group_from_skewed
from review.effects.conversions_spread import (
    correlation_from_change,
    sd_from_interval,
    sd_from_se,
    sd_of_change,
)
from review.effects.conversions_wald import estimate_from_interval, estimate_from_p
from review.effects.converted import Converted
from review.effects.effects import Effects, RowNote
from review.effects.escalc import (
    MissingColumnsError,
    default_zero_cells,
    escalc,
    has_correction,
    required_columns,
    variance_formulas,
)
from review.effects.quantiles import Distribution, Sides
from review.effects.zero_cells import ZeroCells
from review.measures import Measure

__all__ = [
    "AddTo",
    "Converted",
    "Distribution",
    "EffectSize",
    "Effects",
    "Estimate",
    "Group",
    "ImpossibleCell",
    "ImpossibleInputError",
    "Measure",
    "MissingColumnsError",
    "Quantiles",
    "RowNote",
    "Sides",
    "Variance",
    "ZeroCells",
    "combine_arms",
    "combine_estimates",
    "correlation_from_change",
    "d_from_f",
    "d_from_odds_ratio",
    "d_from_p",
    "d_from_r",
    "d_from_t",
    "default_zero_cells",
    "design_effect",
    "effective_size",
    "escalc",
    "estimate_from_interval",
    "estimate_from_p",
    "f_from_eta_squared",
    "group_from_five_numbers",
    "group_from_quartiles",
    "group_from_range",
    "group_from_skewed",
    "has_correction",
    "inflated_variance",
    "naive_se",
    "required_columns",
    "reverse_scale",
    "sd_from_difference_interval",
    "sd_from_difference_se",
    "sd_from_f",
    "sd_from_interval",
    "sd_from_p",
    "sd_from_paired_se",
    "sd_from_sd_of_change",
    "sd_from_se",
    "sd_from_t",
    "sd_of_change",
    "shared_control_covariance_events",
    "shared_control_covariance_md",
    "shared_control_covariance_rates",
    "shared_control_covariance_smd",
    "skewness_test",
    "total_sd",
    "variance_formulas",
]
