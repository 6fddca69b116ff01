"""What Metapsy rows claim, and what a release changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from review.extraction.formats.comparison import Difference, compare
from review.extraction.formats.metapsy import metapsy_content, read_metapsy
from review.extraction.formats.metapsy_releases import log_risk_ratio
from review.extraction.formats.registry import FORMATS
from review.extraction.formats.source import Content, Directions, SourceRow, Values
from review.extraction.vocabulary import Format, Positive
from review.protocol.vocabulary import Rater
from tests.extraction.formats.files import COLUMNS, metapsy, sample, trial
from tests.extraction.reported import values_with

RAW = (
    *COLUMNS, "mean_arm1", "sd_arm1", "mean_arm2", "sd_arm2", "mean_change_arm1",
    "mean_change_arm2", "sd_change_arm1", "sd_change_arm2", "bl_mean_arm1", "bl_sd_arm1",
    ".log_rr", ".log_rr_se",
)  # fmt: skip


def rows(*cells: dict[str, str]) -> tuple[SourceRow, ...]:
    return read_metapsy(metapsy(cells, columns=RAW), file="f.csv").rows


def content(*cells: dict[str, str]) -> Content:
    return metapsy_content(rows(*cells), Directions())


def values(found: Content) -> dict[tuple[str, str | None], Values]:
    return {(place.arm, place.versus): v for place, v in found.results.items()}


def changed(old: tuple[SourceRow, ...], new: tuple[SourceRow, ...]) -> Difference:
    reading = FORMATS[Format.METAPSY]
    return compare(old, new, reading.columns, reading.flags)


def kinds(difference: Difference) -> dict[str, int]:
    return dict(Counter(flag.kind for flag in difference.flags))


def test_a_ready_effect_is_a_contrast_with_the_persons_of_each_side() -> None:
    found = content(trial("A 2001"))
    ((place, value),) = found.results.items()
    assert (place.study, place.arm, place.versus) == ("a 2001", "cbt", "cau")
    assert (place.instrument, place.rater, place.timepoint) == ("msd-bdi", Rater.SELF, "post")
    assert value == values_with(
        "SMD", Positive.BETTER, n=20, versus_n=22, estimate=-0.5, se=0.31, weeks=12
    )
    assert found.studies["a 2001"].year == 2001
    assert found.measurements["msd-bdi"].outcome == "msd"


def test_scores_and_events_are_results_of_arms() -> None:
    scores = {".g": "NA", "mean_arm1": "9", "sd_arm1": "3", "mean_arm2": "11", "sd_arm2": "4",
              "bl_mean_arm1": "20", "bl_sd_arm1": "5"}  # fmt: skip
    assert values(content(trial("A", **scores))) == {
        ("cbt", None): values_with(n=20, mean=9, sd=3, baseline_mean=20, baseline_sd=5, weeks=12),
        ("cau", None): values_with(n=22, mean=11, sd=4, weeks=12),
    }
    counts = {"event_arm1": "0", "event_arm2": "4", "totaln_arm1": "20", "totaln_arm2": "22",
              "n_arm1": "NA", "n_arm2": "NA", ".log_rr": "-2.1", ".log_rr_se": "1.4"}  # fmt: skip
    assert values(content(trial("B", **counts))) == {
        ("cbt", None): values_with(n=20, events=0, weeks=12),
        ("cau", None): values_with(n=22, events=4, weeks=12),
        ("cbt", "cau"): values_with("log RR", n=20, versus_n=22, estimate=-2.1, se=1.4, weeks=12),
    }


def test_arms_of_one_treatment_are_told_apart() -> None:
    several = content(
        trial("A", multi_arm1="nurses", multi_arm2="cau"),
        trial("A", multi_arm1="doctors", multi_arm2="cau", **{".g": "-0.2"}),
    )
    assert [place.arm for place in several.results] == ["cbt (nurses)", "cbt (doctors)"]
    assert {arm.treatment for arm in several.arms.values()} == {"cbt", "cau"}
    same = content(trial("B", condition_arm2="cbt"))
    assert [(p.arm, p.versus) for p in same.results] == [("cbt [arm 1]", "cbt [arm 2]")]


def test_a_contrast_given_both_ways_is_one_result() -> None:
    back = trial("A", condition_arm1="cau", condition_arm2="cbt", n_arm1="22", n_arm2="20")
    found = content(trial("A"), {**back, ".g": "0.5"})
    assert len(found.results) == 1
    assert found.flags == ()
    other = content(trial("A"), {**back, ".g": "0.4"})
    assert len(other.results) == 2
    assert [flag.kind for flag in other.flags] == ["several_results"]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"n_arm1": "14.5"}, "not_whole"),
        ({".g_se": "0"}, "se_not_positive"),
        ({"event_arm1": "9", "totaln_arm1": "5"}, "events_above_total"),
        ({"event_arm1": "2.5", "totaln_arm1": "5"}, "not_whole"),
        ({"mean_arm1": "2", "sd_arm1": "-5"}, "sd_negative"),
    ],
)
def test_impossible_numbers_are_flagged_and_not_used(cells: dict[str, str], kind: str) -> None:
    found = content(trial("A", **cells))
    assert [flag.kind for flag in found.flags] == [kind]
    for x, _ in found.results.values():
        assert x.sd is None or x.sd >= 0
        assert x.se is None or x.se > 0
        assert x.events is None or x.n is None or x.events <= x.n


def test_text_among_scores_is_flagged_and_the_rest_is_read() -> None:
    cells = {"mean_arm1": "about 9", "mean_arm2": "11,5", "sd_arm1": "3.1", ".g": "NA"}
    found = content(trial("A", **cells), trial("B", **{"mean_arm1": "8,25", ".g": "NA"}))
    assert [(f.kind, f.line, f.column, f.new) for f in found.flags] == [
        ("unreadable", 2, "mean_arm1", "about 9")
    ]
    means = {(p.study, p.arm): v.numbers.mean for p, v in found.results.items()}
    assert means == {("a", "cau"): 11.5, ("b", "cbt"): 8.25}


def test_row_numbers_order_and_spelling_are_no_change() -> None:
    one, two = trial("A 2001"), trial("B 2002")
    found = changed(rows(one, two), rows({**two, "study": "b  2002"}, {**one, ".g": "-0.50"}))
    assert (len(found.added), len(found.removed), found.unchanged) == (0, 0, 1)
    assert [(c.column, c.old, c.new) for c in found.corrections] == [("study", "B 2002", "b  2002")]


def test_flips_changes_and_losses_of_effects_are_told_apart() -> None:
    old = rows(*(trial(name) for name in "ABCDE"))
    new = rows(
        trial("A", **{".g": "0.5"}),
        trial("B", **{".g": "0.3"}),
        trial("C", **{".g": "-0.6"}),
        trial("D", **{".g_se": "0.2"}),
        trial("E"),
    )
    found = changed(old, new)
    assert [(f.kind, f.study, f.column, f.old, f.new) for f in found.flags] == [
        ("sign_flip", "A", ".g", "-0.5", "0.5"),
        ("sign_changed", "B", ".g", "-0.5", "0.3"),
        ("effect_changed", "C", ".g", "-0.5", "-0.6"),
        ("effect_changed", "D", ".g_se", "0.31", "0.2"),
    ]
    assert (found.corrected, found.unchanged) == (4, 1)


def test_persons_that_moved_to_totals_are_seen_and_counts_must_give_the_effect() -> None:
    before = {".g": "NA", ".g_se": "NA", ".log_rr": "-0.4054651081", ".log_rr_se": "0.5"}
    after = {".g": "NA", ".g_se": "NA", "n_arm1": "NA", "n_arm2": "NA", "event_arm1": "4",
             "event_arm2": "6", "totaln_arm1": "20", "totaln_arm2": "20"}  # fmt: skip
    old = rows(trial("A", n_arm2="20", **before), trial("B", n_arm2="20", **before))
    new = rows(trial("A", **after), trial("B", **{**after, "event_arm1": "5"}))
    found = changed(old, new)
    assert kinds(found) == {"moved": 2, "effect_changed": 1}
    assert [f.study for f in found.flags if f.kind == "effect_changed"] == ["B"]


def test_zero_events_are_halved_as_metapsy_does() -> None:
    (row,) = rows(trial("A", event_arm1="0", event_arm2="4", totaln_arm1="20", totaln_arm2="22"))
    assert log_risk_ratio(row) == pytest.approx(-2.10413415427021, abs=1e-12)


def test_additions_removals_and_new_keys() -> None:
    old = rows(trial("A", **{".g": "-0.11"}), trial("B", **{".g": "-0.22"}), trial("C"))
    new = rows(
        trial("A", **{".g": "-0.11"}), trial("B", time_weeks="13", **{".g": "-0.22"}), trial("D")
    )
    found = changed(old, new)
    assert [m.study for m in found.added] == ["B", "D"]
    assert [m.study for m in found.removed] == ["B", "C"]
    (b, d) = (f for f in found.flags if f.kind == "rekeyed")
    assert (b.study, b.column) == ("B", "time_weeks")
    assert (d.study, d.column) == ("D", "study")


def test_a_key_column_that_a_release_does_not_fill_is_left_out_of_the_key() -> None:
    old = rows(trial("A", time_weeks="NA"), trial("B", time_weeks="NA"))
    found = changed(old, rows(trial("A"), trial("B")))
    assert (len(found.added), len(found.removed), found.corrected) == (0, 0, 2)
    assert {c.column for c in found.corrections} == {"time_weeks"}


def test_rows_of_one_key_are_paired_by_their_cells() -> None:
    one, two = trial("A", **{".g": "-0.1"}), trial("A", **{".g": "-0.9", ".g_se": "0.4"})
    found = changed(rows(one, two), rows({**two, "n_arm1": "21"}, one))
    assert [(c.column, c.old, c.new) for c in found.corrections] == [("n_arm1", "20", "21")]
    assert kinds(found) == {}


def test_a_column_that_only_one_release_has_is_no_correction_of_every_row() -> None:
    old = read_metapsy(metapsy([trial("A")], columns=COLUMNS[:-1]), file="f").rows
    found = changed(old, read_metapsy(metapsy([trial("A")]), file="f").rows)
    assert (found.unchanged, found.corrected) == (1, 0)
    assert found.columns_added == ("country",)


def test_a_comparison_with_itself_finds_nothing() -> None:
    same = rows(*(trial(f"T {n}", **{".g": f"{n / 10}"}) for n in range(1, 40)))
    found = changed(same, tuple(replace(row, line=row.line + 7) for row in reversed(same)))
    assert found.unchanged == 39
    assert (found.added, found.removed) == ((), ())
    assert (found.corrections, found.flags) == ((), ())


def test_the_published_releases_differ_in_two_signs_and_where_persons_stand() -> None:
    """suicide-psyctr 23.0.0 and 23.1.1 (ODC-By 1.0)."""
    old, new = (
        read_metapsy(sample(f"metapsy/suicide-psyctr_v{v}_data.csv").read_bytes(), file=v).rows
        for v in ("23.0.0", "23.1.1")
    )
    found = changed(old, new)
    assert (len(old), len(new)) == (190, 190)
    assert (len(found.added), len(found.removed), found.corrected) == (0, 0, 90)
    assert kinds(found) == {"moved": 88, "sign_flip": 2}
    flips = [f for f in found.flags if f.kind == "sign_flip"]
    assert [f.study for f in flips] == ["Ryberg 2019", "Springer 1996"]
    sizes = [abs(float(f.new or 0)) for f in flips]
    assert sizes == pytest.approx([0.514554, 0.500908], abs=1e-6)


def test_the_template_file_has_each_contrast_both_ways() -> None:
    data = sample("metapsy/data-template_data.csv").read_bytes()
    table = read_metapsy(data, file="t")
    found = metapsy_content(table.rows, Directions(False))
    contrasts = [place for place in found.results if place.versus is not None]
    assert (len(table.rows), len(contrasts)) == (118, 59)
    assert {flag.kind for flag in found.flags} == {"several_results"}
