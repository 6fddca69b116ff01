"""``review pool`` gives metafor's numbers from a CSV file, without a database."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from review.cli import main
from review.cli.pool.printing import forest_of
from review.effects import escalc
from review.figures.forest_values import ForestRow, value_of
from review.synthesis import MuPrior, TauFamily, TauPrior, posterior
from review.synthesis import pool as fit
from tests.reference import FOLDER, reference

KEYS = {
    "k", "measure", "method", "test", "estimate", "se", "stat", "ddf", "p", "ci", "pi", "tau2",
    "se_tau2", "I2", "H2", "Q", "Q_df", "Q_p", "tau2_ci", "I2_ci", "H2_ci", "weights", "effects",
}  # fmt: skip


def pool(*arguments: str | Path, status: int = 0) -> str:
    result = CliRunner().invoke(main, ["pool", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result.stdout if status == 0 else result.output


def pooled(*arguments: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(pool(*arguments, "--json"))
    return found


SIZED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "living" / "runs" / "sizes" / "expected.json").read_text("utf-8")
)
CASES = [
    (dataset, analysis.measure, expected["method"], expected["test"])
    for dataset in ("normand1999", "raudenbush1985", "two_studies", "homogeneous")
    for analysis in reference(dataset).analyses
    if analysis.measure in ("MD", "SMD", "GEN")
    for expected in analysis.pool
    if expected["method"] in ("REML", "DL", "EE")
]


def test_the_cases_are_all_there() -> None:
    assert len(CASES) == 5 * 3 * 4 - 4  # metafor's REML does not converge on MD


@pytest.mark.parametrize(("dataset", "measure", "method", "test"), CASES)
def test_the_numbers_are_metafors(dataset: str, measure: str, method: str, test: str) -> None:
    found = pooled(
        FOLDER / "data" / f"{dataset}.csv", "--measure", measure, "--method", method, "--test", test
    )
    assert found.keys() >= KEYS
    (analysis,) = (a for a in reference(dataset).analyses if a.measure == measure)
    (expected,) = (e for e in analysis.pool if (e["method"], e["test"]) == (method, test))
    none = {"tau2"} if method == "EE" else set()  # one common effect; metafor prints 0
    if expected["stat"] is None:  # metafor: an infinite statistic, p 0
        none.add("p")
        assert any("no test" in note for note in found["notes"])
    for key in (
        "k",
        "estimate",
        "se",
        "stat",
        "p",
        "ci",
        "pi",
        "tau2",
        "I2",
        "H2",
        "Q",
        "Q_p",
        "weights",
    ):
        if expected.get(key) is None or key in none:
            assert found[key] is None
        else:
            np.testing.assert_allclose(found[key], expected[key], rtol=1e-6, atol=1e-9, err_msg=key)
    rows = [row["yi"] for row in found["effects"]]
    np.testing.assert_allclose(rows, analysis.all_yi, rtol=1e-9)


def test_an_empty_profile_interval_is_no_interval(table: Callable[[str], Path]) -> None:
    path = table("yi,vi\n0.3,0.04\n0.3,0.09\n0.3,0.02\n0.3,0.05\n0.3,0.03\n")
    found = pooled(path)
    assert [found[name] for name in ("tau2", "tau2_ci", "I2_ci", "H2_ci")] == [0.0, *[None] * 3]
    assert any("empty" in note for note in found["notes"])
    assert "(Q-profile interval empty)" in pool(path)
    assert "0.0000, 0.0000" not in pool(path)
    common = pool(path, "--method", "EE")
    assert "tau²" not in common
    assert "prediction" not in common


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str], Path]:
    def write(content: str) -> Path:
        path = tmp_path / "effects.csv"
        path.write_text(content)
        return path

    return write


def test_columns_of_other_names_are_mapped(table: Callable[[str], Path]) -> None:
    path = table("study,g,var\nA,0.1,0.04\nB,0.5,0.09\n")
    found = pooled(path, "--measure", "GEN", "--col", "yi=g", "--col", "vi=var")
    assert [row["label"] for row in found["effects"]] == ["A", "B"]
    assert found["k"] == 2
    assert "no such column" in pool(path, "--measure", "GEN", "--col", "yi=h", status=1)


def test_a_column_of_another_meaning_is_not_read(table: Callable[[str], Path]) -> None:
    # Here di counts people without the event; it is not a Cohen's d for the row without an SD.
    path = table(
        "m1i,sd1i,n1i,m2i,sd2i,n2i,ai,bi,ci,di\n"
        "5,1,20,4,1,20,3,17,2,18\n5,NA,20,4,1,20,3,17,2,18\n6,1,20,4,1,20,3,17,2,18\n"
    )
    found = pooled(path, "--measure", "SMD")
    assert found["k"] == 2
    assert found["effects"][1]["yi"] is None
    asked = pooled(path, "--measure", "SMD", "--col", "di=di")
    assert asked["effects"][1]["yi"] == pytest.approx(18 * 0.980, rel=1e-3)


def test_a_row_without_an_effect_is_null_and_left_out(table: Callable[[str], Path]) -> None:
    found = pooled(table("yi,vi\n0.1,0.04\nNA,0.02\n0.5,0.09\n"))
    assert found["k"] == 2
    assert found["effects"][1] == {
        "label": "2",
        "yi": None,
        "vi": None,
        "ci": None,
        "natural": None,
    }
    assert len(found["weights"]) == 2
    assert "no effect" in pool(table("yi,vi\n0.1,0.04\n,0.02\n"))


@pytest.mark.parametrize("level", ["0.9", "90"])
def test_the_level_is_of_the_intervals_and_not_of_the_input(
    table: Callable[[str], Path], level: str
) -> None:
    path = table("yi,vi\n0.1,0.04\n0.5,0.09\n0.2,0.03\n")
    wide, narrow = pooled(path), pooled(path, "--level", level)
    assert narrow["level"] == 0.9
    assert narrow["ci"][0] > wide["ci"][0]
    assert narrow["estimate"] == wide["estimate"]


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        ("yi,vi\n0.1,abc\n", (), 'line 2, column vi: "abc" is not a number'),
        ("yi,vi\n0.1\n", (), "line 2: fewer cells than the header has columns: 1 and 2"),
        ("", (), "no rows"),
        ("yi,vi\n", (), "no rows"),
        ("yi,vi\nNA,NA\n", (), "no row"),
        ("a,b\n1,2\n", (), "--measure"),
        ("m1i,sd1i\n1,2\n", ("--measure", "SMD"), "n1i"),
        (
            "m1i,sd1i,n1i,m2i,sd2i,n2i\n1,-2,10,1,2,10\n",
            ("--measure", "SMD"),
            "line 2, column sd1i",
        ),
        ("ai,n1i,ci,n2i\n12,10,1,10\n", ("--measure", "OR"), "line 2"),
    ],
)
def test_what_cannot_be_pooled_is_said_with_its_place(
    table: Callable[[str], Path], content: str, arguments: tuple[str, ...], words: str
) -> None:
    told = pool(table(content), *arguments, status=1)
    assert words in told
    assert "Traceback" not in told


def test_usage_errors_have_status_2(table: Callable[[str], Path]) -> None:
    path = table("yi,vi\n0.1,0.04\n")
    for arguments in (("--method", "MAGIC"), ("--col", "yi"), ("--level", "0")):
        assert "Usage" in pool(path, *arguments, status=2)


def test_a_readable_table_by_default() -> None:
    shown = pool(FOLDER / "data" / "raudenbush1985.csv")
    assert "prediction interval" in shown
    assert "GEN, REML, test adhoc" in shown


MAPPED = {"bcg": ("ai=tpos", "bi=tneg", "ci=cpos", "di=cneg")}
DIAGNOSED = [(d, m) for d, m in (("bcg", "RR"), ("normand1999", "SMD"), ("hackshaw1998", "GEN"))]


def compared(found: Any, expected: Any, where: str) -> int:
    """Compare what the reference has with what was found, and count the numbers."""
    if isinstance(expected, dict):
        return sum(compared(found[key], expected[key], f"{where}.{key}") for key in expected)
    if isinstance(expected, list) and expected and isinstance(expected[0], dict):
        assert len(found) == len(expected)
        return sum(compared(f, e, where) for f, e in zip(found, expected, strict=True))
    if isinstance(expected, str | bool) or expected is None:
        assert found == expected, where
        return 0
    got = np.atleast_1d(np.array(found, dtype=float))
    want = np.atleast_1d(np.array(expected, dtype=float))
    # Where metafor's own searches stop early; tests/synthesis/test_diagnostics_reference.py shows
    # by how much, and that ours solve their equations. Here it is enough that the blocks are right.
    loose = ("henmi_copas", "selmodel_3psm", "trimfill")
    rtol = 1e-3 if any(name in where for name in loose) else 1e-5
    np.testing.assert_allclose(got, want, rtol=rtol, atol=1e-6, err_msg=where)
    return want.size


@pytest.mark.parametrize(("dataset", "measure"), DIAGNOSED)
def test_diagnostics_are_the_references_blocks(dataset: str, measure: str) -> None:
    columns = [f"--col={pair}" for pair in MAPPED.get(dataset, ())]
    path = FOLDER / "data" / f"{dataset}.csv"
    found = pooled(path, "--measure", measure, "--diagnostics", *columns)["diagnostics"]
    (analysis,) = (a for a in reference(dataset).analyses if a.measure == measure)
    assert found["not_possible"] == {}
    assert compared(found, analysis.diagnostics, dataset) > 20 * len(analysis.yi)


@pytest.mark.parametrize("formula", ["ablat", "alloc", "ablat+year"])
def test_meta_regression_by_the_files_columns(formula: str) -> None:
    columns = [f"--col={pair}" for pair in MAPPED["bcg"]]
    path = FOLDER / "data" / "bcg.csv"
    arguments = ("--measure", "RR", "--mods", formula, "--test", "knha")
    found = pooled(path, *arguments, *columns)["metareg"]
    (analysis,) = (a for a in reference("bcg").analyses if a.measure == "RR")
    (expected,) = (
        m for m in analysis.metareg if (m["formula"], m["test"]) == (f"~{formula}", "knha")
    )
    for key in ("beta", "se", "p", "ci_lb", "ci_ub", "QM", "QM_df", "QMp", "QE", "tau2", "R2"):
        compared(found[key], expected[key], key)
    assert found["terms"] == expected["terms"]


SCALES: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "synthesis/location_scale/location_scale.json").read_text("utf-8")
)


@pytest.mark.parametrize("case", SCALES["cases"][::2], ids=lambda case: case["name"])
def test_location_scale_models_follow_metafor(case: dict[str, Any], tmp_path: Path) -> None:
    data, path = SCALES["data"][case["set"]], tmp_path / "file.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["study", *data])
        writer.writerows([f"s{i}", *row] for i, row in enumerate(zip(*data.values(), strict=True)))
    mods = () if case["mods"] == "1" else ("--mods", _factor(case["mods"]))
    arguments = ("--method", case["method"], "--test", case["test"], "--link", case["link"])
    found = pooled(path, "--measure", "GEN", "--scale", _factor(case["scale"]), *mods, *arguments)
    block = found["location_scale"]
    assert block["beta"] == pytest.approx(np.atleast_1d(case["beta"]).tolist(), rel=1e-4)
    assert block["alpha"] == pytest.approx(case["alpha"], rel=1e-3, abs=1e-4)
    assert block["loglik"] == pytest.approx(case["loglik"], abs=1e-6)
    assert block["LRT_df"] == len(case["alpha"]) - 1
    assert "--link needs --scale" in pool(path, "--link", "identity", status=2)
    assert "it has no --scale" in pool(path, "--method", "PETO", "--scale", "x", status=2)


def _factor(formula: str) -> str:
    """Codes of a category are read as numbers in a file."""
    return formula.replace("meta", "factor(meta)")


def test_clusters_and_correlated_errors() -> None:
    path = FOLDER / "data" / "konstantopoulos2011.csv"
    expected = reference("konstantopoulos2011")
    three = pooled(path, "--cluster", "district")["multilevel"]
    compared(three["sigma2"], expected.multilevel[0]["sigma2"], "sigma2")
    compared(
        three["robust"]["CR2"],
        {name: [value] for name, value in expected.multilevel[0]["robust"]["CR2"].items()},
        "CR2",
    )
    for block in expected.correlated_hierarchical:
        found = pooled(path, "--cluster", "district", "--rho", str(block["rho"]))["multilevel"]
        compared(found["sigma2"], block["sigma2"], "sigma2")
        compared(found["robust"]["CR2"]["se"], [block["CR2"]["se"]], "se")
    assert "--rho needs --cluster" in pool(path, "--rho", "0.6", status=2)


def test_subgroups_margins_and_a_plot(tmp_path: Path) -> None:
    columns = [f"--col={pair}" for pair in MAPPED["bcg"]]
    path, figure = FOLDER / "data" / "bcg.csv", tmp_path / "forest.svg"
    found = pooled(
        path, "--measure", "RR", "--subgroup", "alloc", "--margin", "0.5", "--margin", "0.2",
        "--plot", figure, *columns,
    )  # fmt: skip
    assert {g["label"]: g["k"] for g in found["subgroups"]["groups"]} == {
        "alternate": 2, "random": 7, "systematic": 4,
    }  # fmt: skip
    assert [m["margin"] for m in found["noninferiority"]] == [0.5, 0.2]
    assert figure.stat().st_size > 5_000
    shown = pool(path, "--measure", "RR", "--subgroup", "alloc", "--diagnostics", *columns)
    assert "leave one out" in shown
    assert "random" in shown


REGTESTS = {
    "vi": (-0.4267809510, 0.6695388824, -0.8568139650, 0.4098258121),
    "ni": (2.048753565864, 0.040486218384, 4.411221661124, 0.001043589684),
    "ninv": (-1.2565627543, 0.2089120088, -1.4484695606, 0.1753843654),
    "sqrtni": (2.357244968447, 0.018411096911, 4.278716524843, 0.001301517188),
    "sqrtninv": (-1.83606238746, 0.06634843026, -2.62597608193, 0.02357590745),
}
"""metafor 3.8's regtest of its dat.bcg (RR): z and p of the mixed model, t and p of the linear."""

BCG = ("--measure", "RR", *(f"--col={pair}" for pair in MAPPED["bcg"]))
BCG_FILE = FOLDER / "data" / "bcg.csv"


@pytest.mark.parametrize("predictor", REGTESTS)
def test_egger_by_any_size_of_a_study_is_metafors(predictor: str) -> None:
    found = pooled(BCG_FILE, *BCG, "--diagnostics", "--predictor", predictor)["diagnostics"]
    got = [found[block][key] for block in ("egger_rma", "egger_lm") for key in ("stat", "p")]
    np.testing.assert_allclose(got, REGTESTS[predictor], rtol=1e-5)


def test_pet_and_peese_are_weighted_regressions_of_r() -> None:
    found = pooled(BCG_FILE, *BCG, "--diagnostics")["diagnostics"]["pet_peese"]
    wanted = {  # lm(yi ~ sqrt(vi), weights = 1/vi) and lm(yi ~ vi, weights = 1/vi)
        "pet": (-0.1909286424, -0.6753323503, 0.2934750656),
        "peese": (-0.37995350643, -0.72607006977, -0.03383694309),
    }
    for name, values in wanted.items():
        got = [found[name]["estimate"], *found[name]["ci"]]
        np.testing.assert_allclose(got, values, rtol=1e-7)
    assert (found["chosen"], found["estimate"]) == ("PET", found["pet"]["estimate"])


def test_a_size_that_the_file_lacks_is_said(tmp_path: Path) -> None:
    path = tmp_path / "ready.csv"
    path.write_text("yi,vi\n0.1,0.01\n0.2,0.02\n0.5,0.05\n0.4,0.03\n")
    found = pooled(path, "--diagnostics", "--predictor", "sqrtninv")["diagnostics"]
    assert found["egger_rma"] is None
    assert "sample size of every study" in found["not_possible"]["egger_rma"]
    told = pool(path, "--predictor", "vi", status=2)
    assert "--predictor needs --diagnostics" in told


def test_the_bayesian_model_says_its_priors() -> None:
    options = ("--bayes", "--tau-prior", "half-cauchy:0.3", "--mean-prior", "0:1")
    found = pooled(BCG_FILE, *BCG, *options)["bayes"]
    whole = pooled(BCG_FILE, *BCG)
    yi, vi = ([row[key] for row in whole["effects"]] for key in ("yi", "vi"))
    prior = TauPrior(TauFamily.HALF_CAUCHY, 0.3)
    expected = posterior(yi, vi, tau_prior=prior, mu_prior=MuPrior(0, 1))
    assert found["prior_of_tau"] == "half-Cauchy(0.3)"
    assert found["prior_of_mean"] == "normal(0, 1)"
    np.testing.assert_allclose(found["ci"], expected.ci)
    np.testing.assert_allclose(found["shrunken"], expected.shrunken)
    assert "no prior" in pool(BCG_FILE, *BCG, "--bayes", "--tau-prior", "cauchy", status=2)


def test_the_bootstrap_is_the_same_with_the_same_seed() -> None:
    one, two = (pooled(BCG_FILE, *BCG, "--bootstrap", "200")["bootstrap"] for _ in range(2))
    assert one == two
    assert one["estimate_ci"][0] < pooled(BCG_FILE, *BCG)["estimate"] < one["estimate_ci"][1]


def test_a_moderator_that_is_not_there_is_named() -> None:
    told = pool(FOLDER / "data" / "raudenbush1985.csv", "--mods", "weeks + nothere", status=1)
    assert "nothere: there is no such column" in told


BCG = ("--measure", "RR", "--test", "z", *(f"--col={pair}" for pair in MAPPED["bcg"]))


def test_refits_are_metafors_and_the_same_in_two_processes() -> None:
    path = FOLDER / "data" / "bcg.csv"
    asked = ("--permutation", "10000", "--gosh", "3000", "--seed", "6")
    here = pooled(path, *BCG, *asked)
    # permutest(rma(yi, vi, data = dat), exact = TRUE) of metafor 5.1: 12 of 8192 sign patterns
    assert here["permutation"]["p"] == [0.00146484375]
    assert (here["permutation"]["arrangements"], here["permutation"]["exact"]) == (8192, True)
    assert (here["gosh"]["subsets"], here["gosh"]["complete"], here["gosh"]["seed"]) == (
        3000, False, 6,
    )  # fmt: skip
    assert pooled(path, *BCG, *asked, "--processes", "2") == here


def test_subsets_are_all_where_no_more_exist() -> None:
    path = FOLDER / "data" / "bcg.csv"
    found = pooled(path, *BCG, "--method", "EE", "--gosh", "10000")
    block = found["gosh"]
    assert (block["subsets"], block["complete"], block["seed"]) == (8191, True, None)
    effects = [(e["yi"], e["vi"]) for e in found["effects"]]
    assert block["estimate"]["min"] == min(y for y, _ in effects)  # a subset of one is its effect
    assert block["estimate"]["max"] == max(y for y, _ in effects)
    assert len(block["median_with"]) == len(block["median_without"]) == 13


def test_permutation_of_a_regression_rearranges_its_rows() -> None:
    path = FOLDER / "data" / "bcg.csv"
    found = pooled(path, *BCG, "--mods", "ablat", "--permutation", "400")["permutation"]
    assert (found["terms"], found["arrangements"]) == (["intrcpt", "ablat"], 401)
    assert found["QMp"] == found["p"][1] < 0.05
    refused = CliRunner().invoke(
        main, ["pool", str(path), *BCG, "--cluster", "alloc", "--permutation", "9"]
    )
    assert refused.exit_code == 2


VACCINE = FOLDER / "data" / "bcg.csv"
COUNTS = ("--col", "ai=tpos", "--col", "bi=tneg", "--col", "ci=cpos", "--col", "di=cneg")
# metafor 3.8-1, rma.mh and rma.peto on the same file: estimate, SE, Q
OF_COUNTS = {
    "OR": (-0.4734109884, 0.0410077784, 163.9425796),
    "RR": (-0.4537096047, 0.03933736687, 152.5675536),
    "RD": (-0.003288181833, 0.0002866567485, 386.7759418),
    "PETO": (-0.4744463109, 0.04065908074, 167.7301675),
}


@pytest.mark.parametrize("measure", OF_COUNTS)
def test_counts_are_pooled_as_metafor_does(measure: str) -> None:
    method = "PETO" if measure == "PETO" else "MH"
    found = pooled(VACCINE, "--measure", measure, "--method", method, *COUNTS)
    assert [found[key] for key in ("estimate", "se", "Q")] == pytest.approx(
        OF_COUNTS[measure], rel=1e-8
    )
    assert (found["method"], found["tau2"], found["pi"]) == (method, None, None)


GLMM = [
    case
    for case in json.loads(Path("tests/synthesis/glmm/glmm.json").read_text("utf-8"))
    if case["data"] in ("nielweise2007", "nielweise2008", "collins1985b")
]
"""Counts of three data sets of metadat by rma.glmm of metafor 3.8."""


@pytest.mark.parametrize("case", GLMM, ids=lambda c: f"{c['data']}-{c['measure']}-{c['model']}")
def test_a_mixed_model_of_counts_is_metafors(case: Any, tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    rows = zip(*case["columns"].values(), strict=True)
    lines = [",".join(case["columns"]), *(",".join(map(str, row)) for row in rows)]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    measure, model = case["measure"], case["model"]
    told = pooled(file, "--measure", measure, "--model", model, "--method", "DL", "--test", "z")
    found = told["glmm"]
    assert told["method"] == "DL"
    assert found["estimate"] == pytest.approx(case["estimate"], abs=1e-4)
    assert found["tau2"] == pytest.approx(case["tau2"], abs=2e-4)
    back = math.exp if measure != "PLO" else lambda x: 1 / (1 + math.exp(-x))
    assert found["natural"]["estimate"] == pytest.approx(back(case["estimate"]), rel=1e-3)
    silent = len(next(iter(case["columns"].values()))) - case["k"]
    assert (f"{silent} stud" in " ".join(found["notes"])) is (silent > 0)
    line = pooled(file, "--measure", measure, "--method", model)
    assert (line["method"], line["test"], line["ddf"]) == (model, "z", None)
    for name in ("estimate", "se", "p", "tau2", "Q", "Q_p"):
        assert line[name] == pytest.approx(found[name], rel=1e-9), name
    half = 1.959963984540054 * math.sqrt(line["se"] ** 2 + line["tau2"])
    assert line["pi"] == pytest.approx([line["estimate"] - half, line["estimate"] + half])
    # rma.glmm: from tau² and the typical variance of the studies' own effects
    assert line["I2"] == pytest.approx(case["i2"], abs=0.05)
    assert sum(line["weights"]) == pytest.approx(100)
    assert sum(weight == 0 for weight in line["weights"]) == silent


def test_a_mixed_model_says_what_it_does_not_pool() -> None:
    told = pool(VACCINE, "--measure", "RR", "--model", "CM.EL", *COUNTS, status=2)
    assert "--model CM.EL needs --measure OR or IRR, not RR" in told
    told = pool(VACCINE, "--measure", "OR", "--method", "UM.FS", "--bayes", *COUNTS, status=2)
    assert "it has no --bayes" in told
    told = pool(VACCINE, "--measure", "OR", "--points", "9", *COUNTS, status=2)
    assert "--points needs a mixed model" in told


def test_the_prediction_interval_is_a_choice() -> None:
    """By hand from what metafor gives of the same model: t quantiles with 12 and 11 degrees."""
    args = ("--measure", "RR", "--test", "z", *COUNTS)
    line = pooled(VACCINE, *args)
    for kind, quantile in (("k-1", 2.178812829667229), ("k-2", 2.200985160082949)):
        found = pooled(VACCINE, *args, "--prediction", kind)
        half = quantile * math.sqrt(line["se"] ** 2 + line["tau2"])
        assert found["pi"] == pytest.approx([line["estimate"] - half, line["estimate"] + half])
        assert (found["prediction"], found["ci"]) == (kind, line["ci"])
    hartung_knapp = pooled(VACCINE, *args, "--prediction", "HK")
    knha = pooled(VACCINE, "--measure", "RR", "--test", "knha", *COUNTS)
    assert hartung_knapp["pi"] == pytest.approx(knha["pi"])
    told = pool(VACCINE, *args, "--prediction", "HK")
    assert "prediction interval, Hartung-Knapp" in told
    told = pool(
        VACCINE, "--measure", "RR", "--method", "MH", "--prediction", "HK", *COUNTS, status=2
    )
    assert "leave out --prediction" in told


def test_absolute_effects_at_stated_risks_and_from_means(tmp_path: Path) -> None:
    args = ("--measure", "RR", *COUNTS, "--baseline-risk", "0.02", "--baseline-risk", "0.1")
    found = pooled(VACCINE, *args)
    ratio, limits = math.exp(found["estimate"]), [math.exp(x) for x in found["ci"]]
    for line, risk in zip(found["absolute"], (0.02, 0.1), strict=True):
        assert line["risk"] == pytest.approx(ratio * risk)
        assert line["per_1000"] == pytest.approx(1000 * risk * (ratio - 1))
        assert line["nnt"] == pytest.approx(1 / (risk * (ratio - 1)))
        assert line["nnt_ci"] == pytest.approx([1 / (risk * (limit - 1)) for limit in limits])
        assert line["nnt_ci_through_infinity"] is False
    told = pool(VACCINE, *args)
    assert "per_1000" in told
    assert "with a minus for one less" in told
    file = tmp_path / "scores.csv"
    file.write_text("n1i,m1i,sd1i,n2i,m2i,sd2i\n40,5.1,1,42,4.9,1.1\n35,4.8,1.2,36,4.9,1\n")
    (line,) = pooled(file, "--measure", "SMD", "--cutoff", "4.9")["absolute"]
    assert line["baseline"] == pytest.approx(0.5)
    assert line["nnt_ci_through_infinity"] is True
    told = pool(file, "--measure", "MD", "--baseline-risk", "0.2", status=1)
    assert "makes no risk of MD" in told


def test_rates_and_person_time_needed_at_stated_rates(tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("x1i,t1i,x2i,t2i\n9,41.5,14,42\n4,61,11,60.5\n31,27.5,38,29\n", "utf-8")
    found = pooled(file, "--measure", "IRR", "--baseline-rate", "0.3", "--baseline-rate", "0.05")
    for line, rate in zip(found["absolute_rates"], (0.3, 0.05), strict=True):
        there, *limits = (rate * math.exp(x) for x in (found["estimate"], *found["ci"]))
        assert line["rate"] == pytest.approx(there)
        assert line["rate_ci"] == pytest.approx(limits)
        assert line["time_needed"] == pytest.approx(1 / (there - rate))
        assert line["time_needed_ci"] == pytest.approx([1 / (x - rate) for x in limits])
        assert line["time_needed_ci_through_infinity"] is (limits[0] < rate < limits[1])
    assert "a minus for one less" in pool(file, "--measure", "IRR", "--baseline-rate", "0.3")
    cut = pool(file, "--measure", "IRD", "--baseline-rate", "0.01")
    assert "a rate below 0 is cut there" in cut
    told = pool(VACCINE, "--measure", "RR", *COUNTS, "--baseline-rate", "0.2", status=1)
    assert "makes no rate of RR" in told


def test_a_double_arcsine_goes_back_by_the_harmonic_mean_with_a_caution(tmp_path: Path) -> None:
    """predict(rma(yi, vi), transf = transf.ipft.hm) of metafor 3.8-1."""
    file = tmp_path / "shares.csv"
    file.write_text("xi,ni\n3,20\n0,25\n44,90\n60,60\n17,200\n", "utf-8")
    found = pooled(file, "--measure", "PFT", "--test", "z")
    assert found["natural"]["estimate"] == pytest.approx(0.3358347750929, abs=1e-7)
    assert found["natural"]["ci"] == pytest.approx([0.0085918459323, 0.8080832650968], abs=1e-7)
    back = [line["natural"]["estimate"] for line in found["effects"]]
    assert back == pytest.approx([0.15, 0, 44 / 90, 1, 0.085])
    assert any("harmonic mean of the sizes (20 to 200)" in note for note in found["notes"])


@pytest.mark.parametrize("name", SIZED)
def test_what_needs_sizes_goes_back_as_metafor_does(name: str, tmp_path: Path) -> None:
    by_r = SIZED[name]
    size = "ni" if by_r["measure"] == "PFT" else "ti"
    rows = "".join(f"{x},{n!r}\n" for x, n in zip(by_r["x"], by_r["size"], strict=True))
    file = tmp_path / "arms.csv"
    file.write_text(f"xi,{size}\n{rows}", "utf-8")
    found = pooled(file, "--measure", by_r["measure"], "--test", "z")
    natural = found["natural"]
    assert natural["estimate"] == pytest.approx(by_r["estimate"], rel=1e-6)
    assert natural["ci"] == pytest.approx(by_r["ci"], rel=1e-6)
    assert natural["pi"] == pytest.approx(by_r["pi"], rel=1e-6, abs=1e-9)
    each = [line["natural"]["estimate"] for line in found["effects"]]
    assert each == pytest.approx(by_r["each"], rel=1e-9, abs=1e-12)
    assert any("Schwarzer et al. 2019" in note for note in found["notes"])
    effects = escalc(by_r["measure"], {"xi": by_r["x"], size: by_r["size"]})
    drawn = forest_of(fit(effects.yi, effects.vi), effects, [*map(str, by_r["x"])], by_r["size"])
    assert "Schwarzer et al. 2019" in drawn.note
    assert "own sizes" in drawn.note
    written = [value_of(drawn, row) for row in drawn.rows if isinstance(row, ForestRow)]
    assert [float(one.split()[0]) for one in written] == pytest.approx(by_r["each"], abs=0.0051)


def test_more_points_than_laplaces_one_are_said() -> None:
    args = ("--measure", "OR", "--method", "UM.RS", *COUNTS)
    laplace, sharp = pooled(VACCINE, *args), pooled(VACCINE, *args, "--points", "9")
    assert any("Laplace" in note for note in laplace["notes"])
    assert any("9² points" in note for note in sharp["notes"])
    assert 0 < abs(laplace["estimate"] - sharp["estimate"]) < 0.01


def test_a_method_of_counts_says_what_it_has_no_use_for() -> None:
    told = pool(VACCINE, "--measure", "RR", "--method", "PETO", *COUNTS, status=2)
    assert "--method PETO needs --measure PETO, not RR" in told
    told = pool(VACCINE, "--measure", "RR", "--method", "MH", "--bayes", *COUNTS, status=2)
    assert "it has no --bayes" in told
    told = pool(VACCINE, "--measure", "RR", "--method", "MH", "--test", "t", *COUNTS, status=2)
    assert "tests by z" in told


def test_a_ratio_is_read_as_it_was_measured_wherever_it_is_printed() -> None:
    arguments = (VACCINE, "--measure", "RR", "--subgroup", "alloc", *COUNTS)
    found = pooled(*arguments)
    natural = found["natural"]
    assert natural["scale"] == "RR"
    assert natural["estimate"] == pytest.approx(np.exp(found["estimate"]), rel=1e-15)
    assert natural["ci"] == pytest.approx(np.exp(found["ci"]))
    assert natural["pi"] == pytest.approx(np.exp(found["pi"]))
    first = found["effects"][0]
    assert first["natural"]["ci"] == pytest.approx(np.exp(first["ci"]))
    group = found["subgroups"]["groups"][0]
    assert group["RR"] == pytest.approx(np.exp([group["estimate"], *group["ci"]]))
    assert "as RR                 0.4894 [0.3301, 0.7257]" in pool(*arguments)


def test_a_difference_has_no_other_scale_and_a_correlation_is_r(tmp_path: Path) -> None:
    found = pooled(FOLDER / "data" / "normand1999.csv", "--measure", "MD")
    assert found["natural"] is None
    file = tmp_path / "r.csv"
    file.write_text("ri,ni\n0.3,40\n0.5,60\n0.1,80\n", "utf-8")
    found = pooled(file, "--measure", "ZCOR")
    assert found["natural"]["scale"] == "r"
    assert found["natural"]["estimate"] == pytest.approx(np.tanh(found["estimate"]))


def test_one_tau2_of_all_groups_is_that_of_the_regression() -> None:
    found = pooled(VACCINE, "--measure", "RR", "--subgroup", "alloc", "--common-tau2", *COUNTS)
    groups = {group["label"]: group for group in found["subgroups"]["groups"]}
    # metafor 3.8-1: rma(yi, vi, mods = ~ 0 + factor(alloc))
    expected = {"alternate": -0.5179558105, "random": -0.9657740342, "systematic": -0.4289176629}
    for label, estimate in expected.items():
        assert groups[label]["estimate"] == pytest.approx(estimate, rel=1e-6)
        assert groups[label]["tau2"] == pytest.approx(0.3615028559, rel=1e-5)
    assert "--common-tau2 needs --subgroup" in pool(
        VACCINE, "--measure", "RR", "--common-tau2", *COUNTS, status=2
    )


def test_what_is_added_to_cells_and_which_variance_are_said() -> None:
    found = pooled(VACCINE, "--measure", "OR", "--add", "0.1", "--to", "all", *COUNTS)
    assert found["estimate"] == pytest.approx(-0.7421827648, rel=1e-6)  # metafor 3.8-1
    plain = pooled(FOLDER / "data" / "normand1999.csv", "--measure", "SMD")
    other = pooled(FOLDER / "data" / "normand1999.csv", "--measure", "SMD", "--vtype", "UB")
    assert plain["effects"][0]["vi"] != other["effects"][0]["vi"]
    raw = pooled(FOLDER / "data" / "normand1999.csv", "--measure", "SMD", "--no-correct")
    assert abs(raw["effects"][0]["yi"]) > abs(plain["effects"][0]["yi"])


def test_a_normal_interval_on_few_studies_is_doubted() -> None:
    told = pool(FOLDER / "data" / "normand1999.csv", "--measure", "MD", "--test", "z")
    assert "a normal interval on 9 studies that differ is too narrow" in told
    assert "too narrow" not in pool(FOLDER / "data" / "normand1999.csv", "--measure", "MD")


@pytest.mark.parametrize(
    ("measure", "columns", "scale", "back"),
    [
        ("RR", ("ai=tpos", "bi=tneg", "ci=cpos", "di=cneg"), "RR", math.exp),
        ("PLO", ("xi=cpos", "mi=cneg"), "proportion", lambda x: 1 / (1 + math.exp(-x))),
    ],
)
def test_every_line_stands_beside_what_it_is_transformed_back_to(
    measure: str, columns: tuple[str, ...], scale: str, back: Callable[[float], float]
) -> None:
    given = [x for column in columns for x in ("--col", column)]
    asked = ["--measure", measure, *given, "--diagnostics", "--bayes", "--bootstrap", "20"]
    found = pooled(FOLDER / "data" / "bcg.csv", *asked, "--gosh", "20")
    checked = 0

    def walk(block: Any) -> None:
        nonlocal checked
        if isinstance(block, list):
            for item in block:
                walk(item)
        elif isinstance(block, dict):
            for name, ending in (("estimate", ""), ("ci", "_ci"), ("pi", "_pi"), ("ci_lb", "_lb")):
                value = block.get(name)
                if isinstance(value, float | list):
                    told = np.atleast_1d(block[f"{scale}{ending}"])
                    assert told == pytest.approx([back(x) for x in np.atleast_1d(value)]), name
                    checked += 1
            for item in block.values():
                walk(item)

    for name in ("diagnostics", "bayes", "bootstrap"):
        walk(found[name])
    assert checked >= 20
    assert found["gosh"][scale]["median"] == pytest.approx(
        back(found["gosh"]["estimate"]["median"])
    )
    assert set(found["gosh"]["I2"]) == {"min", "q1", "median", "q3", "max"}
    assert f"{scale}_shrunken" in found["bayes"]
    shown = pool(FOLDER / "data" / "bcg.csv", *asked)
    row = next(line for line in shown.splitlines() if line.startswith(" 4 "))
    first = found["effects"][3]["natural"]
    assert f"{first['estimate']:.2f} [{first['ci'][0]:.2f}, {first['ci'][1]:.2f}]" in row


def test_numbers_that_are_read_as_they_are_stand_alone() -> None:
    found = pooled(FOLDER / "data" / "normand1999.csv", "--measure", "MD", "--diagnostics")
    assert set(found["diagnostics"]["henmi_copas"]) == {"estimate", "se", "ci"}


@pytest.mark.parametrize(("more", "said"), [((), True), (("--no-correct",), False)])
def test_ratios_of_means_say_where_older_results_differ(
    tmp_path: Path, more: tuple[str, ...], said: bool
) -> None:
    file = tmp_path / "means.csv"
    file.write_text(
        "study,m1i,sd1i,n1i,m2i,sd2i,n2i\nA,10,3,20,8,3,21\nB,11,4,30,9,3,31\n", "utf-8"
    )
    for measure in ("ROM", "CVR"):
        notes = pooled(file, "--measure", measure, *more)["notes"]
        assert any("metafor does from version 5 on" in note for note in notes) is said
    assert not any("version 5" in note for note in pooled(file, "--measure", "MD")["notes"])
