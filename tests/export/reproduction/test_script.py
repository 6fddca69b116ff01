"""The exported scripts give every stored number again, in R with metafor and in plain Python."""

from __future__ import annotations

import ast
import gzip
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from review.export import Column, Kind, Table, write_csv
from review.export.reproduction.literals import comment, python_string, r_string
from review.export.reproduction.script import write_scripts
from tests.conftest import Prepared
from tests.export.reproduction.programs import furthest, needs_r, python, rscript
from tests.export.reproduction.synthetic import NASTY, synthetic_runs
from tests.tiers import WHOLE, sample


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of a synthetic review with an analysis of every kind."""
    folder = tmp_path_factory.mktemp("synthetic")
    write_scripts('A "synthetic" review\nq()', synthetic_runs(), folder)
    return folder


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of every third of these, or of all in the long tier."""
    folder = tmp_path_factory.mktemp("tried")
    write_scripts("Synthetic", sample(synthetic_runs(), slice(None, None, 3)), folder)
    return folder


@pytest.fixture
def cbt_delivery(cli: Callable[..., Result], prepared: Prepared[None], tmp_path: Path) -> Path:
    def make() -> None:
        cli("seed", "load", "cbt-delivery")
        cli("repool")

    prepared(make)
    written = json.loads(cli("export", "script", "--out", tmp_path / "out", "--json").stdout)
    assert [Path(path).name for path in written[:2]] == ["reproduce.R", "reproduce.py"]
    return tmp_path / "out"


def parts(folder: Path) -> list[str]:
    lines = gzip.decompress((folder / "expected.csv.gz").read_bytes()).decode().splitlines()[1:]
    return [line.split('"')[3] for line in lines if line.startswith('"')]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_both_scripts_agree_on_cbt_delivery(cbt_delivery: Path) -> None:
    numbers = len(parts(cbt_delivery))
    assert numbers == 69
    by_python = python(cbt_delivery / "reproduce.py")
    assert by_python.returncode == 0, by_python.stdout + by_python.stderr
    assert "69 numbers of 69 compared, tolerance 1e-06: all agree" in by_python.stdout
    by_r = rscript(cbt_delivery / "reproduce.R")
    assert by_r.returncode == 0, by_r.stdout + by_r.stderr
    assert "69 numbers of 69 compared, tolerance 1e-06: all agree" in by_r.stdout
    assert "yi of 70 of 70 effects" in by_r.stdout
    assert furthest(by_r.stdout) < 1e-9


def test_metafor_gives_every_number_of_every_kind_again(tried: Path) -> None:
    done = rscript(tried / "reproduce.R")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    count = len(parts(tried))
    assert f"{count} numbers of {count} compared" in done.stdout
    mixed, others = apart(done.stdout)
    assert furthest(others) < 1e-6
    assert furthest(mixed) < 5e-4  # as far as lme4's search goes


def apart(printed: str) -> tuple[str, str]:
    """Return the lines of mixed models of counts, and the others."""
    lines = printed.splitlines()
    of = [line for line in lines if line.startswith(("mixed-", "single-plo-um"))]
    assert len(of) > (100 if WHOLE else 30)
    return "\n".join(of), "\n".join(line for line in lines if line not in of)


def test_plain_python_gives_every_number_of_every_kind_again(tried: Path) -> None:
    done = python(tried / "reproduce.py")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    count = len(parts(tried))
    assert f"{count} numbers of {count} compared" in done.stdout
    mixed, others = apart(done.stdout)
    assert furthest(others) < 1e-6
    assert furthest(mixed) < 1e-5


def test_the_grid_of_kinds_has_not_shrunk(synthetic: Path) -> None:
    found = set(parts(synthetic))
    assert found == {
        "pooled", "fixed", "z_test", "dersimonian_laird", "leave_one_out", "trim_and_fill",
        "pet_peese", "without_influential", "by_rater", "low_risk_only", "aggregated",
        "three_level", "without_linked",
        "asymmetry", "margins", "subgroups by rater", "subgroups by side", "subgroups by year",
        "meta-regression by year", "meta-regression by rater", "meta-regression by side",
    }  # fmt: skip
    assert len(list(synthetic.glob("effects_*.csv"))) == len(synthetic_runs()) == 141


@pytest.mark.parametrize("run", [python, rscript])
def test_a_number_that_disagrees_or_is_not_computed_ends_with_status_one(
    tmp_path: Path, run: Callable[[Path], subprocess.CompletedProcess[str]]
) -> None:
    write_scripts("Damaged", synthetic_runs()[1:2], tmp_path)
    expected = tmp_path / "expected.csv.gz"
    text = gzip.decompress(expected.read_bytes()).decode()
    value = float(re.findall(r'"estimate",(.+),', text)[0])
    changed = text.replace(repr(value), repr(value + 2e-6))
    changed += '"mh-or","pooled",7,"","estimate",1.0,\n'
    expected.write_bytes(gzip.compress(changed.encode()))
    done = run(tmp_path / ("reproduce.R" if run is rscript else "reproduce.py"))
    assert done.returncode == 1
    assert done.stdout.count("DIFFERS") == 1
    assert "Not computed again" in done.stdout
    assert done.stdout.rstrip().endswith("NOT ALL AGREE")


def test_the_python_script_needs_numpy_and_scipy_only(synthetic: Path) -> None:
    tree = ast.parse((synthetic / "reproduce.py").read_text())
    names = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    assert names == {"csv", "gzip", "os", "sys", "pathlib", "numpy", "scipy"}


def test_the_same_runs_give_the_same_bytes(synthetic: Path, tmp_path: Path) -> None:
    ids = {path.name: path.read_bytes() for path in write_again(tmp_path)}
    assert ids == {path.name: path.read_bytes() for path in synthetic.iterdir()}


def write_again(folder: Path) -> list[Path]:
    return write_scripts('A "synthetic" review\nq()', synthetic_runs(), folder)


HARD = (*NASTY, "\\", '\\"', "'''", '"""', "%s\\u0041", "x\r\ny", "\u2028line", "é1F", "😀ab")


def test_text_survives_as_a_literal_of_python() -> None:
    assert [ast.literal_eval(python_string(text)) for text in HARD] == list(HARD)


def test_text_survives_as_a_literal_of_r(tmp_path: Path) -> None:
    needs_r()
    script = tmp_path / "literals.R"
    lines = [f'cat(utf8ToInt({r_string(text)}), "\\n")' for text in HARD]
    script.write_text("\n".join(lines), encoding="ascii")
    done = rscript(script)
    assert done.returncode == 0, done.stderr
    read = ["".join(chr(int(x)) for x in line.split()) for line in done.stdout.splitlines()]
    assert read == list(HARD)


def test_no_text_leaves_its_comment() -> None:
    assert all(len(comment(text).splitlines()) == 1 for text in HARD)


def test_r_reads_the_numbers_of_a_csv_to_the_last_digit_but_one(tmp_path: Path) -> None:
    """T18: 500 rows of nasty text and numbers; numeric in R, equal to 15 digits."""
    needs_r()
    numbers = [(-1) ** i * 10 ** (i % 31 - 15) * (1 + i / 7) / 3 for i in range(500)]
    columns = (Column("study", "Study"), Column("x", "x", Kind.NUMBER))
    rows = tuple((NASTY[i % len(NASTY)], x) for i, x in enumerate(numbers))
    write_csv(Table("T", columns, rows), tmp_path / "t.csv")
    script = tmp_path / "read.R"
    script.write_text(
        'd <- read.csv("t.csv", na.strings = "", encoding = "UTF-8")\n'
        'stopifnot(is.numeric(d$x), !anyNA(d$study)); cat(sprintf("%.17g\\n", d$x), sep = "")'
    )
    done = rscript(script)
    assert done.returncode == 0, done.stderr
    assert [float(x) for x in done.stdout.split()] == pytest.approx(numbers, rel=5e-16, abs=0)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_analysis_without_a_run_is_named(cli: Callable[..., Result], tmp_path: Path) -> None:
    cli("seed", "load", "cbt-delivery")
    assert "review repool" in cli("export", "script", "--out", tmp_path, status=1).stderr
    cli("repool")
    told = cli("export", "script", "--out", tmp_path, "--analysis", "mood", status=1).stderr
    assert "these have: any-cbt, face-to-face, multimedia" in told
    cli("export", "script", "--out", tmp_path, "--analysis", "multimedia")
    assert [path.name for path in tmp_path.glob("effects_*")] == ["effects_multimedia.csv"]
