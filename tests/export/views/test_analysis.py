"""What the page of an analysis says is what the run holds, or what a pool of fewer trials gives."""

from __future__ import annotations

import numpy as np
import pytest

from review.db import Database
from review.errors import InvalidDataError, NotFoundError
from review.export.views.analysis import (
    AnalysisView,
    Choices,
    Columns,
    Order,
    analysis_page,
)
from review.export.views.plan_versions import plan_versions_of
from review.export.views.row import row_of
from review.export.views.study import StudyLine, studies_of, study_of
from review.export.views.tabs import history_of, looks_of, outlook_of, robustness_of, selection_of
from review.extraction.evidence_queries import evidence_for
from review.figures.forest_values import ForestRow
from review.living.estimates.multiverse import multiverse
from review.living.job.multiverse_once import work_out_multiverse
from review.living.reports.once import work_out_firmness
from review.living.runs.queries import run_numbered, snapshot_of
from review.protocol.queries import review_called
from review.synthesis import pool


def _page(
    database: Database,
    analysis: str = "multimedia",
    number: int | None = None,
    choices: Choices | None = None,
) -> AnalysisView:
    with database.reading() as session:
        review = review_called(session, "cbt-delivery")
        return analysis_page(session, review, analysis, number, choices)


def _rows(view: AnalysisView) -> list[ForestRow]:
    return [row for row in view.plot.forest.rows if isinstance(row, ForestRow)]


def test_the_headline_says_what_moved_with_all_numbers(delivery: Database) -> None:
    head = _page(delivery).head
    assert "moved from 0.58 [-0.17, 1.33] to 0.80 [0.50, 1.09]" in head.sentence
    assert (head.run, head.newest, head.conclusion, head.flipped) == (2, 2, "superior", True)
    figures = dict(head.figures)
    assert figures["trials (k)"] == "17"
    assert figures["95% interval (Hartung-Knapp, floored)"] == "[0.50, 1.09]"
    assert {"95% interval (z)", "prediction interval", "tau²", "I² (%)"} <= set(figures)
    assert [(line.margin, line.conclusion) for line in head.margins] == [
        ("no effect (0)", "superior")
    ]
    first = _page(delivery, number=1).head
    assert not first.is_newest
    assert first.conclusion == "inconclusive"


@pytest.mark.parametrize("order", Order)
def test_rows_come_in_the_order_asked_for(delivery: Database, order: Order) -> None:
    view = _page(delivery, choices=Choices(order=order))
    rows = _rows(view)
    if order is Order.NAME:
        names_ = [row.label.casefold() for row in rows]
        assert names_ == sorted(names_)
    else:
        keys = {
            Order.YEAR: [float(row.label[-5:-1]) for row in rows],
            Order.EFFECT: [row.estimate or 0.0 for row in rows],
            Order.WEIGHT: [-(row.weight or 0.0) for row in rows],
        }[order]
        assert keys == sorted(keys)
    names = {study.id: study.study for study in _studies(delivery)}
    assert [names[study] for study in view.plot.studies if study is not None] == [
        row.label for row in rows
    ]


def _studies(database: Database) -> tuple[StudyLine, ...]:
    with database.reading() as session:
        return studies_of(session, review_called(session, "cbt-delivery")).studies


def test_columns_are_chosen(delivery: Database) -> None:
    chosen = frozenset({Columns.ARMS, Columns.COUNTRY})
    view = _page(delivery, choices=Choices(columns=chosen))
    assert view.plot.forest.column_headers[-1] == "Country"
    assert "Estimate (SE)" in view.plot.forest.column_headers
    assert all(len(row.columns) == len(view.plot.forest.column_headers) for row in _rows(view))


def test_what_if_is_the_pool_of_the_other_trials(delivery: Database) -> None:
    with delivery.reading() as session:
        review = review_called(session, "cbt-delivery")
        _, results = snapshot_of(run_numbered(session, review, "multimedia", None))
    gone = frozenset(effect.study_id for effect in results.effects[:3])
    kept = [effect for effect in results.effects if effect.study_id not in gone]
    alone = pool(
        np.array([effect.yi for effect in kept]),
        np.array([effect.vi for effect in kept]),
        method="REML",
        test="adhoc",
    )
    view = _page(delivery, choices=Choices(without=gone))
    found = view.plot.what_if
    assert found is not None
    assert dict(found.figures)["trials (k)"] == str(len(kept))
    assert f"{alone.estimate:.2f} [{alone.ci[0]:.2f}, {alone.ci[1]:.2f}]" in found.sentence
    assert found.planned == view.head.figures
    assert len(_rows(view)) == len(results.effects)  # switched off, and still there


def test_what_if_turns_a_conclusion_and_says_so(delivery: Database) -> None:
    with delivery.reading() as session:
        review = review_called(session, "cbt-delivery")
        _, results = snapshot_of(run_numbered(session, review, "multimedia", None))
    best = sorted(results.effects, key=lambda effect: -effect.yi)
    gone = frozenset(effect.study_id for effect in best[:14])
    found = _page(delivery, choices=Choices(without=gone)).plot.what_if
    assert found is not None
    assert found.turned
    assert "would change from superior to inconclusive" in found.sentence
    with pytest.raises(InvalidDataError, match="no trial would be left"):
        _page(delivery, choices=Choices(without=frozenset(e.study_id for e in best)))


def test_what_is_not_there_is_said(delivery: Database) -> None:
    with pytest.raises(NotFoundError, match="no analysis"):
        _page(delivery, "none")
    with pytest.raises(NotFoundError, match="runs 1 to 2, not 9"):
        _page(delivery, number=9)
    with pytest.raises(NotFoundError, match="no planned subgroups"):
        _page(delivery, choices=Choices(by="country"))


def test_a_row_leads_to_what_was_reported(delivery: Database) -> None:
    view = _page(delivery)
    study = next(study for study in view.plot.studies if study is not None)
    with delivery.reading() as session:
        review = review_called(session, "cbt-delivery")
        row = row_of(session, review, "multimedia", None, study, viewer="tester")
        page = study_of(session, review, study, viewer="tester")
    first = _rows(view)[0]
    assert row.study == page.study == first.label
    assert {one.side for one in row.given} == {"intervention", "comparator"}
    assert all(one.page and "lopez2019.csv" in one.page for one in row.given)
    assert all(one.entered == "single, tester" and not one.changed for one in row.given)
    went = {one.analysis: one for one in page.went}
    assert went["multimedia"].yi == pytest.approx(first.estimate, abs=1e-12)
    assert len(went["multimedia"].results) == len(row.given)
    assert page.events[0].seq > page.events[-1].seq
    with delivery.reading() as session, pytest.raises(NotFoundError, match="no trial 999999"):
        row_of(session, review, "multimedia", None, 999999, viewer="tester")


def test_every_tab_has_what_it_is_called_after(delivery: Database) -> None:
    with delivery.reading() as session:
        review = review_called(session, "cbt-delivery")
        history = history_of(session, review, "multimedia")
        robust = robustness_of(session, review, "multimedia")
        looks = looks_of(session, review, "multimedia")
        chosen = selection_of(session, review, "multimedia")
        plans = plan_versions_of(session, review, "multimedia")
        run = run_numbered(session, review, "multimedia", None).id
    assert (history.since, history.until, history.numbers) == (1, 2, (1, 2))
    assert any(section.heading.startswith("Added (11)") for section in history.rest)
    assert len(robust.leave_one_out.rows) == 18
    assert looks.sections == ()
    assert len(chosen.taken) == 17
    assert len(chosen.taken) + len(chosen.left_out) == 76
    assert all(line.study_id is not None for line in chosen.taken)
    assert [version.number for version in plans.versions] == [1]
    assert plans.versions[0].runs == (1, 2)
    work_out_firmness(delivery, run)
    with delivery.reading() as session:
        outlook = outlook_of(session, review, "multimedia")
    assert outlook.sections is not None
    assert "The next trial" in [section.heading for section in outlook.sections]


def test_the_multiverse_is_worked_out_once_and_shown(delivery: Database) -> None:
    with delivery.reading() as session:
        review = review_called(session, "cbt-delivery")
        assert robustness_of(session, review, "multimedia").every is None
        plan, evidence = evidence_for(session, review, "multimedia")
    asked = multiverse(plan, evidence)
    assert work_out_multiverse(delivery, "cbt-delivery", "multimedia") == asked
    assert work_out_multiverse(delivery, "cbt-delivery", "multimedia") == asked
    with delivery.reading() as session:
        shown = robustness_of(session, review, "multimedia").every
    assert shown is not None
    assert len(shown.rows) == len(asked.lines) > 1
    assert [row[2] for row in shown.rows].count("yes") == 1
