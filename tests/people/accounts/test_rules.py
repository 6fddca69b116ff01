"""What a password may be, how often one may fail, what a role allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.errors import InvalidDataError
from review.people.accounts.rules import (
    LIMITS,
    check_password,
    checked_email,
    checked_orcid,
    common_passwords,
    subject_of,
    wait_of,
)

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)


def test_three_thousand_passwords_are_refused() -> None:
    assert len(common_passwords()) == 3000
    for word in ("password1", "QWERTYUIOP", "short", "", "living review", "anna berg", "a" * 1025):
        with pytest.raises(InvalidDataError):
            check_password(word, "anna berg", "anna@example.org")
    with pytest.raises(InvalidDataError):
        check_password("annaberg@example.org", "x", "annaberg@example.org")
    check_password("four plain words here", "anna berg", None)
    check_password("pässwörtlich ☂", "anna")


@pytest.mark.parametrize("kind", LIMITS)
def test_a_limit_gives_as_many_tries_as_it_says_and_no_more(kind: str) -> None:
    first = LIMITS[kind][0]
    times = [NOW - timedelta(seconds=i / 100) for i in range(first.failures)]
    assert wait_of(kind, times[1:], NOW) is None
    wait = wait_of(kind, times, NOW)
    assert wait is not None
    assert timedelta(0) < wait <= first.within
    assert wait_of(kind, times, NOW + wait) is None or len(LIMITS[kind]) > 1


@given(st.lists(st.integers(-86_400, 0), max_size=80), st.sampled_from(sorted(LIMITS)))
def test_after_the_wait_there_is_a_try_again(ago: list[int], kind: str) -> None:
    times = [NOW + timedelta(seconds=one) for one in ago]
    wait = wait_of(kind, times, NOW)
    if wait is not None:
        assert wait_of(kind, times, NOW + wait) is None
        assert wait_of(kind, times, NOW + wait - timedelta(milliseconds=1)) is not None


def test_a_clock_that_is_put_back_opens_no_door() -> None:
    times = [NOW] * 10
    assert wait_of("name", times, NOW - timedelta(days=1)) is not None


def test_what_was_typed_as_a_name_cannot_be_read_from_the_limits() -> None:
    assert "hunter2" not in subject_of("name", "hunter2")
    assert subject_of("name", "Anna") == subject_of("name", "anna")
    assert subject_of("name", "anna") != subject_of("address", "anna")
    assert len(subject_of("address", "x" * 500)) <= 64


def test_an_orcid_has_its_check_digit() -> None:
    assert checked_orcid("https://orcid.org/0000-0002-1694-233X") == "0000-0002-1694-233X"
    for wrong in ("0000-0002-1825-0098", "0000-0002-1825-009", "0000000218250097", "x"):
        with pytest.raises(InvalidDataError):
            checked_orcid(wrong)


@given(st.integers(0, 15), st.integers(1, 9))
def test_every_single_wrong_digit_of_an_orcid_shows(place: int, more: int) -> None:
    digits = [*"0000000218250097"]
    changed = (int(digits[place]) + more) % 10
    digits[place] = str(changed)
    text = "-".join("".join(digits[i : i + 4]) for i in range(0, 16, 4))
    with pytest.raises(InvalidDataError):
        checked_orcid(text)


@pytest.mark.parametrize("wrong", ["anna", "anna@", "@example.org", "a b@example.org", "a@b", ""])
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidDataError):
        checked_email(wrong)


def test_an_address_is_kept_without_the_spaces_around_it() -> None:
    assert checked_email(" anna@example.org\n") == "anna@example.org"
    longest = "a" * (254 - len("@example.org")) + "@example.org"
    assert checked_email(longest) == longest
    with pytest.raises(InvalidDataError, match="no e-mail address"):
        checked_email("a" + longest)
