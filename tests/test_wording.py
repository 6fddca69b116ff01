"""What is wrong with a value, without the words of a library."""

from __future__ import annotations

import pytest

from review.errors import FileError
from review.protocol.files import validated
from review.protocol.rules import Plan
from review.protocol.specs import ReviewSpec
from review.wording import by_name
from tests.living.job.test_repool import plan


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"margin": 0}, "0 is too small; it must be greater than 0"),
        ({"level": 1.5}, "1.5 is too large; it must be less than"),
        ({"method": "MAGIC"}, '"MAGIC" is not one of EE, DL'),
        ({"raters": ["me"]}, '"me" is not one of client, therapist'),
        ({"colour": "red"}, "colour: there is nothing of this name"),
        ({"title": ""}, "title: it is empty"),
        ({"rho": "much"}, '"much" is not a number'),
    ],
)
def test_a_plan_is_refused_in_plain_words(changes: dict[str, object], words: str) -> None:
    with pytest.raises(FileError) as caught:
        validated(Plan, {**plan().model_dump(mode="json"), **changes}, source="plan.yaml")
    assert words in str(caught.value)
    assert "Input should" not in str(caught.value)


def test_a_short_name_and_what_is_missing() -> None:
    with pytest.raises(FileError) as caught:
        validated(ReviewSpec, {"slug": "BAD SLUG"}, source="review")
    assert 'slug: "BAD SLUG" is no short name: lower-case letters and digits' in str(caught.value)
    assert "title: it is missing" in str(caught.value)


def test_names_stand_in_the_order_in_which_readers_look_for_them() -> None:
    names = ["Trial 2", "van den Hout (1995)", "Trial 10", "Usaf (1990)", "Åberg", "Wagner", "abel"]
    wanted = [
        "abel",
        "Åberg",
        "Trial 2",
        "Trial 10",
        "Usaf (1990)",
        "van den Hout (1995)",
        "Wagner",
    ]
    assert sorted(names, key=by_name) == wanted
    assert sorted(["a", "A", "á"], key=by_name) == sorted(["á", "A", "a"], key=by_name)
