"""What a positive ready effect means: proved from published rows, kept, and corrected once."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result as Ran
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from review.db import Database
from review.effects import Measure, escalc
from review.extraction.formats.actions import import_release
from review.extraction.formats.metapsy import metapsy_content, read_metapsy
from review.extraction.formats.reading import read_file
from review.extraction.formats.signs import event_is_good, proof_of
from review.extraction.formats.source import Content, Directions
from review.extraction.models import Result, reported_column
from review.extraction.vocabulary import Format, Positive
from review.history.actions import Attribution, writing
from review.history.queries import verify
from review.protocol.actions import new_review
from review.protocol.queries import instruments, review_called
from review.protocol.specs import ReviewSpec
from tests.conftest import NOW
from tests.extraction.formats.files import metapsy, sample, trial
from tests.extraction.formats.test_metapsy import RAW

DATA = Path(__file__).parent / "data"


def published(name: str) -> Path:
    return DATA / f"{name}.csv"


def content(path: Path, directions: Directions = Directions(False)) -> Content:  # noqa: B008 -- frozen
    return metapsy_content(read_metapsy(path.read_bytes(), file=path.name).rows, directions)


@pytest.mark.parametrize(
    ("name", "positive", "rows"),
    [
        ("ptsd", Positive.BETTER, 5),
        ("depression", Positive.BETTER, 3),
        ("panic", Positive.HIGHER, 6),
    ],
)
def test_published_rows_show_what_their_g_means(name: str, positive: Positive, rows: int) -> None:
    """-(m1 - m2)/sd in ptsd-psyctr and depression-psyctr, (m1 - m2)/sd in panic-psyctr."""
    proof = proof_of(read_metapsy(published(name).read_bytes(), file=name).rows)
    assert proof.positive is positive
    counts = {Positive.BETTER: len(proof.better), Positive.HIGHER: len(proof.higher)}
    assert counts == {positive: rows, next(p for p in Positive if p is not positive): 0}


def test_the_published_template_holds_differences() -> None:
    """All 90 rows of data-template with means and a g that is not about zero."""
    data = sample("metapsy/data-template_data.csv").read_bytes()
    proof = proof_of(read_metapsy(data, file="t").rows)
    assert (len(proof.better), len(proof.higher)) == (0, 92)


def test_effects_keep_the_number_of_the_file_and_say_what_it_means() -> None:
    found = content(published("ptsd"))
    told = {p.study: v for p, v in found.results.items() if p.versus is not None}
    assert told["acarturk, 2016"].numbers.estimate == 2.219
    assert {v.numbers.positive for v in told.values()} == {Positive.BETTER}
    assert found.signs == (
        "A positive g is taken to mean that arm 1 did better (shown by the arms' own numbers in "
        "5 rows)"
    )
    panic = content(published("panic"))
    assert {v.numbers.positive for v in panic.results.values()} == {None}


def test_events_have_their_own_direction_and_no_g() -> None:
    found = content(published("depression"))
    ways = {m.instrument: m.higher_is_better for m in found.measurements.values()}
    assert ways["response-50-hdrs-24"] is True
    assert ways["msd-bdi-1"] is False
    ratios = [
        v.numbers
        for p, v in found.results.items()
        if v.numbers.metric == "log RR" and p.versus is not None
    ]
    assert [x.positive for x in ratios] == [None, None]
    said = content(published("depression"), Directions(False, {"response-50": False}))
    assert said.measurements["response-50-hdrs-24"].higher_is_better is False


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("response (50%)", True), ("remission", True), ("recovered", True),
        ("reliable improvement", True), ("no longer meets criteria", True),
        ("deterioration", False), ("dropout", False), ("drop-out", False), ("relapse", False),
        ("attempts", False), ("non-response", False), ("mortality", False), ("self-harm", False),
        ("reliable change", None), ("events", None),
    ],
)  # fmt: skip
def test_words_of_events(name: str, good: bool | None) -> None:
    assert event_is_good(name) is good


def test_a_file_that_shows_nothing_says_so_and_a_person_can() -> None:
    rows = read_metapsy(metapsy([trial("A"), trial("B", **{".g": "0.4"})]), file="f").rows
    found = metapsy_content(rows, Directions(False))
    assert {v.numbers.positive for v in found.results.values()} == {Positive.BETTER}
    assert found.signs is not None
    assert "1 of 2 are below zero" in found.signs
    assert "--positive higher" in found.signs
    stated = metapsy_content(rows, Directions(False, positive=Positive.HIGHER))
    assert {v.numbers.positive for v in stated.results.values()} == {None}


def test_a_row_against_its_own_means_is_flagged() -> None:
    means = {"mean_arm1": "9", "sd_arm1": "4", "mean_arm2": "13", "sd_arm2": "4"}
    rows = [trial(name, **means, **{".g": "0.98"}) for name in "ABC"]
    rows.append(trial("D", **means, **{".g": "-0.98"}))
    found = metapsy_content(
        read_metapsy(metapsy(rows, columns=RAW), file="f").rows, Directions(False)
    )
    assert [(f.kind, f.study, f.line) for f in found.flags] == [("sign_conflict", "D", 5)]


@st.composite
def databases(draw: st.DrawFn) -> tuple[list[dict[str, str]], bool, bool]:
    """Invented trials with means and g, of one convention, on scales of one direction."""
    lower_is_better = draw(st.booleans())
    better = lower_is_better and draw(st.booleans())
    rows = []
    for index in range(draw(st.integers(1, 8))):
        n1, n2 = draw(st.integers(8, 90)), draw(st.integers(8, 90))
        sd = draw(st.floats(2, 12))
        m1 = draw(st.floats(5, 40))
        d = draw(st.floats(0.15, 2.5)) * draw(st.sampled_from([-1, 1]))
        effects = escalc(
            Measure.SMD,
            {"m1i": [m1 + d * sd], "sd1i": [sd], "n1i": [n1], "m2i": [m1], "sd2i": [sd],
             "n2i": [n2]},
        )  # fmt: skip
        g = float(effects.yi[0]) * (-1 if better else 1)
        rows.append(
            trial(
                f"T {index}", n_arm1=str(n1), n_arm2=str(n2),
                mean_arm1=repr(m1 + d * sd), sd_arm1=repr(sd), mean_arm2=repr(m1),
                sd_arm2=repr(sd), **{".g": repr(g), ".g_se": repr(math.sqrt(effects.vi[0]))},
            )
        )  # fmt: skip
    return rows, lower_is_better, better


@given(databases())
@hypothesis_settings(max_examples=60)
def test_means_and_ready_effects_of_any_file_favour_the_same_arm(
    made: tuple[list[dict[str, str]], bool, bool],
) -> None:
    cells, lower, better = made
    rows = read_metapsy(metapsy(cells, columns=RAW), file="f").rows
    found = metapsy_content(rows, Directions(not lower))
    assert not [flag for flag in found.flags if flag.kind == "sign_conflict"]
    for place, value in found.results.items():
        if place.versus is None:
            continue
        m1, m2 = (
            found.results[place_].numbers.mean
            for arm in (place.arm, place.versus)
            for place_ in found.results
            if (place_.study, place_.arm, place_.versus) == (place.study, arm, None)
        )
        assert m1 is not None
        assert m2 is not None
        assert value.numbers.estimate is not None
        by_itself = value.numbers.positive is Positive.BETTER
        assert by_itself is better
        by_effect = value.numbers.estimate * (1 if by_itself else -1 if lower else 1)
        by_means = (m1 - m2) * (-1 if lower else 1)
        assert (by_effect > 0) == (by_means > 0)


def planned(cli: Callable[..., Ran], outcome: str, treatments: Sequence[str]) -> None:
    cli(
        "analysis", "add", "main", "--title", "Main", "--outcome", outcome,
        "--intervention", "Therapy",
        *(word for name in treatments for word in ("--intervention-treatment", name)),
        "--comparator", "Waiting list", "--comparator-treatment", "Waitlist",
    )  # fmt: skip


def newest(cli: Callable[..., Ran]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cli("runs", "show", "main", "--json").stdout)
    return found


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_ready_effects_pool_as_the_file_means_them(cli: Callable[..., Ran]) -> None:
    """Three PTSD trials with g +2.07 to +2.33 favour the therapy; they used to favour waiting."""
    cli("new", "r", "--title", "R")
    cli("extract", "import", published("ptsd"), "--format", "metapsy", "--better", "lower")
    planned(cli, "precalc-g-from-va", ["EMDR", "NET"])
    cli("repool")
    run = newest(cli)
    assert [e["yi"] for e in run["results"]["effects"]] == [2.219, 2.325, 2.071]
    assert run["results"]["pooled"]["estimate"] == pytest.approx(2.18, abs=0.1)
    assert "withheld" not in {n["kind"] for n in run["notices"]}


def old_import(database: Database, by: Attribution, path: Path) -> None:
    """Take a file as software did before signs were looked at."""
    with writing(database, by) as session:
        new_review(session, ReviewSpec(slug="r", title="R"), owner="tester")
        import_release(
            session, review_called(session, "r"), read_file(path, Format.METAPSY), source="metapsy",
            person="tester", directions=Directions(False, legacy=True), now=NOW,
        )  # fmt: skip


def stored(database: Database) -> dict[str, tuple[float | None, Positive | None]]:
    with database.reading() as session:
        rows = session.scalars(sa.select(Result).where(reported_column("metric") == "SMD"))
        return {row.entry.study.label: (row.numbers.estimate, row.numbers.positive) for row in rows}


def test_a_stored_database_says_that_it_is_reversed_and_is_turned_once(
    database: Database, by: Attribution, cli: Callable[..., Ran]
) -> None:
    old_import(database, by, published("ptsd"))
    assert {positive for _, positive in stored(database).values()} == {None}
    planned(cli, "precalc-g-from-va", ["EMDR", "NET"])
    told = " ".join(cli("repool").stdout.split())
    assert "No conclusion until this is settled" in told
    assert "review extract reread" in told
    checked = {d["kind"] for d in json.loads(cli("extract", "check", "--json").stdout)}
    assert {"sign_unsettled", "sign_conflict"} <= checked
    turned = cli("extract", "reread").stdout
    assert "8 stored effects turned" in turned
    assert {positive for _, positive in stored(database).values()} == {Positive.BETTER}
    cli("repool")
    run = newest(cli)
    assert run["results"]["pooled"]["estimate"] == pytest.approx(2.18, abs=0.1)
    assert "withheld" not in {n["kind"] for n in run["notices"]}
    assert "nothing new" in cli("extract", "reread").stdout
    again = cli("extract", "import", published("ptsd"), "--format", "metapsy").stdout
    assert "nothing new" in again
    with database.reading() as session:
        assert verify(session) is not None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_file_taken_again_turns_what_nobody_changed(
    database: Database, by: Attribution, cli: Callable[..., Ran]
) -> None:
    old_import(database, by, published("ptsd"))
    with writing(database, by) as session:
        result = session.scalars(
            sa.select(Result).where(
                reported_column("metric") == "SMD", reported_column("estimate") == 2.219
            )
        ).one()
        # somebody saw it, and turned it by hand
        result.numbers = result.numbers._replace(estimate=-2.219)
    ran = cli("extract", "import", published("ptsd"), "--format", "metapsy", "--json")
    report = json.loads(ran.stdout)
    assert (report["results_turned"], report["results_corrected"]) == (7, 7)
    assert [f["study"] for f in report["flags"] if f["kind"] == "edited_here"] == []
    assert stored(database)["Acarturk, 2016"] == (-2.219, None)
    assert stored(database)["Ahmadi, 2015"] == (2.325, Positive.BETTER)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_database_that_was_right_is_left_alone(
    database: Database, by: Attribution, cli: Callable[..., Ran]
) -> None:
    old_import(database, by, published("panic"))
    before = stored(database)
    kinds = {d["kind"] for d in json.loads(cli("extract", "check", "--json").stdout)}
    assert not {kind for kind in kinds if kind.startswith("sign")}
    report = json.loads(cli("extract", "reread", "--json").stdout)
    assert (report["results_turned"], report["results_corrected"]) == (0, 0)
    assert stored(database) == before


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_directions_that_events_got_from_scores_are_corrected(
    database: Database, by: Attribution, cli: Callable[..., Ran]
) -> None:
    old_import(database, by, published("depression"))
    report = json.loads(cli("extract", "reread", "--json").stdout)
    assert report["directions_turned"] == {
        "response-50-hdrs-24": "higher", "response-50-phq-9": "higher",
    }  # fmt: skip
    with database.reading() as session:
        ways = {
            i.slug: i.higher_is_better for i in instruments(session, review_called(session, "r"))
        }
    assert ways["response-50-phq-9"] is True
    assert ways["msd-phq-9"] is False
