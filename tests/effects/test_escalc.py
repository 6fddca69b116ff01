"""Effects agree with metafor, and impossible numbers do not pass the door."""

import csv
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import gammaln

from review.effects import (
    AddTo,
    ImpossibleInputError,
    Measure,
    MissingColumnsError,
    ZeroCells,
    default_zero_cells,
    escalc,
    has_correction,
    required_columns,
    variance_formulas,
)
from review.effects.averages import size_weighted_mean
from review.errors import InvalidDataError, ReviewError

HERE = Path(__file__).parent
REFERENCE = HERE.parent / "reference"

# Reference files name some columns by the trial, metafor by the table.
RENAMED = {
    "bcg": {"tpos": "ai", "tneg": "bi", "cpos": "ci", "cneg": "di"},
    "viechtbauer2021": {"xTi": "ai", "nTi": "n1i", "xCi": "ci", "nCi": "n2i"},
}


def numbers(values: list[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values])


def read(dataset: str) -> dict[str, NDArray[np.float64]]:
    with (REFERENCE / "data" / f"{dataset}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {}
    for name in rows[0]:
        try:
            values = [float(row[name]) if row[name] else np.nan for row in rows]
        except ValueError:
            continue
        columns[RENAMED.get(dataset, {}).get(name, name)] = np.array(values)
    return columns


def reference_cases() -> list[Any]:
    return [
        pytest.param(
            path.stem,
            analysis["measure"],
            analysis["effects"],
            id=f"{path.stem}-{analysis['measure']}",
        )
        for path in sorted((REFERENCE / "expected").glob("*.json"))
        for analysis in json.loads(path.read_text(encoding="utf-8"))["analyses"]
    ]


def metafor_cases() -> list[Any]:
    cases = json.loads((HERE / "metafor" / "expected.json").read_text(encoding="utf-8"))["cases"]
    return [
        pytest.param(
            case, id="-".join(map(str, (case["measure"], *dict(case["options"]).values())))
        )
        for case in cases
    ]


def test_no_reference_case_was_dropped() -> None:
    assert len(reference_cases()) >= 49
    assert len(metafor_cases()) >= 109


@pytest.mark.parametrize(("dataset", "measure", "expected"), reference_cases())
def test_effects_are_those_of_the_reference(
    dataset: str, measure: str, expected: dict[str, list[float | None]]
) -> None:
    effects = escalc(measure, read(dataset))

    np.testing.assert_allclose(effects.yi, numbers(expected["yi"]), rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(effects.vi, numbers(expected["vi"]), rtol=1e-9)


@pytest.mark.parametrize("case", metafor_cases())
def test_effects_and_options_are_those_of_metafor(case: dict[str, Any]) -> None:
    options = dict(case["options"])
    rule = {name: options.pop(name) for name in ("add", "to", "drop00") if name in options}
    if "to" in rule:
        rule["to"] = AddTo(rule["to"])

    effects = escalc(
        case["measure"],
        case["columns"],
        zero_cells=ZeroCells(**rule) if rule else None,
        **options,
    )

    # a row without yi or without vi has no effect here; metafor may keep the other
    yi, vi = numbers(case["yi"]), numbers(case["vi"])
    yi, vi = np.where(np.isnan(vi), np.nan, yi), np.where(np.isnan(yi), np.nan, vi)
    np.testing.assert_allclose(effects.yi, yi, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(effects.vi, vi, rtol=1e-9, atol=1e-14)


# Morris (2008), table 3, intervention arms: published data, retyped.
MORRIS: dict[str, list[float]] = {
    "m2i": [30.6, 23.5, 0.5, 53.4, 35.6],
    "m1i": [38.5, 26.8, 0.7, 75.9, 36.0],
    "sd1i": [15.0, 3.1, 0.1, 14.5, 4.7],
    "sd2i": [11.6, 4.1, 0.1, 4.4, 4.6],
    "ni": [20, 50, 9, 10, 14],
    "ri": [0.47, 0.64, 0.77, 0.89, 0.44],
}
MORRIS_COMPARATOR: dict[str, list[float]] = {
    "m2i": [23.1, 24.9, 0.6, 55.7, 34.8],
    "m1i": [19.7, 25.3, 0.6, 60.7, 33.4],
    "sd1i": [13.8, 4.1, 0.2, 17.3, 3.1],
    "sd2i": [14.8, 3.3, 0.2, 17.9, 6.9],
    "ni": [20, 42, 9, 11, 14],
    "ri": [0.47, 0.64, 0.77, 0.89, 0.44],
}


@pytest.mark.parametrize(
    ("measure", "yi", "vi"),
    [
        ("SMCC", [0.5416637, 1.0198024, 2.6619269], [0.057334989, 0.03039997, 0.50476971]),
        ("SMCR", [0.50555279, 1.0481249, 1.8054067], [0.05938959, 0.025385658, 0.23219407]),
    ],
)
def test_standardized_changes_of_morris_2008(
    measure: str, yi: list[float], vi: list[float]
) -> None:
    effects = escalc(measure, MORRIS)

    np.testing.assert_allclose(effects.yi[:3], yi, rtol=5e-8)
    np.testing.assert_allclose(effects.vi[:3], vi, rtol=5e-8)


def test_heteroscedastic_standardized_change_of_morris_2008() -> None:
    effects = escalc("SMCRH", MORRIS)

    np.testing.assert_allclose(effects.yi[:3], [0.50555279, 1.0481249, 1.8054067], rtol=5e-8)
    assert effects.vi[2] == pytest.approx(0.2612, abs=5e-5)  # metafor 5.1-12
    # metafor 3.8-1 gave J(n - 1)² times as much
    m = np.array(MORRIS["ni"][:3]) - 1
    j = np.exp(gammaln(m / 2) - gammaln((m - 1) / 2)) / np.sqrt(m / 2)
    np.testing.assert_allclose(
        effects.vi[:3] * j**2, [0.048443, 0.031766009, 0.21285984], rtol=1e-7
    )


def test_ratio_of_paired_means_of_morris_2008() -> None:
    # metafor 3.8-1, which does not correct for bias
    effects = escalc("ROMC", MORRIS, correct=False)
    np.testing.assert_allclose(effects.yi[:3], [0.22965823, 0.13140147, 0.33647224], rtol=3e-8)
    np.testing.assert_allclose(
        effects.vi[:3], [0.0078333976, 0.00035974698, 0.0018231293], rtol=3e-8
    )

    corrected = escalc("ROMC", MORRIS)
    n, first, second = 20.0, (15.0 / 38.5) ** 2, (11.6 / 30.6) ** 2
    assert corrected.yi[0] - effects.yi[0] == pytest.approx((first - second) / (2 * n), rel=1e-9)
    np.testing.assert_array_equal(corrected.vi, effects.vi)


@pytest.mark.parametrize(
    ("measure", "yi", "vi"),
    [
        (
            "VRC",
            [-0.2570451030, 0.2795848622, 0.0, -1.1925441085, -0.0215062052],
            [0.0410052632, 0.0120489796, 0.0508875, 0.0231, 0.0620307692],
        ),
        (
            "CVRC",
            [-0.4867033353, 0.1481833959, -0.3364722366, -1.5441500469, -0.0326795058],
            [0.0506172325, 0.0123484652, 0.0527106293, 0.0280072886, 0.0633816192],
        ),
    ],
)
def test_paired_ratios_of_spreads_of_morris_2008(
    measure: str, yi: list[float], vi: list[float]
) -> None:
    # metafor 3.8-1, which does not correct for bias; group 1 is the post-test with its own SD
    columns = {**MORRIS, "sd1i": MORRIS["sd2i"], "sd2i": MORRIS["sd1i"]}
    effects = escalc(measure, columns, correct=False)
    np.testing.assert_allclose(effects.yi, yi, rtol=2e-9, atol=1e-12)
    np.testing.assert_allclose(effects.vi, vi, rtol=2e-8)
    back = {new: columns[old] for new, old in _SWAPPED.items()}
    np.testing.assert_allclose(
        escalc(measure, {**columns, **back}).yi, -escalc(measure, columns).yi
    )


_SWAPPED = {"m1i": "m2i", "m2i": "m1i", "sd1i": "sd2i", "sd2i": "sd1i"}


def test_changes_in_sds_of_both_occasions() -> None:
    both = np.sqrt((np.array(MORRIS["sd1i"]) ** 2 + np.array(MORRIS["sd2i"]) ** 2) / 2)
    d = (np.array(MORRIS["m1i"]) - np.array(MORRIS["m2i"])) / both
    for measure in ("SMCRP", "SMCRPH"):
        np.testing.assert_allclose(escalc(measure, MORRIS, correct=False).yi, d, rtol=1e-12)
        back = {new: MORRIS[old] for new, old in _SWAPPED.items()}
        turned = escalc(measure, {**MORRIS, **back})
        np.testing.assert_allclose(turned.yi, -escalc(measure, MORRIS).yi, rtol=1e-12)
        np.testing.assert_allclose(turned.vi, escalc(measure, MORRIS).vi, rtol=1e-12)
    # where both SDs are the same the one variance formula is a case of the other
    alike = {**MORRIS, "sd2i": MORRIS["sd1i"]}
    np.testing.assert_allclose(
        escalc("SMCRPH", alike, vtype="LS2").vi, escalc("SMCRP", alike).vi, rtol=1e-12
    )


@pytest.mark.parametrize(
    ("measure", "sd2"), [("SMCRP", 2.0), ("SMCRPH", 3.0), ("VRC", 3.0), ("CVRC", 3.0)]
)
def test_paired_effects_vary_as_they_say(measure: str, sd2: float) -> None:
    # 20,000 simulated studies of 60 pairs; the mean of yi within 4 standard errors of its estimand
    rng, pairs, studies, r = np.random.default_rng(3), 60, 20_000, 0.6
    z = rng.normal(size=(2, studies, pairs))
    one = 20 + 2.0 * z[0]
    two = 19 + sd2 * (r * z[0] + np.sqrt(1 - r**2) * z[1])
    columns = {
        "m1i": one.mean(1), "m2i": two.mean(1), "sd1i": one.std(1, ddof=1),
        "sd2i": two.std(1, ddof=1), "ni": np.full(studies, pairs), "ri": np.full(studies, r),
    }  # fmt: skip
    found = escalc(measure, columns)
    pooled = np.sqrt((4 + sd2**2) / 2)
    true = {"VRC": np.log(2 / sd2), "CVRC": np.log(2 / sd2) - np.log(20 / 19)}.get(
        measure, 1 / pooled
    )
    assert found.yi.mean() == pytest.approx(true, abs=4 * found.yi.std() / np.sqrt(studies))
    assert found.vi.mean() == pytest.approx(found.yi.var(), rel=0.06)


@pytest.mark.parametrize("measure", ["SMCRD", "SMCCD"])
def test_difference_of_changes_is_the_difference_of_two_analyses(measure: str) -> None:
    within = measure[:4]
    both = {f"{name[:-1]}Ti": values for name, values in MORRIS.items()}
    both |= {f"{name[:-1]}Ci": values for name, values in MORRIS_COMPARATOR.items()}

    effects = escalc(measure, both)

    treated, compared = escalc(within, MORRIS), escalc(within, MORRIS_COMPARATOR)
    np.testing.assert_allclose(effects.yi, treated.yi - compared.yi, rtol=1e-14)
    np.testing.assert_allclose(effects.vi, treated.vi + compared.vi, rtol=1e-14)


def test_partial_correlations_of_aloe_2013() -> None:
    # Aloe & Thompson (2013): yi as in metafor; variances in its definition since 4.4
    columns: dict[str, list[float]] = {
        "ti": [4.61, 6.19],
        "ni": [218, 232],
        "mi": [4, 7],
        "r2i": [0.24, 0.455],
    }

    partial = escalc("PCOR", columns)
    np.testing.assert_allclose(partial.yi, [0.301202920791276, 0.382188993306179], rtol=1e-14)
    np.testing.assert_allclose(
        partial.vi, (1 - partial.yi**2) ** 2 / np.array([214.0, 225.0]), rtol=1e-14
    )

    transformed = escalc("ZPCOR", columns)
    np.testing.assert_allclose(transformed.yi, [0.310842020380108, 0.402620576089887], rtol=1e-14)
    np.testing.assert_allclose(transformed.vi, [1 / 212, 1 / 223], rtol=1e-15)

    semi, z_semi = escalc("SPCOR", columns), escalc("ZSPCOR", columns)
    np.testing.assert_allclose(semi.yi, [0.275370821260855, 0.305326775327915], rtol=1e-14)
    np.testing.assert_allclose(semi.vi, [0.00327898542589834, 0.0022755129493994], rtol=1e-12)
    np.testing.assert_allclose(z_semi.yi, np.arctanh(semi.yi), rtol=1e-15)
    np.testing.assert_allclose(z_semi.vi, semi.vi / (1 - semi.yi**2) ** 2, rtol=1e-15)


def test_partial_correlation_with_one_predictor_is_a_correlation() -> None:
    columns: dict[str, list[float]] = {"ri": [0.3, -0.6], "ni": [50, 90], "mi": [1, 1]}

    for partial, plain in (("PCOR", "COR"), ("ZPCOR", "ZCOR")):
        np.testing.assert_allclose(escalc(partial, columns).vi, escalc(plain, columns).vi)


@pytest.mark.parametrize(
    ("vtype", "expected"),
    [
        # metafor 3.8-1 (its variances did not change): constructed data
        ("LS", [0.01028553351231789, 0.00434493922378988, 0.04048121402416188]),
        ("HO", [0.01042801580176440, 0.00433128535450071, 0.03972605694175145]),
        ("AV", [0.01042790619025062, 0.00453812540667646, 0.03067362058901890]),
        ("AVHO", [0.0104282305856084, 0.0044997737270264, 0.0307285194589261]),
    ],
)
def test_ratio_of_means_knows_four_variances(vtype: str, expected: list[float]) -> None:
    columns: dict[str, list[Any]] = {
        "m1i": [12.1, 8.4, 30.2],
        "sd1i": [4.2, 2.9, 9.9],
        "n1i": [24, 61, 8],
        "m2i": [10.0, 9.1, 22.7],
        "sd2i": [3.7, 3.3, 11.2],
        "n2i": [26, 55, 9],
    }

    np.testing.assert_allclose(escalc("ROM", columns, vtype=vtype).vi, expected, rtol=1e-12)


def test_uncorrected_standardized_difference_is_cohens_d() -> None:
    columns: dict[str, list[Any]] = {
        "m1i": [103.0],
        "sd1i": [5.5],
        "n1i": [50],
        "m2i": [100.0],
        "sd2i": [4.5],
        "n2i": [50],
    }

    effects = escalc("SMD", columns, correct=False)

    # Borenstein (2009), worked example: d = 0.5970, variance 0.0418
    assert effects.yi[0] == pytest.approx(0.5970, abs=5e-5)
    assert effects.vi[0] == pytest.approx(0.0418, abs=5e-5)


def test_a_standardized_difference_takes_what_each_row_has() -> None:
    columns: dict[str, list[Any]] = {
        "m1i": [10.2, None, None, None],
        "sd1i": [2.1, None, None, None],
        "m2i": [9.1, None, None, None],
        "sd2i": [2.3, None, None, None],
        "di": [None, 0.5, None, None],
        "ti": [None, None, -2.3, None],
        "pi": [None, None, None, -0.018],
        "n1i": [20, 20, 20, 20],
        "n2i": [22, 22, 22, 20],
    }

    effects = escalc("SMD", columns)

    assert np.isfinite(effects.yi).all()
    assert [(note.row, note.text) for note in effects.notes] == [
        (1, "computed from di n1i n2i"),
        (2, "computed from ti n1i n2i"),
        (3, "computed from pi n1i n2i"),
    ]
    assert effects.yi[0] == pytest.approx(
        escalc("SMD", {n: v[:1] for n, v in columns.items()}).yi[0]
    )
    assert effects.yi[2] == pytest.approx(-2.3 * np.sqrt(1 / 20 + 1 / 22) * 0.98115, rel=1e-4)
    assert effects.yi[3] == pytest.approx(-0.7664, abs=5e-5)  # metafor, help page of escalc


@pytest.mark.parametrize(
    ("measure", "columns", "yi"),
    [
        # signed p values, as worked on the help page of metafor's escalc
        ("COR", {"pi": [-0.07], "ni": [30]}, -0.3354),
        ("SMCC", {"pi": [-0.018], "ni": [50]}, -0.3408),
        ("PCOR", {"pi": [-0.07], "mi": [5], "ni": [30]}, -0.3610),
    ],
)
def test_a_signed_p_value_gives_the_effect(
    measure: str, columns: dict[str, list[float]], yi: float
) -> None:
    assert escalc(measure, columns).yi[0] == pytest.approx(yi, abs=5e-5)


def test_paired_t_gives_the_same_change_as_the_means() -> None:
    sdd = np.sqrt(5.0**2 + 4.0**2 - 2 * 0.6 * 5.0 * 4.0)
    scores: dict[str, list[float]] = {
        "m1i": [12.0],
        "m2i": [10.0],
        "sd1i": [5.0],
        "sd2i": [4.0],
        "ni": [25],
        "ri": [0.6],
    }

    from_t = escalc("SMCC", {"ti": [2.0 / (sdd / 5.0)], "ni": [25]})

    assert from_t.yi[0] == pytest.approx(escalc("SMCC", scores).yi[0], rel=1e-14)


def test_hazard_ratio_from_its_interval() -> None:
    effects = escalc("HR", {"hri": [0.75], "lbi": [0.60], "ubi": [0.9375]})

    assert effects.yi[0] == pytest.approx(np.log(0.75), rel=1e-15)
    assert effects.vi[0] == pytest.approx(
        (np.log(0.9375 / 0.60) / (2 * 1.959963985)) ** 2, rel=1e-9
    )
    assert effects.interval(0.95)[0] == pytest.approx(np.log([0.60, 0.9375]), rel=1e-9)
    assert effects.notes == ()


def test_hazard_ratio_from_a_90_percent_interval() -> None:
    columns = {"hri": [0.75], "lbi": [0.60], "ubi": [0.9375]}

    assert escalc("HR", columns, level=0.90).interval(0.90)[0] == pytest.approx(
        np.log([0.60, 0.9375]), rel=1e-9
    )


def test_hazard_ratio_from_observed_minus_expected() -> None:
    effects = escalc("HR", {"oei": [-5.0], "voei": [20.0]})

    assert (effects.yi[0], effects.vi[0]) == (-0.25, 0.05)


def test_a_hazard_ratio_outside_the_middle_of_its_limits_is_noted() -> None:
    effects = escalc("HR", {"hri": [0.62], "lbi": [0.60], "ubi": [0.9375]})

    assert "middle" in effects.notes[0].text
    assert not effects.notes[0].excludes


def test_generic_effects_pass_unchanged() -> None:
    effects = escalc("GEN", {"yi": [0.1, -0.2, None], "vi": [0.01, 0.0, 0.02]})

    np.testing.assert_array_equal(effects.yi, [0.1, -0.2, np.nan])
    np.testing.assert_array_equal(effects.vi, [0.01, 0.0, np.nan])
    assert escalc("GEN", {"yi": [0.1], "sei": [0.3]}).vi[0] == pytest.approx(0.09, rel=1e-15)


def test_generic_effects_may_come_with_an_interval() -> None:
    # help page of metafor's conv.wald: odds ratio 0.64 (0.33 to 1.22)
    columns = {"yi": np.log([0.64]), "lbi": np.log([0.33]), "ubi": np.log([1.22])}

    assert escalc("GEN", columns).vi[0] == pytest.approx(0.1113, abs=5e-5)
    assert escalc("GEN", columns, level=0.9).vi[0] > 0.15
    with pytest.raises(InvalidDataError, match="between 0 and 1"):
        escalc("GEN", columns, level=95)


@pytest.mark.parametrize(
    ("measure", "yi", "vi"),
    [  # metafor 3.8-1: escalc in each arm of Morris (2008), yi subtracted, vi added
        (
            "SMCRD",
            [0.742052438043, 0.952361368914, 1.805406667353, 1.151392246547, 0.505043438272],
            [0.1137878926195, 0.0426376896155, 0.2833051796957, 0.1457806658130, 0.1666787227608],
        ),
        (
            "SMCCD",
            [0.762965808317, 0.897945037763, 2.661926906896, 1.351270244038, 0.289073619932],
            [0.1085593546625, 0.0543862700845, 0.6158808254254, 0.3872073918288, 0.1446802433378],
        ),
    ],
)
def test_difference_of_changes_of_morris_2008(
    measure: str, yi: list[float], vi: list[float]
) -> None:
    both = {f"{name[:-1]}Ti": values for name, values in MORRIS.items()}
    both |= {f"{name[:-1]}Ci": values for name, values in MORRIS_COMPARATOR.items()}

    effects = escalc(measure, both)

    np.testing.assert_allclose(effects.yi, yi, rtol=1e-11)
    np.testing.assert_allclose(effects.vi, vi, rtol=1e-11)


def test_every_measure_can_be_computed_and_says_what_it_needs() -> None:
    for measure in Measure:
        assert required_columns(measure)
        assert variance_formulas(measure)


def test_group_order_turns_the_sign() -> None:
    columns = read("normand1999")
    turned = {name.translate(str.maketrans("12", "21")): values for name, values in columns.items()}
    for measure in ("MD", "SMD", "SMDH", "ROM", "CVR", "VR"):
        one, other = escalc(measure, columns), escalc(measure, turned)
        np.testing.assert_allclose(one.yi, -other.yi, rtol=1e-12)
        np.testing.assert_allclose(one.vi, other.vi, rtol=1e-12)


def test_order_of_rows_is_kept() -> None:
    columns = read("normand1999")
    order = np.random.default_rng(3).permutation(columns["n1i"].size)
    mixed = {name: values[order] for name, values in columns.items()}
    for measure, vtype in (("SMD", "LS"), ("SMD", "AV"), ("ROM", "AVHO"), ("SMD1", "UB")):
        one, other = escalc(measure, columns, vtype=vtype), escalc(measure, mixed, vtype=vtype)
        np.testing.assert_allclose(one.yi[order], other.yi, rtol=1e-13)
        np.testing.assert_allclose(one.vi[order], other.vi, rtol=1e-13)


@pytest.mark.parametrize("measure", list(Measure))
def test_no_rows_give_no_effects(measure: Measure) -> None:
    effects = escalc(measure, {name: [] for name in required_columns(measure)[0]})

    assert effects.yi.shape == effects.vi.shape == (0,)
    assert effects.notes == ()


def test_standardized_differences_do_not_depend_on_the_unit() -> None:
    columns = read("normand1999")
    scaled = {
        name: values * 1e3 if name.startswith(("m", "sd")) else values
        for name, values in columns.items()
    }
    for measure in ("SMD", "SMDH", "SMD1", "ROM", "CVR", "VR"):
        np.testing.assert_allclose(
            escalc(measure, columns).vi, escalc(measure, scaled).vi, rtol=1e-12
        )


@pytest.mark.parametrize(
    ("measure", "columns", "said"),
    [
        (
            "MD",
            {
                "m1i": [1, 1],
                "sd1i": [1, -1],
                "n1i": [9, 9],
                "m2i": [0, 0],
                "sd2i": [1, 1],
                "n2i": [9, 0],
            },
            ["row 2, column sd1i", "row 2, column n2i"],
        ),
        ("OR", {"ai": [5], "n1i": [4], "ci": [1], "n2i": [9]}, ["row 1, column ai: 5 exceeds n1i"]),
        ("RR", {"ai": [5], "bi": [-1], "ci": [1], "di": [9]}, ["column bi: -1 is negative"]),
        (
            "IRR",
            {"x1i": [5], "t1i": [0], "x2i": [1], "t2i": [9]},
            ["column t1i: 0 is not above zero"],
        ),
        ("COR", {"ri": [0.2, 1.2], "ni": [10, 20]}, ["row 2, column ri: 1.2 is no correlation"]),
        ("PR", {"xi": [11], "ni": [10]}, ["column xi: 11 exceeds ni"]),
        ("GEN", {"yi": [np.inf], "vi": [-1.0]}, ["column yi: inf", "column vi: -1"]),
        ("HR", {"hri": [0.5], "lbi": [0.6], "ubi": [0.9]}, ["column lbi: 0.6 exceeds hri"]),
        ("SPCOR", {"ri": [0.5], "ni": [30], "r2i": [1.2]}, ["column r2i: 1.2 does not lie"]),
    ],
)
def test_impossible_numbers_are_named_with_row_and_column(
    measure: str, columns: dict[str, list[float]], said: list[str]
) -> None:
    with pytest.raises(ImpossibleInputError) as caught:
        escalc(measure, columns)

    for words in said:
        assert words in str(caught.value)
    assert isinstance(caught.value, ReviewError)
    assert len(caught.value.cells) == len(said)


def test_missing_numbers_give_no_effect_and_a_note() -> None:
    effects = escalc(
        "MD",
        {
            "m1i": [1, 1],
            "sd1i": [1, None],
            "n1i": [9, 9],
            "m2i": [0, 0],
            "sd2i": [1, 1],
            "n2i": [9, 9],
        },
    )

    assert effects.known.tolist() == [True, False]
    assert np.isnan(effects.vi[1])
    assert [(note.row, note.excludes) for note in effects.notes] == [(1, True)]
    assert "missing" in effects.notes[0].text


@pytest.mark.parametrize(
    ("measure", "columns"),
    [
        ("SMD", {"m1i": [1], "sd1i": [0], "n1i": [9], "m2i": [0], "sd2i": [0], "n2i": [9]}),
        ("SMD", {"m1i": [1], "sd1i": [1], "n1i": [1], "m2i": [0], "sd2i": [1], "n2i": [2]}),
        ("ROM", {"m1i": [1], "sd1i": [1], "n1i": [9], "m2i": [-1], "sd2i": [1], "n2i": [9]}),
        ("VR", {"sd1i": [1], "n1i": [1], "sd2i": [1], "n2i": [9]}),
        ("ZCOR", {"ri": [1.0], "ni": [20]}),
        ("COR", {"ri": [0.3], "ni": [3]}),
        ("UCOR", {"ri": [0.3], "ni": [4]}),
        ("MNLN", {"mi": [-1.0], "sdi": [1.0], "ni": [10]}),
        ("ZPCOR", {"ri": [0.3], "ni": [7], "mi": [5]}),
    ],
)
def test_effects_that_do_not_exist_are_missing_with_a_note(
    measure: str, columns: dict[str, list[float]]
) -> None:
    effects = escalc(measure, columns)

    assert np.isnan(effects.yi).all()
    assert np.isnan(effects.vi).all()
    assert "does not exist" in effects.notes[0].text


def test_an_added_constant_and_a_dropped_trial_are_noted() -> None:
    table = {"ai": [0, 0, 4], "n1i": [20, 20, 20], "ci": [3, 0, 6], "n2i": [22, 21, 20]}

    kept = escalc("OR", table)
    dropped = escalc("OR", table, zero_cells=ZeroCells(drop00=True))

    assert [(note.row, note.text) for note in kept.notes] == [
        (0, "0.5 added to each cell"),
        (1, "0.5 added to each cell"),
    ]
    assert kept.known.all()
    assert dropped.known.tolist() == [True, False, True]
    assert [note.excludes for note in dropped.notes] == [False, True]


def test_an_implausible_standardized_difference_is_noted() -> None:
    effects = escalc("SMD", read("normand1999"))

    assert 2 in {note.row for note in effects.notes}  # g = -2.32
    assert "standard error" in effects.notes[0].text
    assert effects.known.all()


def test_a_column_that_is_not_needed_is_not_read() -> None:
    columns: dict[str, Any] = {
        name: values for name, values in read("normand1999").items() if name != "study"
    }
    columns["pi"] = ["a principal investigator"] * columns["n1i"].size

    assert escalc("SMD", columns).known.all()


def test_cells_of_a_table_are_not_taken_for_standardized_differences() -> None:
    table = {
        "ai": [5, 4],
        "bi": [15, 16],
        "ci": [9, 8],
        "di": [11, 12],
        "n1i": [20, 20],
        "n2i": [20, 20],
    }

    with pytest.raises(MissingColumnsError):
        escalc("SMD", table)
    assert escalc("OR", table).known.all()


@pytest.mark.parametrize("n", [5.0, 21.0, 41.0, 43.0, 523.0, 1e4, 1e6])
def test_corrected_correlation_is_that_of_the_integral(n: float) -> None:
    # F(1/2, 1/2; c; x) by Euler's integral (DLMF 15.6.1), an independent route
    r, c = 0.05, (n - 2) / 2

    def integrand(u: float) -> float:  # t = u², which removes the singularity at 0
        return float(2 * (1 - u**2) ** (c - 1.5) / np.sqrt(1 - (1 - r**2) * u**2))

    upper = min(1.0, 40 / np.sqrt(c))
    integral = quad(integrand, 0, upper, epsabs=0, epsrel=1e-12, limit=400)[0]
    expected = r * integral * np.exp(gammaln(c) - gammaln(0.5) - gammaln(c - 0.5))

    # gammaln loses digits with its size
    assert escalc("UCOR", {"ri": [r], "ni": [n]}).yi[0] == pytest.approx(
        expected, rel=1e-9 if n < 1e5 else 1e-8
    )


def test_counts_that_do_not_add_up_are_noted() -> None:
    table = {
        "ai": [5, 4],
        "bi": [15, 16],
        "ci": [9, 8],
        "di": [11, 12],
        "n1i": [20, 22],
        "n2i": [20, 20],
    }

    notes = escalc("OR", table).notes

    assert [(note.row, note.excludes) for note in notes] == [(1, False)]
    assert "add up" in notes[0].text
    assert "add up" in escalc("PR", {"xi": [3], "mi": [4], "ni": [9]}).notes[0].text


def test_missing_columns_are_named() -> None:
    with pytest.raises(MissingColumnsError, match="m1i sd1i n1i m2i sd2i n2i; given: yi"):
        escalc("MD", {"yi": [1.0]})


def test_errors_and_effects_survive_the_way_back_from_a_worker() -> None:
    with pytest.raises(ImpossibleInputError) as impossible:
        escalc("GEN", {"yi": [1.0], "vi": [-1.0]})
    with pytest.raises(MissingColumnsError) as missing:
        escalc("GEN", {"yi": [1.0]})

    for error in (impossible.value, missing.value):
        back = pickle.loads(pickle.dumps(error))
        assert (type(back), str(back)) == (type(error), str(error))
    assert pickle.loads(pickle.dumps(impossible.value)).cells == impossible.value.cells
    effects = escalc("GEN", {"yi": [1.0, None], "vi": [2.0, 1.0]})
    assert pickle.loads(pickle.dumps(effects)).notes == effects.notes


def test_unknown_choices_are_refused() -> None:
    table = {"yi": [1.0], "vi": [1.0]}
    with pytest.raises(InvalidDataError, match="no measure 'XYZ'"):
        escalc("XYZ", table)
    with pytest.raises(InvalidDataError, match="it knows LS"):
        escalc("GEN", table, vtype="UB")
    with pytest.raises(InvalidDataError, match="0 or more"):
        ZeroCells(add=-1.0)
    with pytest.raises(InvalidDataError, match="something that is not a number"):
        escalc("GEN", {"yi": ["abc"], "vi": [1.0]})
    with pytest.raises(InvalidDataError, match="differ in their number of rows"):
        escalc("GEN", {"yi": [1.0, 2.0, 3.0], "vi": [1.0, 2.0]})
    with pytest.raises(InvalidDataError, match="between 0 and 1"):
        escalc("GEN", table).interval(95)


def test_effects_cannot_be_changed_afterwards() -> None:
    effects = escalc("GEN", {"yi": [1.0], "vi": [1.0]})

    with pytest.raises(ValueError, match="read-only"):
        effects.yi[0] = 2.0


RISKS = {"ai": [4, 12], "n1i": [41, 60], "ci": [9, 17], "n2i": [39, 57]}
CHANGES = {
    "m1i": [12.0, 9.0], "m2i": [10.0, 9.5], "sd1i": [4.0, 3.0], "sd2i": [4.4, 2.5],
    "ni": [30, 22], "ri": [0.6, 0.4],
}  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "columns", "vtype", "expected"),
    [
        ("RD", RISKS, "UB", [0.00687251270960, 0.00644927811649]),
        ("RD", RISKS, "AV", [0.00831537113227, 0.00568661207846]),
        ("SMCC", CHANGES, "LS2", [0.0360546431801, 0.0427922096046]),
        ("SMCR", CHANGES, "LS2", [0.0292433349734, 0.0512523879331]),
    ],
)
def test_other_variances_are_those_of_metafor(
    measure: str, columns: dict[str, list[float]], vtype: str, expected: list[float]
) -> None:
    """metafor 3.8: ``escalc(measure, ..., vtype=vtype)$vi``."""
    assert escalc(measure, columns, vtype=vtype).vi == pytest.approx(expected, rel=1e-9)


def test_without_an_effect_the_variance_of_a_standardized_difference_is_of_the_sizes() -> None:
    found = escalc("SMD", {"di": [0.8, -0.2], "n1i": [20, 30], "n2i": [25, 15]}, vtype="H0")
    assert found.vi == pytest.approx([1 / 20 + 1 / 25, 1 / 30 + 1 / 15], rel=1e-15)


def test_an_uncorrected_ratio_of_means_is_their_logarithm() -> None:
    means: dict[str, list[float]] = {
        "m1i": [6.0],
        "sd1i": [2.0],
        "n1i": [20],
        "m2i": [4.0],
        "sd2i": [1.0],
        "n2i": [10],
    }
    found = escalc("ROM", means, correct=False)
    assert found.yi == pytest.approx([np.log(1.5)], rel=1e-15)
    corrected = np.log(1.5) + ((2 / 6) ** 2 / 20 - (1 / 4) ** 2 / 10) / 2
    assert escalc("ROM", means).yi == pytest.approx([corrected], rel=1e-15)


def test_what_is_done_about_zero_cells_where_nothing_is_said() -> None:
    assert default_zero_cells("OR") == ZeroCells(0.5)
    assert default_zero_cells("AS").add == 0.0


def test_a_constant_is_added_to_rows_that_metafor_has_a_word_for() -> None:
    with pytest.raises(InvalidDataError, match="'some' is none of these"):
        ZeroCells(to="some")  # type: ignore[arg-type]  # what a file may say


@pytest.mark.parametrize("add", [-0.5, float("inf"), float("nan")])
def test_a_constant_for_cells_is_a_number_from_zero_on(add: float) -> None:
    with pytest.raises(InvalidDataError, match="constant added to cells is 0 or more"):
        ZeroCells(add)


def test_a_column_of_two_dimensions_or_of_words_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="has 2 dimensions"):
        escalc("GEN", {"yi": np.array([[0.1, 0.2]]), "vi": np.array([[0.1, 0.2]])})
    with pytest.raises(InvalidDataError, match="is not a number"):
        escalc("GEN", {"yi": np.array(["none"]), "vi": np.array([0.1])})


def test_an_average_over_rows_without_any_number_is_none() -> None:
    nothing = np.array([np.nan, np.inf])
    assert np.isnan(size_weighted_mean(nothing, np.array([10.0, 20.0])))


@pytest.mark.parametrize("case", metafor_cases())
def test_a_measure_has_a_correction_where_leaving_it_out_changes_it(case: dict[str, Any]) -> None:
    columns = {name: numbers(values) for name, values in case["columns"].items()}
    with_it, without = (escalc(case["measure"], columns, correct=how) for how in (True, False))
    changes = not np.allclose(with_it.yi, without.yi, rtol=1e-9, atol=0, equal_nan=True)
    assert changes == has_correction(case["measure"])
