"""SVG in two thirds of the bytes: letters in whole numbers, places to a thousandth of a point."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from matplotlib import _path
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.colors import rgb2hex
from matplotlib.path import Path
from matplotlib.textpath import TextToPath

if TYPE_CHECKING:
    from matplotlib.transforms import Transform

DECIMALS: Final = 3
"""Of a place in points: who measures a figure reads its numbers to four digits."""

UNITS: Final = 64
"""Units of FreeType in one of `TextToPath`: in them all numbers of a letter are whole."""

_COMPILED: Final[Any] = _path
"""Of matplotlib; its stub names nothing."""

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
        return short

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
            f'<g transform="translate({x:.3f} {y:.3f}){turned} scale({size:.6f} -{size:.6f})"'
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


def _at(name: str, place: float) -> str:
    """Return where a letter stands in its text; nothing at its beginning."""
    units = round(place * UNITS)
    return f' {name}="{units}"' if units else ""
