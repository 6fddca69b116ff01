"""Risk of bias as tables of HTML: a traffic light a judgement, and how often each was made."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from markupsafe import Markup

from review.figures.numbers import fixed
from review.figures.risk_of_bias import BiasRow, Blank, Category, RiskOfBias, Share, shares

LOOKS: Final = {
    "green": "low", "yellow": "some", "orange": "grave", "vermillion": "high", "grey": "unknown",
}  # fmt: skip
"""The look of a category by its colour; others look like `some`."""


def light(categories: Sequence[Category], judged: int | Blank) -> str:
    """Return a judgement of risk of bias as a sign with its words."""
    if isinstance(judged, Blank):
        sign = "\N{EN DASH}" if judged is Blank.NOT_ASKED else "?"
        return f'<span class="light blank" role="img" aria-label="{judged.value}">{sign}</span>'
    category = categories[judged]
    look, label = _look(category), escape(category.label)
    sign = escape(category.symbol)
    return f'<span class="light {look}" role="img" aria-label="{label}">{sign}</span>'


def lights_table(content: RiskOfBias, addresses: Sequence[str] = ()) -> Markup:
    """Return the traffic lights of a review, a row a result, with what the signs mean below.

    Parameters
    ----------
    content : RiskOfBias
        Any number of rows.
    addresses : sequence of str
        Where the name of each row leads; none lead anywhere.
    """
    heads = "".join(
        f'<th scope="col"><abbr title="{escape(one.name)}">{escape(one.key)}</abbr></th>'
        for one in content.domains
    )
    rows = "".join(
        _row(content.categories, row, addresses[place] if addresses else "")
        for place, row in enumerate(content.rows)
    )
    caption = escape(content.title)
    return Markup(  # escaped above: names, labels, addresses
        f'<div class="scroll" role="group" aria-label="{caption}" tabindex="0">'
        f'<table class="lights fit"><caption>{caption}</caption>'
        f'<thead><tr><th scope="col">Result</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        f"</div>{legend(content)}"
    )


def _row(categories: Sequence[Category], row: BiasRow, address: str) -> str:
    name = escape(row.label)
    if address:
        name = f'<a href="{escape(address)}">{name}</a>'
    cells = "".join(f"<td>{light(categories, judged)}</td>" for judged in row.judgements)
    return f'<tr><th scope="row">{name}</th>{cells}</tr>'


def legend(content: RiskOfBias) -> Markup:
    """Return what the signs and the heads of traffic lights mean, and the note below them."""
    signs = "".join(
        f"<li>{light(content.categories, place)} {escape(one.label)}</li>"
        for place, one in enumerate(content.categories)
    )
    blanks = {judged for row in content.rows for judged in row.judgements}
    signs += "".join(
        f"<li>{light((), blank)} {escape(blank.value)}</li>" for blank in Blank if blank in blanks
    )
    domains = "; ".join(
        f"{escape(one.key)} {escape(one.name)}" for one in content.domains if one.key != one.name
    )
    return Markup(
        f'<ul class="signs" aria-label="Signs">{signs}</ul>'
        f'<p class="small quiet">{domains}. {escape(content.note)}</p>'
    )


def shares_table(content: RiskOfBias) -> Markup:
    """Return how often each judgement was made in each domain, as bars with their numbers."""
    rows = []
    for place, domain in enumerate(content.domains):
        found = shares(content, place)
        words = [f"{one.count} {_called(content, one.category)}" for one in found if one.count]
        name = domain.name if domain.key == domain.name else f"{domain.key} {domain.name}"
        rows.append(
            f'<tr><th scope="row">{escape(name)}</th><td>{_bar(content, found)}</td>'
            f"<td>{escape(', '.join(words))}</td></tr>"
        )
    caption = "How often each judgement was made"
    return Markup(
        f'<div class="scroll" role="group" aria-label="{caption}" tabindex="0">'
        f'<table class="shares fit"><caption>{caption}</caption><thead><tr>'
        '<th scope="col">Domain</th><td></td><th scope="col">Results</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _called(content: RiskOfBias, category: int | Blank) -> str:
    if isinstance(category, Blank):
        return category.value
    return content.categories[category].label.lower()


def _bar(content: RiskOfBias, found: Sequence[Share]) -> str:
    at, drawn = 0.0, []
    for one in found:
        if not one.count:
            continue
        of = one.category
        look = "blank" if isinstance(of, Blank) else _look(content.categories[of])
        drawn.append(
            f'<rect class="{look}" x="{fixed(at, 2)}" width="{fixed(one.percent, 2)}" height="10"/>'
        )
        at += one.percent
    return (
        '<svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(drawn)}</svg>"
    )


def _look(category: Category) -> str:
    return LOOKS.get(category.colour, "some")
