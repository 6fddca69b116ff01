"""When to stop screening in order of a ranking: recall, work saved, and a test with a confidence.

A rule here is reported, never applied: people decide when to stop, and say so in the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.special import betaincinv

from review.errors import InvalidDataError


@dataclass(frozen=True, slots=True)
class StoppingTest:
    """Whether what was seen so far speaks against having missed too much."""

    target: float
    """The recall to reach."""
    confidence: float
    """Reached when 1 - p is at least this."""
    p: float
    """Smallest p value, over all beginnings of the last stretch, of having missed the target."""
    stretch: int
    """Length of the last stretch with that p value."""
    records: int
    screened: int
    relevant: int

    @property
    def may_stop(self) -> bool:
        """Whether missing the target is ruled out at the stated confidence."""
        return 1 - self.p >= self.confidence


def _check_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise InvalidDataError(f"{name} lies between 0 and 1, not {value}")


def stopping_test(
    relevant: Sequence[bool], *, records: int, target: float = 0.95, confidence: float = 0.95
) -> StoppingTest:
    """Return the hypergeometric stopping test of Callaghan & Müller-Hansen.

    Parameters
    ----------
    relevant : sequence of bool
        Whether each screened record was relevant, in the order they were screened, (n,).
    records : int
        All records to screen, seen and unseen.
    target : float
        The recall to reach, in (0, 1).
    confidence : float
        In (0, 1).

    Returns
    -------
    StoppingTest
        p = 1 when nothing was screened; `may_stop` when everything was, as nothing can be missed.

    Raises
    ------
    InvalidDataError
        For more screened records than there are, or shares outside (0, 1).

    Notes
    -----
    Callaghan & Müller-Hansen 2020, Systematic Reviews 9:273, doi 10.1186/s13643-020-01521-4,
    "ranked quasi-sampling". Had the last n records been drawn at random from the N that were unseen
    before them, the number of relevant ones among them would be hypergeometric; a ranking finds
    more than that, so the test is conservative. Null hypothesis: recall is below the target, that
    is, those N held at least K = floor(r_seen / target - r_before) + 1 relevant ones.
    p = P(X <= r_n | N, K, n), smallest over n. It rests on the ranking being no worse than chance,
    and on verdicts being right.

    Examples
    --------
    >>> early = [True] * 20 + [False] * 30
    >>> stopping_test(early, records=1000).may_stop
    False
    >>> stopping_test(early + [False] * 900, records=1000).may_stop
    True
    """
    from scipy.stats import hypergeom  # slow to import, and only this needs it

    _check_share("the target recall", target)
    _check_share("the confidence", confidence)
    n = len(relevant)
    if n > records:
        raise InvalidDataError(f"{n} records were screened of {records}")
    found = int(np.count_nonzero(relevant))
    if n == 0 or n == records:
        p = 0.0 if records and n == records else 1.0
        return StoppingTest(target, confidence, p, n, records, n, found)
    drawn = np.arange(1, n + 1)
    hits = np.cumsum(np.asarray(relevant, dtype=np.int64)[::-1])
    urn = records - n + drawn
    # exact arithmetic: 19 / 0.95 must be 20, not 19.999...
    most = int(found / Fraction(target).limit_denominator(10**6))
    missed = most - (found - hits) + 1
    possible = missed <= urn
    p_values = np.zeros(n)  # more missed than are left is impossible
    p_values[possible] = hypergeom.cdf(
        hits[possible], urn[possible], missed[possible], drawn[possible]
    )
    best = int(np.argmin(p_values))
    return StoppingTest(
        target, confidence, float(p_values[best]), int(drawn[best]), records, n, found
    )


@dataclass(frozen=True, slots=True)
class RecallEstimate:
    """How much has been found, judged by the records that were drawn at random."""

    recall: float | None
    """None while no record drawn at random was relevant: then only a limit is known."""
    ci: tuple[float, float] | None
    """Limits of the recall; the upper one is 1 while no record drawn at random was relevant."""
    drawn: int
    drawn_relevant: int
    level: float


def recall_from_random(
    *, found: int, unseen: int, drawn: int, drawn_relevant: int, level: float = 0.95
) -> RecallEstimate:
    """Return the recall so far, estimated from the random share of the queue.

    Parameters
    ----------
    found : int
        Relevant records among all screened.
    unseen : int
        Records not screened yet.
    drawn, drawn_relevant : int
        Screened records that the queue drew at random among unseen ones, and the relevant ones.
    level : float
        Of the interval, two-sided.

    Returns
    -------
    RecallEstimate
        Without random records neither recall nor limits. With random records of which none was
        relevant, limits alone: a share of 0 of one record would say that all was found. When all
        is screened, 1. The share among those drawn early overstates what is left later, so the
        estimate leans low.

    Raises
    ------
    InvalidDataError
        For counts that are negative or contradict one another.

    Notes
    -----
    recall = found / (found + unseen * share); limits from the Clopper-Pearson interval of the share
    (Clopper & Pearson 1934, doi 10.1093/biomet/26.4.404).
    """
    if min(found, unseen, drawn, drawn_relevant) < 0 or not drawn_relevant <= min(drawn, found):
        raise InvalidDataError("the counts of screened, drawn and relevant records disagree")
    if unseen == 0:
        return RecallEstimate(1.0, (1.0, 1.0), drawn, drawn_relevant, level)
    if drawn == 0:
        return RecallEstimate(None, None, 0, 0, level)
    tail = (1 - level) / 2
    k, n = drawn_relevant, drawn
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))

    def recall(share: float) -> float:
        total = found + unseen * share
        return 1.0 if total == 0 else found / total

    point = recall(k / n) if k else None
    return RecallEstimate(point, (recall(high), recall(low)), drawn, k, level)


def work_saved(*, records: int, screened: int, recall: float) -> float:
    """Return the work saved over sampling if screening stops now.

    Parameters
    ----------
    records, screened : int
        All records, and those screened.
    recall : float
        Reached or estimated, 0 to 1.

    Returns
    -------
    float
        (records - screened) / records - (1 - recall); 0 for a random order, on average.

    Raises
    ------
    InvalidDataError
        For more screened records than there are, or none at all.

    Notes
    -----
    Cohen et al. 2006, doi 10.1197/jamia.M1929: (TN + FN) / N - (1 - R).
    """
    if not 0 <= screened <= records or records == 0 or not 0 <= recall <= 1:
        raise InvalidDataError("work saved needs counts that agree and a recall from 0 to 1")
    return (records - screened) / records - (1 - recall)


def work_saved_at(relevant: Sequence[bool], *, recall: float = 0.95) -> float:
    """Return WSS@recall of a fully screened order: 1 - screened/N - (1 - recall) at that recall.

    `relevant` says of each record, in the order of the ranking, whether it was relevant; raises
    InvalidDataError when none was. Source as `work_saved`.
    """
    _check_share("the recall", recall)
    flags = np.asarray(relevant, dtype=bool)
    total = int(flags.sum())
    if total == 0:
        raise InvalidDataError("work saved is not defined without relevant records")
    needed = -(-total * Fraction(recall).limit_denominator(10**6)).__floor__()
    screened = int(np.searchsorted(np.cumsum(flags), needed)) + 1
    return work_saved(records=len(flags), screened=screened, recall=recall)
