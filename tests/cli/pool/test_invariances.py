"""Any file in ``review pool``: order and names of rows change nothing, swapped arms turn signs."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from review.cli import main
from tests.cli.pool.test_doors import holds, run

Row = dict[str, Any]

SIZE, MEAN, SD = st.integers(2, 80), st.integers(1, 300).map(lambda x: x / 10), st.integers(5, 80)
TIME = st.integers(10, 900)


def fixed(**columns: Any) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(columns)


def events(draw_n: st.SearchStrategy[int]) -> st.SearchStrategy[tuple[int, int]]:
    return draw_n.flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


TABLES: dict[str, tuple[tuple[str, ...], st.SearchStrategy[Row]]] = {
    "means": (
        ("MD", "SMD", "SMDH", "ROM", "CVR", "VR"),
        fixed(n1i=SIZE, m1i=MEAN, sd1i=SD, n2i=SIZE, m2i=MEAN, sd2i=SD),
    ),
    "counts": (
        ("OR", "RR", "RD", "AS", "PETO", "OR2D", "OR2DN"),
        st.tuples(events(SIZE), events(SIZE)).map(
            lambda two: dict(zip(("ai", "n1i", "ci", "n2i"), (*two[0], *two[1]), strict=True))
        ),
    ),
    "rates": (
        ("IRR", "IRD", "IRSD"),
        fixed(x1i=st.integers(0, 30), t1i=TIME, x2i=st.integers(0, 30), t2i=TIME),
    ),
    "correlations": (
        ("COR", "UCOR", "ZCOR"), fixed(ri=st.integers(-95, 95).map(lambda x: x / 100), ni=SIZE),
    ),
    "proportions": (
        ("PR", "PLN", "PLO", "PAS", "PFT"),
        events(SIZE).map(lambda one: {"xi": one[0], "ni": one[1]}),
    ),
    "changes": (
        ("MC", "SMCC", "SMCR", "SMCRH", "SMCRP", "SMCRPH", "ROMC", "CVRC", "VRC"),
        fixed(m1i=MEAN, m2i=MEAN, sd1i=SD, sd2i=SD, ni=SIZE,
              ri=st.integers(-20, 95).map(lambda x: x / 100)),
    ),
}  # fmt: skip
PLACED = fixed(
    g=st.sampled_from("uvw"), c=st.integers(1, 3), x=st.integers(0, 9), o=st.sampled_from("ab")
)
EXTRA = (
    (), ("--method", "DL", "--test", "z"), ("--method", "PM", "--test", "knha"),
    ("--test", "t", "--prediction", "HK"), ("--mods", "x"), ("--mods", "0 + g"),
    ("--subgroup", "g"), ("--subgroup", "g", "--common-tau2"), ("--cluster", "c", "--rho", "0.6"),
    ("--cluster", "c", "--outcome", "o", "--rho", "0.5", "--structure", "CS"),
    ("--random", "c/row"), ("--random", "g + c"), ("--baseline-risk", "0.2", "--cutoff", "9"),
    ("--diagnostics",), ("--bayes",),
)  # fmt: skip
MIRRORED = (
    ("n1i", "n2i"), ("m1i", "m2i"), ("sd1i", "sd2i"), ("ai", "ci"), ("x1i", "x2i"), ("t1i", "t2i"),
)  # fmt: skip
BARE = re.compile(r"\b(nan|NaN|inf|None|array)\b")


def told(
    path: Path, rows: list[Row], options: tuple[str, ...]
) -> tuple[dict[str, Any] | None, str]:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    result = run(path, *options)
    holds(result)
    return (None if result.exit_code else json.loads(result.stdout)), result.output


def alike(one: dict[str, Any], other: dict[str, Any], sign: int = 1) -> None:
    for name in ("k", "estimate", "se", "tau2", "I2", "Q", "p", "ci", "pi"):
        ours, theirs = one[name], other[name]
        assert (ours is None) == (theirs is None), name
        if ours is None:
            continue
        if name in ("estimate", "ci", "pi") and sign < 0:
            theirs = [-x for x in theirs[::-1]] if isinstance(theirs, list) else -theirs
        assert theirs == pytest.approx(ours, rel=1e-5, abs=1e-7), name


@settings(max_examples=25)
@pytest.mark.parametrize("kind", TABLES)
@given(data=st.data())
def test_any_file(tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject) -> None:
    measures, row = TABLES[kind]
    path = tmp_path_factory.mktemp("any") / "file.csv"
    found = data.draw(st.lists(st.tuples(row, PLACED), min_size=1, max_size=7))
    rows = [{"study": f"S{i}", **one, **place} for i, (one, place) in enumerate(found)]
    hole = data.draw(st.none() | st.integers(0, len(rows) - 1))
    if hole is not None:
        rows[hole][data.draw(st.sampled_from(list(found[0][0])))] = data.draw(
            st.sampled_from(["", 0])
        )
    measure, extra = data.draw(st.sampled_from(measures)), data.draw(st.sampled_from(EXTRA))
    options = ("--measure", measure, *extra)
    base, output = told(path, rows, options)
    printed = CliRunner().invoke(main, ["pool", str(path), *options]).output
    assert not BARE.search(printed), printed
    order = data.draw(st.permutations(range(len(rows))))
    other, _ = told(path, [rows[i] for i in order], options)
    assert (base is None) == (other is None), output
    if base is None or other is None:
        return
    assert len(base["effects"]) == len(rows)
    assert base["k"] == sum(effect["yi"] is not None for effect in base["effects"])
    for i, effect in enumerate(base["effects"], start=1):
        if effect["yi"] is None:
            assert any(note.startswith(f"row {i}:") for note in base["notes"]), (i, base["notes"])
    alike(base, other)
    renamed, _ = told(path, [{**r, "study": f"T{9 - i}"} for i, r in enumerate(rows)], options)
    assert renamed is not None
    alike(base, renamed)
    if "n1i" in rows[0] or "x1i" in rows[0]:
        turn = {name: to for pair in MIRRORED for name, to in (pair, pair[::-1])}
        swapped, refusal = told(
            path, [{turn.get(n, n): x for n, x in r.items()} for r in rows], options
        )
        assert swapped is not None, refusal
        alike(base, swapped, -1)
