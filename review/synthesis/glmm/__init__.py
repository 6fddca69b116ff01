"""Generalised linear mixed models of counts: their own likelihood, no continuity correction."""

from review.synthesis.glmm.models import MODELS, CountMeasure, CountModel, Glmm
from review.synthesis.glmm.pooling import glmm

__all__ = ["MODELS", "CountMeasure", "CountModel", "Glmm", "glmm"]
