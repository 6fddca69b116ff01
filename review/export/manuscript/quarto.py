"""A document as Quarto Markdown: plain text that Quarto and pandoc turn into any format.

Every number is a span with its name and origin, ``[0.80]{.number key="…" origin="…"}``. The filter
`numbers.lua` fills these spans from `numbers.json` when the document is rendered, so that a text
that authors went on writing shows the numbers of the newest export.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from review.export.manuscript.document import (
    Block,
    Cite,
    Entries,
    FigureBlock,
    Heading,
    Manuscript,
    Number,
    Paragraph,
    Reference,
    ReferenceList,
    Span,
    TableBlock,
    Term,
)
from review.export.manuscript.literature import cited_in, items
from review.export.tables.cells import writable
from review.export.tables.printing import NumberStyle
from review.export.tables.writers.markdown import escaped, render_markdown

Elsewhere = Mapping[tuple[str, str], str]

NUMBERS: Final = "numbers.json"
FILTER: Final = "numbers.lua"
BIBLIOGRAPHY: Final = "literature.json"

TITLES: Final = {"fig": "Figure", "tbl": "Table"}

LUA: Final = """\
-- Fills each span of class "number" from numbers.json (loaded as metadata) by its key.
local numbers = {}

local function read(meta)
  numbers = meta.numbers or {}
end

local function fill(span)
  local known = span.classes:includes("number") and numbers[span.attributes.key]
  if known then
    span.content = pandoc.Inlines({ pandoc.Str(pandoc.utils.stringify(known.text)) })
    span.attributes.origin = pandoc.utils.stringify(known.origin)
  end
  return span
end

return { { Meta = read }, { Span = fill } }
"""


def render_quarto(manuscript: Manuscript, style: NumberStyle) -> str:
    """Return a document as the text of a ``.qmd`` file."""
    parts = [_front_matter(manuscript)]
    parts += [_block(block, style, manuscript.elsewhere) for block in manuscript.blocks]
    return "\n\n".join(parts) + "\n"


def numbers_json(manuscript: Manuscript) -> str:
    """Return all numbers of a document with their digits and origins, as pandoc takes metadata."""
    numbers = {
        name: {"text": number.text, "value": number.value, "origin": number.origin}
        for name, number in sorted(manuscript.numbers.items())
    }
    return _json({"numbers": numbers})


def literature_json(manuscript: Manuscript) -> str:
    """Return the works that a document cites, as CSL-JSON."""
    return _json([items()[key] for key in cited_in(manuscript.blocks)])


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _front_matter(manuscript: Manuscript) -> str:
    lines = [
        f"title: {json.dumps(escaped(manuscript.title), ensure_ascii=False)}",
        f"subtitle: {json.dumps(escaped(manuscript.subtitle), ensure_ascii=False)}",
        f'date: "{manuscript.date}"',
        f"lang: {manuscript.english.value}",
        "format:\n  docx: default\n  html:\n    embed-resources: true",
        f"metadata-files:\n  - {NUMBERS}",
        f"filters:\n  - {FILTER}",
        f"bibliography: {BIBLIOGRAPHY}",
    ]
    if manuscript.mark:
        titles = (f'  {kind}-title: "{word} {manuscript.mark}"' for kind, word in TITLES.items())
        lines.append("\n".join(("crossref:", *titles)))
    return "---\n" + "\n".join(lines) + "\n---"


def _block(block: Block, style: NumberStyle, elsewhere: Elsewhere) -> str:
    match block:
        case Heading(level, text):
            return f"{'#' * level} {escaped(text)}"
        case Paragraph(spans):
            return "".join(_span(span, elsewhere) for span in spans)
        case TableBlock(name, table):
            return render_markdown(table, slug(name), style).rstrip()
        case FigureBlock(name, title, alternative, _):
            attributes = f"#fig-{slug(name)} fig-alt={_quoted(alternative)}"
            return f"![{escaped(title)}](figures/{name}.png){{{attributes}}}"
        case ReferenceList():
            return "# References\n\n::: {#refs}\n:::"
        case Entries(lines):
            return "\n\n".join(escaped(line) for line in lines)


def _span(span: Span, elsewhere: Elsewhere) -> str:
    match span:
        case str():
            before, after = span[: span.startswith(" ")], span[len(span) - span.endswith(" ") :]
            return f"{before}{escaped(span)}{after}"
        case Number(name, text, _, origin):
            return f'[{escaped(text)}]{{.number key="{name}" origin="{origin}"}}'
        case Term(text):
            return f"*{escaped(text)}*"
        case Cite(key):
            return f"[@{key}]"
        case Reference() if (span.kind, span.name) in elsewhere:
            return elsewhere[span.kind, span.name].replace(" ", "\u00a0")
        case _:
            return f"@{'tbl' if span.kind == 'table' else 'fig'}-{slug(span.name)}"


def _quoted(text: str) -> str:
    line = " ".join(writable(text).split())
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'


def slug(name: str) -> str:
    """Return a name as cross-references take it: letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
