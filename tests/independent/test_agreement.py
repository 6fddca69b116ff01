"""Agreement against scikit-learn, printed values and hand results."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from review.errors import InvalidDataError
from review.independent.agreement import by_pair, cohen_kappa, fleiss_kappa

# Agresti 2002, Categorical Data Analysis, 2nd ed., table 10.8: two pathologists, 118 slides,
# four categories of carcinoma; kappa 0.493, standard error 0.057 (section 10.5.3).
PATHOLOGISTS = ((22, 2, 2, 0), (5, 7, 14, 0), (0, 2, 36, 0), (0, 1, 17, 10))

# Fleiss 1971, table 1 as worked through in Wikipedia's article on Fleiss' kappa:
# 10 subjects, 14 raters, 5 categories; kappa 0.210.
FOURTEEN_RATERS = (
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
)  # fmt: skip


def _unrolled(table: tuple[tuple[int, ...], ...]) -> tuple[list[str], list[str]]:
    cells = [(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return [str(i) for i, _ in cells], [str(j) for _, j in cells]


@pytest.mark.parametrize("seed", range(40))
def test_kappa_equals_scikit_learn(seed: int) -> None:
    draw = random.Random(seed)
    verdicts = ["include", "exclude", "maybe"][: draw.choice([2, 3])]
    weights = [draw.random() + 0.05 for _ in verdicts]
    n = draw.choice([3, 10, 200, 2000])
    first = draw.choices(verdicts, weights, k=n)
    second = [
        v if draw.random() < 0.7 else w
        for v, w in zip(first, draw.choices(verdicts, weights, k=n), strict=True)
    ]
    first[:2] = verdicts[:2]  # one category only has no kappa: tested by hand below
    ours = cohen_kappa(first, second, categories=verdicts)
    assert ours.kappa == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)
    assert ours.observed == pytest.approx(np.mean(np.array(first) == np.array(second)))


def test_the_standard_error_is_the_printed_one() -> None:
    first, second = _unrolled(PATHOLOGISTS)
    found = cohen_kappa(first, second, categories="0123")
    assert found.kappa == pytest.approx(0.493, abs=5e-4)
    assert found.se == pytest.approx(0.057, abs=5e-4)
    assert found.table == PATHOLOGISTS


def test_the_standard_error_is_the_delta_method() -> None:
    table = np.array([[40.0, 9.0], [6.0, 145.0]])
    n = table.sum()

    def kappa(p: np.ndarray) -> float:
        expected = p.sum(axis=1) @ p.sum(axis=0)
        return float((np.trace(p) - expected) / (1 - expected))

    p = table / n
    gradient = np.zeros((2, 2))
    for cell in np.ndindex(2, 2):
        step = np.zeros((2, 2))
        step[cell] = 1e-6
        gradient[cell] = (kappa(p + step) - kappa(p - step)) / 2e-6
    variance = (p * gradient**2).sum() - (p * gradient).sum() ** 2
    first, second = _unrolled(((40, 9), (6, 145)))
    found = cohen_kappa(first, second, categories="01")
    assert found.se is not None
    assert found.se == pytest.approx(math.sqrt(variance / n), rel=1e-6)
    assert found.ci is not None
    assert found.ci[1] - found.ci[0] == pytest.approx(2 * 1.959963984540054 * found.se, rel=1e-9)


def test_pabak_prevalence_and_bias_by_hand() -> None:
    # 2 x 2 table a=8 b=2 c=0 d=90: PABAK = 2 * 0.98 - 1
    first, second = _unrolled(((8, 2), (0, 90)))
    found = cohen_kappa(first, second, categories="01")
    assert found.pabak == pytest.approx(0.96)
    assert found.prevalence == pytest.approx((0.09, 0.91))
    assert found.bias == pytest.approx((0.02, -0.02))
    assert found.kappa is not None
    assert found.kappa < found.pabak  # kappa pays for the low prevalence


def test_one_category_only_has_no_kappa_and_says_so() -> None:
    found = cohen_kappa(["exclude"] * 5, ["exclude"] * 5, categories=["include", "exclude"])
    assert (found.kappa, found.se, found.ci, found.observed, found.pabak) == (None,) * 3 + (
        1.0,
    ) * 2


def test_perfect_agreement_has_no_interval() -> None:
    found = cohen_kappa("iie", "iie", categories="ie")
    assert found.kappa == 1.0
    assert found.ci is None


@pytest.mark.parametrize(("first", "second"), [(["i"], ["i", "e"]), ([], []), (["i"], ["x"])])
def test_what_cannot_be_compared_is_refused(first: list[str], second: list[str]) -> None:
    with pytest.raises(InvalidDataError):
        cohen_kappa(first, second, categories="ie")


def test_fleiss_kappa_is_the_printed_one() -> None:
    rows = [[str(j) for j, n in enumerate(row) for _ in range(n)] for row in FOURTEEN_RATERS]
    found = fleiss_kappa(rows, categories="01234")
    assert found.kappa == pytest.approx(0.210, abs=5e-4)
    assert (found.observed, found.expected) == pytest.approx((0.378, 0.213), abs=5e-4)


def test_no_digit_of_fleiss_kappa_hangs_on_the_order_of_the_records() -> None:
    chance = random.Random(20261130)
    for _ in range(40):
        rows = [chance.choices("iem", (2, 1, 7), k=2) for _ in range(9)]
        found = {fleiss_kappa(chance.sample(rows, 9), categories="iem") for _ in range(20)}
        assert len(found) == 1


def test_fleiss_jackknife_by_leaving_each_record_out() -> None:
    rows = [list(row) for row in ("iii", "iie", "eee", "eee", "iee", "iii", "eei")]
    found = fleiss_kappa(rows, categories="ie")
    left_out = [
        fleiss_kappa(rows[:i] + rows[i + 1 :], categories="ie").kappa for i in range(len(rows))
    ]
    spread = np.array([k for k in left_out if k is not None])
    n = len(rows)
    expected = math.sqrt((n - 1) / n * ((spread - spread.mean()) ** 2).sum())
    assert found.se == pytest.approx(expected, rel=1e-12)


def test_records_with_different_numbers_of_verdicts_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="same number"):
        fleiss_kappa([["i", "e"], ["i", "e", "e"]], categories="ie")


def test_pairs_are_of_those_who_both_judged_in_order_of_name() -> None:
    said = [{"ben": "i", "anna": "e"}, {"cleo": "i"}, {"anna": "i", "ben": "i", "cleo": "e"}]
    assert by_pair(said) == {
        ("anna", "ben"): [("e", "i"), ("i", "i")],
        ("anna", "cleo"): [("i", "e")],
        ("ben", "cleo"): [("i", "e")],
    }
    assert list(by_pair(said)) == sorted(by_pair(said))
