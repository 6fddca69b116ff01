"""Network meta-analysis: several treatments compared at once, directly and through others."""

from review.synthesis.network.fit import Difference, Network, network
from review.synthesis.network.forecast import NetworkAhead
from review.synthesis.network.inconsistency import Comparison, Interaction, compare, interaction
from review.synthesis.network.levels import LevelEffects, levels
from review.synthesis.network.moderated import (
    Moderated,
    NetworkGroup,
    NetworkGroups,
    Slope,
    grouped,
    moderated,
)
from review.synthesis.network.studies import (
    Contrast,
    NetworkStudy,
    from_arms,
    from_contrasts,
    from_means,
)

__all__ = [
    "Comparison",
    "Contrast",
    "Difference",
    "Interaction",
    "LevelEffects",
    "Moderated",
    "Network",
    "NetworkAhead",
    "NetworkGroup",
    "NetworkGroups",
    "NetworkStudy",
    "Slope",
    "compare",
    "from_arms",
    "from_contrasts",
    "from_means",
    "grouped",
    "interaction",
    "levels",
    "moderated",
    "network",
]
