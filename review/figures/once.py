"""A figure drawn once: what its artists draw is kept, for the writer of each format."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.path import Path
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D, Bbox, TransformedPath

from review.arrays import Bools, Floats
from review.figures.text import POINTS_PER_INCH

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.transforms import Transform

MANY: Final = 24
"""Places of a line from which on it is looked at whether all of them count."""

UNSEEN: Final = 0.1
"""Points by which a line may leave its places: 0.035 mm, less than half a dot at 300 an inch."""

# What matplotlib's own renderers take; its stubs name some of it, and nobody here looks into it.
Given = Any


class Drawn(RendererBase):
    """All that a figure's artists draw, in points from its lower left corner.

    Artists need longer to find out where everything goes than a writer needs to write it, and a
    figure is written in three formats.

    Parameters
    ----------
    figure : Figure
        It is drawn when this is made.
    dpi : int
        Dots an inch of a picture of it, and of images that stand in it.

    Attributes
    ----------
    inches : (width, height).
    width, height : in points.
    dpi : as given.
    """

    def __init__(self, figure: Figure, dpi: int) -> None:
        super().__init__()
        wide, high = figure.get_size_inches()
        self.inches = float(wide), float(high)
        self.width, self.height = wide * POINTS_PER_INCH, high * POINTS_PER_INCH
        self.dpi = dpi
        self._calls: list[Callable[[_Onto], None]] = []
        self._boxes: dict[tuple[float, ...], Bbox] = {}
        before = figure.dpi
        figure.dpi = POINTS_PER_INCH
        try:
            figure.draw(self)
        finally:
            figure.dpi = before

    def onto(self, renderer: RendererBase, scale: float = 1.0) -> None:
        """Draw it all again by a format's own renderer, a point `scale` of its units long."""
        onto = _Onto(renderer, scale)
        for call in self._calls:
            call(onto)

    # What artists ask.

    def get_canvas_width_height(self) -> tuple[float, float]:
        """Return width and height in points."""
        return self.width, self.height

    def get_text_width_height_descent(
        self, s: str, prop: Given, ismath: Given
    ) -> tuple[float, float, float]:
        """Return what a text needs, in points, by the outlines of its letters."""
        return text_to_path.get_text_width_height_descent(s, prop, ismath)

    def get_image_magnification(self) -> float:
        """Return the dots of an image to a point."""
        return self.dpi / POINTS_PER_INCH

    # What artists draw.

    def open_group(self, s: str, gid: str | None = None) -> None:
        """Keep the beginning of an artist."""
        self._calls.append(lambda onto: onto.renderer.open_group(s, gid))

    def close_group(self, s: str) -> None:
        """Keep the end of an artist."""
        self._calls.append(lambda onto: onto.renderer.close_group(s))

    def draw_path(self, gc: Given, path: Given, transform: Given, rgbFace: Given = None) -> None:
        """Keep a path."""
        pen, where = self._kept(gc), transform.frozen()
        if rgbFace is None and _is_curve(path, gc):
            path, where = _thinned(path, where, pen), Affine2D()
            if not len(path.vertices):
                return
        self._calls.append(
            lambda onto: onto.renderer.draw_path(onto.pen(pen), path, onto.moved(where), rgbFace)
        )

    def draw_markers(
        self, gc: Given, marker_path: Given, marker_trans: Given, path: Given, trans: Given,
        rgbFace: Given = None,
    ) -> None:  # fmt: skip
        """Keep a marker with its places."""
        pen, shape, where = self._kept(gc), marker_trans.frozen(), trans.frozen()
        self._calls.append(
            lambda onto: onto.renderer.draw_markers(
                onto.pen(pen), marker_path, onto.moved(shape), path, onto.moved(where), rgbFace
            )
        )

    def draw_path_collection(
        self, gc: Given, master_transform: Given, paths: Given, all_transforms: Given,
        offsets: Given, offset_trans: Given, *styles: Given, **more: Given,
    ) -> None:  # fmt: skip
        """Keep paths of one kind."""
        pen, shape, where = self._kept(gc), master_transform.frozen(), offset_trans.frozen()
        self._calls.append(
            lambda onto: onto.renderer.draw_path_collection(
                onto.pen(pen), onto.moved(shape), paths, all_transforms, offsets,
                onto.moved(where), *styles, **more,
            )
        )  # fmt: skip

    def draw_text(
        self, gc: Given, x: float, y: float, s: str, prop: Given, angle: float,
        ismath: Given = False, mtext: Given = None,
    ) -> None:  # fmt: skip
        """Keep a text."""
        pen, up = self._kept(gc), self.height - y
        self._calls.append(
            lambda onto: onto.renderer.draw_text(
                onto.pen(pen), *onto.place(x, up), s, prop, angle, ismath, mtext
            )
        )

    def draw_image(self, gc: Given, x: float, y: float, im: Given, transform: Given = None) -> None:
        """Keep an image."""
        pen = self._kept(gc)
        self._calls.append(
            lambda onto: onto.renderer.draw_image(
                onto.pen(pen), onto.scale * x, onto.scale * y, im,
                *([] if transform is None else [onto.moved(transform)]),
            )
        )  # fmt: skip

    def _kept(self, gc: Given) -> Given:
        """Return a pen as it is now; artists change theirs from one thing to the next."""
        pen = copy(gc)
        box, (path, where) = gc.get_clip_rectangle(), gc.get_clip_path()
        if box is not None:  # a box a place, since writers ask whether it is the same one
            box = self._boxes.setdefault(tuple(box.extents), Bbox(box.get_points()))
        pen.set_clip_rectangle(box)
        pen.set_clip_path(None if path is None else TransformedPath(path, where.frozen()))
        return pen


def _is_curve(path: Given, gc: Given) -> bool:
    """Whether a path is a solid line through so many places that some may not count."""
    straight = path.codes is None or not (path.codes[1:] != Path.LINETO).any()
    solid = gc.get_dashes()[1] is None and gc.get_hatch() is None
    return straight and solid and len(path.vertices) >= MANY and gc.get_sketch_params() is None


def _thinned(path: Given, where: Transform, pen: Given) -> Path:
    """Return a line in points, without the places that nobody can tell or that are not shown."""
    box = pen.get_clip_rectangle()
    edge = pen.get_linewidth()
    seen = None if box is None else (*(box.min - edge), *(box.max + edge))
    shown = Path(path.vertices).cleaned(where, clip=seen)
    vertices, codes = np.asarray(shown.vertices), np.asarray(shown.codes)
    vertices, codes = vertices[codes != Path.STOP], codes[codes != Path.STOP]
    starts = np.flatnonzero(codes == Path.MOVETO)
    if not starts.size:  # all of it is beyond what is shown
        return Path(np.empty((0, 2)))
    kept = np.zeros(len(codes), dtype=bool)
    for first, after in zip(starts, [*starts[1:], len(codes)], strict=True):
        kept[first:after] = telling(vertices[first:after], UNSEEN)
    return Path(vertices[kept], codes[kept])


def telling(places: Floats, tolerance: float) -> Bools:
    """Return which places of a line tell it, all others being near what they leave.

    Parameters
    ----------
    places : (k, 2)
        Of one line, in any unit.
    tolerance : float
        Farthest that a place which is left out is from the line through the others, in that unit.

    Returns
    -------
    (k,)
        First and last always.

    Notes
    -----
    Ramer 1972, Computer Graphics and Image Processing 1:244; Douglas & Peucker 1973,
    Cartographica 10:112.

    Examples
    --------
    >>> telling(np.array([[0.0, 0.0], [1.0, 0.01], [2.0, 0.0], [3.0, 4.0]]), 0.1).tolist()
    [True, False, True, True]
    """
    kept = np.zeros(len(places), dtype=bool)
    kept[[0, -1]] = True
    waiting = [(0, len(places) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        x, y = (places[first + 1 : last] - places[first]).T
        along, up = places[last] - places[first]
        long = float(np.hypot(along, up))
        off = np.abs(along * y - up * x) / long if long else np.hypot(x, y)
        farthest = int(off.argmax())
        if off[farthest] > tolerance:
            at = first + 1 + farthest
            kept[at] = True
            waiting += [(first, at), (at, last)]
    return kept


class _Onto:
    """Where a format's renderer has what stands in points from the lower left corner."""

    def __init__(self, renderer: RendererBase, scale: float) -> None:
        self.renderer: Given = renderer
        self.scale = scale
        self._high = renderer.get_canvas_width_height()[1] if renderer.flipy() else None
        self._larger = Affine2D().scale(scale)

    def moved(self, transform: Transform) -> Transform:
        """Return where a transform leads."""
        return transform if self.scale == 1.0 else transform + self._larger

    def place(self, x: float, up: float) -> tuple[float, float]:
        """Return where a text stands."""
        x, up = self.scale * x, self.scale * up
        return x, up if self._high is None else self._high - up

    def pen(self, kept: Given) -> Given:
        """Return the renderer's own pen for one that was kept."""
        pen = self.renderer.new_gc()
        pen.copy_properties(kept)
        if self.scale == 1.0:
            return pen
        box, (path, where) = kept.get_clip_rectangle(), kept.get_clip_path()
        if box is not None:
            pen.set_clip_rectangle(Bbox(self.scale * box.get_points()))
        if path is not None:
            pen.set_clip_path(TransformedPath(path, self.moved(where)))
        return pen
