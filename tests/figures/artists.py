"""Read a figure back: its artists by gid."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from review.figures.once import Drawn
from review.figures.style import own_settings


def by_gid(figure: Figure) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for artist in figure.findobj():
        gid = artist.get_gid()
        if gid is not None:
            assert gid not in found, f"{gid} twice"
            found[gid] = artist
    return found


def words(figure: Figure) -> dict[str, str]:
    return {g: a.get_text() for g, a in by_gid(figure).items() if hasattr(a, "get_text")}


def point(line: Any) -> tuple[float, float]:
    return float(line.get_xdata()[0]), float(line.get_ydata()[0])


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes, drawn as files draw them, share more than a third of a point.

    Texts with a gid, and the labels of ticks on every visible axis; each must be on the page.
    """
    with own_settings():
        return _overlaps(figure)


def _overlaps(figure: Figure) -> list[tuple[str, str]]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(figure)  # its methods have no annotations
    renderer = canvas.get_renderer()
    figure.draw_without_rendering()  # places the labels of the ticks
    page = figure.bbox
    boxes = []
    texts = {g: a for g, a in by_gid(figure).items() if hasattr(a, "get_text")}
    for number, axes in enumerate(figure.axes):
        for axis, letter in ((axes.xaxis, "x"), (axes.yaxis, "y")):
            if axes.axison and axis.get_visible():
                texts |= {
                    f"tick {letter}{number} {t.get_text()}": t
                    for t in axis.get_ticklabels()
                    if t.get_text()
                }
    for name, text in texts.items():
        box = text.get_window_extent(renderer)
        assert box.x0 >= page.x0 - 0.5, f"{name} leaves the page on the left"
        assert box.x1 <= page.x1 + 0.5, f"{name} leaves the page on the right"
        assert box.y0 >= page.y0 - 0.5, f"{name} leaves the page below"
        assert box.y1 <= page.y1 + 0.5, f"{name} leaves the page above"
        boxes.append((name, box))
    slack = figure.dpi / 72 / 3
    x0, y0, x1, y1 = np.array([box.extents for _, box in boxes]).reshape(-1, 4).T
    across = np.minimum.outer(x1, x1) - np.maximum.outer(x0, x0)
    along = np.minimum.outer(y1, y1) - np.maximum.outer(y0, y0)
    pairs = np.argwhere(np.triu((across > slack) & (along > slack), 1))
    return [(boxes[i][0], boxes[j][0]) for i, j in pairs]


def picture(figure: Figure, dpi: int) -> NDArray[np.int64]:
    """A figure as the writers of files draw it, its red, green and blue in all colours."""
    from matplotlib.backends import backend_agg

    backend: Any = backend_agg  # its stub has no types
    with own_settings():
        drawn = Drawn(figure, dpi)
        wide, high = (int(dpi * inches) for inches in drawn.inches)
        renderer = backend.RendererAgg(wide, high, dpi)
        drawn.onto(renderer, dpi / 72)
    pixels: NDArray[np.int64] = np.asarray(renderer.buffer_rgba()).astype(np.int64)
    return pixels[:, :, :3]


def path_numbers(svg: str, gid: str) -> list[float]:
    """Coordinates of the SVG path of that id, or of the first in its group."""
    name = re.escape(gid)
    path = re.search(rf'<path id="{name}" d="([^"]*)"|<g id="{name}">\n<path d="([^"]*)"', svg)
    assert path, f"no {gid}"
    return [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?", path[1] or path[2])]


TRIALS = Path(__file__).parent / "multimedia.csv"
