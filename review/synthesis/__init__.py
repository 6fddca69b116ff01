"""Effects and their variances into pooled results: pure functions on numpy arrays."""

from review.synthesis.methods import Method, Test
from review.synthesis.pooled import Pooled, PooledMany
from review.synthesis.pooling import pool, pool_many

__all__ = [
    "Method",
    "Pooled",
    "PooledMany",
    "Test",
    "pool",
    "pool_many",
]
