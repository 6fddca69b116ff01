"""RevMan's files: XML that is not trusted, two layouts of CSV, and MetaLab's table."""

from __future__ import annotations

import pytest

from review.errors import FileError
from review.extraction.formats.cochrane import cochrane_content
from review.extraction.formats.metalab import metalab_content, read_metalab
from review.extraction.formats.revman import MAX_ATTRIBUTES, read_revman
from review.extraction.formats.revman_csv import read_revman_csv
from review.extraction.formats.source import Directions, SourceTable, Values
from tests.extraction.formats.files import rm5, sample
from tests.extraction.reported import values_with


def contents(table: SourceTable) -> dict[tuple[str, str, str | None], Values]:
    found = cochrane_content(table.rows, Directions())
    return {(p.study, p.arm, p.versus): v for p, v in found.results.items()}


def reason(data: bytes) -> tuple[int | None, str]:
    with pytest.raises(FileError) as caught:
        read_revman(data, file="r.rm5")
    (problem,) = caught.value.problems
    return problem.line, problem.reason


def test_an_rm5_file_gives_events_of_each_arm() -> None:
    table = read_revman(rm5(), file="r.rm5")
    assert contents(table) == {
        ("åse 2001", "Drug", None): values_with(n=50, events=4),
        ("åse 2001", "Placebo", None): values_with(n=48, events=8),
        ("berg 2004", "Drug", None): values_with(n=30, events=3),
        ("berg 2004", "Placebo", None): values_with(n=31, events=5),
    }
    found = cochrane_content(table.rows, Directions())
    facts = found.studies["åse 2001"]
    assert (facts.label, facts.year, facts.doi) == ("Åse 2001", 2001, "10.1/a")
    assert facts.citation == "Åse B. A trial"
    (measurement,) = found.measurements.values()
    assert (measurement.instrument, measurement.higher_is_better) == ("death", False)
    (pool,) = table.pools
    assert (pool.method, pool.measure, pool.estimate, pool.k) == ("MH", "OR", 0.5, 2)
    assert {row.line for row in table.rows} == {14, 15}


@pytest.mark.parametrize(
    ("label", "better"), [("Favours Placebo", True), ("less", None), ("Favours Drug", False)]
)
def test_the_labels_of_the_plot_say_which_way_is_better(label: str, better: bool | None) -> None:
    data = rm5(better=label).replace(
        b"Favours Placebo</GRAPH_LABEL_2>",
        {True: b"Favours Drug", False: b"Favours Placebo", None: b"more"}[better]
        + b"</GRAPH_LABEL_2>",
    )
    found = cochrane_content(read_revman(data, file="r").rows, Directions())
    assert [m.higher_is_better for m in found.measurements.values()] == [better]
    stated = cochrane_content(read_revman(data, file="r").rows, Directions(True))
    assert [m.higher_is_better for m in stated.measurements.values()] == [True]


def test_a_trial_in_two_subgroups_has_arms_of_each() -> None:
    second = """<DICH_SUBGROUP ID="S" NO="1"><NAME>Old</NAME>
<DICH_DATA STUDY_ID="STD-A" EVENTS_1="1" TOTAL_1="9" EVENTS_2="2" TOTAL_2="8"/></DICH_SUBGROUP>"""
    table = read_revman(rm5(second=second), file="r")
    found = cochrane_content(table.rows, Directions())
    labels = {p.arm for p in found.results if p.study == "åse 2001"}
    assert labels == {"Drug", "Placebo", "Drug, Old", "Placebo, Old"}
    assert {arm.treatment for arm in found.arms.values()} == {"Drug", "Placebo"}


ENTITIES = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
OUTSIDE = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (rm5(head=ENTITIES), None, "declares XML entities"),
        (rm5(head=OUTSIDE), None, "declares XML entities"),
        (rm5()[:900], 14, "not well-formed"),
        (b"<other/>", 1, "COCHRANE_REVIEW"),
        (b"", None, "not well-formed"),
        (b'<?xml version="1.0" encoding="x-none"?><a/>', None, ""),
        (b"<a>" * 300 + b"</a>" * 300, 1, "not well-formed"),
        (b"<COCHRANE_REVIEW/>", None, "no analysis"),
        (rm5().replace(b'STUDY_ID="STD-B"', b'STUDY_ID="STD-Z"'), 15, "STD-Z"),
        (rm5().replace(b'EVENTS_1="3"', b'EVENTS_1="three"'), 15, "not a number"),
        (
            rm5().replace(b"<COCHRANE_REVIEW>", b"<COCHRANE_REVIEW " + b" ".join(
                b'a%d="1"' % n for n in range(MAX_ATTRIBUTES + 1)) + b">"),
            2,
            "attributes",
        ),
    ],
)  # fmt: skip
def test_xml_that_is_no_review_is_refused_whole(data: bytes, line: int | None, words: str) -> None:
    found, why = reason(data)
    assert words in why
    assert line is None or found == line


REVMAN5 = (
    "\ufeffComparison Number,Outcome Number,Subgroup Number,Name,Data Type,Statistical Method,"
    "Effect Measure,Analysis Model,Events 1,Mean 1,SD 1,Total 1,Events 2,Mean 2,SD 2,Total 2,"
    "Effect Estimate,SE,CI Start,CI End,Q,Group Label 1,Group Label 2,Year of study\n"
    "1,0,0,Drug or placebo,,,,,,,,,,,,,,,,,,,,\n"
    "1,1,0,Death,DIC,MH,OR,Fixed,7,,,80,13,,,79,0.49,,0.2,1.2,0.1,Drug,Placebo,\n"
    '1,1,0,"Åse, B",,,,,4,0,0,50,8,0,0,48,0.43,0.6,0.1,1.5,,,,2001\n'
    "1,2,0,Pain,CON,IV,MD,Random,0,,,30,0,,,31,-1,,-2,0,0,Drug,Placebo,\n"
    "1,2,1,Adults,CON,IV,MD,Random,0,,,30,0,,,31,-1,,-2,0,0,,,\n"
    '1,2,1,"Berg",,,,,0,4,2,30,0,5,2.5,31,-1,0.6,-2,0,,,,2004\n'
).encode()


def test_the_analysis_data_of_revman_5() -> None:
    table = read_revman_csv(REVMAN5, file="r.csv")
    assert contents(table) == {
        ("åse, b", "Drug", None): values_with(n=50, events=4),
        ("åse, b", "Placebo", None): values_with(n=48, events=8),
        ("berg", "Drug", None): values_with(n=30, mean=4, sd=2),
        ("berg", "Placebo", None): values_with(n=31, mean=5, sd=2.5),
    }
    assert [row.cells["subgroup"] for row in table.rows] == ["", "Adults"]
    assert [(p.outcome, p.random) for p in table.pools] == [("Death", False), ("Pain", True)]


WEB = (
    "Analysis group,Analysis number,Analysis name,Subgroup,Study,Study year,Experimental mean,"
    "Experimental SD,Experimental cases,Experimental N,Control mean,Control SD,Control cases,"
    "Control N,O-E,Variance,GIV Mean,GIV SE,Weight,Mean,CI start,CI end\n"
    "1,1,Death,,Åse 2001,2001,0,0,4,50,0,0,8,48,0,0,0,0,50,0.43,0.1,1.5\n"
    "1,2,Pain,Adults,Berg 2004,2004,4,2,0,30,5,2.5,0,31,0,0,0,0,100,-1,-2,0\n"
    "1,3,Hazard,,Berg 2004,2004,0,0,0,30,0,0,0,31,0,0,-0.2,0.1,100,-0.2,-0.4,0\n"
    "1,4,Survival,,Berg 2004,2004,0,0,3,30,0,0,5,31,-2,4,0,0,100,-0.2,-0.4,0\n"
).encode()


@pytest.mark.parametrize("header", [" ", ".", "_"])
def test_the_data_rows_of_revman_web(header: str) -> None:
    first, rest = WEB.split(b"\n", 1)
    rest = b"".join(line for line in rest.splitlines(keepends=True) if b"Hazard" not in line)
    data = first.replace(b" ", header.encode()) + b"\n" + rest
    assert contents(read_revman_csv(data, file="w.csv")) == {
        ("åse 2001", "Experimental", None): values_with(n=50, events=4),
        ("åse 2001", "Control", None): values_with(n=48, events=8),
        ("berg 2004", "Experimental", None): values_with(n=30, mean=4, sd=2),
        ("berg 2004", "Control", None): values_with(n=31, mean=5, sd=2.5),
        ("berg 2004", "Experimental", "Control"): values_with(
            "PETO", n=30, versus_n=31, estimate=-0.5, variance=0.25
        ),
    }


def test_a_ready_estimate_of_revman_web_is_a_contrast() -> None:
    found = cochrane_content(read_revman_csv(WEB, file="w").rows, Directions())
    ready = [v for p, v in found.results.items() if p.instrument == "hazard"]
    assert ready == [values_with(n=30, versus_n=31, estimate=-0.2, se=0.1)]


METALAB = (
    b"study_ID,short_cite,long_cite,expt_num,same_infant,dependent_measure,participant_design,"
    b"group_name_1,group_name_2,n_1,n_2,x_1,x_2,SD_1,SD_2,d_calc,d_var_calc,g_calc,g_var_calc\n"
    b"aa1999,Aa (1999),A long,1,1,looking_time,between,old,new,12,14,8,6,2,3,0.8,0.16,0.7,0.15\n"
    b"aa1999,Aa (1999),A long,2,2,looking_time,within_two,,,20,NA,8,6,2,3,0.5,0.05,NA,NA\n"
)


def test_metalab_gives_contrasts_and_arms_of_separate_groups() -> None:
    table = read_metalab(METALAB, file="m.csv")
    found = metalab_content(table.rows, Directions(True))
    assert {(p.arm, p.versus, p.timepoint): v for p, v in found.results.items()} == {
        ("old", None, "experiment 1"): values_with(n=12, mean=8, sd=2),
        ("new", None, "experiment 1"): values_with(n=14, mean=6, sd=3),
        ("old", "new", "experiment 1"): values_with(
            "SMD", n=12, versus_n=14, estimate=0.7, variance=0.15
        ),
        ("Condition 1", "Condition 2", "experiment 2"): values_with(
            "SMD", n=20, estimate=0.5, variance=0.05
        ),
    }
    assert found.studies["aa (1999)"].year == 1999


def test_the_published_review_in_both_files_is_the_same_numbers() -> None:
    """Fleiss1993 of R package meta, as .rm5 and as CSV."""
    one = read_revman(sample("revman/meta_Fleiss1993.rm5").read_bytes(), file="rm5")
    two = read_revman_csv(sample("revman/meta_Fleiss1993_CR.csv").read_bytes(), file="csv")
    assert (len(one.rows), len(two.rows)) == (12, 12)
    assert contents(one) == contents(two)
