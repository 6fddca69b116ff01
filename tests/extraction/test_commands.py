"""Extraction by the commands a user types, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from openpyxl import load_workbook

from review.config import settings
from review.conventions import Medians
from review.effects import Quantiles, group_from_skewed
from tests.tiers import MOSTLY_ON_SQLITE

Cli = Callable[..., Result]

TABLE = """study,year,arm,treatment,delivery_mode,n_randomised,instrument,rater,n,mean,sd,se,quote
Invented 2020,2020,Video,CBT,videoconference,52,bdi,client,50,14.2,8.1,,=it was 14.2
Invented 2020,2020,In person,CBT,face_to_face,51,bdi,client,49,13,NR,1.1,
"""


@pytest.fixture
def review(cli: Cli) -> Cli:
    cli("new", "mine", "--title", "Synthetic")
    cli("outcome", "add", "mood", "--name", "Mood")
    cli("instrument", "add", "bdi", "--name", "BDI", "--outcome", "mood", "--lower-is-better",
        "--lowest", "0", "--highest", "63", "--step", "1")  # fmt: skip
    cli("extract", "field", "add", "place", "--level", "study", "--kind", "choice",
        "--choice", "clinic", "--choice", "home")  # fmt: skip
    cli("extract", "field", "add", "dose", "--level", "arm", "--kind", "number", "--lowest", "0")
    cli("extract", "field", "add", "checked", "--level", "result", "--kind", "date")
    return cli


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    rows = TABLE.splitlines()
    custom = ["place,dose,checked", "clinic,12,2026-11-01", "clinic,10.5,"]
    path.write_text("".join(f"{row},{more}\n" for row, more in zip(rows, custom, strict=True)))
    return path


def as_person(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("REVIEW_ACTOR", name)
    settings.cache_clear()


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_importing_an_export_changes_nothing(
    review: Cli, table: Path, tmp_path: Path, suffix: str
) -> None:
    report = json.loads(review("extract", "import", table, "--json").stdout)
    assert (report["results_added"], report["entries"]) == (2, {"single": 1})
    out = tmp_path / f"export.{suffix}"
    assert "Wrote 2 rows" in review("extract", "export", "--out", out).output
    before = review("history", "-n", "1", "--json").stdout
    assert "nothing new in 2 rows" in review("extract", "import", out).output
    assert review("history", "-n", "1", "--json").stdout == before
    rows = json.loads(review("extract", "export", "--json").stdout)
    video = next(row for row in rows if row["arm"] == "Video")
    assert (video["quote"], video["place"], video["dose"], video["checked"], video["version"]) == (
        "=it was 14.2", "clinic", 12.0, "2026-11-01", 1,
    )  # fmt: skip
    assert next(row for row in rows if row["arm"] == "In person")["sd"] == "NR"


def test_a_stale_file_is_refused_with_both_versions(
    review: Cli, table: Path, tmp_path: Path
) -> None:
    review("extract", "import", table)
    out = tmp_path / "export.csv"
    review("extract", "export", "--out", out)
    faster, slower = tmp_path / "a.csv", tmp_path / "b.csv"
    faster.write_text(out.read_text().replace("14.2,8.1", "14.3,8.1"))
    slower.write_text(out.read_text().replace("14.2,8.1", "14.9,8.1"))
    review("extract", "import", faster)
    told = review("extract", "import", slower, status=1).output
    assert 'the form (version 1) says "14.9", stored is "14.3" (version 2)' in told
    assert json.loads(review("extract", "export", "--json").stdout)[1]["mean"] == 14.3


def test_the_template_of_a_review_has_its_fields(review: Cli, tmp_path: Path) -> None:
    header = review("extract", "template", "--empty", "--review", "mine").stdout
    assert header.strip().endswith(",place,dose,checked")
    assert "place" not in review("extract", "template", "--empty").stdout
    path = tmp_path / "template.xlsx"
    review("extract", "template", "--review", "mine", "--out", path)
    book = load_workbook(path)
    assert book.sheetnames == ["results", "columns"]
    columns = [cell.value for cell in book["results"][1]]
    assert columns[-3:] == ["place", "dose", "checked"]
    lists = [rule.formula1 for rule in book["results"].data_validations.dataValidation]
    assert '"clinic,home"' in lists
    fields = json.loads(review("extract", "field", "list", "--json").stdout)
    assert [field["slug"] for field in fields] == ["place", "dose", "checked"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_an_export_is_taken_back_unchanged_after_the_form_changed(
    review: Cli, table: Path, tmp_path: Path, suffix: str
) -> None:
    review("extract", "import", table)
    review("extract", "field", "add", "place", "--level", "study", "--kind", "choice",
           "--choice", "office", "--choice", "home")  # fmt: skip
    review("extract", "field", "add", "dose", "--level", "arm", "--kind", "text")
    review("extract", "field", "retire", "checked")
    out = tmp_path / f"export.{suffix}"
    assert "Wrote 2 rows" in review("extract", "export", "--out", out).output
    assert "nothing new in 2 rows" in review("extract", "import", out).output
    renamed = table.read_text().replace("Invented 2020", "Invented 2021")
    table.write_text(renamed)
    said = review("extract", "import", table, status=1).output
    assert 'line 2, column place: "clinic" is none of: office, home' in said


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("place", "garden", 'column place: "garden" is none of: clinic, home'),
        ("dose", "-1", "column dose: -1 is below 0"),
        ("checked", "1.11.2026", "column checked:"),
    ],
)
def test_a_custom_cell_that_does_not_fit_is_named(
    review: Cli, tmp_path: Path, column: str, cell: str, words: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(f"study,arm,instrument,n,{column}\nA,x,bdi,10,{cell}\n")
    assert words in review("extract", "import", path, status=1).output
    assert review("study", "list", "--json").stdout.strip() == "[]"


@MOSTLY_ON_SQLITE
def test_two_entries_are_compared_decided_traced_and_pooled(
    review: Cli, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.csv"
    other.write_text(table.read_text().replace("14.2,8.1", "12.4,8.1"))
    for who, role in (("anna", "reviewer"), ("ben", "reviewer"), ("cleo", "statistician")):
        review("people", "add", who, "--role", role)
    as_person(monkeypatch, "anna")
    review("extract", "import", table, "--entry", "blind")
    assert '"mean": 14.2' in review("history", "-n", "500", "--json").stdout
    as_person(monkeypatch, "ben")
    assert json.loads(review("study", "show", "Invented 2020", "--json").stdout)["results"] == []
    sealed = review("history", "-n", "500", "--json").stdout
    assert '"mean": 14.2' not in sealed
    assert "blind entry" in sealed
    told = review("extract", "export", "--entry", "blind", "--extractor", "anna", status=1).output
    assert "what anna entered is hidden until both entries are finished: Invented 2020" in told
    report = json.loads(
        review("extract", "import", other, "--entry", "blind", "--draft", "--json").stdout
    )
    assert (report["results_added"], report["corrections"]) == (2, [])
    told = review("extract", "compare", "Invented 2020", status=1).output
    assert "cannot be compared before ben finished" in told
    review("extract", "finish", "Invented 2020")
    as_person(monkeypatch, "cleo")
    compared = json.loads(review("extract", "compare", "--json").stdout)
    (study,) = compared["studies"]
    (cell,) = study["differing"]
    assert (cell["field"], cell["first"], cell["second"]) == ("mean", 14.2, 12.4)
    shares = {row["of"]: row["share"] for row in compared["agreement_by_field"]}
    assert (shares["mean"], shares["sd"]) == (0.5, 1.0)
    assert "--reason" in review(
        "extract", "resolve", "Invented 2020", cell["id"], "--take", "anna", status=2
    ).output  # fmt: skip
    decided = review(
        "extract", "resolve", "Invented 2020", cell["id"], "--take", "ben", "--reason", "Table 2",
        "--json",
    ).stdout  # fmt: skip
    assert json.loads(decided) == {
        "study": "Invented 2020", "decided": [cell["id"]], "open": 0, "consensus": True,
    }  # fmt: skip
    review("analysis", "add", "main", "--title", "Mood", "--outcome", "mood",
           "--intervention", "video", "--intervention-mode", "videoconference",
           "--comparator", "in person", "--comparator-mode", "face_to_face")  # fmt: skip
    review("repool")
    traced = json.loads(review("extract", "trace", "Invented 2020", "--json").stdout)
    person, video = sorted(traced, key=lambda t: t["place"])
    assert video["reported"]["mean"] == 12.4
    assert video["decisions"][0]["reason"] == "Table 2"
    assert video["used_in"][0]["analysis"] == "main"
    (step,) = person["conversions"]
    assert step["gives"]["sd"] == pytest.approx(1.1 * 7.0, rel=1e-12)
    assert step["reported"] == {"se": 1.1, "n": 49.0}
    assert person["not_reported"] == ["sd"]
    told = review("extract", "trace", "Invented 2020").output
    assert "converted: sd 7.7" in told
    chosen = json.loads(review("extract", "selection", "main", "--json").stdout)
    assert chosen[0]["study"] == "Invented 2020"
    assert len(chosen[0]["chosen"]) == 2
    assert "consensus" in review("study", "list").output


def test_a_selection_says_what_the_plan_assumes_of_clusters_and_periods(
    review: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "units.csv"
    rows = ["study,randomised,cluster_size,icc,arm,delivery_mode,instrument,n,mean,sd,correlation"]
    for study in ("Says,cluster,11,0.02", "Silent,cluster,11,", "Cross,crossover,,"):
        r = "0.6" if study.startswith("Cross") else ""
        rows += [f"{study},Video,videoconference,bdi,50,14,8,{r}",
                 f"{study},Room,face_to_face,bdi,50,16,8,{r}"]  # fmt: skip
    rows += ["Crossed,crossover,,,Video,videoconference,bdi,50,14,8,",
             "Crossed,crossover,,,Room,face_to_face,bdi,50,16,8,"]  # fmt: skip
    path.write_text("\n".join(rows) + "\n")
    review("extract", "import", path)
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "{title: Mood, outcome: mood, icc: 0.05, crossover_correlation: 0.5,"
        " intervention: {label: video, delivery_mode: [videoconference]},"
        " comparator: {label: room, delivery_mode: [face_to_face]}}"
    )
    review("analysis", "add", "main", "--file", plan)
    rows_of = json.loads(review("extract", "selection", "main", "--json").stdout)
    assert {row["study"]: row["chosen"][-1] for row in rows_of} == {
        "Says": "clusters of 11 with ICC 0.02: variance inflated",
        "Silent": "clusters of 11 with ICC 0.05, which the plan assumes: variance inflated",
        "Cross": "crossover trial: its periods correlate by 0.6",
        "Crossed": "crossover trial: its periods correlate by 0.5, which the plan assumes",
    }


@MOSTLY_ON_SQLITE
def test_a_plan_says_how_medians_are_converted(review: Cli, tmp_path: Path) -> None:
    path = tmp_path / "medians.csv"
    path.write_text(
        "study,arm,delivery_mode,instrument,n,median,minimum,maximum\n"
        "Synthetic 1,Video,videoconference,bdi,100,4,2,9\n"
        "Synthetic 1,Room,face_to_face,bdi,100,5,2,12\n"
    )
    review("extract", "import", path)
    found = {}
    for medians in ("normal", "qe", "mln"):
        plan = tmp_path / "plan.yaml"
        plan.write_text(
            f"{{title: Mood, outcome: mood, measure: MD, medians: {medians},"
            " intervention: {label: video, delivery_mode: [videoconference]},"
            " comparator: {label: room, delivery_mode: [face_to_face]}}"
        )
        review("analysis", "add", medians, "--file", plan)
        review("repool")
        run = json.loads(review("runs", "show", medians, "--json").stdout)
        (effect,) = run["results"]["effects"]
        found[medians] = effect
    assert "Luo et al. (2018), equation 7" in found["normal"]["recipe"]
    assert "McGrath et al. 2020" in found["qe"]["recipe"]
    assert "Cai, Zhou & Pan 2021" in found["mln"]["recipe"]
    # the closest distribution of 2, 4, 9 has mean 4.347 (estmeansd), of 2, 5, 12 mean 5.481
    one, two = (
        group_from_skewed(Quantiles(100, x, minimum=2, maximum=y), Medians.QE).value.mean
        for x, y in ((4, 9), (5, 12))
    )
    assert abs(found["qe"]["yi"]) == pytest.approx(two - one, abs=1e-9)


def test_a_trace_names_the_words_that_give_p_its_sign(review: Cli, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(
        "study,arm,versus_arm,instrument,n,versus_n,p,favours\n"
        "Invented 2021,Video,In person,bdi,50,49,0.1368,video\n"
    )
    review("extract", "import", path)
    told = review("extract", "trace", "Invented 2021").output
    assert "reported: n 50, versus_n 49, p 0.1368; in words, it favours Video" in told
    # Hedges g of t(97) = qt(1 - 0.1368 / 2, 97) by metafor's formulas in R: -0.2992363
    assert "estimate -0.299236" in told


def test_a_doubt_is_dismissed_with_a_reason_and_returns_when_its_number_changes(
    review: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("study,arm,instrument,n,mean,sd\nA,x,bdi,10,64,8\n")
    review("extract", "import", path)
    (doubt,) = json.loads(review("extract", "check", "--json").stdout)
    assert (doubt["kind"], doubt["numbers"]["mean"]) == ("mean_out_of_range", 64.0)
    review("extract", "dismiss", doubt["doubt"], "--reason", "a longer form of the scale")
    assert json.loads(review("extract", "check", "--json").stdout) == []
    (kept,) = json.loads(review("extract", "check", "A", "--dismissed", "--json").stdout)
    assert kept["dismissed_because"] == "a longer form of the scale"
    path.write_text("study,arm,instrument,n,mean,sd\nA,x,bdi,10,65,8\n")
    review("extract", "import", path)
    assert len(json.loads(review("extract", "check", "--json").stdout)) == 1
    assert "no doubt" in review("extract", "dismiss", "x", "--reason", "r", status=1).output


def test_variances_entered_as_se_raise_the_doubt_in_the_database(cli: Cli, tmp_path: Path) -> None:
    cli("seed", "load", "cbt-delivery", "--until", "1990")
    before = json.loads(cli("extract", "check", "--json").stdout)
    assert [found["kind"] for found in before] == ["effect_large"] * 5  # they are, in the source
    path = tmp_path / "as_se.csv"
    path.write_text(
        "study,arm,instrument,n,estimate,metric,se\n"
        + "".join(
            f"Invented {i},{arm},bdi,{n},{y},standardized mean change,{v}\n"
            for i in range(1, 6)
            for arm, n, y, v in (("CBT", 36, -1.55, 0.0425), ("Wait", 49, -0.21, 0.0208))
        )
    )
    cli("extract", "import", path)
    found = json.loads(cli("extract", "check", "--json").stdout)
    raised = [f for f in found if f["kind"] == "variance_as_se"]
    assert len(raised) == 10
