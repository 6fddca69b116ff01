"""Effects and their variances into pooled results: pure functions on numpy arrays."""

from review.synthesis.aggregation import Aggregated, Weighting, aggregate
from review.synthesis.asymmetry import (
    Begg,
    Egger,
    PetPeese,
    Predictor,
    Regression,
    begg,
    egger,
    pet_peese,
)
from review.synthesis.attribution import Attribution, attribute
from review.synthesis.bayes import MuPrior, Posterior, TauFamily, TauPrior, posterior
from review.synthesis.boundaries import (
    FutilityBoundaries,
    Spending,
    crossing_probabilities,
    efficacy_boundaries,
    futility_boundaries,
)
from review.synthesis.clustered import robust_regression
from review.synthesis.design import Design, design, intercept_only
from review.synthesis.estimable import doubtful_levels, estimable
from review.synthesis.event_fragility import EventFragility, event_fragility
from review.synthesis.evidence import ConfidenceSequence, confidence_sequence, tuned_rho
from review.synthesis.failsafe import FailSafeKind, FailSafeN, fail_safe_n
from review.synthesis.forecast import Forecast, forecast, smd_variance, thresholds, trial_size
from review.synthesis.fragility import (
    RemovalFragility,
    ShiftFragility,
    adverse_information,
    removal_fragility,
    shift_fragility,
)
from review.synthesis.glmm import CountModel, Glmm, glmm
from review.synthesis.henmi_copas import HenmiCopas, henmi_copas
from review.synthesis.influence import Baujat, Blup, Influence, baujat, blup, influence
from review.synthesis.information import (
    InformationSize,
    diversity,
    evpi,
    evsi,
    fewest_trials,
    information_size,
)
from review.synthesis.methods import Method, PredictionKind, Test
from review.synthesis.moderators import MetaRegression, regress
from review.synthesis.multilevel import Multilevel, multilevel
from review.synthesis.noninferiority import (
    Conclusion,
    MarginCurve,
    PublishedReading,
    classify,
    classify_many,
    margin_curve,
    noninferiority_p,
    reading_of_published,
)
from review.synthesis.permutation import PermutationTest, permutation_test
from review.synthesis.pooled import Pooled, PooledMany
from review.synthesis.pooling import pool, pool_many
from review.synthesis.profile import Profile, profile_likelihood
from review.synthesis.robust import (
    Correction,
    Robust,
    RobustWald,
    cluster_robust,
    robust_wald,
)
from review.synthesis.selection import (
    Alternative,
    SelectionModel,
    selection_3psm,
)
from review.synthesis.sequential import SequentialAnalysis, trial_sequential
from review.synthesis.signals import (
    Signal,
    SignalKind,
    SignalThresholds,
    information_ratio,
    signals,
)
from review.synthesis.subgroups import Subgroups, subgroup_analysis
from review.synthesis.subsets import (
    Gosh,
    bootstrap,
    cumulative,
    gosh,
    leave_one_out,
    subsets,
)
from review.synthesis.tables import (
    PooledTables,
    RateMeasure,
    TableMeasure,
    mantel_haenszel,
    mantel_haenszel_rates,
    peto,
)
from review.synthesis.trimfill import Estimator, Side, TrimFill, trim_and_fill

__all__ = [
    "Aggregated",
    "Alternative",
    "Attribution",
    "Baujat",
    "Begg",
    "Blup",
    "Conclusion",
    "ConfidenceSequence",
    "Correction",
    "CountModel",
    "Design",
    "Egger",
    "Estimator",
    "EventFragility",
    "FailSafeKind",
    "FailSafeN",
    "Forecast",
    "FutilityBoundaries",
    "Glmm",
    "Gosh",
    "HenmiCopas",
    "Influence",
    "InformationSize",
    "MarginCurve",
    "MetaRegression",
    "Method",
    "MuPrior",
    "Multilevel",
    "PermutationTest",
    "PetPeese",
    "Pooled",
    "PooledMany",
    "PooledTables",
    "Posterior",
    "PredictionKind",
    "Predictor",
    "Profile",
    "PublishedReading",
    "RateMeasure",
    "Regression",
    "RemovalFragility",
    "Robust",
    "RobustWald",
    "SelectionModel",
    "SequentialAnalysis",
    "ShiftFragility",
    "Side",
    "Signal",
    "SignalKind",
    "SignalThresholds",
    "Spending",
    "Subgroups",
    "TableMeasure",
    "TauFamily",
    "TauPrior",
    "Test",
    "TrimFill",
    "Weighting",
    "adverse_information",
    "aggregate",
    "attribute",
    "baujat",
    "begg",
    "blup",
    "bootstrap",
    "classify",
    "classify_many",
    "cluster_robust",
    "confidence_sequence",
    "crossing_probabilities",
    "cumulative",
    "design",
    "diversity",
    "doubtful_levels",
    "efficacy_boundaries",
    "egger",
    "estimable",
    "event_fragility",
    "evpi",
    "evsi",
    "fail_safe_n",
    "fewest_trials",
    "forecast",
    "futility_boundaries",
    "glmm",
    "gosh",
    "henmi_copas",
    "influence",
    "information_ratio",
    "information_size",
    "intercept_only",
    "leave_one_out",
    "mantel_haenszel",
    "mantel_haenszel_rates",
    "margin_curve",
    "multilevel",
    "noninferiority_p",
    "permutation_test",
    "pet_peese",
    "peto",
    "pool",
    "pool_many",
    "posterior",
    "profile_likelihood",
    "reading_of_published",
    "regress",
    "removal_fragility",
    "robust_regression",
    "robust_wald",
    "selection_3psm",
    "shift_fragility",
    "signals",
    "smd_variance",
    "subgroup_analysis",
    "subsets",
    "thresholds",
    "trial_sequential",
    "trial_size",
    "trim_and_fill",
    "tuned_rho",
]
