"""The key above a plot: where its entries stand, and the samples of what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from review.figures.page import EDGE, Page, leading
from review.figures.style import BLACK, GREY
from review.figures.text import width, wrap

TEXT_SIZE = 8.0
TEXT_LINE = leading(TEXT_SIZE)
# Of a sample in the key, and the room between two entries.
SAMPLE, KEY_GAP = 0.3, 0.25


class Sample(StrEnum):
    """How an entry of the key is drawn."""

    LINE = "-"
    DASHED = "--"
    DOTTED = ":"
    DASH_DOT = "-."
    DOT = "o"
    DIAMOND = "D"
    BELOW = "v"
    """The arrow of a point below the axis."""
    RING = "ring"
    HOLLOW = "hollow diamond"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of the key: a sample and what it stands for."""

    words: str
    sample: Sample
    colour: str = BLACK
    marker: str = ""  # on a line


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where an entry of the key starts, from the left and in lines, and the lines of its words."""

    x: float
    line: int
    words: Sequence[str]


def key_places(keys: Sequence[Key], room: float) -> list[KeyPlace]:
    """Return where each entry stands in a key that is as wide as the room."""
    places: list[KeyPlace] = []
    x, line = 0.0, 0
    for key in keys:
        words = wrap(key.words, TEXT_SIZE, room - SAMPLE - 0.07)
        long = SAMPLE + 0.07 + max((width(part, TEXT_SIZE) for part in words), default=0.0)
        if x and x + long > room:
            x, line = 0.0, line + 1
        places.append(KeyPlace(x, line, words))
        if len(words) > 1:
            x, line = 0.0, line + len(words)
        else:
            x += long + KEY_GAP
    return places


def draw_key(page: Page, key: Key, place: KeyPlace, y: float, name: str, i: int) -> None:
    """Draw one entry: its sample, then its words."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    middle = 1 - (y + TEXT_LINE / 2) / page.height
    x = EDGE + place.x
    start, long = x / page.width, SAMPLE / page.width
    if key.sample is Sample.BLOCK:
        high = 0.1 / page.height
        block = Rectangle(
            (start, middle - high / 2), long, high, facecolor=key.colour, edgecolor=GREY, lw=0.5,
            transform=page.figure.transFigure,
        )  # fmt: skip
        block.set_gid(f"{name}-sample-{i}")
        page.figure.add_artist(block)
    else:
        line = key.sample in (Sample.LINE, Sample.DASHED, Sample.DOTTED, Sample.DASH_DOT)
        hollow = {Sample.RING: "o", Sample.HOLLOW: "D"}.get(key.sample, "")
        sample = Line2D(
            [start, start + long / 2, start + long] if line else [start + long / 2],
            [middle] * (3 if line else 1),
            color=key.colour, lw=1.2, ls=key.sample.value if line else "none",
            markevery=(1, 2) if line else 1,
            marker=key.marker if line else hollow or key.sample.value, ms=5,
            mfc="white" if hollow else key.colour, mec=key.colour, mew=0.9 if hollow else 0,
        )  # fmt: skip
        sample.set_gid(f"{name}-sample-{i}")
        page.figure.add_artist(sample)
    for n, words in enumerate(place.words):
        at, gid = y + (n + 0.5) * TEXT_LINE, f"{name}-{i}-{n}" if n else f"{name}-{i}"
        page.write(x + SAMPLE + 0.07, at, words, TEXT_SIZE, middle=True, gid=gid)
