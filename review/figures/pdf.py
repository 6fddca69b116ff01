"""PDF in half the bytes: places to a hundredth of a point, as in SVG."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

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

_SIGNS: Final = [b"m", b"l", b"", b"c", b"h"]


class _SmallPdf(_BACKEND.PdfFile):  # type: ignore[misc]  # of a module without types
    """matplotlib's file, with paths written short."""

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
        super().output(*(round(x, DIGITS) if isinstance(x, float) else x for x in data))


def pdf_of(pages: Sequence[Drawn], metadata: Mapping[str, str | None]) -> bytes:
    """Return a PDF, which holds its fonts once for all pages."""
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
    return held.getvalue()
