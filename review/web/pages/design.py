"""Every component in every state, for those who build pages: shown with ``--debug`` alone."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response

from review.errors import NotFoundError
from review.figures.estimates import EstimateRow, Estimates
from review.figures.forest_values import Diamond, Forest, ForestRow, Heading
from review.figures.risk_of_bias import BiasDomain, BiasRow, Blank, Category, RiskOfBias
from review.figures.scale import Notation
from review.people.rules import Deed
from review.web.forms import Blank as BlankForm
from review.web.forms import FieldErrors
from review.web.lights import lights_table, shares_table
from review.web.plots import Addresses, estimates_table, forest_table
from review.web.render import page
from review.web.routes import Routes
from review.web.visits import Visiting
from review.web.words import SIGNS

routes = Routes()


@dataclass(frozen=True, slots=True)
class Design:
    """What the page shows; every number on it is made up, and the page says so."""

    forest: Markup
    ratios: Markup
    nothing: Markup
    estimates: Markup
    lights: Markup
    shares: Markup
    classes: tuple[str, ...]
    filled: BlankForm
    wrong: FieldErrors


_ROWS = (
    Heading("First subgroup"),
    ForestRow("Alpha (2001)", 0.42, 0.10, 0.74, 31.2, ("40", "41"), (0, 1, 2)),
    ForestRow("Beta (2004)", -0.30, -0.61, 0.01, 28.0, ("38", "37"), (0, 0, 0)),
    Diamond("Subgroup (k = 2)", 0.06, -0.65, 0.77),
    Heading("Second subgroup"),
    ForestRow("Gamma, far off (2011)", 4.2, 2.9, 5.5, 4.1, ("9", "8"), (2, 2, Blank.NOT_ASKED)),
    ForestRow("Delta, no limit (2015)", 0.2, -float("inf"), float("inf"), 0.4, ("3", "3")),
    ForestRow("Epsilon (2019)", None, None, None, None, ("", "")),
)


def design() -> Design:
    """Return the components with made-up content."""
    names = ("low", "some concerns", "high")
    categories = tuple(
        Category(name, sign, colour)
        for name, sign, colour in zip(names, "+!−", ("green", "yellow", "vermillion"), strict=True)
    )
    forest = Forest(
        "Made-up trials",
        _ROWS,
        (Diamond("Pooled (k = 4)", 0.12, -0.31, 0.55, -0.9, 1.14),),
        favours_left="favours control",
        favours_right="favours intervention",
        margin=0.5,
        column_headers=("n intervention", "n control"),
        domains=tuple(BiasDomain(f"D{i}", f"Domain {i}") for i in (1, 2, 3)),
        categories=categories,
    )
    bias = RiskOfBias(
        "Made-up judgements",
        (*(BiasDomain(f"D{i}", f"Domain {i}") for i in (1, 2)), BiasDomain("Overall", "Overall")),
        tuple(
            Category(name, sign, colour)
            for name, sign, colour in (
                ("Low", "+", "green"), ("Moderate", "−", "yellow"), ("Serious", "×", "orange"),
                ("Critical", "!", "vermillion"), ("No information", "?", "grey"),
            )
        ),
        (
            BiasRow("Alpha (2001)", (0, 1, 1)), BiasRow("Beta (2004)", (2, 3, 3)),
            BiasRow("Gamma (2011)", (4, Blank.NOT_ASKED, Blank.NOT_ASSESSED)),
        ),
        "All made up.",
    )  # fmt: skip
    studies = [i if isinstance(row, ForestRow) else None for i, row in enumerate(_ROWS)]
    orders = {"label": "#name", "weight": "#weight", "value": "#effect"}
    ratios = Forest(
        "Made-up ratios, lower is better",
        (ForestRow("Alpha (2001)", 0.7, 0.1, 1.3), ForestRow("Beta (2004)", -0.2, -0.9, 0.5)),
        (Diamond("Pooled (k = 2)", 0.3, -0.5, 1.1),),
        effect_label="Risk ratio",
        favours_left="favours control",
        favours_right="favours intervention",
        notation=Notation.INVERSE,
    )
    rows = (
        EstimateRow("1", 0.2, -0.4, 0.8, ("2020-01-01",), ("inconclusive",)),
        EstimateRow("2", 0.3, 0.1, 0.5, ("2021-01-01",), ("superior",), strong=True),
        EstimateRow("3", None, None, None, ("2022-01-01",), ("",)),
    )
    return Design(
        forest=forest_table(
            forest,
            Addresses(studies, "#", orders, "weight", frozenset({2}), switches=True),
        ),
        ratios=forest_table(ratios),
        nothing=forest_table(Forest("No trial", ())),
        estimates=estimates_table(
            Estimates("Made-up runs", rows, "Run", ("Date",), ("Conclusion",)), links={0: "#run"}
        ),
        lights=lights_table(bias, ["#alpha", "#beta", "#gamma"]),
        shares=shares_table(bias),
        classes=(*SIGNS, "withheld"),
        filled=BlankForm(name="A name", level="0.95", mode="b", why="A reason"),
        wrong=FieldErrors(
            {"bad_name": "x", "bad_why": ""},
            {"bad_name": "It is too short.", "bad_why": "This is needed."},
        ),
    )


@routes.get("/design", Deed.ACCOUNT)
def components(visit: Visiting) -> Response:
    """Show every component in every state, in both palettes."""
    if not visit.settings.debug:
        raise NotFoundError("this page is shown where the program was started with --debug")
    return page(visit, "design.html", design())
