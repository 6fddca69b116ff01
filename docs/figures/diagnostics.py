"""Diagnostic figures at every case of `synthetic.py`, computed from made-up studies.

None where the commands refuse because there are too few.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri
from synthetic import NOTE, SIDES, Case, Study, studies

from review import synthesis as engine
from review.export.drawings.influence import HEADERS
from review.export.drawings.registry import Drawn
from review.figures.baujat import Baujat, BaujatPoint, baujat_plot
from review.figures.bubble import Bubble, BubblePlot, Fitted, bubble_plot
from review.figures.drapery import Drapery, PValueFunction, drapery_plot
from review.figures.funnel import Funnel, FunnelPoint, funnel_plot
from review.figures.gosh import Gosh, gosh_plot
from review.figures.influence import InfluenceMeasure, InfluencePanel, influence_pages

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INSTRUMENTS = ("BDI", "Hamilton Depression Rating Scale, 17 items, by a clinician", "PHQ-9")


def _numbers(rows: tuple[Study, ...]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([s.yi for s in rows]), np.array([s.vi for s in rows])


def _words(what: str, case: Case) -> dict[str, str]:
    return {"title": f"{what} (synthetic, {case.name})", "note": NOTE}


def _axis() -> dict[str, str]:
    return {
        "effect_label": "Hedges g", "favours_left": SIDES[0], "favours_right": SIDES[1]
    }  # fmt: skip


def funnel(case: Case) -> Figure:
    """A funnel plot with trim and fill from three studies on."""
    rows = studies(case)
    points = tuple(FunnelPoint(s.label, s.yi, math.sqrt(s.vi)) for s in rows)
    if not rows:
        return funnel_plot(Funnel(points=(), **_words("Funnel", case), **_axis()))
    y, v = _numbers(rows)
    found = engine.trim_and_fill(y, v) if len(rows) > 2 else None
    filled = () if found is None else tuple(
        FunnelPoint("filled", float(a), math.sqrt(b))
        for a, b in zip(found.filled_yi, found.filled_vi, strict=True)
    )  # fmt: skip
    return funnel_plot(
        Funnel(
            points=points, estimate=engine.pool(y, v).estimate, filled=filled,
            adjusted=found.fit.estimate if found is not None and found.k0 else None,
            **_words("Funnel", case), **_axis(),
        )
    )  # fmt: skip


def baujat(case: Case) -> Figure | None:
    """A Baujat plot; the ten foremost studies named."""
    rows = studies(case)
    if len(rows) < 3:
        return None
    found = engine.baujat(*_numbers(rows))
    named = set(np.argsort(-found.x * found.y)[:10].tolist())
    return baujat_plot(
        Baujat(
            points=tuple(
                BaujatPoint(s.label, float(x), float(y), i in named)
                for i, (s, x, y) in enumerate(zip(rows, found.x, found.y, strict=True))
            ),
            **_words("Baujat", case),
        )
    )


def influence(case: Case) -> list[Figure] | None:
    """An influence panel."""
    rows = studies(case)
    if len(rows) < 3:
        return None
    found, k = engine.influence(*_numbers(rows)), len(rows)
    cut = 3 * math.sqrt(1 / (k - 1))
    strips = (
        ("rstudent", found.rstudent, 0.0, (-1.96, 1.96)),
        ("dffits", found.dffits, 0.0, (-cut, cut)),
        ("cook.d", found.cook_d, 0.0, (0.455,)), ("cov.r", found.cov_r, 1.0, ()),
        ("tau2.del", found.tau2_del, None, ()), ("QE.del", found.Q_del, None, ()),
        ("hat", found.hat, 1 / k, (3 / k,)), ("weight", found.weight, 100 / k, ()),
    )  # fmt: skip
    return influence_pages(
        InfluencePanel(
            labels=tuple(s.label for s in rows),
            measures=tuple(
                InfluenceMeasure(name, tuple(values.tolist()), reference, cuts, HEADERS[name])
                for name, values, reference, cuts in strips
            ),
            influential=tuple(found.influential.tolist()),
            **_words("Influence", case),
        )
    )


def _bubble(case: Case, values: list[float] | list[str], name: str) -> Figure | None:
    rows = studies(case)
    words = {**_words("Effects by a moderator", case), **_axis(), "moderator": name}
    if (len(rows) <= len(set(values)) and name != "Year") or len(rows) < 3:
        return None
    fit = engine.regress(*_numbers(rows), engine.design("x", {"x": values}))
    numeric = name == "Year"
    at = np.linspace(min(values), max(values), 41).tolist() if numeric else sorted(set(values))
    return bubble_plot(
        BubblePlot(
            bubbles=tuple(
                Bubble(s.label, value, s.yi, 1 / (s.vi + fit.tau2))
                for s, value in zip(rows, values, strict=True)
            ),
            fitted=tuple(
                Fitted(x, p.estimate, *p.ci, *p.pi, k=None if numeric else values.count(x))
                for x, p in zip(at, fit.predict({"x": at}), strict=True)
            ),
            whole=numeric,
            **words,
        )
    )


def bubble(case: Case) -> Figure | None:
    """Effects by year."""
    return _bubble(case, [float(s.year) for s in studies(case)], "Year")


def strips(case: Case) -> Figure | None:
    """Effects by instrument."""
    return _bubble(case, [INSTRUMENTS[i % 3] for i in range(case.k)], "Instrument")


def gosh(case: Case) -> Figure | None:
    """Subsets, those with the first study told apart."""
    rows = studies(case)
    if len(rows) < 3:
        return None
    found = engine.gosh(*_numbers(rows), count=None if case.k < 13 else 20_000)
    fit = engine.pool(*_numbers(rows))
    return gosh_plot(
        Gosh(
            estimate=found.estimate, I2=found.I2, pooled=(fit.estimate, fit.I2),
            highlight=rows[-1].label, highlighted=found.members(len(rows) - 1),
            **_words("GOSH", case), **_axis(),
        )
    )  # fmt: skip


def drapery(case: Case) -> Figure:
    """P-value functions, normal ones."""
    p = np.concatenate([[0.0005], np.linspace(0.002, 0.1, 50), np.linspace(0.11, 1, 90)])

    def curve(label: str, estimate: float, se: float) -> PValueFunction:
        half = -ndtri(p / 2) * se
        return PValueFunction(label, tuple(estimate - half), tuple(estimate + half))

    rows = studies(case)
    fit = engine.pool(*_numbers(rows)) if rows else None
    return drapery_plot(
        Drapery(
            p=tuple(p.tolist()),
            studies=tuple(curve(s.label, s.yi, math.sqrt(s.vi)) for s in rows),
            pooled=None if fit is None else curve("Pooled effect", fit.estimate, fit.se),
            prediction=None if fit is None or fit.pi is None else curve(
                "Effect in a new study", fit.estimate, math.hypot(fit.se, math.sqrt(fit.tau2))
            ),
            **_words("Drapery", case), **_axis(),
        )
    )  # fmt: skip


FIGURES: tuple[Callable[[Case], Drawn | None], ...] = (
    funnel, baujat, influence, bubble, strips, gosh, drapery
)  # fmt: skip
