"""Sections of a report, and the pages they make: Markdown and HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

_NUMERIC: Final = re.compile(r"[-+<]?\d[\d.]*( \(df .*\))?|\[.*\]")
"""A number, a statistic with its degrees of freedom, or an interval."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, sentences and a table."""

    heading: str
    sentences: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def right(self) -> tuple[str, ...]:
        """The columns after the first that hold numbers for the most part, by their headers."""
        columns = zip(*self.rows, strict=True)
        named = list(zip(self.headers, columns, strict=False))[1:]
        return tuple(header for header, cells in named if _numeric(cells))


def _numeric(cells: Sequence[str]) -> bool:
    given = [cell for cell in cells if cell]
    return 2 * sum(bool(_NUMERIC.fullmatch(cell)) for cell in given) > len(given)


def markdown(title: str, sections: Sequence[Section]) -> str:
    """Return the sections as a Markdown document."""
    lines = [f"# {title}", ""]
    for section in sections:
        lines += [f"## {section.heading}", ""]
        lines += [line for sentence in section.sentences for line in (sentence, "")]
        if section.rows:
            lines.append(f"| {' | '.join(section.headers)} |")
            marks = [" ---: |" if h in section.right else " --- |" for h in section.headers]
            lines.append(f"|{''.join(marks)}")
            cells = [[cell.replace("|", "\\|") for cell in row] for row in section.rows]
            lines += [f"| {' | '.join(row)} |" for row in cells]
            lines.append("")
    return "\n".join(lines)


def html_page(title: str, sections: Sequence[Section]) -> str:
    """Return the sections as one HTML page without scripts; every text is escaped."""
    environment = Environment(
        loader=PackageLoader("review.living.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html").render(title=title, sections=sections)
