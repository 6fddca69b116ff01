"""The flow diagram: words where they belong, nothing overlapping, the same bytes each time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from review.errors import InvalidDataError
from review.figures.prisma import INDENT, Branch, FigureBox, PrismaFigure, prisma_plot
from review.figures.saving import FigureFormat, render
from tests.figures.artists import by_gid, overlaps, words

LONG = "wrong comparator: both arms by telephone or in writing, and none of them face to face"


def branch(prefix: str = "", *, reasons: int = 3) -> Branch:
    def box(key: str, *lines: str) -> FigureBox:
        return FigureBox(prefix + key, lines)

    return Branch(
        heading="Identification of studies via databases and registers",
        rows=(
            (box("identified", "Databases (n = 1,234)", f"{INDENT}PubMed (n = 1,234)"),
             box("removed", "Duplicate records removed (n = 12)")),
            (box("screened", "Records screened (n = 1,222)"), box("excluded", "Out (n = 1)")),
            (box("sought", "Reports sought (n = 9)"), None),
            (box("assessed", "Reports assessed for eligibility (n = 9)"),
             box("reasons", *(f"{INDENT}{LONG} (n = {i})" for i in range(reasons)))),
        ),
    )  # fmt: skip


def figure(*, other: bool = True, updated: bool = True, reasons: int = 3) -> PrismaFigure:
    return PrismaFigure(
        title="Working alliance",
        main=branch(reasons=reasons),
        other=branch("other-", reasons=1) if other else None,
        included=FigureBox("included", ("New studies included in review (n = 4)",)),
        previous=FigureBox("previous", ("Studies in previous version of review (n = 12)",))
        if updated
        else None,
        total=FigureBox("total", ("Total studies (n = 16)",)) if updated else None,
        note="Two entries could not be read.",
    )


@pytest.mark.parametrize("other", [True, False])
@pytest.mark.parametrize("updated", [True, False])
@pytest.mark.parametrize("reasons", [1, 12])
def test_no_words_overlap_in_any_template(other: bool, updated: bool, reasons: int) -> None:
    drawn = prisma_plot(figure(other=other, updated=updated, reasons=reasons))
    assert overlaps(drawn) == []
    assert ("box-previous" in by_gid(drawn)) is updated
    assert ("box-other-sought" in by_gid(drawn)) is other


def test_words_stay_within_their_boxes() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn = prisma_plot(figure())
    canvas: Any = FigureCanvasAgg(drawn)  # its methods have no annotations
    canvas.draw()
    renderer = canvas.get_renderer()
    artists = by_gid(drawn)
    checked = 0
    for gid, text in artists.items():
        if gid.startswith("text-"):
            box = artists["box-" + gid.removeprefix("text-").rsplit("-", 1)[0]]
            inner, outer = text.get_window_extent(renderer), box.get_window_extent(renderer)
            assert outer.x0 <= inner.x0, gid
            assert inner.x1 <= outer.x1, gid
            assert outer.y0 <= inner.y0, gid
            assert inner.y1 <= outer.y1, gid
            checked += 1
    assert checked > 20


def test_a_number_is_never_parted_from_its_n() -> None:
    said = words(prisma_plot(figure()))
    joined = " ".join(text for gid, text in said.items() if gid.startswith("text-reasons"))
    assert "(n = 2)" in joined
    assert not any(text.endswith(("(n", "(n =")) for text in said.values())


def test_arrows_follow_the_flow() -> None:
    drawn = set(by_gid(prisma_plot(figure())))
    assert {
        "arrow-identified-screened", "arrow-identified-removed", "arrow-screened-sought",
        "arrow-assessed-included", "arrow-included-total", "arrow-previous-total",
        "arrow-other-assessed-included",
    } <= drawn  # fmt: skip
    assert "arrow-sought-None" not in drawn


@pytest.mark.parametrize("kind", list(FigureFormat))
def test_the_same_flow_gives_the_same_bytes(kind: FigureFormat) -> None:
    assert render(prisma_plot(figure()), kind) == render(prisma_plot(figure()), kind)


def test_a_branch_has_four_rows() -> None:
    with pytest.raises(InvalidDataError, match="4 rows"):
        Branch("x", ((None, None),))


def test_previous_and_total_go_together() -> None:
    with pytest.raises(InvalidDataError, match="go together"):
        PrismaFigure("x", branch(), FigureBox("i", ("",)), previous=FigureBox("p", ("",)))


@pytest.mark.parametrize("other", [True, False])
@pytest.mark.parametrize("updated", [True, False])
def test_the_names_of_the_phases_stand_apart(other: bool, updated: bool) -> None:
    drawn = by_gid(prisma_plot(figure(other=other, updated=updated)))
    bands = [drawn[f"band-{name}"] for name in ("Identification", "Screening", "Included")]
    for above, below in pairwise(bands):
        assert below.get_y() - (above.get_y() + above.get_height()) >= 0.05
