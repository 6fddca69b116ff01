"""Figures of results at every case of `synthetic.py`, computed from made-up studies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from synthetic import LONG, NOTE, SIDES, Case, Study, studies

from review import synthesis as engine
from review.export.drawings.registry import Drawn
from review.figures import (
    Cumulative,
    CumulativeStep,
    Diamond,
    Forest,
    ForestRow,
    Heading,
)
from review.figures.classes import ClassStrip, StripRow, class_strip_pages
from review.figures.cumulative import cumulative_pages
from review.figures.estimates import EstimateRow, Estimates, estimates_pages
from review.figures.forest import forest_pages
from review.figures.margins import Margins, PlannedMargin, margins_plot
from review.figures.prisma import INDENT, Branch, FigureBox, PrismaFigure, prisma_plot
from review.figures.risk_of_bias import (
    BiasDomain,
    BiasRow,
    Blank,
    Category,
    RiskOfBias,
    summary_plot,
    traffic_light_pages,
)
from review.figures.scale import Notation
from review.figures.screening import Course, ScreeningCourse, StageCourse, screening_plot
from review.figures.sequential import Sequential, SequentialLook, sequential_plot
from review.figures.specification import SpecificationCurve, Specified, specification_plot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Rows = tuple[Study, ...]

MARGIN = 0.5
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
SCALE = (
    Category("Low risk", "+", "green"),
    Category("Some concerns", "!", "yellow"),
    Category("High risk", "−", "vermillion"),
)
DOMAINS = (
    BiasDomain("D1", "Randomisation process"),
    BiasDomain("D2", "Deviations from the intended interventions"),
    BiasDomain("D3", "Missing outcome data"),
    BiasDomain("D4", "Measurement of the outcome"),
    BiasDomain("D5", "Selection of the reported result"),
    BiasDomain("Overall", "Overall"),
)


def _title(what: str, case: Case) -> str:
    return f"{what} (synthetic, {case.name})"


def _axis() -> dict[str, Any]:
    return {
        "effect_label": "Hedges g", "favours_left": SIDES[0], "favours_right": SIDES[1],
        "margin": MARGIN,
    }  # fmt: skip


def _pool(rows: Rows, method: str = "REML") -> engine.Pooled:
    return engine.pool(
        np.array([s.yi for s in rows]), np.array([s.vi for s in rows]), method=engine.Method(method)
    )


def _diamond(label: str, rows: Rows) -> Diamond:
    fit = _pool(rows)
    low, high = fit.pi if fit.pi is not None else (None, None)
    return Diamond(label, fit.estimate, *fit.ci, low, high)


def _summaries(case: Case, rows: Rows) -> tuple[Diamond, ...]:
    return (_diamond(f"Pooled (k = {case.k})", rows),) if rows else ()


def forest(case: Case) -> list[Figure]:
    """A plain forest plot."""
    rows = studies(case)
    weights = _pool(rows).weights if rows else ()
    drawn = tuple(
        ForestRow(s.label, s.yi, *s.ci, float(w), tuple(map(str, s.n)))
        for s, w in zip(rows, weights, strict=True)
    )
    return forest_pages(
        Forest(
            _title("Working alliance", case), drawn, _summaries(case, rows), **_axis(),
            column_headers=("n video", "n face to face"), note=NOTE,
        )
    )  # fmt: skip


def _judgements(i: int) -> tuple[int | Blank, ...]:
    return tuple(
        Blank.NOT_ASSESSED if (i + d) % 11 == 10 else (i * 7 + d * 5) % 3
        for d in range(len(DOMAINS))
    )


def full_forest(case: Case) -> list[Figure]:
    """A forest plot with everything: subgroups, arm data, risk of bias, ratios."""
    rows = studies(case)
    weights = _pool(rows).weights if rows else ()
    drawn: list[ForestRow | Heading | Diamond] = []
    for g, heading in enumerate(("Client-rated", "Therapist-rated")):
        members = [i for i in range(len(rows)) if i % 2 == g]
        if not members:
            continue
        drawn.append(Heading(heading))
        for i in members:
            s = rows[i]
            events = tuple(f"{round(n * 0.3)}/{n}" for n in s.n)
            drawn.append(ForestRow(s.label, s.yi, *s.ci, float(weights[i]), events, _judgements(i)))
        drawn.append(_diamond(f"Subgroup (k = {len(members)})", tuple(rows[i] for i in members)))
    return forest_pages(
        Forest(
            _title("Dropout, by rater", case), tuple(drawn), _summaries(case, rows),
            **_axis() | {"effect_label": "Odds ratio"},
            column_headers=("Events/total", "Events/total"),
            column_groups=(("videoconferencing", 1), ("face-to-face therapy", 1)),
            note=NOTE, domains=DOMAINS, categories=SCALE, notation=Notation.RATIO,
        )
    )  # fmt: skip


def cumulative(case: Case) -> list[Figure]:
    """The estimate as studies came in."""
    rows = studies(case)
    steps = []
    for n in range(1, len(rows) + 1):
        fit = _pool(rows[:n])
        conclusion = engine.classify(fit.ci, MARGIN).value
        steps.append(CumulativeStep(rows[n - 1].label, n, fit.estimate, *fit.ci, conclusion))
    return cumulative_pages(
        Cumulative(_title("As trials were published", case), tuple(steps), note=NOTE, **_axis())
    )


def versions(case: Case) -> list[Figure]:
    """The estimate of each run."""
    rows = studies(case)
    drawn: list[EstimateRow] = []
    before = ""
    for n in range(1, len(rows) + 1):
        fit = _pool(rows[:n])
        said = engine.classify(fit.ci, MARGIN).value
        what = f"added {rows[n - 1].label}" if case.long else "1 trial added"
        drawn.append(
            EstimateRow(
                str(n), fit.estimate, *fit.ci,
                (f"{START + timedelta(days=30 * n):%Y-%m-%d}", str(n)),
                (said, what if n > 1 else "first run"), strong=n > 1 and said != before,
            )
        )  # fmt: skip
        before = said
    return estimates_pages(
        Estimates(
            _title("By version", case), tuple(drawn), "Run", ("Date", "Trials"),
            ("Conclusion", "What changed"), note=NOTE, **_axis(),
        )
    )  # fmt: skip


def leave_one_out(case: Case) -> list[Figure]:
    """The estimate without each study."""
    rows = studies(case)
    drawn: list[EstimateRow] = []
    if rows:
        fit = _pool(rows)
        said = engine.classify(fit.ci, MARGIN).value
        drawn.append(EstimateRow("None: all trials", fit.estimate, *fit.ci, (), (said,)))
    for i, s in enumerate(rows if len(rows) > 1 else ()):
        fit = _pool((*rows[:i], *rows[i + 1 :]))
        without = engine.classify(fit.ci, MARGIN).value
        drawn.append(
            EstimateRow(s.label, fit.estimate, *fit.ci, (), (without,), strong=without != said)
        )
    return estimates_pages(
        Estimates(
            _title("Each trial left out", case), tuple(drawn), "Left out", (), ("Conclusion",),
            reference=drawn[0].estimate if drawn else None, note=NOTE, **_axis(),
        )
    )  # fmt: skip


def margins(case: Case) -> Figure:
    """The margin curve."""
    rows = studies(case)
    if not rows:
        return margins_plot(Margins(_title("Margins", case), (), (), note=NOTE))
    fit = _pool(rows)
    planned = (0.5, 0.25, 0.3, 0.28) if case.k < 100 else (0.5,)
    end = 1.25 * max(0.5, -fit.ci[0])
    grid = [end * i / 200 for i in range(1, 201)]
    curve = engine.margin_curve(fit.estimate, fit.se, fit.ddf, grid)
    at = engine.margin_curve(fit.estimate, fit.se, fit.ddf, planned)
    return margins_plot(
        Margins(
            _title("Margins", case), curve.margins, curve.p,
            tuple(
                PlannedMargin(m, p, c.value)
                for m, p, c in zip(at.margins, at.p, at.conclusions, strict=True)
            ),
            smallest=curve.smallest, effect_label="Hedges g", note=NOTE,
        )
    )  # fmt: skip


def sequential(case: Case) -> Figure:
    """The panel for repeated looks, one at every trial from the third on, thirty at the most."""
    rows = studies(case)
    at = np.linspace(3, case.k, min(case.k, 30)) if case.k > 2 else ()
    updates = sorted({round(n) for n in at})
    looks: tuple[SequentialLook, ...] = ()
    if updates:
        y, v = np.array([s.yi for s in rows]), np.array([s.vi for s in rows])
        size = engine.information_size(MARGIN, alpha=0.025, beta=0.1)
        rho = engine.tuned_rho(size.required, alpha=0.05)
        told = engine.confidence_sequence(y, v, updates, rho=rho, margins=(MARGIN,), alpha=0.05)
        found = engine.trial_sequential(y, v, updates, margin=MARGIN)
        looks = tuple(
            SequentialLook(u.k, u.estimate, *u.ci, x.fraction, x.z, x.bound, x.crossed)
            for u, x in zip(told.updates, found.looks, strict=True)
        )
    return sequential_plot(
        Sequential(
            _title("Repeated looks, retrospective", case), looks, margin=MARGIN,
            effect_label="Hedges g", note=NOTE,
        )
    )  # fmt: skip


def classes(case: Case) -> list[Figure]:
    """The class strip: a run a study, forty at the most."""
    rows = studies(case)[:40]
    fits = [_pool(rows[:n]) for n in range(1, len(rows) + 1)]
    lines = [(f"Margin {m:.2f}", m) for m in (0.5, 0.25, 0.3)]
    if case.long:
        lines.append((f"Sensitivity analysis without {LONG}", 0.1))
    return class_strip_pages(
        ClassStrip(
            _title("Conclusions by run", case),
            tuple((str(n + 1), f"{START + timedelta(days=n):%Y-%m-%d}") for n in range(len(rows))),
            tuple(
                StripRow(label, tuple(engine.classify(fit.ci, margin) for fit in fits))
                for label, margin in lines
            ),
            note=NOTE,
        )
    )


def specification(case: Case) -> Figure:
    """The specification curve: a combination a study."""
    rows = studies(case)
    models = ("REML", "DL", "EE", "PM")
    found = []
    for i in range(len(rows)):
        fit = _pool(tuple(s for j, s in enumerate(rows) if j != i) or rows, models[i % 4])
        which = LONG if case.long and i % 3 == 0 else ("as planned", "client, post", "ITT")[i % 3]
        kept = "influential kept" if i % 2 else "influential left out"
        found.append(Specified(fit.estimate, *fit.ci, (which, models[i % 4], kept), i == 0))
    return specification_plot(
        SpecificationCurve(
            _title("Specification curve", case), ("trials", "model", "influential trials or not"),
            tuple(found), margin=MARGIN, effect_label="Hedges g", note=NOTE,
        )
    )  # fmt: skip


def screening(case: Case) -> Figure:
    """Decisions over time: ten records a study, two to eight persons."""
    if not case.k:
        return screening_plot(ScreeningCourse(_title("Screening", case), (), NOTE))
    records = 10 * case.k
    names = [LONG if case.long else f"reviewer-{i + 1}" for i in range(2 + min(case.k // 10, 6))]
    times = tuple(START + timedelta(hours=5 * i) for i in range(records))
    stages = []
    for name, count in (("titles and abstracts", records), ("full texts", max(1, records // 5))):
        persons = tuple(
            Course(f"{label} {p}" if case.long else label, times[: count - p],
                   tuple(min(count, i + 1) for i in range(count - p)))
            for p, label in enumerate(names) if count > p
        )  # fmt: skip
        waves = tuple(round((count / 12) * abs(np.sin(i / 9))) for i in range(count))
        stages.append(StageCourse(name, count, persons, Course("conflicts", times[:count], waves)))
    return screening_plot(ScreeningCourse(_title("Screening", case), tuple(stages), NOTE))


def prisma(case: Case) -> Figure:
    """The flow of records: a reason for exclusion a study, twelve at the most."""
    reasons = [
        f"{INDENT}{LONG if case.long else f'reason {i + 1}'} (n = {i + 1})"
        for i in range(min(case.k, 12))
    ]
    n = 40 * case.k

    def box(key: str, *lines: str) -> FigureBox:
        return FigureBox(key, lines)

    branch = Branch(
        "Identification of studies via databases and registers",
        (
            (box("identified", f"Records identified (n = {n})"),
             box("removed", f"Duplicate records removed (n = {n // 4})")),
            (box("screened", f"Records screened (n = {n - n // 4})"),
             box("excluded", f"Records excluded (n = {n // 2})")),
            (box("sought", f"Reports sought for retrieval (n = {n // 4})"),
             box("not-retrieved", "Reports not retrieved (n = 0)")),
            (box("assessed", f"Reports assessed (n = {n // 4})"),
             box("reasons", "Reports excluded:", *reasons)),
        ),
    )  # fmt: skip
    included = box("included", f"Studies included in review (n = {case.k})")
    return prisma_plot(PrismaFigure(_title("Flow of records", case), branch, included, note=NOTE))


def _bias(case: Case) -> RiskOfBias:
    rows = tuple(BiasRow(s.label, _judgements(i)) for i, s in enumerate(studies(case)))
    return RiskOfBias(_title("Risk of bias", case), DOMAINS, SCALE, rows, NOTE)


def traffic_light(case: Case) -> list[Figure]:
    """A light for each judgement."""
    return traffic_light_pages(_bias(case))


def bias_summary(case: Case) -> Figure:
    """Bars of each domain."""
    return summary_plot(_bias(case))


FIGURES: tuple[Callable[[Case], Drawn], ...] = (
    forest, full_forest, cumulative, versions, leave_one_out, margins, sequential, classes,
    specification, screening, prisma, traffic_light, bias_summary,
)  # fmt: skip
