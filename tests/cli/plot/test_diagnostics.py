"""The diagnostic figures by the commands a user types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from review.cli import main
from review.config import settings

Cli = Callable[..., Result]


@pytest.fixture(scope="module")
def pooled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """cbt-delivery as of 1996, when multimedia CBT had one trial, and as of 2016, pooled."""
    path = tmp_path_factory.mktemp("plot") / "review.db"
    path.write_bytes(sqlite_template.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{path}")
        patch.setenv("REVIEW_ACTOR", "tester")
        settings.cache_clear()

        def run(*arguments: str | Path, status: int = 0) -> Result:
            result = CliRunner().invoke(main, [str(argument) for argument in arguments])
            if result.exception is not None and not isinstance(result.exception, SystemExit):
                raise result.exception
            assert result.exit_code == status, result.output
            return result

        for until in ("1996", "2016"):
            run("seed", "load", "cbt-delivery", "--until", until)
            run("repool")
        yield run
    settings.cache_clear()


KINDS = (
    ("funnel", "--trim-fill"),
    ("baujat",),
    ("influence",),
    ("bubble", "--moderator", "year"),
    ("gosh", "--highlight", "Choi", "--subsets", "300", "--seed", "4"),
    ("drapery",),
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[0])
def test_every_kind_is_written_in_every_format(
    pooled: Cli, tmp_path: Path, kind: tuple[str, ...]
) -> None:
    files = [tmp_path / f"figure.{suffix}" for suffix in ("svg", "pdf", "png")]
    out = [part for file in files for part in ("--out", file)]
    told = pooled("plot", kind[0], "multimedia", *kind[1:], *out, "--dpi", "60").stdout
    assert told.splitlines() == [f"Wrote {file}" for file in files]
    svg, pdf, png = (file.read_bytes() for file in files)
    assert svg.startswith(b"<?xml")
    assert b"<text" not in svg
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert png.startswith(b"\x89PNG")
    assert b"title-0" in svg
    pooled("plot", kind[0], "multimedia", *kind[1:], "--out", tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_bytes() == svg


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[0])
def test_a_run_of_one_trial_is_drawn_or_refused_in_a_sentence(
    pooled: Cli, tmp_path: Path, kind: tuple[str, ...]
) -> None:
    file = tmp_path / "figure.svg"
    alone = kind in (("drapery",),)
    result = pooled(
        "plot", *kind[:1], "multimedia", *kind[1:], "--number", "1", "--out", file,
        status=0 if alone else 1,
    )  # fmt: skip
    assert file.exists() == alone
    if not alone:
        needs = "needs at least 3 trials; Multimedia CBT against control has 1 trial"
        assert result.output.startswith("Error: a")
        assert needs in result.output


def test_a_funnel_of_one_trial_is_drawn(pooled: Cli, tmp_path: Path) -> None:
    pooled("plot", "funnel", "multimedia", "-n", "1", "--out", tmp_path / "one.svg")
    content = (tmp_path / "one.svg").read_bytes()
    assert b'id="point-0"' in content
    assert b'id="point-1"' not in content


def test_what_cannot_be_drawn_is_said(pooled: Cli, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "x.svg")
    told = pooled("plot", "bubble", "multimedia", *out, status=1).output
    assert "plans no moderator; name one with --moderator: analysis_set, instrument" in told
    told = pooled("plot", "bubble", "multimedia", "--moderator", "side", *out, status=1).output
    assert "on side, which 0 trials report" in told
    told = pooled("plot", "gosh", "multimedia", "--highlight", "Clarke", *out, status=1).output
    assert "did you mean Clarke (2002), Clarke (2005)?" in told
    told = pooled("plot", "funnel", "nonsense", *out, status=1).output
    assert told.startswith("Error: ")
    told = pooled("plot", "bubble", "multimedia", "--moderator", "colour", *out, status=1).output
    assert "there is no characteristic 'colour'" in told
    assert not (tmp_path / "x.svg").exists()
