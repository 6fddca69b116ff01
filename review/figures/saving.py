"""Figures as files: SVG, PNG at a stated resolution and PDF, the same bytes for the same figure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from review.errors import InvalidDataError
from review.figures.style import own_settings
from review.figures.text import POINTS_PER_INCH
from review.files import replace_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from review.figures.once import Drawn

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


_WRITERS: Final = (
    "matplotlib.backends.backend_agg", "PIL.PngImagePlugin", "review.figures.pdf",
    "review.figures.svg",
)  # fmt: skip
"""Modules that are loaded when the first file is written."""


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
    return files_of(Task([figure], [file_format], origin), dpi=dpi).files[file_format]


@dataclass(frozen=True, slots=True)
class Task:
    """A figure whose files are wanted, as a process takes it."""

    pages: Sequence[Figure]
    kinds: Sequence[FigureFormat]
    """Of the one page; several are a PDF."""
    origin: str | None = None


class Made(NamedTuple):
    """The files of a figure, and what a PDF among them says."""

    files: dict[FigureFormat, bytes]
    """Without date, with title and origin as `render` has them."""
    texts: tuple[tuple[str, ...], ...] | None
    """As `review.figures.pdf.Pdf` has them; None without a PDF, too."""


def load() -> None:
    """Load what writes files, in a process that will be asked for some."""
    for name in _WRITERS:
        import_module(name)


def files_of(task: Task, *, dpi: int = DOTS_PER_INCH) -> Made:
    """Make the files of a figure, which is drawn once; any process makes the same.

    Parameters
    ----------
    task : Task
        What is wanted.
    dpi : int
        Dots an inch of a PNG.
    """
    from review.figures.once import Drawn

    with own_settings():
        pages = [Drawn(page, dpi) for page in task.pages]
        kinds = task.kinds if len(pages) == 1 else [FigureFormat.PDF]
        files: dict[FigureFormat, bytes] = {}
        texts = None
        for kind in kinds:
            metadata = _metadata(task.pages[0], kind, task.origin)
            match kind:
                case FigureFormat.PDF:
                    from review.figures.pdf import pdf_of

                    files[kind], texts = pdf_of(pages, metadata)
                case FigureFormat.SVG:
                    from review.figures.svg import SmallSVG

                    written = SmallSVG(pages[0].width, pages[0].height, metadata)
                    pages[0].onto(written)
                    files[kind] = written.content()
                case FigureFormat.PNG:
                    files[kind] = _png(pages[0], metadata)
        return Made(files, texts)


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


def _png(page: Drawn, metadata: Mapping[str, str | None]) -> bytes:
    """A PNG with a palette: one byte a pixel, where red, green, blue and opacity take four.

    One of more colours than a palette has, which no figure of a review is, keeps them all.
    """
    import numpy as np
    from matplotlib.backends import backend_agg
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    dpi = page.dpi
    wide, high = (int(dpi * inches) for inches in page.inches)
    backend: Any = backend_agg  # its stub has no types
    renderer = backend.RendererAgg(wide, high, dpi)
    page.onto(renderer, dpi / POINTS_PER_INCH)
    pixels = np.frombuffer(renderer.buffer_rgba(), np.uint8).reshape(high, wide, 4)
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
