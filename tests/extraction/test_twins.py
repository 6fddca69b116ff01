"""Names that are nearly one are asked about; what only looks alike is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.errors import InvalidDataError
from review.extraction.seeds import seed_called
from review.extraction.spelling import identity
from review.extraction.twins import Answers, near, twins


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Adams (2015)", "Adams 2015"),
        ("Adams, 2015", "Adams et al. 2015"),
        ("Video-CBT", "video CBT"),
        ("In person CBT", "In-person CBT"),
        ("wait list", "Waitlist"),
        ("Müller 2001", "Mueller 2001"),
        ("García & López 2012", "Garcia and Lopez (2012)"),
        ("Andersson 2012", "Anderson 2012"),
        ("6 months", "6-months"),
        ("phq-9", "phq9"),
        ("C.B.T.", "CBT"),
        ("Ｖｉｄｅｏ CBT", "Video–CBT"),
    ],
)
def test_these_may_be_one(one: str, other: str) -> None:
    assert near(one, other)
    assert near(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Smith 2015a", "Smith 2015b"),
        ("Smith 2015", "Smith 2016"),
        ("Smith 2015", "Smith 2015a"),
        ("CBT", "iCBT"),
        ("CBT 1", "CBT 2"),
        ("CBT A", "CBT B"),
        ("Typical care", "Atypical care"),
        ("guided", "unguided"),
        ("3 months", "6 months"),
        ("Lee 2010", "Leo 2010"),
        ("bdi", "bdi-ii"),
        ("F2F CBT", "F2F CBT 2"),
    ],
)
def test_these_are_two(one: str, other: str) -> None:
    assert not near(one, other)


def test_no_two_names_of_the_seeds_are_taken_for_one() -> None:
    rows = [row.row for name in ("cbt-delivery", "founding") for row in seed_called(name).rows]
    assert len({row.study for row in rows}) > 80
    for names in (
        [row.study for row in rows],
        [row.treatment for row in rows if row.treatment],
        [row.timepoint for row in rows],
    ):
        assert list(twins(names)) == []


SIGNS = st.sampled_from([" ", "-", "–", "_", ".", ", ", " (", "/", "  "])


@given(
    words=st.lists(st.text("abcdefgh", min_size=1, max_size=8), min_size=1, max_size=4),
    number=st.integers(1, 2100),
    data=st.data(),
)
def test_signs_between_words_make_no_other_name(
    words: list[str], number: int, data: st.DataObject
) -> None:
    parts = [*words, str(number)]
    one, other = (
        "".join(part + data.draw(SIGNS) for part in parts[:-1]) + parts[-1] for _ in range(2)
    )
    assert near(one, other)
    assert not near(one, f"{other}0")
    found = list(twins([one, other]))
    assert found == ([] if identity(one) == identity(other) else [(other, one)])


@given(st.lists(st.text("abc d-1", max_size=6), max_size=12))
def test_twins_are_those_that_are_near_whatever_the_order_of_search(names: list[str]) -> None:
    seen: list[str] = []
    expected = []
    for name in names:
        if any(identity(name) == identity(other) for other in seen):
            continue
        if any(near(name, other) for other in seen):
            expected.append(name)
        seen.append(name)
    assert [later for later, _ in twins(names)] == expected


def test_an_answer_is_of_both_names_or_none() -> None:
    answers = Answers.given(["Video-CBT"], ["Adams (2015)=Adams 2015"])
    assert answers.called("adams (2015)") == "Adams 2015"
    assert answers.separates("video-cbt")
    assert not answers.separates("Adams 2015")
    with pytest.raises(InvalidDataError, match="NAME=KNOWN"):
        Answers.given([], ["Adams"])
