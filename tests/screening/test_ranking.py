"""Ranking: it finds what looks alike, draws a share at random, and gives nobody away."""

from __future__ import annotations

import random
import sys

import numpy as np
import pytest

from review.citations.vocabulary import SourceKind
from review.db import Database
from review.errors import InvalidDataError
from review.screening import queries
from review.screening.models import Decision, Ranking
from review.screening.prioritising import outlook, prioritise
from review.screening.ranking import RankingUnavailableError, certainty_scores, mixed_order
from review.screening.renewal import is_due
from review.screening.stopping import work_saved_at
from review.screening.vocabulary import Stage, Verdict
from tests.conftest import Prepared
from tests.screening.builders import attributed, import_records, make_review, say, the_review

ABOUT = ["alliance", "video", "therapy", "session", "client", "therapist", "online", "bond"]
OTHER = ["soil", "river", "steel", "enzyme", "asphalt", "glacier", "turbine", "polymer"]
IN, OUT = Verdict.INCLUDE, Verdict.EXCLUDE


def texts(n: int, share: float, seed: int = 3) -> tuple[list[str], list[bool]]:
    draw = random.Random(seed)
    truth = [draw.random() < share for _ in range(n)]
    return [
        " ".join(draw.choices(ABOUT if right else OTHER, k=6) + draw.choices(ABOUT + OTHER, k=4))
        for right in truth
    ], truth


def test_relevant_records_come_first() -> None:
    corpus, truth = texts(600, 0.06)
    labels: list[bool | None] = [truth[i] if i < 120 else None for i in range(600)]
    scores = certainty_scores(corpus, labels, seed=1)
    order = [truth[i] for i in np.argsort(-scores[120:]) + 120]
    assert work_saved_at(order, recall=0.95) > 0.7
    assert np.array_equal(scores, certainty_scores(corpus, labels, seed=1))


@pytest.mark.parametrize("labels", [[None, None], [True, None], [False, False]])
def test_a_ranking_needs_both_kinds(labels: list[bool | None]) -> None:
    with pytest.raises(InvalidDataError, match="at least one record"):
        certainty_scores(["a b", "c d"], labels, seed=1)


def test_the_model_is_that_of_asreview_s_default() -> None:
    """Its parts by their own names: weights as ``asreview.models.balancers.Balanced(9.8)``."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    corpus, truth = texts(300, 0.1)
    labels: list[bool | None] = [truth[i] if i < 150 else None for i in range(300)]
    features = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_df=0.95).fit_transform(
        corpus
    )
    y = np.array(truth[:150])
    weights = np.where(y, 1.0, y.sum() / (9.8 * (~y).sum()))
    model = LinearSVC(loss="squared_hinge", C=0.11, random_state=1)
    model.fit(features[:150], y, sample_weight=weights * (150 / weights.sum()))
    assert certainty_scores(corpus, labels, seed=1) == pytest.approx(
        model.decision_function(features), abs=1e-3
    )


def test_words_that_all_share_are_kept_where_there_are_no_others() -> None:
    scores = certainty_scores(["sleep video", "sleep video"], [True, False], seed=1)
    assert scores.shape == (2,)


def test_records_without_a_word_are_named() -> None:
    with pytest.raises(InvalidDataError, match="holds a word"):
        certainty_scores(["", "."], [True, False], seed=1)


def test_without_scikit_learn_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.svm", None)
    with pytest.raises(RankingUnavailableError, match=r"living-review\[screen\]"):
        certainty_scores(["alliance", "soil"], [True, False], seed=1)


def test_scikit_learn_is_not_imported_with_the_package() -> None:
    import subprocess

    code = "import sys, review.screening.prioritising; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_every_record_is_ranked_once_and_a_share_at_random() -> None:
    scores = np.random.default_rng(1).normal(size=2000)
    order = mixed_order(scores, random_share=0.1, seed=9)
    assert sorted(one.index for one in order) == list(range(2000))
    share = np.mean([one.at_random for one in order])
    assert abs(share - 0.1) < 4 * (0.1 * 0.9 / 2000) ** 0.5
    by_score = [one.score for one in order if not one.at_random]
    assert by_score == sorted(by_score, reverse=True)
    assert order == mixed_order(scores, random_share=0.1, seed=9)
    assert order != mixed_order(scores, random_share=0.1, seed=10)


def test_no_share_is_pure_certainty_and_a_full_share_pure_chance() -> None:
    scores = np.arange(50.0)
    assert [one.index for one in mixed_order(scores, random_share=0, seed=1)] == [
        *range(49, -1, -1)
    ]
    chance = [one.index for one in mixed_order(scores, random_share=1, seed=1)]
    assert chance == np.random.default_rng(1).permutation(50).tolist()
    with pytest.raises(InvalidDataError):
        mixed_order(scores, random_share=1.5, seed=1)


@pytest.fixture
def ranked(
    database: Database, prepared: Prepared[tuple[list[int], list[bool]]]
) -> tuple[list[int], list[bool]]:
    """120 records, 40 of them decided by both, one ranking."""
    return prepared(lambda: _ranked(database))


def _ranked(database: Database) -> tuple[list[int], list[bool]]:
    make_review(database)
    corpus, truth = texts(120, 0.2)
    records = import_records(database, corpus, kind=SourceKind.DATABASE)
    for who in ("anna", "ben"):
        for verdict, right in ((IN, True), (OUT, False)):
            said = [r for r, t in zip(records[:40], truth[:40], strict=True) if t is right]
            say(database, who, verdict, *said)
    prioritise(database, attributed("anna"), "alliance", seed=2, random_share=0.2)
    return records, truth


def _queue(database: Database, who: str) -> list[int]:
    with database.reading() as session:
        return queries.queue(session, the_review(session), stage=Stage.TITLE_ABSTRACT, handle=who)


def test_untouched_records_come_in_order_of_the_ranking(
    database: Database, ranked: tuple[list[int], list[bool]]
) -> None:
    records, truth = ranked
    queue = _queue(database, "anna")
    assert sorted(queue) == records[40:]
    assert queue != records[40:]
    relevant = dict(zip(records, truth, strict=True))
    first = sum(relevant[r] for r in queue[:20])
    assert first > sum(relevant[r] for r in records[40:60])


def test_a_second_reviewer_gets_records_in_order_of_import(
    database: Database, ranked: tuple[list[int], list[bool]]
) -> None:
    first = _queue(database, "anna")[:7]
    say(database, "anna", OUT, *first)
    assert _queue(database, "ben")[:7] == sorted(first)
    with database.reading() as session:
        kept = session.query(Decision).order_by(Decision.id.desc()).limit(7).all()
        assert sorted(d.rank or 0 for d in kept) == list(range(1, 8))
        assert {d.ranking_id for d in kept} == {1}
    say(database, "ben", OUT, first[0])
    with database.reading() as session:
        last = session.query(Decision).order_by(Decision.id.desc()).first()
        assert last is not None
        assert (last.rank, last.ranking_id, last.at_random) == (None, None, None)
    assert len(ranked) == 2


def test_the_same_input_makes_one_ranking(
    database: Database, ranked: tuple[list[int], list[bool]]
) -> None:
    again = prioritise(database, attributed("ben"), "alliance", seed=2, random_share=0.2)
    assert not again.new
    # what only one has decided teaches nothing, so it gives nothing away
    say(database, "anna", IN, *ranked[0][50:90])
    half = prioritise(database, attributed("ben"), "alliance", seed=2, random_share=0.2)
    assert half.id == again.id
    with database.reading() as session:
        review = the_review(session)
        assert session.query(Ranking).count() == 1
        assert not is_due(session, review, Stage.TITLE_ABSTRACT)
    say(database, "ben", IN, *ranked[0][60:90])
    with database.reading() as session:
        assert is_due(session, the_review(session), Stage.TITLE_ABSTRACT)


def test_the_outlook_counts_settled_records(
    database: Database, ranked: tuple[list[int], list[bool]]
) -> None:
    _, truth = ranked
    for _ in range(4):
        part = _queue(database, "anna")[:10]
        for who in ("anna", "ben"):
            say(database, who, OUT, *part)
    with database.reading() as session:
        found = outlook(session, the_review(session), Stage.TITLE_ABSTRACT)
        chance = session.query(Decision).filter(Decision.at_random.is_(True)).count()
    assert (found.records, found.screened, found.relevant) == (120, 80, sum(truth[:40]))
    assert found.recall.drawn == chance > 0
    assert found.recall.recall is None  # none of the random ones was relevant
    assert found.recall.ci is not None
    assert found.recall.ci[0] < 0.8
    assert not found.test.may_stop
