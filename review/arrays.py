"""The arrays that the numbers of a review stand in, by what they hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]
"""Places in another array, as `numpy.argsort` and `numpy.flatnonzero` return them."""
