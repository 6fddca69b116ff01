"""Long figures over the pages of a journal: every line once, each page as high as it may be."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from review.figures import Diamond, Forest, ForestRow, Heading
from review.figures.forest import forest_pages, forest_plot
from review.figures.forest_values import Difference, Fit
from review.figures.layouts import Layout
from review.figures.paper import DEEPEST, MM, Paper, on_paper
from review.figures.text import Cuts, width, wrap
from tests.figures.artists import by_gid, overlaps, words

FIT = Fit(9, 0.0123, 12.345, 0.1946, 27.1, -2.345, 9.0, 0.0436)
LONG = "A study group whose name no column of a journal ever holds, number"


def long_forest(k: int, name: str = "Study") -> Forest:
    """Made-up rows in two subgroups."""
    rows: list[Any] = []
    for group in ("Client-rated", "Therapist-rated"):
        rows.append(Heading(group))
        rows += [
            ForestRow(f"{name} {group[0]}{i} (2001)", 0.1, -0.2, 0.4, 50 / k, ("12", "3/14"))
            for i in range(k)
        ]
        rows.append(Diamond("Subgroup", 0.1, 0.0, 0.2, columns=("9", "3/9"), weight=50, fit=FIT))
    total = Diamond("Pooled", 0.1, 0.0, 0.2, -0.3, 0.5, ("18", "6/18"), 100.0, FIT)
    return Forest(
        "Long", tuple(rows), (total,), column_headers=("n", "Events/total"),
        difference=Difference(1.2, 1, None, 0.27),
    )  # fmt: skip


@pytest.mark.parametrize("layout", Layout)
def test_pages_hold_every_line_once_and_end_with_the_pooled_estimate(layout: Layout) -> None:
    high = DEEPEST * MM
    with on_paper(Paper(174 * MM, height=high, title=False)):
        pages = forest_pages(long_forest(60), layout)
    assert len(pages) > 1
    seen: dict[str, str] = {}
    for n, page in enumerate(pages):
        assert page.get_size_inches()[1] <= high
        assert overlaps(page) == []
        texts = words(page)
        rows = {g: t for g, t in texts.items() if g.startswith(("label-", "value-"))}
        again = [t for g, t in rows.items() if g == "label-continued"]
        assert all(text.endswith("-rated (continued)") for text in again)
        rows.pop("label-continued", None)
        assert not rows.keys() & seen.keys()
        seen |= rows
        last = n == len(pages) - 1
        assert ("diamond-summary-0" in by_gid(page)) == last
        note = " ".join(t for g, t in texts.items() if g.startswith("note-"))
        assert f"Page {n + 1} of {len(pages)}" in note
    assert sum(text.endswith("(2001)") for text in seen.values()) == 120
    squares = [g for page in pages for g in by_gid(page) if g.startswith("square-")]
    assert len(squares) == len(set(squares)) == 120
    limits = {tuple(page.axes[0].get_xlim()) for page in pages}
    assert len(limits) == 1


def test_squares_stand_on_the_height_of_their_study_on_every_page() -> None:
    with on_paper(Paper(174 * MM, height=150 * MM)):
        pages = forest_pages(long_forest(60))
    for page in pages:
        drawn = by_gid(page)
        for gid in (g for g in drawn if g.startswith("square-")):
            y = page.axes[0].transData.transform((0.0, drawn[gid].get_ydata()[0]))[1]
            label = drawn[f"label-{gid.removeprefix('square-')}"]
            assert page.transFigure.transform(label.get_position())[1] == pytest.approx(y, abs=1e-6)


def test_without_a_height_a_forest_is_one_page() -> None:
    assert len(forest_pages(long_forest(60))) == 1


def test_what_is_cut_short_stands_in_full_below_on_its_own_page() -> None:
    with on_paper(Paper(85 * MM, height=DEEPEST * MM)):
        pages = forest_pages(long_forest(20, LONG))
    for page in pages:
        told = words(page)
        note = " ".join(t for g, t in told.items() if g.startswith("note-"))
        cut = {t.split("…")[1] for t in told.values() if "…" in t}
        assert cut
        assert note.count(LONG) == len(cut)
    cuts = Cuts()
    short = [cuts.fit(f"{LONG} {n} (2001)", 8.0, 1.0) for n in (1, 2, 1)]
    assert short[0] == short[2] != short[1]
    assert all(width(text, 8.0) <= 1.0 for text in short)


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        (Layout.REVMAN5, ("Total (95% CI)", "0.10 [0.00, 0.20]",
                          "Heterogeneity: Tau² = 0.01; Chi² = 12.35, df = 9 (P = 0.195); I² = 27%",
                          "Test for overall effect: t = −2.35, df = 9 (P = 0.044)",
                          "Test for subgroup differences: Chi² = 1.20, df = 1 (P = 0.270)")),
        (Layout.JAMA, ("Total (95% CI)", "0.10 (0.00 to 0.20)",
                       "Heterogeneity: χ²₉ = 12.35 (P = .195), I² = 27%",
                       "Test for overall effect: t₉ = −2.35 (P = .044)",
                       "Test for subgroup differences: χ²₁ = 1.20 (P = .270)")),
        (Layout.BMJ, ("Total (95% CI)", "0.10 (0.00 to 0.20)",
                      "Test for heterogeneity: τ²=0.012",
                      "χ²=12.35, df=9, P=0.195; I²=27%",
                      "Test for overall effect: t=−2.35, df=9, P=0.044",
                      "Test for subgroup differences: χ²=1.20, df=1, P=0.270")),
    ],
)  # fmt: skip
def test_layouts_write_tests_and_intervals_as_their_journals_do(
    layout: Layout, said: tuple[str, ...]
) -> None:
    told = words(forest_plot(long_forest(3), layout)).values()
    assert [text for text in said if text not in told] == []


def test_the_bmj_breaks_headers_before_their_brackets() -> None:
    told = words(forest_plot(long_forest(3), Layout.BMJ))
    assert [told[f"header-weight-{i}"] for i in (0, 1)] == ["Weight", "(%)"]
    assert told["header-value-1"] == "(95% CI)"
    assert "header-value-1" not in words(forest_plot(long_forest(3), Layout.JAMA))


def test_lines_of_tests_stand_under_each_subgroup_in_every_layout() -> None:
    told = list(words(forest_plot(long_forest(3))).values())
    words_of_it = "Heterogeneity: τ² = 0.012, Q = 12.35, df = 9, p = 0.195, I² = 27.1%"
    assert told.count(words_of_it) == 2


@pytest.mark.parametrize("more", range(-5, 6))
def test_no_page_ends_with_a_heading_or_its_first_trial(more: int) -> None:
    rows: list[Any] = [Heading("Client-rated")]
    rows += [ForestRow(f"A{i}", 0.1, -0.2, 0.4, 1.0) for i in range(35)]
    rows.append(Heading("Therapist-rated"))
    rows += [ForestRow(f"B{i}", 0.1, -0.2, 0.4, 1.0) for i in range(35 + more)]
    with on_paper(Paper(174 * MM, height=DEEPEST * MM, title=False)):
        pages = forest_pages(Forest("Long", tuple(rows), ()))
    assert len(pages) > 1
    for page in pages[:-1]:
        labels = {int(g[6:]): t for g, t in words(page).items() if re.fullmatch(r"label-\d+", g)}
        assert labels[max(labels)] not in {"Client-rated", "Therapist-rated", "A0", "B0"}


def test_no_line_of_a_note_parts_a_sign_from_its_number() -> None:
    fits = (
        "REML; heterogeneity: τ² = 1.535, Q = 954.99, df = 69, p < 0.001; I² = 96.1%. Page 1 of 2"
    )
    parted = re.compile(r"(^|\n)([=<>] |of \d|\d+$)|[=<>]\n|Page\n")
    for room in np.linspace(0.9, 6, 60):
        found = "\n".join(wrap(fits, 7.5, float(room)))
        assert not parted.search(found), found
        assert all(width(line, 7.5) <= room for line in found.split("\n"))
