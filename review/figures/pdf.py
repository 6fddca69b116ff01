"""PDF in half the bytes: places to a hundredth of a point, as in SVG; and the texts in it."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from unicodedata import bidirectional

from matplotlib import _path
from matplotlib.backends import backend_pdf

from review.figures.svg import DECIMALS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.path import Path
    from matplotlib.transforms import Transform

    from review.figures.once import Drawn

_COMPILED: Final[Any] = _path
"""Of matplotlib; its stub names nothing."""

_BACKEND: Final[Any] = backend_pdf
"""Of matplotlib; its stub has no types."""

DIGITS: Final = 4
"""Decimals of numbers outside of paths: places of texts in points, and shares of colours."""

LEAST: Final = 1.0
"""Thousandths of a font's size by which a letter must be off its place to be moved: less than a
hundredth of a point. What is not moved counts for the letters behind it."""

_LEFTWARDS: Final = frozenset({"R", "AL", "AN"})
"""Unicode's classes of letters that are written from right to left."""

_SIGNS: Final = [b"m", b"l", b"", b"c", b"h"]


class Pdf(NamedTuple):
    """A PDF, and what it says."""

    content: bytes
    texts: tuple[tuple[str, ...], ...] | None
    """Of each page, in the order of the file. None where a reader may find them otherwise: letters
    from right to left, or of several fonts in one text."""


class _SmallPdf(_BACKEND.PdfFile):  # type: ignore[misc]  # of a module without types
    """matplotlib's file, with paths and texts written short.

    Attributes
    ----------
    texts : of each page, in the order of the file.
    one_font : whether each text has a font of its own alone.
    """

    def __init__(self, held: BytesIO, metadata: dict[str, str | None]) -> None:
        self.texts: list[list[str]] = []
        self.one_font = True
        self._fonts = 0
        super().__init__(held, metadata=metadata)
        track = self._character_tracker.track_glyph

        def tracked(font: object, letters: str | int, glyph: object) -> object:
            self.texts[-1][-1] += letters if isinstance(letters, str) else chr(letters)
            return track(font, letters, glyph)

        # what it is told of a letter is what the file says of it to those who read it
        self._character_tracker.track_glyph = tracked

    def newPage(self, width: float, height: float) -> None:
        """Begin a page."""
        self.texts.append([])
        super().newPage(width, height)

    @staticmethod
    def pathOperations(
        path: Path, transform: Transform, clip: object = None, simplify: bool | None = None,
        sketch: object = None,
    ) -> list[Any]:  # fmt: skip
        """Return a path in operators of PDF."""
        drawn = _COMPILED.convert_to_string(
            path, transform, clip, simplify, sketch, DECIMALS, _SIGNS, True
        )
        return [_BACKEND.Verbatim(drawn)]

    def output(self, *data: Any) -> None:
        """Write operators and what they take, which are floats where they are places or sizes."""
        match data[-1:]:
            case (_BACKEND.Op.begin_text,):
                self.texts[-1].append("")
                self._fonts = 0
            case (_BACKEND.Op.selectfont,):
                self._fonts += 1
                self.one_font &= self._fonts == 1
        super().output(*map(_shortly, data))


def _shortly(given: Any) -> Any:
    """Return what operators take, without digits that nobody sees."""
    if isinstance(given, float):
        return round(given, DIGITS)
    if isinstance(given, list) and any(isinstance(one, bytes) for one in given):
        return _shown(given)
    return given


def _shown(text: Sequence[bytes | float]) -> list[bytes | int]:
    """Return a text, with the steps between its letters that are seen.

    Examples
    --------
    >>> _shown([b"1", -0.49, b"0", -0.49, b".", -0.49, b"5", 74.2, b"A"])
    [b'10.', -1, b'5', 74, b'A']
    """
    found: list[bytes | int] = []
    off = 0.0
    for one in text:
        if not isinstance(one, bytes):
            off += one
            if abs(off) >= LEAST:
                found.append(round(off))
                off -= round(off)
        elif found and isinstance(found[-1], bytes):
            found[-1] += one
        else:
            found.append(one)
    return found


def pdf_of(pages: Sequence[Drawn], metadata: Mapping[str, str | None]) -> Pdf:
    """Return a PDF, which holds its fonts once for all pages, and what each page says."""
    held = BytesIO()
    file = _SmallPdf(held, metadata=dict(metadata))
    for page in pages:
        wide, high = page.inches
        file.newPage(wide, high)
        renderer = _BACKEND.RendererPdf(file, page.dpi, high, wide)
        page.onto(renderer)
        renderer.finalize()
        file.endStream()
    file.finalize()
    file.close()
    leftwards = any(
        bidirectional(letter) in _LEFTWARDS
        for page in file.texts
        for text in page
        for letter in text
    )
    plain = file.one_font and not leftwards
    return Pdf(held.getvalue(), tuple(map(tuple, file.texts)) if plain else None)
