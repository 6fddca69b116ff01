"""Heterogeneity modelled: tau² that depends on characteristics, or differs between subgroups."""

from review.synthesis.location_scale.fit import (
    LocationScale,
    ScaleTest,
    location_scale,
    subgroup_tau2,
)
from review.synthesis.location_scale.search import Link

__all__ = ["Link", "LocationScale", "ScaleTest", "location_scale", "subgroup_tau2"]
