"""SVG in half the bytes: letters in whole numbers, places to a hundredth of a point."""

from __future__ import annotations

import re
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

import numpy as np
from matplotlib import _path
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.colors import rgb2hex
from matplotlib.path import Path
from matplotlib.textpath import TextToPath
from matplotlib.transforms import Affine2D

from review.figures.once import MANY
from review.figures.text import POINTS_PER_INCH

if TYPE_CHECKING:
    from matplotlib.transforms import Transform

DECIMALS: Final = 2
"""Of a place in points, 0.0035 mm: who measures a figure reads effects to a thousandth."""

UNITS: Final = 16
"""Whole numbers that an outline has to one unit of `TextToPath`: a 64th of a point at 8 points."""

_COMPILED: Final[Any] = _path
"""Of matplotlib; its stub names nothing."""

_DOUBLED: Final = re.compile(r"#(.)\1(.)\2(.)\3")
_HALVED: Final = r"#\1\2\3"
"""A colour that three digits say, and these digits."""

_COMMAND: Final = re.compile(r"([MLQCz])([-\d. ]*)")
"""A step of an outline, with its places."""

THINNED: Final = 1
"""Decimals of a line through many places, which is as near to them as `once.UNSEEN`."""

_INDENT: Final = re.compile(r"\n +(?=<)")

_ALONE: Final = re.compile(r'<g id="([^"]+)">\n<(path|circle)( [^<>]*)/>\n</g>')
"""What is drawn alone in a group: it bears the name itself."""

_ZERO: Final = re.compile(r"(?<![\d.])0(?=\.)|-(?=0?$)")
"""What SVG does not need before a point, nor before nothing."""

_SIGNS: Final = [b"M", b"L", b"Q", b"C", b"z"]
_LETTERS: Final = "MLQC"


class _Letters(TextToPath):
    """Letters by font and number, the whole of a font and its European part told apart."""

    def _get_glyph_repr(self, font: Any, glyph: int) -> str:
        return f"{font.postscript_name}-{font.num_glyphs}-{glyph:x}"


class SmallSVG(RendererSVG):
    """matplotlib's renderer, with letters, paths and groups written short.

    An artist has a group of its own where it has a name. A letter is defined where it comes first,
    by a name made of its outline, so that several figures can stand in one page.

    Parameters
    ----------
    width, height : float
        In points.
    metadata : dict
        As matplotlib's renderer takes it.
    """

    def __init__(self, width: float, height: float, metadata: dict[str, str | None]) -> None:
        self._written = StringIO()
        self._names: dict[str, Any] = {}
        self._named: list[bool] = []
        self._signs: set[str] = set()
        self._classes: dict[str, str] = {}
        super().__init__(width, height, self._written, metadata=metadata)
        self._text2path: Any = _Letters()

    def content(self) -> bytes:
        """Return the whole file."""
        styles = "".join(f".{name}{{{style}}}" for name, style in self._classes.items())
        if styles:
            self.writer.element("style", styles)
        self.finalize()
        text = _INDENT.sub("\n", self._written.getvalue())
        return _ALONE.sub(r'<\2 id="\1"\3/>', text).encode()

    def open_group(self, s: str, gid: str | None = None) -> None:
        """Begin an artist."""
        self._named.append(gid is not None)
        if gid is not None:
            super().open_group(s, gid)

    def close_group(self, s: str) -> None:
        """End an artist."""
        if self._named.pop():
            super().close_group(s)

    def draw_path(self, gc: Any, path: Path, transform: Transform, rgbFace: Any = None) -> None:
        """Write a path."""
        if gc.get_url() is not None:
            super().draw_path(gc, path, transform, rgbFace)
            return
        clip = rgbFace is None and gc.get_hatch_path() is None
        outline = self._convert_path(
            path, self._make_flip_transform(transform), clip=clip,
            simplify=path.should_simplify and clip, sketch=gc.get_sketch_params(),
        )  # fmt: skip
        self.writer.element("path", attrib={"d": outline, "class": self._class(gc, rgbFace)})

    def draw_markers(
        self, gc: Any, marker_path: Path, marker_trans: Transform, path: Path, trans: Transform,
        rgbFace: Any = None,
    ) -> None:  # fmt: skip
        """Write a sign at each place: a disc as a circle, any other as one that is defined once."""
        where = self._make_flip_transform(trans)
        page = (0.0, 0.0, self.width * POINTS_PER_INCH, self.height * POINTS_PER_INCH)
        across = marker_trans.get_matrix()
        round_ = across[0, 0] == across[1, 1] and _is_disc(marker_path)
        sign = "" if round_ else self._sign(marker_path, marker_trans)
        drawn = {"class": self._class(gc, rgbFace, clipped=round_)}
        clip = self._get_clip_attrs(gc)
        apart = clip and not round_  # a sign is clipped where it stands, not where it is defined
        if apart:
            self.writer.start("g", clip)
        for vertices, _ in path.iter_segments(where, clip=page, simplify=False):
            x, y = (_shortly(place) for place in vertices[-2:])
            if round_:
                self.writer.element("circle", cx=x, cy=y, r=_shortly(across[0, 0]), attrib=drawn)
            else:
                self.writer.element("use", attrib={"xlink:href": f"#{sign}", **drawn}, x=x, y=y)
        if apart:
            self.writer.end("g")

    def _sign(self, path: Path, transform: Transform) -> str:
        """Return the name of a sign, which is defined where it comes first."""
        outline = self._convert_path(path, transform + Affine2D().scale(1.0, -1.0), simplify=False)
        name = f"m{crc32(outline.encode()):x}"
        if name not in self._signs:
            self._signs.add(name)
            self.writer.start("defs")
            self.writer.element("path", id=name, d=outline)
            self.writer.end("defs")
        return name

    def _class(self, gc: Any, rgbFace: Any, *, clipped: bool = True) -> str:
        """Return the name of how something is drawn: the same in every figure of a page."""
        style = self._get_style(gc, rgbFace)
        if clipped:
            style += "".join(f";{name}:{box}" for name, box in self._get_clip_attrs(gc).items())
        name = f"s{crc32(style.encode()):x}"
        self._classes[name] = style
        return name

    def _get_style(self, gc: Any, rgbFace: Any) -> str:
        """Return how something is drawn, without blanks and with short colours."""
        return ";".join(
            f"{name}:{_DOUBLED.sub(_HALVED, value)}"
            for name, value in self._get_style_dict(gc, rgbFace).items()
        )

    def _convert_path(
        self, path: Path, transform: Transform | None = None, clip: object = None,
        simplify: bool | None = None, sketch: object = None,
    ) -> str:  # fmt: skip
        page = (0.0, 0.0, self.width, self.height) if clip else None
        drawn: bytes = _COMPILED.convert_to_string(
            path, transform, page, simplify, sketch, DECIMALS, _SIGNS, False
        )
        short = drawn.decode("ascii").replace(" \n", "").replace("\n", "")
        for sign in _LETTERS:
            short = short.replace(f"{sign} ", sign)
        return _stepwise(short, THINNED) if short.count("L") >= MANY else short

    def _draw_text_as_path(
        self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, ismath: Any,
        mtext: Any = None,
    ) -> None:  # fmt: skip
        if ismath:
            super()._draw_text_as_path(gc, x, y, s, prop, angle, ismath, mtext)
            return
        self.writer.comment(s)
        letters = self._letters(s, prop, mtext)
        colour, opacity = rgb2hex(gc.get_rgb()), gc.get_rgb()[3]
        size = prop.get_size_in_points() / self._text2path.FONT_SCALE / UNITS
        turned = f" rotate({-angle:g})" if angle else ""
        style = "" if colour == "#000000" else f' fill="{colour}"'
        style += "" if opacity == 1 else f' fill-opacity="{opacity:g}"'
        self._written.write(
            f'<g transform="translate({_shortly(x)} {_shortly(y)}){turned}'
            f' scale({size:.6f} -{size:.6f})"'
            f"{style}>{letters}</g>\n"
        )

    def _letters(self, text: str, prop: Any, mtext: Any) -> str:
        """Return a text as letters side by side, each defined where it comes first."""
        features = None if mtext is None else mtext.get_fontfeatures()
        language = None if mtext is None else mtext.get_language()
        found, new, _ = self._text2path.get_glyphs_with_font(
            self._text2path._get_font(prop), text, glyph_map=self._names,
            return_new_glyphs_only=True, features=features, language=language,
        )  # fmt: skip
        defined = []
        for glyph, (vertices, codes) in new.items():
            outline = self._convert_path(Path(vertices * UNITS, codes), simplify=False)
            name = f"g{crc32(outline.encode()):x}"
            if name not in self._names.values():
                defined.append(f'<path id="{name}" d="{_stepwise(outline, 0)}"/>')
            self._names[glyph] = name
        shown = [
            f'<use xlink:href="#{self._names[glyph]}"{_at("x", x)}{_at("y", y)}/>'
            for glyph, x, y, _ in found
        ]
        definitions = f"<defs>{''.join(defined)}</defs>" if defined else ""
        return definitions + "".join(shown)


def _is_disc(path: Path) -> bool:
    return np.array_equal(np.asarray(path.vertices), np.asarray(Path.unit_circle().vertices))


@cache
def _stepwise(outline: str, decimals: int) -> str:
    """Return an outline by the steps from each place to the next, which have fewer digits.

    Steps are taken between places as they are rounded, so that no error adds up.
    """
    unit = 10**decimals
    parts: list[str] = []
    here = start = (0, 0)
    before = ""
    for sign, numbers in _COMMAND.findall(outline):
        flat = [round(float(number) * unit) for number in numbers.split()]
        places = list(zip(flat[::2], flat[1::2], strict=True))
        steps = [one - origin for place in places for one, origin in zip(place, here, strict=True)]
        step = sign.lower()
        if sign == "M":
            step, steps, start = "M", flat, places[0]
        elif sign == "L" and 0 in steps:
            step, steps = ("h", steps[:1]) if steps[1] == 0 else ("v", steps[1:])
        here = places[-1] if places else start
        said = " ".join(_shortly(one / unit) for one in steps)
        parts.append(
            said
            if step == before and said.startswith("-")
            else f" {said}"
            if step == before and step != "z"
            else f"{step}{said}"
        )
        before = step
    return "".join(parts).replace(" -", "-")


def _shortly(number: float) -> str:
    """Return a number of points with the digits that count."""
    shown = f"{number:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return _ZERO.sub("", shown) or "0"


def _at(name: str, place: float) -> str:
    """Return where a letter stands in its text; nothing at its beginning."""
    units = round(place * UNITS)
    return f' {name}="{units}"' if units else ""
