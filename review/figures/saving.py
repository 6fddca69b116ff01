"""Figures as files: SVG, PNG at a stated resolution and PDF, the same bytes for the same figure."""

from __future__ import annotations

import re
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

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

COMPRESSION: Final = 3
"""zlib's level for a PNG: a third quicker than its default 6, for a file a tenth larger."""


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
    metadata: dict[str, str | None] = {_MAKER[file_format]: CREATOR}
    if figure.get_label():
        metadata["Title"] = str(figure.get_label())
    if origin is not None:
        metadata[_WHERE[file_format]] = f"living-review:{origin}"
    if file_format is FigureFormat.SVG:
        metadata["Date"] = None
    elif file_format is FigureFormat.PDF:
        metadata["CreationDate"] = None
    packed: dict[str, Any] = {}
    if file_format is FigureFormat.PNG:
        packed["pil_kwargs"] = {"compress_level": COMPRESSION}
    buffer = BytesIO()
    with own_settings():
        figure.savefig(
            buffer,
            format=file_format.value,
            dpi=dpi,
            metadata=metadata,
            facecolor="white",
            **packed,
        )
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
