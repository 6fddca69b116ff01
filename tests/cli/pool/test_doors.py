"""Every combination of options of ``review pool`` on hostile data gives numbers or a sentence."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from itertools import chain, product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from review.cli import main
from tests.faults import POOL as FAULTS

CLUSTERED = FAULTS / "cr2_singleton_level_bcg5.csv"


def table(head: str, *rows: str) -> str:
    return "\n".join((head, *rows, ""))


def studies(yi: str, vi: str = "0.04", x: str = "{i}") -> list[str]:
    return [
        f"s{i},{yi},{vi},{'uv'[i % 2]},{i // 2},{x}".format(i=i, sign=(-1) ** i) for i in range(6)
    ]


EFFECTS = "study,yi,vi,g,c,x"
DATA = {
    "one": table(EFFECTS, "a,0.3,0.04,u,1,1"),
    "two": table(EFFECTS, "a,0.3,0.04,u,1,1", "b,-0.1,0.09,v,2,2"),
    "equal": table(EFFECTS, *studies("0.3")),
    "zeros": table(EFFECTS, *studies("0")),
    "huge": table(EFFECTS, *studies("{sign}e12", "{i}.5e-6", "{i}e9")),
    "far": table(
        EFFECTS, "a,1e150,1e150,u,1,1", "b,2e150,1e149,v,2,3", "c,0,1e-150,u,3,2", "d,1,1,v,4,9"
    ),
    "missing": table(EFFECTS, "a,,,u,1,1", "b,NA,0.1,v,2,2"),
    "holes": table(
        EFFECTS, "a,0.1,0.04,,1,1", "b,0.2,0.09,v,,2", "c,0.5,0.05,v,2,", "d,0.4,0.02,u,2,3",
        "e,0.9,0.03,u,3,4", "f,0.3,0.04,v,1,5", "g,,0.1,u,1,2",
    ),
    "alone": table(
        EFFECTS, "a,0.1,0.04,u,1,1", "b,0.2,0.09,v,2,2", "c,0.5,0.05,v,3,3", "d,0.7,0.06,v,4,3"
    ),
    "one group": table(EFFECTS, "a,0.1,0.04,u,1,1", "b,0.2,0.09,u,1,1", "c,0.5,0.05,u,1,1"),
}  # fmt: skip
COUNTS = "study,ai,n1i,ci,n2i,g,c,x"
TABLES = {
    "no events": table(COUNTS, "a,0,10,0,10,u,1,1", "b,0,20,0,30,v,2,2"),
    "rare": table(
        COUNTS, "a,0,10,1,10,u,1,1", "b,2,20,0,80,v,2,2", "c,1,30,4,30,u,3,4", "d,9,9,2,9,v,4,3"
    ),
    "all": table(COUNTS, "a,10,10,10,10,u,1,1", "b,20,20,20,20,v,2,2"),
}
EXTRA: tuple[tuple[str, ...], ...] = (
    (),
    ("--mods", "g"),
    ("--mods", "0 + g"),
    ("--mods", "x"),
    ("--mods", "g * x"),
    ("--subgroup", "g"),
    ("--scale", "x"),
    ("--scale", "0 + g", "--mods", "g"),
    ("--scale", "x", "--link", "identity"),
    ("--cluster", "c"),
    ("--cluster", "c", "--rho", "0.6"),
    ("--cluster", "c", "--mods", "0 + g"),
    ("--cluster", "c", "--mods", "x", "--subgroup", "g"),
    ("--random", "c/row"),
    ("--random", "g + c", "--mods", "x"),
    ("--cluster", "c", "--time", "x", "--phi", "0.8"),
    ("--cluster", "c", "--group1", "g", "--size1", "x", "--rho", "0.5"),
    ("--diagnostics",),
    ("--margin", "0.5"),
    ("--permutation", "20", "--mods", "x"),
    ("--gosh", "20"),
)
MODELS = tuple(product(("REML", "DL", "EE", "SJ", "PM"), ("z", "t", "knha", "adhoc")))


def run(file: Path, *arguments: str) -> Result:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return CliRunner().invoke(main, ["pool", str(file), *arguments, "--json"])


def strict(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def lines(found: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every block of numbers with where it stands."""
    if isinstance(found, dict):
        yield path, found
        for name, inner in found.items():
            yield from lines(inner, f"{path}.{name}")
    elif isinstance(found, list):
        for index, inner in enumerate(found):
            yield from lines(inner, f"{path}[{index}]")


def each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def holds(result: Result) -> None:
    """Numbers that are right in form, or a sentence."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    if result.exit_code:
        assert "Error: " in result.output
        assert "Traceback" not in result.output
        assert not any(word in result.output for word in ("nan", "None", "array(", "numpy"))
        return
    found = strict(result.stdout)
    for path, block in lines(found):
        notes = found["notes"] + each(block.get("notes", []))
        stats = each(block.get("stat", block.get("tstat")))
        for name, values in (("se", each(block.get("se"))), ("p", each(block.get("p")))):
            if "stat" in block or "tstat" in block:
                for stat, value in zip(stats, values, strict=True):
                    if name == "p" and stat is None:
                        assert value is None, (path, block)
                    if value == 0 and name == "se":
                        assert any("standard error" in note for note in notes), (path, block)
        if any(p is None for p in each(block.get("p", 1))):
            assert notes, (path, block)


@pytest.mark.parametrize("name", DATA)
def test_every_combination_gives_numbers_or_a_sentence(name: str, tmp_path: Path) -> None:
    file = tmp_path / "effects.csv"
    file.write_text(DATA[name])
    for number, extra in enumerate(EXTRA):
        of_clusters = "--cluster" in extra
        # each model with some of the options, and each option with some of the models
        chosen = [("REML", "z")] if of_clusters else MODELS[number % 4 :: 4]
        for method, test in chosen:
            holds(run(file, "--method", method, "--test", test, *extra))


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "AS", "PETO", "OR2D"])
def test_tables_give_numbers_or_a_sentence(name: str, measure: str, tmp_path: Path) -> None:
    file = tmp_path / "tables.csv"
    file.write_text(TABLES[name])
    for extra, test in zip(EXTRA, ("z", "t", "knha", "adhoc") * 4, strict=False):
        test = "z" if "--cluster" in extra else test
        holds(run(file, "--measure", measure, "--test", test, *extra))


NUMBER = st.one_of(
    st.sampled_from([0.0, 0.3, -0.3, 1e-8, 1e8]), st.floats(-5, 5, allow_nan=False, width=16)
)
VARIANCE = st.sampled_from([1e-12, 0.01, 0.04, 0.04, 1.0, 1e6])


@hypothesis_settings(max_examples=60)
@given(
    rows=st.lists(
        st.tuples(NUMBER, VARIANCE, st.sampled_from(["u", "v", ""]), st.integers(1, 3)), min_size=1,
        max_size=6,
    ),
    extra=st.sampled_from(EXTRA),
    model=st.sampled_from(MODELS),
)  # fmt: skip
def test_any_small_file_gives_numbers_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[float, float, str, int]],
    extra: tuple[str, ...],
    model: tuple[str, str],
) -> None:
    file = tmp_path_factory.mktemp("any") / "effects.csv"
    body = (f"s{i},{y!r},{v!r},{g},{c},{i}" for i, (y, v, g, c) in enumerate(rows))
    file.write_text("\n".join(chain(["study,yi,vi,g,c,x"], body)))
    method, test = ("REML", "z") if "--cluster" in extra else model
    holds(run(file, "--method", method, "--test", test, *extra))


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "file.csv"
        path.write_text(text)
        return path

    return write


def refusal(path: Path, *arguments: str) -> str:
    result = CliRunner().invoke(main, ["pool", str(path), *arguments])
    assert result.exit_code
    return " ".join(result.output.split())


def test_a_column_that_stands_twice_is_refused() -> None:
    assert "line 1, column yi: the column appears twice" in refusal(FAULTS / "duplicate_header.csv")


@pytest.mark.parametrize("head", ["yi,sei", "yi,vi", "yi,lbi,ubi"])
def test_ready_effects_need_no_measure(head: str, file: Callable[[str], Path]) -> None:
    z = 1.959963984540054
    cells = {
        "yi,sei": "0.3,0.2",
        "yi,vi": "0.3,0.04",
        "yi,lbi,ubi": f"0.3,{0.3 - z / 5},{0.3 + z / 5}",
    }
    found = strict(run(file(f"study,{head}\na,{cells[head]}\n")).stdout)
    assert (found["measure"], found["estimate"]) == ("GEN", 0.3)
    assert found["se"] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("measure", "text"),
    [
        ("GEN", "study,yi,vi\na,0.3,0.04\nb,0.2,0\n"),
        ("GEN", "study,yi,sei\na,0.3,0.04\nb,0.2,0\n"),
        ("GEN", "study,yi,lbi,ubi\na,0.3,0.2,0.4\nb,0.2,0.2,0.2\n"),
        ("MD", "study,m1i,sd1i,n1i,m2i,sd2i,n2i\na,1,1,9,2,1,9\nb,1,0,9,2,0,9\n"),
        ("COR", "study,ri,ni\na,0.3,40\nb,1,40\n"),
        ("MN", "study,mi,sdi,ni\na,1,1,9\nb,1,0,9\n"),
    ],
)
def test_a_variance_of_zero_is_refused_by_line_and_label(
    measure: str, text: str, file: Callable[[str], Path]
) -> None:
    told = refusal(file(text), "--measure", measure)
    assert f"line 3: b: its sampling variance as {measure} is 0" in told
    assert "line 2" not in told


def test_rows_that_a_block_leaves_out_are_named(file: Callable[[str], Path]) -> None:
    path = file(DATA["holes"])
    found = strict(run(path, "--mods", "g + x", "--subgroup", "g").stdout)
    assert found["k"] == 6
    told = {row["label"]: (row["line"], row["reason"]) for row in found["metareg"]["left_out"]}
    assert told == {"a": (2, "no g"), "c": (4, "no x"), "g": (8, "no effect")}
    assert [row["label"] for row in found["subgroups"]["left_out"]] == ["a", "g"]
    clustered = strict(run(path, "--cluster", "c", "--mods", "x").stdout)["multilevel"]
    assert [row["reason"] for row in clustered["left_out"]] == ["no c", "no x", "no effect"]
    shown = CliRunner().invoke(main, ["pool", str(path), "--subgroup", "g"]).output
    assert "left out" in shown


@pytest.mark.parametrize(
    "asked", [("--method", "DL"), ("--test", "knha"), ("--test", "adhoc"), ("--method", "EE")]
)
def test_clusters_refuse_a_model_that_they_do_not_use(asked: tuple[str, str]) -> None:
    assert "--cluster" in refusal(CLUSTERED, "--cluster", "trial", *asked)


def test_a_level_of_one_cluster_has_no_robust_error() -> None:
    found = strict(run(CLUSTERED, "--cluster", "trial", "--mods", "0 + alloc").stdout)
    robust = found["multilevel"]["robust"]["CR2"]
    assert [robust[name][0] for name in ("se", "tstat", "df", "p")] == [None] * 4
    assert robust["se"][1:] == pytest.approx([0.280, 0.357], abs=5e-4)  # clubSandwich
    assert "one cluster alone carries it" in robust["notes"][0]
    assert "p withheld" in robust["notes"][1]
    shown = CliRunner().invoke(
        main, ["pool", str(CLUSTERED), "--cluster", "trial", "--mods", "0 + alloc"]
    )
    assert "p withheld" in shown.output
    assert not {"nan", "inf"} & set(shown.output.split())


def test_peto_warns(file: Callable[[str], Path]) -> None:
    path = file("study,ai,n1i,ci,n2i\na,1,100,9,100\nb,2,400,8,100\n")
    (note,) = [n for n in strict(run(path, "--measure", "PETO").stdout)["notes"] if "Peto" in n]
    assert "arms of 2 to 1 or more (b)" in note
    assert "large effect" in note


def test_a_share_above_a_score_needs_means_sds_and_sizes(file: Callable[[str], Path]) -> None:
    path = file("study,xi,ni,m2i\na,3,20,5\nb,4,30,6\n")
    told = refusal(path, "--measure", "PR", "--cutoff", "4")
    assert "--cutoff takes the second arms' m2i, sd2i and n2i; no row has them" in told
    path = file("study,n1i,m1i,sd1i,n2i,m2i,sd2i\na,20,5,2,20,4,0\nb,20,5,2,20,4,2\n")
    found = strict(run(path, "--measure", "SMD", "--cutoff", "4").stdout)
    assert found["absolute"][0]["baseline"] == pytest.approx(0.5)  # of the row with an effect


def test_limits_beyond_numbers_are_infinite_to_people(file: Callable[[str], Path]) -> None:
    path = file("study,x1i,t1i,x2i,t2i\na,1,50,9,60\nb,9,40,2,60\n")
    options = ("--measure", "IRR", "--level", "0.999")
    told = CliRunner().invoke(main, ["pool", str(path), *options]).output
    assert ", ∞]" in told
    assert strict(run(path, *options).stdout)["natural"]["ci"][1] is None


def test_a_size_of_zero_beside_ready_effects_is_no_error(file: Callable[[str], Path]) -> None:
    path = file("study,yi,vi,ni\na,0.2,0.1,0\nb,0.4,0.2,30\n")
    assert run(path).exit_code == 0
