"""The one list of figures: each has its command, and is drawn or refused in a sentence."""

from __future__ import annotations

import pytest

from review.cli.plot import plot_
from review.db import Database
from review.errors import InvalidDataError
from review.export.drawings.registry import (
    FOREST,
    REVIEW_FIGURES,
    RUN_FIGURES,
    ShownRun,
    figures_of,
)
from review.export.runs import LatestRun
from review.living.runs.results import ModeratorLine
from review.protocol.queries import review_called


def test_every_figure_has_a_command_that_says_what_it_draws() -> None:
    for figure in (*RUN_FIGURES, *REVIEW_FIGURES):
        assert plot_.commands[figure.name].get_short_help_str(), figure.name
    assert RUN_FIGURES[0].name == FOREST


def test_the_commands_that_are_not_of_the_list_are_those_of_the_text() -> None:
    listed = {figure.name for figure in (*RUN_FIGURES, *REVIEW_FIGURES)}
    assert set(plot_.commands) - listed == {"prisma", "risk-of-bias", "bubble", "heterogeneity"}


def test_each_meta_regression_has_a_bubble_plot_of_its_own(
    delivery: Database, delivery_runs: list[LatestRun]
) -> None:
    latest = delivery_runs[0]
    lines = tuple(
        ModeratorLine(kind=kind, moderator=moderator, lines=(), note=note)
        for kind, moderator, note in (
            ("meta-regression", "year", None),
            ("subgroups", "rater", None),
            ("meta-regression", "timepoint", "too few"),
        )
    )
    results = latest.results.model_copy(update={"moderators": lines})
    with delivery.reading() as session:
        review = review_called(session, "cbt-delivery")
        run = ShownRun(session, review, "any-cbt", 2, latest.inputs, results)
        names = [figure.file("any-cbt") for figure in figures_of(run)]
    assert [name for name in names if "bubble" in name] == ["bubble_any-cbt_year"]
    assert len(names) == len(set(names)) == len(RUN_FIGURES) + 1
    assert "leave_one_out_any-cbt" in names


def test_of_two_trials_diagnostics_are_refused(
    delivery: Database, delivery_runs: list[LatestRun]
) -> None:
    latest = delivery_runs[0]
    inputs = latest.inputs.model_copy(update={"trials": latest.inputs.trials[:2]})
    results = latest.results.model_copy(update={"effects": latest.results.effects[:2]})
    with delivery.reading() as session:
        review = review_called(session, "cbt-delivery")
        run = ShownRun(session, review, latest.analysis, latest.number, inputs, results)
        refused = {}
        for figure in RUN_FIGURES:
            if figure.name in ("baujat", "influence", "gosh", "funnel"):
                with pytest.raises(InvalidDataError) as said:
                    figure.draw(run)
                refused[figure.name] = str(said.value)
    assert all("trials; " in reason and "has 2 trials" in reason for reason in refused.values())
    assert len(refused) == 4
