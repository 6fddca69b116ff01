"""Draw the contact sheets of every figure: `python docs/figures/make.py`.

`results.png` and `diagnostics.png` have a row a figure and a column a case of `synthetic.py`;
`delivery.png` has what `review plot` makes of the seed cbt-delivery. `single.png` and `double.png`
have the first page of each for a journal's column, at 3, 12, 60, 200 and 420 studies, the first
that is drawn and the largest again in grey.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import diagnostics
import results
from synthetic import CASES, Case

from review.export.drawings.registry import Drawn, pages_of
from review.figures.paper import DEEPEST, MM, Paper, on_paper, width_called
from review.figures.saving import FigureFormat, render

if TYPE_CHECKING:
    from PIL.Image import Image

HERE = Path(__file__).parent
CELL = (560, 620)
GAP = 10

# A plan that has something for every figure; margin and effect were chosen for the sheet alone.
PLAN = """
title: Multimedia CBT against control
outcome: depression
intervention: {label: multimedia CBT, treatment: [Multimedia CBT]}
comparator: {label: control, treatment: [Wait list, TAU, No treatment, Placebo]}
measure: GEN
effect: Difference in standardized mean change
margin: 0.5
other_margins: [0.25]
variants: [fixed, z_test, dersimonian_laird, trim_and_fill, without_influential]
subgroups: [instrument]
moderators: [year]
"""

COMMANDS = (
    "forest multimedia --by instrument --arm-data", "cumulative multimedia", "versions multimedia",
    "leave-one-out multimedia", "margins multimedia", "sequential multimedia", "classes multimedia",
    "classes", "specification multimedia", "prisma", "funnel multimedia --trim-fill",
    "baujat multimedia", "influence multimedia", "bubble multimedia", "gosh multimedia",
    "drapery multimedia",
)  # fmt: skip


def thumbnail(figure: Drawn | Path) -> Image:
    """Return a figure, or a PNG file, within one cell of a sheet."""
    from PIL import Image

    source = (
        figure
        if isinstance(figure, Path)
        else BytesIO(render(pages_of(figure)[0], FigureFormat.PNG, dpi=130))
    )
    image = Image.open(source).convert("RGB")
    image.thumbnail(CELL)
    return image


def write_sheet(name: str, rows: Sequence[Sequence[Image | None]]) -> None:
    """Write images in rows and columns, each row as high as its highest."""
    from PIL import Image

    heights = [max(i.height for i in row if i is not None) + GAP for row in rows]
    wide = max(len(row) for row in rows) * (CELL[0] + GAP)
    sheet = Image.new("RGB", (wide, sum(heights)), "white")
    for j, row in enumerate(rows):
        for i, image in enumerate(row):
            if image is not None:
                sheet.paste(image, (i * (CELL[0] + GAP), sum(heights[:j])))
    path = HERE / f"{name}.png"
    sheet.quantize(64, Image.Quantize.FASTOCTREE).save(path, optimize=True)
    sys.stdout.write(f"Wrote {path.name}, {path.stat().st_size / 1e6:.2f} MB\n")


def synthetic_rows(
    figures: Sequence[Callable[[Case], Drawn | None]],
) -> Iterator[list[Image | None]]:
    """Yield the thumbnails of each figure at each case."""
    for figure in figures:
        drawn = [figure(case) for case in CASES]
        yield [None if one is None else thumbnail(one) for one in drawn]


def paper_rows(column: str) -> Iterator[list[Image | None]]:
    """Yield the first page of each figure as a journal's column has it, two of them in grey too."""
    on_page = Paper(width_called(column), height=DEEPEST * MM, title=False)
    for figure in (*results.FIGURES, *diagnostics.FIGURES):
        with on_paper(on_page):
            drawn = [figure(Case(f"k{k}", k)) for k in (3, 12, 60, 200, 420)]
            images = [None if one is None else thumbnail(one) for one in drawn]
        shown = [image for image in images if image is not None]
        yield [*images, *(one.convert("L").convert("RGB") for one in (shown[0], shown[-1]))]


def delivery_images() -> list[Image]:
    """Return what the commands make of cbt-delivery, as of 2008 and then of today."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = {**os.environ, "REVIEW_DATABASE_URL": f"sqlite:///{folder}/review.db"}

        def review(*arguments: str) -> None:
            subprocess.run(
                [sys.executable, "-m", "review", *arguments], env=environment, check=True,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip

        plan = folder / "plan.yaml"
        plan.write_text(PLAN, encoding="utf-8")
        review("init")
        for until in ("1995", "2005", "2008"):
            review("seed", "load", "cbt-delivery", "--until", until)
            review("repool")
        review("seed", "load", "cbt-delivery")
        review("repool")
        review("analysis", "revise", "multimedia", "--file", str(plan), "--reason", "for the sheet")
        review("repool")
        images = []
        for n, command in enumerate(COMMANDS):
            path = folder / f"{n}.png"
            review("plot", *command.split(), "--out", str(path), "--dpi", "130")
            images.append(thumbnail(path))
        return images


def main() -> None:
    """Write all sheets."""
    write_sheet("results", list(synthetic_rows(results.FIGURES)))
    write_sheet("diagnostics", list(synthetic_rows(diagnostics.FIGURES)))
    for column in ("single", "double"):
        write_sheet(column, list(paper_rows(column)))
    images = delivery_images()
    write_sheet("delivery", [images[i : i + 4] for i in range(0, len(images), 4)])


if __name__ == "__main__":
    main()
