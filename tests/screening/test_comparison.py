"""Which decisions agreement is measured on, and what comes of it."""

from __future__ import annotations

import pytest
from sklearn.metrics import cohen_kappa_score

from review.screening.comparison import agreement_at
from review.screening.ledger import Ledger, PilotRound
from review.screening.rules import Ballot, Ruling
from review.screening.vocabulary import Stage, Verdict

HANDLES = {1: "anna", 2: "ben", 3: "cleo"}
STAGE = Stage.TITLE_ABSTRACT


def _ledger(votes: dict[int, list[tuple[int, Verdict]]], **more: object) -> Ledger:
    number = iter(range(1, 10_000))
    return Ledger(
        records={record: 1 if record <= 3 else 2 for record in votes},
        ballots={
            (STAGE, record): [Ballot(next(number), who, what) for who, what in cast]
            for record, cast in votes.items()
        },
        **more,  # type: ignore[arg-type]
    )


I, E, M = Verdict.INCLUDE, Verdict.EXCLUDE, Verdict.MAYBE  # noqa: E741 -- the keys reviewers press


def test_agreement_is_measured_before_adjudication_and_on_complete_records() -> None:
    votes = {1: [(1, I), (2, E)], 2: [(1, E), (2, E)], 3: [(1, I)], 4: [(2, I), (1, I)]}
    found = agreement_at(_ledger(votes, rulings={(STAGE, 1): Ruling(I)}), HANDLES, STAGE)
    (pair,) = found.pairs
    assert (found.records, found.incomplete, found.changed) == (3, 1, 0)
    assert (pair.first, pair.second) == ("anna", "ben")
    assert pair.kappa.kappa == pytest.approx(cohen_kappa_score(list("iei"), list("eei")))
    assert pair.forward is None
    assert found.overall == ()


def test_agreement_of_a_batch() -> None:
    votes = {1: [(1, I), (2, E)], 2: [(1, E), (2, E)], 4: [(2, I), (1, I)]}
    found = agreement_at(_ledger(votes), HANDLES, STAGE, batch=2)
    assert found.records == 1


def test_a_change_after_completion_counts_among_newest_only() -> None:
    votes = {1: [(1, I), (2, E), (2, I)], 2: [(1, E), (2, E)]}
    blind = agreement_at(_ledger(votes), HANDLES, STAGE)
    newest = agreement_at(_ledger(votes), HANDLES, STAGE, final=True)
    assert (blind.changed, newest.changed) == (1, 0)
    assert (blind.pairs[0].kappa.observed, newest.pairs[0].kappa.observed) == (0.5, 1.0)


def test_maybe_is_shown_apart_and_as_carried_forward() -> None:
    votes = {1: [(1, I), (2, M)], 2: [(1, E), (2, E)], 3: [(1, I), (2, I)]}
    (pair,) = agreement_at(_ledger(votes), HANDLES, STAGE).pairs
    assert pair.kappa.observed == pytest.approx(2 / 3)
    assert pair.forward is not None
    assert pair.forward.kappa == 1.0


def test_three_people_have_three_pairs_and_one_fleiss() -> None:
    votes = {1: [(1, I), (2, I)], 2: [(1, E), (3, E)], 3: [(2, I), (3, E)], 4: [(2, E), (3, E)]}
    found = agreement_at(_ledger(votes), HANDLES, STAGE)
    assert [(p.first, p.second, p.kappa.n) for p in found.pairs] == [
        ("anna", "ben", 1), ("anna", "cleo", 1), ("ben", "cleo", 2),
    ]  # fmt: skip
    (overall,) = found.overall
    assert (overall.n, overall.raters) == (4, 2)


def test_agreement_of_a_pilot_round_takes_all_its_reviewers() -> None:
    votes = {1: [(1, I), (2, I), (3, E)], 2: [(1, E), (2, E)], 4: [(1, E), (2, I)]}
    pilot = PilotRound(7, STAGE, 1, 3, frozenset({1, 2}), False)
    found = agreement_at(_ledger(votes, pilots=(pilot,)), HANDLES, STAGE, pilot=1)
    assert found.records == 2
    assert {k.raters: k.n for k in found.overall} == {2: 1, 3: 1}
