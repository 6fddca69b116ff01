"""Which records look most like those included so far: TF-IDF and a linear model.

It ranks; people decide. scikit-learn is in the extra ``screen`` and imported when it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from review.arrays import Bools, Floats
from review.errors import InvalidDataError, ReviewError
from review.screening.vocabulary import RANDOM_SHARE

MODEL: Final = "TF-IDF of words and pairs of words, linear support vector machine (as ELAS u4)"
_PENALTY: Final = 0.11
"""The machine's C; with `_WEIGHT` and `_COMMON` as ASReview 2 tuned them on the SYNERGY sets."""

_WEIGHT: Final = 9.8
"""How much all included records weigh together beside all excluded ones."""

_COMMON: Final = 0.95
"""Words in a greater share of records are left out."""


class RankingUnavailableError(ReviewError):
    """scikit-learn is not installed."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One record's place in the queue."""

    index: int
    """Which of the texts it is."""
    score: float
    """Distance from the separating plane; higher looks more like an included record."""
    at_random: bool
    """Drawn at random and not by its score."""


def certainty_scores(texts: Sequence[str], labels: Sequence[bool | None], *, seed: int) -> Floats:
    """Return a score for each text from the labelled ones.

    Parameters
    ----------
    texts : sequence of str
        Title and abstract of all records, (n,); may be empty strings.
    labels : sequence of bool or None
        Included, excluded or not decided yet, (n,).
    seed : int
        Of the solver; the same input and seed give the same scores.

    Returns
    -------
    ndarray (n,)
        Signed distances; only their order means something.

    Raises
    ------
    InvalidDataError
        Unless at least one record is included and one excluded, and some text holds a word.
    RankingUnavailableError
        Without scikit-learn.

    Notes
    -----
    The default of ASReview 2 ("ELAS u4", ``asreview.models.models`` of release 3.0.8): TF-IDF of
    words and pairs of words with sublinear frequencies, a linear support vector machine with
    squared hinge loss, and classes weighted so that the included records together count `_WEIGHT`
    times the excluded ones. Certainty sampling with a linear model on TF-IDF: O'Mara-Eves et al.
    2015, doi 10.1186/2046-4053-4-5.
    """
    if len(texts) != len(labels):
        raise InvalidDataError("a ranking needs one label, or None, for each text")
    known = np.array([index for index, label in enumerate(labels) if label is not None], dtype=int)
    included = np.array([labels[index] for index in known], dtype=bool)
    if not included.any() or included.all():
        raise InvalidDataError(
            "a ranking learns from decisions: it needs at least one record that all required "
            "reviewers included and one that they excluded"
        )
    features = word_features(texts)
    return learned_scores(features, known, included, seed=seed)


def word_features(texts: Sequence[str]) -> Any:
    """Return the sparse TF-IDF matrix (n, words) of texts.

    Raises as `certainty_scores` does.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.svm import LinearSVC  # noqa: F401 - missing together, and said before the work
    except ImportError:
        raise RankingUnavailableError(
            "ranking needs scikit-learn; install it with: pip install 'living-review[screen]'"
        ) from None
    for most in (_COMMON, 1.0):
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_df=most)
        try:
            return words.fit_transform(texts)
        except ValueError:  # no word is left: of few records each may be common
            continue
    raise InvalidDataError("none of the records holds a word to learn from")


def learned_scores(
    features: Any, known: npt.NDArray[np.int_], included: Bools, *, seed: int
) -> Floats:
    """Return signed distances of all records, learned from those at `known`."""
    from sklearn.svm import LinearSVC

    ratio = included.sum() / (_WEIGHT * (~included).sum())
    weights = np.where(included, 1.0, ratio)
    weights *= len(weights) / weights.sum()
    model = LinearSVC(C=_PENALTY, loss="squared_hinge", random_state=seed, max_iter=10_000)
    model.fit(features[known], included, sample_weight=weights)
    scores: Floats = model.decision_function(features)
    return scores


def mixed_order(scores: Floats, *, random_share: float = RANDOM_SHARE, seed: int) -> list[Ranked]:
    """Return the order in which to screen: by certainty, with a small random share.

    Parameters
    ----------
    scores : ndarray (n,)
        Of the records that are to be ordered; equal scores keep their order.
    random_share : float
        Probability that a place is filled by a random draw among those not placed yet, 0 to 1.
    seed : int
        Of the draws.

    Returns
    -------
    list of Ranked
        Each record once.

    Raises
    ------
    InvalidDataError
        For a share outside 0 to 1.
    """
    if not 0 <= random_share <= 1:
        raise InvalidDataError(f"the random share lies between 0 and 1, not {random_share}")
    draws = np.random.default_rng(seed)
    n = len(scores)
    by_score = iter(np.argsort(-scores, kind="stable").tolist())
    by_chance = iter(draws.permutation(n).tolist())
    random_places = draws.random(n) < random_share
    placed = np.zeros(n, dtype=bool)
    order: list[Ranked] = []
    for at_random in random_places.tolist():
        index = next(i for i in (by_chance if at_random else by_score) if not placed[i])
        placed[index] = True
        order.append(Ranked(index, float(scores[index]), at_random))
    return order
