"""Effects with their sampling variances: what the estimator of a measure returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from review.arrays import Bools, Floats
from review.errors import InvalidDataError
from review.measures import Measure

Pair = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True)
class RowNote:
    """Something a reader should know about one row: why it has no effect, or what was added.

    ``row`` counts from 0, as the arrays do; ``excludes`` says that the row has no effect.
    """

    row: int
    text: str
    excludes: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """Effect estimates and their sampling variances, one a row of the input.

    Parameters
    ----------
    measure
        What ``yi`` measures; ratios, proportions' logits and the like are on the log scale.
    yi : (k,)
        Effects; NaN where the row has none.
    vi : (k,)
        Sampling variances (squared standard errors), NaN in the same rows.
    notes
        Why a row has no effect, which rows were changed (zero cells), and which look implausible.
    """

    measure: Measure
    yi: Floats
    vi: Floats
    notes: tuple[RowNote, ...] = ()

    def __post_init__(self) -> None:
        self.yi.flags.writeable = False
        self.vi.flags.writeable = False

    @property
    def known(self) -> Bools:
        """(k,): whether the row has an effect."""
        return np.isfinite(self.yi)

    def interval(self, level: float = 0.95) -> Floats:
        """Wald interval of each effect, on the scale of ``yi``.

        Parameters
        ----------
        level
            Two-sided confidence level, between 0 and 1.

        Returns
        -------
        ndarray, (k, 2)
            Lower and upper limit; NaN where the row has no effect.

        Raises
        ------
        InvalidDataError
            If ``level`` is not between 0 and 1.

        Examples
        --------
        >>> effects = Effects(Measure.GEN, np.array([0.5]), np.array([0.04]))
        >>> effects.interval(0.95).round(3).tolist()
        [[0.108, 0.892]]
        """
        if not 0.0 < level < 1.0:
            raise InvalidDataError(f"A confidence level lies between 0 and 1; {level} does not.")
        half = float(ndtri(0.5 + level / 2.0)) * np.sqrt(self.vi)
        return np.column_stack((self.yi - half, self.yi + half))
