"""Effects and their variances into pooled results: pure functions on numpy arrays."""

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
from review.synthesis.failsafe import FailSafeKind, FailSafeN, fail_safe_n
from review.synthesis.henmi_copas import HenmiCopas, henmi_copas
from review.synthesis.influence import Baujat, Blup, Influence, baujat, blup, influence
from review.synthesis.methods import Method, Test
from review.synthesis.pooled import Pooled, PooledMany
from review.synthesis.pooling import pool, pool_many
from review.synthesis.profile import Profile, profile_likelihood
from review.synthesis.selection import (
    Alternative,
    SelectionModel,
    selection_3psm,
    selection_loglik,
)
from review.synthesis.subsets import Gosh, cumulative, gosh, leave_one_out, subsets
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
    "Alternative",
    "Baujat",
    "Begg",
    "Blup",
    "Egger",
    "Estimator",
    "FailSafeKind",
    "FailSafeN",
    "Gosh",
    "HenmiCopas",
    "Influence",
    "Method",
    "PetPeese",
    "Pooled",
    "PooledMany",
    "PooledTables",
    "Predictor",
    "Profile",
    "RateMeasure",
    "Regression",
    "SelectionModel",
    "Side",
    "TableMeasure",
    "Test",
    "TrimFill",
    "baujat",
    "begg",
    "blup",
    "cumulative",
    "egger",
    "fail_safe_n",
    "gosh",
    "henmi_copas",
    "influence",
    "leave_one_out",
    "mantel_haenszel",
    "mantel_haenszel_rates",
    "pet_peese",
    "peto",
    "pool",
    "pool_many",
    "profile_likelihood",
    "selection_3psm",
    "selection_loglik",
    "subsets",
    "trim_and_fill",
]
