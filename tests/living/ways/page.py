"""The page `docs/ways-of-reporting.md` from what the program makes of the table.

    python -m tests.living.ways.page

writes it again; a test compares it with what the program says.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

HERE = Path(__file__).parent

HEAD = """# Ways of reporting

Trials report one difference in many ways. This table enters invented truths in {n} of them, by
`review extract import`, and shows what an analysis makes of each: the effect with its 95 %
interval, positive favouring video, or what it says is missing. R computes every effect
independently (`tests/living/ways/ways.R`); a test compares the two to nine digits, and this page
with both.

The truth behind most of them: BDI after treatment, where lower is better; video n 50, mean 20, SD
8, clinic n 52, mean 23, SD 9. Hedges' g is 0.35 [-0.04, 0.74]. An adjusted analysis knows the
same difference more precisely (0.35 [0.07, 0.63] where the covariate correlates 0.7 with the
outcome), one of clusters less precisely (0.35 [-0.13, 0.83]). What standardizes is always the SD
of scores within arms: an SE, interval, t, F or p of an adjusted model holds the smaller SD that
is left after adjustment, of an analysis by clusters the design effect, of periods within persons
their correlation, and none of them gives an SMD without the number that undoes this.

- `sd` of a contrast is the SD of scores, pooled over both arms; the arms' own rows with `n` and
  `sd` do as well.
- `correlation` of an adjusted result is that of the outcome with its covariate, `r_squared` the
  share of the variance that all covariates explain; `residual_sd` is what is left (root mean
  square error).
- `clusters_analysed` says that the SE, interval, t or p holds the design effect. Means with SDs
  and events never do: their variance is inflated whatever the report's own analysis did.
- Ratios of rates are told as they are pooled, above 1 where video has fewer events.
- `df1` is the numerator of F's degrees of freedom (2 for a test of three arms), `p_sides` is 1
  for a one-sided p.

"""

FOOT = """
Formulas: Hedges 1981 and 1982 (g and its variance); Borenstein 2009, chapter 12 of the Handbook
of Research Synthesis and Meta-Analysis (adjusted: (1 - R²)(1/n1 + 1/n2) + g²/(2N)); What Works
Clearinghouse Handbook 5.0 (a difference with its SE over the SD of scores: (SE/SD)² + g²/(2N));
White & Thomas 2005 (clusters); Elbourne et al. 2002 (crossover); Luo et al. 2018, Wan et al.
2014, Shi et al. 2020 (medians); Cochrane Handbook 6.5.2 (SDs). The correction J has n1 + n2 - 2
degrees of freedom throughout, as the Clearinghouse has it; a degree less for each covariate would
change g by less than 0.1 % from 100 persons on. Means adjusted for covariates, with the SDs of
scores and no R², count as precise as unadjusted ones, which is conservative; so does a d without
SE.
"""

Key = tuple[str, str]


def page(
    ways: Sequence[tuple[str, str, str]],
    effects: Mapping[Key, tuple[float, float]],
    left_out: Mapping[Key, str],
    recipes: Mapping[Key, str],
) -> str:
    """Return the page: a table for each group of ways, given as (group, way, analysis)."""
    entered = _entered()
    text = HEAD.format(n=len({way for _, way, _ in ways}))
    for group, of_group in groupby(ways, key=lambda way: way[0]):
        text += (
            f"## {group}\n\n| reported | entered | analysis | gives | how, or what is missing |\n"
        )
        text += "|---|---|---|---|---|\n"
        for _, way, analysis in of_group:
            key = way, analysis
            gives = _interval(*effects[key], analysis) if key in effects else "refused"
            how = _short(recipes[key] if key in effects else left_out[key])
            cells = (way[4:], entered[way], analysis, gives, how)
            text += f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"
        text += "\n"
    return text + FOOT.lstrip("\n")


def _short(told: str) -> str:
    """Leave out what every row of a kind says."""
    for said in ("contrast converted: ", "; sign turned: lower is better"):
        told = told.replace(said, "")
    told = re.sub(r"^the numbers do not give \w+: ", "", told)
    entry = re.search(r"column metric: (.*?);? planned are", " ".join(told.split()))
    return entry.group(1) if entry else told


def _interval(y: float, v: float, analysis: str) -> str:
    half = 1.959963984540054 * math.sqrt(v)
    numbers = [y, y - half, y + half]
    if analysis in ("rr", "or", "irr"):
        numbers = [math.exp(number) for number in numbers]
    one, low, high = (f"{number:.2f}" for number in numbers)
    return f"{one} [{low}, {high}]"


_NOT_SHOWN = {
    "study", "arm", "treatment", "delivery_mode", "versus_arm", "versus_treatment",
    "versus_delivery_mode", "instrument", "n", "versus_n",
}  # fmt: skip


def _entered() -> dict[str, str]:
    """Return which columns each way fills, beside names and sizes."""
    found: dict[str, dict[str, None]] = {}
    with (HERE / "ways.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            given = found.setdefault(row["study"], {})
            for name, cell in row.items():
                if cell and name not in _NOT_SHOWN:
                    named = name in ("metric", "adjusted", "clusters_analysed", "df1", "p_sides",
                                     "randomised", "ci_level")  # fmt: skip
                    given[f"`{name}` {cell}" if named else f"`{name}`"] = None
    return {study: ", ".join(_ordered(given)) for study, given in found.items()}


def _ordered(given: Mapping[str, None]) -> Iterator[str]:
    """Yield `estimate` and `metric` first, as a reader thinks of them."""
    first = [name for name in given if name.startswith(("`estimate`", "`metric`"))]
    yield from first
    yield from (name for name in given if name not in first)


def main() -> None:
    """Write the page."""
    import tempfile

    from review.db import database_at
    from review.schema import upgrade
    from tests.living.test_ways_of_reporting import ANSWERS, PAGE, taken_in

    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.db"
        database = database_at(f"sqlite:///{template}")
        upgrade(database)
        database.engine.dispose()
        made = taken_in(Path(folder), template)
    ways = [(a.group, a.way, a.analysis) for a in ANSWERS]
    PAGE.write_text(page(ways, made.effects, made.left_out, made.recipes), encoding="utf-8")


if __name__ == "__main__":
    main()
