"""Which names may be slips for one another."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.people.rules import Role, allows_more, near_misses


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("ana", "anna"), ("anan", "anna"), ("Anna", "anna"), ("ánna", "anna"),
        ("anna.", "anna"), ("anna", "anna.berg"), ("anna berg", "annaberg"),
        ("martinez", "martines"), ("johanssen", "johansson"),
    ],
)  # fmt: skip
def test_a_slip_is_a_near_miss(name: str, known: str) -> None:
    assert near_misses(name, ["zoe", known]) == [known]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("anna", "ben"), ("reviewer1", "reviewer2"), ("r9", "r12"), ("ab", "ac"),
        ("anna", "anton"), ("tester", "anna"), ("user07", "user17"),
    ],
)  # fmt: skip
def test_other_people_are_not(name: str, known: str) -> None:
    assert near_misses(name, [known]) == []


@given(st.text(alphabet="abcdefgh", min_size=4, max_size=12), st.data())
def test_any_one_slip_is_found(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from("abcdefgh"))
    slips = (
        name[:at] + name[at + 1 :],
        name[:at] + letter + name[at:],
        name[:at] + letter + name[at + 1 :],
    )
    for slip in slips:
        assert near_misses(slip, [name]) == [name]


def test_roles_allow_more_the_nearer_they_stand_to_the_lead() -> None:
    roles = list(Role)
    for one, other in itertools.product(roles, roles):
        assert allows_more(one, other) == (roles.index(one) < roles.index(other))
    assert roles[0] is Role.LEAD
