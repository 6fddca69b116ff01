"""Tables that try every kind of cell, and texts that try every writer."""

import math

from review.export import Column, Footnote, Interval, Kind, Place, Spanner, Table

# shared/cbt_delivery/expected.json: multimedia up to 2008, all; face-to-face with made-up limits.
POOLED = Table(
    "Pooled estimates of CBT against control",
    (
        Column("analysis", "Analysis"),
        Column("k", "k", Kind.INTEGER),
        Column("estimate", "Hedges g", Kind.NUMBER),
        Column("ci", "95% CI", Kind.INTERVAL),
        Column("p", "p", Kind.P_VALUE),
        Column("pi", "Prediction interval", Kind.INTERVAL),
        Column("i2", "I²", Kind.PERCENT),
    ),
    (
        (
            "Multimedia, up to 2008", 6, 0.577518818956775,
            Interval(-0.172116355207946, 1.3271539931215), 0.104527867616752,
            Interval(-1.1980141581053, 2.35305179601885), 93.0353647747927,
        ),
        (
            "Multimedia, all", 17, 0.799661190666728,
            Interval(0.504508824733194, 1.09481355660026), 3.02102208741389e-05,
            Interval(-0.316518687965652, 1.91584106929911), 86.2737730031777,
        ),
        ("One-sided", 51, -1.5e-17, Interval(-math.inf, 1.8), 0.99999, None, None),
    ),
    spanners=(Spanner("Random effects", ("estimate", "ci", "p")),),
    footnotes=(
        Footnote("Positive values favour CBT."),
        Footnote("REML & Hartung-Knapp.", (Place(None, "estimate"), Place(1, "k"))),
        Footnote("Lower limit not computed.", (Place(2, "ci"),)),
    ),
    source="López-López et al. (2019).",
)  # fmt: skip

NASTY = (
    "=1+1", "=HYPERLINK(\"http://example.org\",\"x\")", "+1", "-1", "-2+3", "@SUM(A1)", "\t=1",
    "\r=1", "\n=1", "＝1", "'=1", "''-1", "'quoted", "a;=1+1", 'say "hi", twice', "http://a.org",
    "mailto:a@b.c", "1e5", "007", "TRUE", "", " padded ", "two\nlines", "_x0041_", "{=A1}",
    "\\input{/etc/passwd}", "\\write18{id}", "50% & $x_1^2$ #1 ~ {a} <b> |c| `d`", "[1] first",
    "*star", "a--b ''c''", "τ² ≤ 0.5 − ∞", "王小明", "مرحبا", "🧠", "é", "Ünlü",
)  # fmt: skip
UNWRITABLE = ("nul\x00", "bell\x07", "\ud800lone", "\x1b[31mred", "\ufffe")

HOSTILE = Table(
    "=cmd|'/c calc'!A1",
    (Column("text", "=Text"), Column("y", "-y", Kind.NUMBER)),
    tuple((text, -0.1 * (i + 1) / 3) for i, text in enumerate(NASTY)),
    footnotes=(Footnote("@note"),),
    source="+source",
)


def tall(rows: int, texts: int = 1) -> Table:
    columns = (
        Column("study", "Study"),
        *(Column(f"c{i}", f"Characteristic {i}") for i in range(texts)),
        Column("n", "n", Kind.INTEGER),
    )
    described = tuple("a description of some length" for _ in range(texts))
    return Table(
        "Characteristics", columns, tuple((f"Study {i}", *described, i) for i in range(rows))
    )
