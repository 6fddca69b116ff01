"""SVG in half the bytes: letters in whole numbers, places to a hundredth of a point."""

from __future__ import annotations

import re
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

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
"""Of a place in points, 0.0035 mm: who measures a figure reads its numbers to four digits."""

UNITS: Final = 64
"""Units of FreeType in one of `TextToPath`: in them all numbers of a letter are whole."""

_COMPILED: Final[Any] = _path
"""Of matplotlib; its stub names nothing."""

_DOUBLED: Final = re.compile(r"#(.)\1(.)\2(.)\3")
_HALVED: Final = r"#\1\2\3"
"""A colour that three digits say, and these digits."""

_LINE: Final = re.compile(r"M[-\d. ]+(?:L[-\d. ]+)+")
"""A line without curves, from where it begins."""

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
        super().__init__(width, height, self._written, metadata=metadata)
        self._text2path: Any = _Letters()

    def content(self) -> bytes:
        """Return the whole file."""
        self.finalize()
        return self._written.getvalue().encode()

    def open_group(self, s: str, gid: str | None = None) -> None:
        """Begin an artist."""
        self._named.append(gid is not None)
        if gid is not None:
            super().open_group(s, gid)

    def close_group(self, s: str) -> None:
        """End an artist."""
        if self._named.pop():
            super().close_group(s)

    def draw_markers(
        self, gc: Any, marker_path: Path, marker_trans: Transform, path: Path, trans: Transform,
        rgbFace: Any = None,
    ) -> None:  # fmt: skip
        """Write a sign at each place: a disc as a circle, any other as one that is defined once."""
        where = self._make_flip_transform(trans)
        page = (0.0, 0.0, self.width * POINTS_PER_INCH, self.height * POINTS_PER_INCH)
        clip = "".join(f' {name}="{box}"' for name, box in self._get_clip_attrs(gc).items())
        style = self._get_style(gc, rgbFace)
        across = marker_trans.get_matrix()
        round_ = marker_path is Path.unit_circle() and across[0, 0] == across[1, 1]
        sign, defined = ("", "") if round_ else self._sign(marker_path, marker_trans)
        shown = []
        for vertices, _ in path.iter_segments(where, clip=page, simplify=False):
            x, y = (_shortly(place) for place in vertices[-2:])
            if round_:
                radius = _shortly(across[0, 0])
                shown.append(f'<circle cx="{x}" cy="{y}" r="{radius}"{clip} style="{style}"/>')
            else:
                shown.append(f'<use xlink:href="#{sign}" x="{x}" y="{y}" style="{style}"/>')
        if shown:
            self.writer.flush()
            within = shown if round_ or not clip else [f"<g{clip}>", *shown, "</g>"]
            self._written.write("\n".join([defined, *within] if defined else within) + "\n")

    def _sign(self, path: Path, transform: Transform) -> tuple[str, str]:
        """Return the name of a sign, and its definition where it comes first."""
        outline = self._convert_path(path, transform + Affine2D().scale(1.0, -1.0), simplify=False)
        name = f"m{crc32(outline.encode()):x}"
        if name in self._signs:
            return name, ""
        self._signs.add(name)
        return name, f'<defs><path id="{name}" d="{outline}"/></defs>'

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
        return _stepwise(short) if short.count("L") >= MANY else short

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
                defined.append(f'<path id="{name}" d="{outline}"/>')
            self._names[glyph] = name
        shown = [
            f'<use xlink:href="#{self._names[glyph]}"{_at("x", x)}{_at("y", y)}/>'
            for glyph, x, y, _ in found
        ]
        definitions = f"<defs>{''.join(defined)}</defs>" if defined else ""
        return definitions + "".join(shown)


def _stepwise(outline: str) -> str:
    """Return a line by the step from each place to the next, which has fewer digits.

    Steps are taken between places as they are rounded, so that no error adds up.
    """
    unit = 10**DECIMALS

    def steps(line: re.Match[str]) -> str:
        places = [
            [round(float(number) * unit) for number in place.split(" ")]
            for place in line[0][1:].split("L")
        ]
        moves = (
            " ".join(_shortly((b - a) / unit) for a, b in zip(before, place, strict=True))
            for before, place in pairwise(places)
        )
        start = " ".join(_shortly(one / unit) for one in places[0])
        return f"M{start}l{' '.join(moves)}".replace(" -", "-")

    return _LINE.sub(steps, outline)


def _shortly(number: float) -> str:
    """Return a number of points with the digits that count."""
    shown = f"{number:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return _ZERO.sub("", shown) or "0"


def _at(name: str, place: float) -> str:
    """Return where a letter stands in its text; nothing at its beginning."""
    units = round(place * UNITS)
    return f' {name}="{units}"' if units else ""
