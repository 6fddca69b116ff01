"""Figures as files: SVG, PNG at a stated resolution and PDF, the same bytes for the same figure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from review.errors import InvalidDataError
from review.figures.style import own_settings
from review.files import replace_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORIGIN: Final = re.compile(rb"living-review:([0-9a-f]{12}(?:/[A-Za-z0-9_.-]+)*)")
"""The run of a figure, as it stands in the metadata of each format."""

CREATOR: Final = "living-review figure"
"""What made a file, in its metadata: a figure that bears it may be drawn again in its place."""

# What most journals ask of line art mixed with text, at the least.
DOTS_PER_INCH = 300

COMPRESSION: Final = 6
"""zlib's level for a PNG."""

SHADES: Final = 5
"""Bits that a PNG tells each of red, green and blue apart by: no step between them is seen."""

PALETTE: Final = 256
"""Colours that a PNG with a palette can have."""


class FigureFormat(StrEnum):
    """A kind of figure file; its value is the suffix."""

    SVG = "svg"
    PNG = "png"
    PDF = "pdf"


_WHERE: Final = {
    FigureFormat.SVG: "Identifier",
    FigureFormat.PNG: "Source",
    FigureFormat.PDF: "Keywords",
}
"""The field of a format's metadata for what a figure was made from."""

_MAKER: Final = {
    FigureFormat.SVG: "Creator",
    FigureFormat.PNG: "Software",
    FigureFormat.PDF: "Creator",
}
"""The field for what made it."""


def render(
    figure: Figure,
    file_format: FigureFormat,
    *,
    dpi: int = DOTS_PER_INCH,
    origin: str | None = None,
) -> bytes:
    """The figure as the bytes of a file, without date, so that equal figures give equal bytes.

    Parameters
    ----------
    figure : Figure
        As `forest_plot` and its sisters return it.
    file_format : FigureFormat
        SVG (glyphs as outlines), PNG or PDF (fonts embedded as TrueType).
    dpi : int
        Dots an inch of a PNG.
    origin : str or None
        The run that is drawn, for the file's metadata: ``1f0c5a2b9e77``.

    Returns
    -------
    bytes
        The same for the same figure, matplotlib version and machine.
    """
    metadata = _metadata(figure, file_format, origin)
    with own_settings():
        if file_format is FigureFormat.PNG:
            return _png(figure, dpi, metadata)
        buffer = BytesIO()
        figure.savefig(buffer, format=file_format.value, metadata=metadata, facecolor="white")
        return buffer.getvalue()


def render_pages(figures: Sequence[Figure], *, origin: str | None = None) -> bytes:
    """The pages of a figure as one PDF, without date; title and origin as `render` has them."""
    from matplotlib.backends.backend_pdf import PdfPages

    buffer = BytesIO()
    with own_settings():
        with PdfPages(buffer, metadata=_metadata(figures[0], FigureFormat.PDF, origin)) as file:
            for figure in figures:
                file.savefig(figure, facecolor="white")
        return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class Task:
    """A figure whose files are wanted, as a process takes it."""

    pages: Sequence[Figure]
    kinds: Sequence[FigureFormat]
    """Of the one page; several are a PDF."""
    origin: str | None = None


def files_of(task: Task) -> dict[FigureFormat, bytes]:
    """Make the files of a figure; any process makes the same."""
    if len(task.pages) > 1:
        return {FigureFormat.PDF: render_pages(task.pages, origin=task.origin)}
    return {kind: render(task.pages[0], kind, origin=task.origin) for kind in task.kinds}


def _metadata(
    figure: Figure, file_format: FigureFormat, origin: str | None
) -> dict[str, str | None]:
    metadata: dict[str, str | None] = {_MAKER[file_format]: CREATOR}
    if figure.get_label():
        metadata["Title"] = str(figure.get_label())
    if origin is not None:
        metadata[_WHERE[file_format]] = f"living-review:{origin}"
    if file_format is FigureFormat.SVG:
        metadata["Date"] = None
    elif file_format is FigureFormat.PDF:
        metadata["CreationDate"] = None
    return metadata


def _png(figure: Figure, dpi: int, metadata: Mapping[str, str | None]) -> bytes:
    """A PNG with a palette: one byte a pixel, where red, green, blue and opacity take four.

    One of more colours than a palette has, which no figure of a review is, keeps them all.
    """
    import numpy as np
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    drawn = BytesIO()
    figure.savefig(drawn, format="rgba", dpi=dpi, facecolor="white")
    wide, high = (int(dpi * inches) for inches in figure.get_size_inches())
    pixels = np.frombuffer(drawn.getbuffer(), np.uint8).reshape(high, wide, 4)
    codes = np.zeros((high, wide), np.uint16)
    for colour in range(3):
        codes <<= SHADES
        codes |= pixels[:, :, colour] >> (8 - SHADES)
    used = np.flatnonzero(np.bincount(codes.ravel(), minlength=1 << 3 * SHADES))
    if len(used) <= PALETTE:
        places = np.zeros(1 << 3 * SHADES, np.uint8)
        places[used] = np.arange(len(used))
        levels = (1 << SHADES) - 1
        shown = np.stack([used >> 2 * SHADES, used >> SHADES & levels, used & levels], axis=1)
        image = Image.fromarray(places[codes])
        image.putpalette((shown * 255 // levels).astype(np.uint8).tobytes())
    else:
        image = Image.fromarray(pixels).convert("RGB")
    told = PngInfo()
    for key, value in metadata.items():
        if value is not None:
            told.add_text(key, value)
    buffer = BytesIO()
    image.save(buffer, "PNG", dpi=(dpi, dpi), pnginfo=told, compress_level=COMPRESSION)
    return buffer.getvalue()


def save(
    figure: Figure, path: str | Path, *, dpi: int = DOTS_PER_INCH, origin: str | None = None
) -> Path:
    """Write a figure in the format its suffix names.

    Parameters
    ----------
    figure : Figure
        What to write.
    path : str or Path
        Ends in ``.svg``, ``.png`` or ``.pdf``; an existing file is replaced.
    dpi : int
        Dots an inch of a PNG.
    origin : str or None
        The run that is drawn, for the file's metadata.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InvalidDataError
        For any other suffix.
    """
    target = Path(path)
    try:
        file_format = FigureFormat(target.suffix.lower().lstrip("."))
    except ValueError:
        known = ", ".join(f".{known.value}" for known in FigureFormat)
        raise InvalidDataError(
            f'A figure cannot be written to "{target.name}": its name must end in one of {known}.'
        ) from None
    return replace_file(target, render(figure, file_format, dpi=dpi, origin=origin))
